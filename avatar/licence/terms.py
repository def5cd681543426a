"""Who made an avatar and what its maker allows, in the words of VRM 1.0's licence fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Permission = Literal["onlyAuthor", "onlySeparatelyLicensedPerson", "everyone"]
CommercialUsage = Literal["personalNonProfit", "personalProfit", "corporation"]
CreditNotation = Literal["required", "unnecessary"]
Modification = Literal["prohibited", "allowModification", "allowModificationRedistribution"]


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
