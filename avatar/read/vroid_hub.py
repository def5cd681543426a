"""The terms that VRoid Hub and VRoid Studio write into a licence's address.

VRM 0.x had no room for them, so an exported file says ``licenseName = Other`` and carries an
address such as ``https://hub.vroid.com/license?allowed_to_use_user=everyone&…&version=1``, whose
query *is* the licence. Nothing is fetched: only the address is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from avatar.licence.terms import (
    CommercialUsage,
    CreditNotation,
    Modification,
    Permission,
    Statement,
)

HOST, PATH = "hub.vroid.com", "/license"
HUB_DOCUMENT = "VRoid Hub's conditions of use"
VERSION = "1"
"""Of the query; what another one means is not known."""
_QUERY = {
    "avatar_permission": "characterization_allowed_user",
    "allow_excessively_violent_usage": "violent_expression",
    "allow_excessively_sexual_usage": "sexual_expression",
    "allow_redistribution": "redistribution",
    "modification": "modification",
    "credit_notation": "credit",
}


@dataclass(frozen=True, slots=True)
class HubTerms:
    """The terms of such an address; what it does not say is the strictest."""

    said: Mapping[str, str]
    """Query name to value, as written."""

    @property
    def permission(self) -> Permission:
        """Both "may use it" and "may perform as it" must be everyone's."""
        names = ("allowed_to_use_user", "characterization_allowed_user")
        return "everyone" if all(self.said.get(n) == "everyone" for n in names) else "onlyAuthor"

    @property
    def violent(self) -> bool:
        """Violent expressions."""
        return self._allows("violent_expression")

    @property
    def sexual(self) -> bool:
        """Sexual expressions."""
        return self._allows("sexual_expression")

    @property
    def commercial_usage(self) -> CommercialUsage:
        """Organisations have a word of their own beside an individual's profit."""
        if self._allows("corporate_commercial_use"):
            return "corporation"
        profit = self.said.get("personal_commercial_use") == "profit"
        return "personalProfit" if profit else "personalNonProfit"

    @property
    def redistribution(self) -> bool:
        """Of the model."""
        return self._allows("redistribution")

    @property
    def modification(self) -> Modification:
        """And whether what was modified may be passed on."""
        if not self._allows("modification"):
            return "prohibited"
        return "allowModificationRedistribution" if self.redistribution else "allowModification"

    @property
    def credit(self) -> CreditNotation:
        """The maker's name."""
        return "unnecessary" if self.said.get("credit") == "unnecessary" else "required"

    def statement(self, term: str) -> Statement:
        """Where in the address a term of `Meta` stands."""
        name = _QUERY.get(term, "corporate_commercial_use")
        if term == "commercial_usage" and self.said.get(name) != "allow":
            both = (name, "personal_commercial_use")
            value = ", ".join(f"{n}={self.said.get(n, '(not said)')}" for n in both)
            return Statement(f"{HOST}{PATH}", value)
        if term == "avatar_permission" and self.said.get(name) == "everyone":
            name = "allowed_to_use_user"
        return Statement(f"{HOST}{PATH}", f"{name}={self.said.get(name, '(not said)')}")

    def _allows(self, name: str) -> bool:
        return self.said.get(name) == "allow"


def hub_terms(addresses: Iterable[str]) -> HubTerms | None:
    """The terms in those of `addresses` that are VRoid Hub's: what all of them say alike."""
    found = [query for query in map(_query, addresses) if query]
    if not found:
        return None
    first, *others = found
    agreed = {k: v for k, v in first.items() if all(o.get(k) == v for o in others)}
    return HubTerms(agreed)


def _query(address: str) -> dict[str, str]:
    try:
        parts = urlsplit(address.strip())
        if parts.scheme != "https" or (parts.hostname, parts.path) != (HOST, PATH):
            return {}
        pairs = parse_qsl(parts.query, max_num_fields=64)
    except ValueError:
        return {}
    out: dict[str, str] = {}
    for name, value in pairs:
        if out.setdefault(name, value) != value:
            out[name] = "contradictory"
    return out if out.get("version", VERSION) == VERSION else {}
