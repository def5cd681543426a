"""Who made an avatar and what its maker allows, in the words of VRM 1.0's licence fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Permission = Literal["onlyAuthor", "onlySeparatelyLicensedPerson", "everyone"]
CommercialUsage = Literal["personalNonProfit", "personalProfit", "corporation"]
CreditNotation = Literal["required", "unnecessary"]
Modification = Literal["prohibited", "allowModification", "allowModificationRedistribution"]

VRM_PUBLIC_LICENSE = "VRM Public License 1.0"


@dataclass(frozen=True, slots=True)
class Statement:
    """Where a term comes from: the file's own field and what stands in it."""

    field: str
    """Such as ``VRM.meta.commercialUssageName``."""
    value: str
    """What stands there, or what its absence counts as."""

    def __str__(self) -> str:
        return f"{self.field} = {self.value}"


@dataclass(frozen=True, slots=True)
class Meta:
    """VRMC_vrm-1.0 meta. What a file does not say has the specification's (strictest) default."""

    name: str = ""
    version: str = ""
    authors: tuple[str, ...] = ()
    copyright_information: str = ""
    contact_information: str = ""
    references: tuple[str, ...] = ()
    third_party_licenses: str = ""
    license_url: str = ""
    other_license_url: str = ""
    avatar_permission: Permission = "onlyAuthor"
    allow_excessively_violent_usage: bool = False
    allow_excessively_sexual_usage: bool = False
    commercial_usage: CommercialUsage = "personalNonProfit"
    allow_political_or_religious_usage: bool = False
    allow_antisocial_or_hate_usage: bool = False
    credit_notation: CreditNotation = "required"
    allow_redistribution: bool = False
    modification: Modification = "prohibited"
    stated: bool = False
    """Whether the file says anything about its licence at all."""
    document: str = ""
    """The licence's name: ``VRM Public License 1.0``, ``CC BY 4.0``, ``VRM 0.x``, …; or nothing."""
    extension: str = ""
    """The glTF extension that says all this: ``VRMC_vrm``, ``VRM`` (0.x) or none."""
    said: Mapping[str, Statement] = field(default_factory=dict)
    """Field of this class to the place in the file that decided it, when the file says it."""

    def source(self, term: str) -> Statement:
        """The place in the file that decided `term` (a field of this class)."""
        if term in self.said:
            return self.said[term]
        if not self.stated:
            return Statement("the file's licence", "none is stated")
        counts = getattr(self, term)
        value = str(counts).lower() if isinstance(counts, bool) else counts
        key = (_KEYS_0 if self.extension == "VRM" else _KEYS).get(term)
        if key is None:
            return Statement(f"{self.extension}.meta", f"no word about it, which counts as {value}")
        return Statement(f"{self.extension}.meta.{key}", f"not said, which counts as {value}")


_KEYS = {
    "avatar_permission": "avatarPermission",
    "allow_excessively_violent_usage": "allowExcessivelyViolentUsage",
    "allow_excessively_sexual_usage": "allowExcessivelySexualUsage",
    "commercial_usage": "commercialUsage",
    "allow_political_or_religious_usage": "allowPoliticalOrReligiousUsage",
    "allow_antisocial_or_hate_usage": "allowAntisocialOrHateUsage",
    "credit_notation": "creditNotation",
    "allow_redistribution": "allowRedistribution",
    "modification": "modification",
}
_KEYS_0 = {
    "avatar_permission": "allowedUserName",
    "allow_excessively_violent_usage": "violentUssageName",
    "allow_excessively_sexual_usage": "sexualUssageName",
    "commercial_usage": "commercialUssageName",
    "allow_redistribution": "licenseName",
    "modification": "licenseName",
}
