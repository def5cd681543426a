"""A VRM 1.0 file's licence.

A file that does not say something has the specification's default, which is the strictest. One that
says something unreadable (a wrong type, a word the specification does not know) gets the strictest
too, and is told so: a term is never loosened by a fault.
"""

from __future__ import annotations

import re
from typing import get_args

from avatar.licence.terms import (
    VRM_PUBLIC_LICENSE,
    CommercialUsage,
    CreditNotation,
    Meta,
    Modification,
    Permission,
)
from avatar.read.jsonat import At
from avatar.read.problem import Problems
from avatar.read.statements import Statements, without_conditions

_VPL = re.compile(r"https?://vrm\.dev/(en/)?licenses/1\.0(/en)?/?(index(\.html)?)?")
"""Its addresses: the one that the specification names, and where the site has put it since."""
_LEAST_PERMISSION: Permission = "onlyAuthor"
_LEAST_USAGE: CommercialUsage = "personalNonProfit"
_MOST_CREDIT: CreditNotation = "required"
_LEAST_MODIFICATION: Modification = "prohibited"


def meta_from_vrm1(at: At, problems: Problems) -> Meta:
    """``VRMC_vrm.meta``. What is odd about it is added to `problems`."""
    meta = Statements(at, "VRMC_vrm", problems)
    license_url = meta.text("licenseUrl", needed=True)
    known = _VPL.fullmatch(license_url.strip()) is not None
    if license_url and not known:
        problems.add(
            "licence.document",
            at.get("licenseUrl"),
            f"is {license_url[:200]!r}, not the VRM Public License",
            "Its fields are read as if it were; read that document before the show.",
        )
    other = meta.text("otherLicenseUrl")
    third = meta.text("thirdPartyLicenses")
    if other and not without_conditions(other):
        meta.note("other_license_url", "otherLicenseUrl", other)
    if third.strip():
        meta.note("third_party_licenses", "thirdPartyLicenses", third)
    return Meta(
        name=meta.text("name"),
        version=meta.text("version"),
        authors=meta.texts("authors", needed=True),
        copyright_information=meta.text("copyrightInformation"),
        contact_information=meta.text("contactInformation"),
        references=meta.texts("references"),
        third_party_licenses=third,
        license_url=license_url,
        other_license_url=other,
        avatar_permission=meta.choice(
            "avatar_permission", "avatarPermission", get_args(Permission), _LEAST_PERMISSION
        ),
        allow_excessively_violent_usage=meta.flag(
            "allow_excessively_violent_usage", "allowExcessivelyViolentUsage"
        ),
        allow_excessively_sexual_usage=meta.flag(
            "allow_excessively_sexual_usage", "allowExcessivelySexualUsage"
        ),
        commercial_usage=meta.choice(
            "commercial_usage", "commercialUsage", get_args(CommercialUsage), _LEAST_USAGE
        ),
        allow_political_or_religious_usage=meta.flag(
            "allow_political_or_religious_usage", "allowPoliticalOrReligiousUsage"
        ),
        allow_antisocial_or_hate_usage=meta.flag(
            "allow_antisocial_or_hate_usage", "allowAntisocialOrHateUsage"
        ),
        credit_notation=meta.choice(
            "credit_notation", "creditNotation", get_args(CreditNotation), _MOST_CREDIT
        ),
        allow_redistribution=meta.flag("allow_redistribution", "allowRedistribution"),
        modification=meta.choice(
            "modification", "modification", get_args(Modification), _LEAST_MODIFICATION
        ),
        stated=bool(license_url or meta.said),
        document=VRM_PUBLIC_LICENSE if known or not license_url else license_url[:200],
        extension="VRMC_vrm",
        said=meta.said,
    )
