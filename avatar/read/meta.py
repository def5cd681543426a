"""A file's licence: VRM 1.0's fields, 0.x mapped onto them."""

from __future__ import annotations

from typing import TypeVar, cast, get_args

from avatar.licence.terms import CommercialUsage, CreditNotation, Meta, Modification, Permission
from avatar.read.jsonat import At

_T = TypeVar("_T")
VRM1_LICENCE = "https://vrm.dev/licenses/1.0/"


def meta_from_vrm1(at: At) -> Meta:
    """``VRMC_vrm.meta``; fields of the wrong type count as not said."""
    return Meta(
        name=at.get("name").text(),
        version=at.get("version").text(),
        authors=_texts(at.get("authors")),
        copyright_information=at.get("copyrightInformation").text(),
        contact_information=at.get("contactInformation").text(),
        references=_texts(at.get("references")),
        third_party_licenses=at.get("thirdPartyLicenses").text(),
        license_url=at.get("licenseUrl").text(),
        other_license_url=at.get("otherLicenseUrl").text(),
        avatar_permission=_choice(at.get("avatarPermission"), Permission, "onlyAuthor"),
        allow_excessively_violent_usage=at.get("allowExcessivelyViolentUsage").flag(),
        allow_excessively_sexual_usage=at.get("allowExcessivelySexualUsage").flag(),
        commercial_usage=_choice(at.get("commercialUsage"), CommercialUsage, "personalNonProfit"),
        allow_political_or_religious_usage=at.get("allowPoliticalOrReligiousUsage").flag(),
        allow_antisocial_or_hate_usage=at.get("allowAntisocialOrHateUsage").flag(),
        credit_notation=_choice(at.get("creditNotation"), CreditNotation, "required"),
        allow_redistribution=at.get("allowRedistribution").flag(),
        modification=_choice(at.get("modification"), Modification, "prohibited"),
        stated=not at.get("licenseUrl").absent,
    )


_ALLOWED_0: dict[str, Permission] = {
    "OnlyAuthor": "onlyAuthor",
    "ExplicitlyLicensedPerson": "onlySeparatelyLicensedPerson",
    "Everyone": "everyone",
}
_NO_DERIVATIVES = ("CC_BY_ND", "CC_BY_NC_ND")
_SHARED = ("CC0", "CC_BY", "CC_BY_NC", "CC_BY_SA", "CC_BY_NC_SA")


def meta_from_vrm0(at: At) -> Meta:
    """``VRM.meta`` as VRM 1.0's fields, strict wherever 0.x does not say.

    0.x spells its keys ``violentUssageName`` and so on. What it leaves to a named licence
    (redistribution, modification, credit) follows from that licence.
    """
    licence = at.get("licenseName").text()
    commercial: CommercialUsage = (
        "corporation" if at.get("commercialUssageName").text() == "Allow" else "personalNonProfit"
    )
    if "_NC" in licence:
        commercial = "personalNonProfit"
    shared = licence in _SHARED
    modification: Modification = "allowModificationRedistribution" if shared else "prohibited"
    author = at.get("author").text()
    reference = at.get("reference").text()
    return Meta(
        name=at.get("title").text(),
        version=at.get("version").text(),
        authors=(author,) if author else (),
        contact_information=at.get("contactInformation").text(),
        references=(reference,) if reference else (),
        license_url=at.get("otherPermissionUrl").text(),
        other_license_url=at.get("otherLicenseUrl").text(),
        avatar_permission=_ALLOWED_0.get(at.get("allowedUserName").text(), "onlyAuthor"),
        allow_excessively_violent_usage=at.get("violentUssageName").text() == "Allow",
        allow_excessively_sexual_usage=at.get("sexualUssageName").text() == "Allow",
        commercial_usage=commercial,
        credit_notation="unnecessary" if licence == "CC0" else "required",
        allow_redistribution=shared or licence in _NO_DERIVATIVES,
        modification=modification,
        stated=bool(licence),
    )


def _texts(at: At) -> tuple[str, ...]:
    items = at.value if isinstance(at.value, list) else []
    return tuple(str(v)[:200] for v in items[:64] if isinstance(v, str))


def _choice(at: At, kind: object, default: _T) -> _T:
    return cast(_T, at.value) if at.value in get_args(kind) else default
