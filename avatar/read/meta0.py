"""A VRM 0.x file's licence, in VRM 1.0's fields.

VRM 0.x keeps two things apart: four permissions about performing (who, violent, sexual,
commercial) and a named licence about the model's data. It has no field for political, religious,
antisocial or hateful content, nor for credit. docs/decisions/licence-gate.md has the reasons for
every reading here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from avatar.licence.terms import (
    CommercialUsage,
    CreditNotation,
    Meta,
    Modification,
    Permission,
)
from avatar.read.jsonat import At
from avatar.read.problem import Problems
from avatar.read.statements import Statements, without_conditions
from avatar.read.vroid_hub import HUB_DOCUMENT, HubTerms, hub_terms

_PERMISSIONS: dict[str, Permission] = {
    "OnlyAuthor": "onlyAuthor",
    "ExplicitlyLicensedPerson": "onlySeparatelyLicensedPerson",
    "Everyone": "everyone",
}


@dataclass(frozen=True, slots=True)
class _Licence:
    """What a ``licenseName`` says about the model's data."""

    document: str
    redistribution: bool = False
    modification: Modification = "prohibited"
    non_commercial: bool = False
    credit: CreditNotation = "required"
    waived: bool = False
    """Every right is given up: what no field forbids is allowed."""

    @property
    def decides(self) -> tuple[str, ...]:
        """The terms that it speaks about; only Creative Commons speak about credit."""
        data = ("allow_redistribution", "modification")
        return (*data, "credit_notation") if self.document.startswith("CC") else data


_FREE: Modification = "allowModificationRedistribution"
LICENCES: dict[str, _Licence] = {
    "Redistribution_Prohibited": _Licence("VRM 0.x, redistribution prohibited"),
    "CC0": _Licence("CC0 1.0", True, _FREE, credit="unnecessary", waived=True),
    "CC_BY": _Licence("CC BY 4.0", True, _FREE),
    "CC_BY_NC": _Licence("CC BY-NC 4.0", True, _FREE, non_commercial=True),
    "CC_BY_SA": _Licence("CC BY-SA 4.0", True, _FREE),
    "CC_BY_NC_SA": _Licence("CC BY-NC-SA 4.0", True, _FREE, non_commercial=True),
    "CC_BY_ND": _Licence("CC BY-ND 4.0", True),
    "CC_BY_NC_ND": _Licence("CC BY-NC-ND 4.0", True, non_commercial=True),
    "Other": _Licence("VRM 0.x, other licence"),
}
_UNFORBIDDEN = ("allow_political_or_religious_usage", "allow_antisocial_or_hate_usage")
_STRICTEST = "Redistribution_Prohibited"
_UNNAMED = _Licence("VRM 0.x")


def meta_from_vrm0(at: At, problems: Problems) -> Meta:
    """``VRM.meta``. Where the file and its licence's address differ, the stricter holds."""
    meta = Statements(at, "VRM", problems)
    name = meta.choice("licence", "licenseName", LICENCES, _STRICTEST)
    licence = LICENCES[name] if at.get("licenseName").value == name else _UNNAMED
    addresses = {key: meta.text(key) for key in ("otherPermissionUrl", "otherLicenseUrl")}
    hub = hub_terms(addresses.values())
    for key, url in addresses.items():
        real = url.strip() and url.strip().lower() != "undefined"
        if real and hub is None and not without_conditions(url):
            meta.note("other_license_url", key, url)
    said_licence = meta.said.pop("licence", None)
    if said_licence is not None:
        for term in (*licence.decides, *(_UNFORBIDDEN if licence.waived else ())):
            meta.said[term] = said_licence
    permission = _permission(meta, hub)
    violent = _allowed(meta, "allow_excessively_violent_usage", "violentUssageName", hub, "violent")
    sexual = _allowed(meta, "allow_excessively_sexual_usage", "sexualUssageName", hub, "sexual")
    commercial = _commercial(meta, hub)
    if licence.non_commercial and commercial != "personalNonProfit":
        commercial = "personalNonProfit"
        meta.note("commercial_usage", "licenseName", name)
    redistribution, modification = licence.redistribution, licence.modification
    credit = licence.credit
    document = licence.document
    if hub is not None and licence is LICENCES["Other"]:
        document = HUB_DOCUMENT
        redistribution, modification = hub.redistribution, hub.modification
        credit = hub.credit
        for term in ("allow_redistribution", "modification", "credit_notation"):
            meta.said[term] = hub.statement(term)
    author, reference = meta.text("author"), meta.text("reference")
    return Meta(
        name=meta.text("title"),
        version=meta.text("version"),
        authors=(author,) if author.strip() else (),
        contact_information=meta.text("contactInformation"),
        references=(reference,) if reference else (),
        license_url=addresses["otherPermissionUrl"],
        other_license_url=addresses["otherLicenseUrl"],
        avatar_permission=permission,
        allow_excessively_violent_usage=violent,
        allow_excessively_sexual_usage=sexual,
        commercial_usage=commercial,
        allow_political_or_religious_usage=licence.waived,
        allow_antisocial_or_hate_usage=licence.waived,
        credit_notation=credit,
        allow_redistribution=redistribution,
        modification=modification,
        stated=bool(meta.said),
        document=document,
        extension="VRM",
        said=meta.said,
    )


def _permission(meta: Statements, hub: HubTerms | None) -> Permission:
    term = "avatar_permission"
    word = meta.choice(term, "allowedUserName", _PERMISSIONS, "OnlyAuthor")
    permission = _PERMISSIONS[word]
    order = get_args(Permission)
    if hub is not None and order.index(hub.permission) < order.index(permission):
        meta.said[term] = hub.statement(term)
        return hub.permission
    return permission


def _allowed(meta: Statements, term: str, key: str, hub: HubTerms | None, what: str) -> bool:
    allowed = meta.choice(term, key, ("Allow", "Disallow"), "Disallow") == "Allow"
    if allowed and hub is not None and not getattr(hub, what):
        meta.said[term] = hub.statement(term)
        return False
    return allowed


def _commercial(meta: Statements, hub: HubTerms | None) -> CommercialUsage:
    """One word of 0.x for what 1.0 says in three.

    VRoid Hub's exporter writes ``Allow`` exactly when organisations may, and an individual's profit
    only into the licence's address.
    """
    term = "commercial_usage"
    word = meta.choice(term, "commercialUssageName", ("Allow", "Disallow"), "Disallow")
    usage: CommercialUsage = "corporation" if word == "Allow" else "personalNonProfit"
    if hub is not None:
        limit = hub.commercial_usage
        if usage == "corporation" or limit == "personalProfit":
            if limit != usage:
                meta.said[term] = hub.statement(term)
            usage = limit
    return usage
