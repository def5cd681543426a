"""VRM 0.x licences, by name and by VRoid Hub's address, against a table written by hand."""

from __future__ import annotations

import pytest

from avatar.licence.decide import decide, summary
from avatar.licence.purpose import Purpose
from avatar.licence.terms import Meta
from tests.fixtures.licences import TABLE, letters, vrm0


@pytest.mark.parametrize("row", TABLE["vrm0"])
def test_every_vrm0_licence(row: str) -> None:
    licence, commercial = row.split()
    said = []
    for user in ("Everyone", "ExplicitlyLicensedPerson", "OnlyAuthor"):
        meta = vrm0(
            licenseName=7 if licence == "7" else licence,
            commercialUssageName=commercial,
            allowedUserName=user,
        )
        said.append(letters(list(summary(meta).values())))
    assert " ".join(said) == TABLE["vrm0"][row]


def test_every_name_of_a_vrm0_licence_must_be_in_the_table() -> None:
    schema = [
        "Redistribution_Prohibited", "CC0", "CC_BY", "CC_BY_NC", "CC_BY_SA", "CC_BY_NC_SA",
        "CC_BY_ND", "CC_BY_NC_ND", "Other",
    ]  # fmt: skip
    assert list(TABLE["vrm0_data"]) == schema
    rows = set(TABLE["vrm0"])
    assert {f"{n} {c}" for n in schema for c in ("Allow", "Disallow")} <= rows


@pytest.mark.parametrize("name", TABLE["vrm0_data"])
def test_what_a_vrm0_licence_says_of_the_data(name: str) -> None:
    meta = vrm0(licenseName=name)
    words = {True: "yes", False: "no"}
    assert [
        words[meta.allow_redistribution],
        meta.modification,
        meta.credit_notation,
        words[meta.allow_political_or_religious_usage],
    ] == TABLE["vrm0_data"][name].split()
    assert meta.allow_antisocial_or_hate_usage == meta.allow_political_or_religious_usage


def hub(**query: str) -> str:
    free = {
        "allowed_to_use_user": "everyone", "characterization_allowed_user": "everyone",
        "corporate_commercial_use": "allow", "credit": "unnecessary", "modification": "allow",
        "personal_commercial_use": "profit", "redistribution": "allow",
        "sexual_expression": "allow", "version": "1", "violent_expression": "allow",
    }  # fmt: skip
    joined = "&".join(f"{k}={v}" for k, v in (free | query).items())
    return f"https://hub.vroid.com/license?{joined}"


def from_hub(address: str, **terms: object) -> Meta:
    free = {
        "allowedUserName": "Everyone", "violentUssageName": "Allow", "sexualUssageName": "Allow",
        "commercialUssageName": "Allow", "licenseName": "Other",
    }  # fmt: skip
    return vrm0(**(free | {"otherPermissionUrl": address, "otherLicenseUrl": address} | terms))


@pytest.mark.parametrize("row", TABLE["hub_commercial"])
def test_profit_in_an_address_of_vroid_hub(row: str) -> None:
    field, corporate, personal = row.split()
    address = hub(corporate_commercial_use=corporate, personal_commercial_use=personal)
    meta = from_hub(address, commercialUssageName=field)
    assert meta.commercial_usage == TABLE["hub_commercial"][row]


def test_an_address_of_vroid_hub_must_be_read_as_the_licence() -> None:
    free = from_hub(hub())
    assert letters(list(summary(free).values())) == "aaa"
    assert free.document == "VRoid Hub's conditions of use"
    assert free.modification == "allowModificationRedistribution"
    assert from_hub(hub(redistribution="disallow")).modification == "allowModification"
    for query, term in (
        ({"characterization_allowed_user": "author"}, "avatar_permission"),
        ({"allowed_to_use_user": "author"}, "avatar_permission"),
        ({"violent_expression": "disallow"}, "allow_excessively_violent_usage"),
        ({"sexual_expression": "default"}, "allow_excessively_sexual_usage"),
        ({"redistribution": "disallow"}, "allow_redistribution"),
        ({"credit": "necessary"}, "credit_notation"),
    ):
        meta = from_hub(hub(**query))
        assert getattr(meta, term) == getattr(Meta(), term), query
        name, value = next(iter(query.items()))
        assert str(meta.source(term)) == f"hub.vroid.com/license = {name}={value}"


@pytest.mark.parametrize(
    "address",
    [
        "http://hub.vroid.com/license?redistribution=allow&credit=unnecessary",
        "https://hub.vroid.com.example.org/license?redistribution=allow&credit=unnecessary",
        "https://example.org/license?x=https://hub.vroid.com/license&redistribution=allow",
        "https://[/license?redistribution=allow",
        "https://hub.vroid.com/license",
        "https://hub.vroid.com/license?version=2&redistribution=allow&credit=unnecessary",
    ],
)
def test_an_address_that_only_looks_like_vroid_hub_must_grant_nothing(address: str) -> None:
    meta = from_hub(address)
    assert not meta.allow_redistribution
    assert meta.credit_notation == "required"
    assert any(f.code == "licence.other" for f in decide(meta, Purpose()).findings)


def test_addresses_that_contradict_must_grant_what_both_say() -> None:
    meta = from_hub(hub(), otherLicenseUrl=hub(redistribution="disallow"))
    assert not meta.allow_redistribution
    assert meta.commercial_usage == "corporation"
    doubled = hub() + "&redistribution=disallow"
    assert not from_hub(doubled).allow_redistribution
