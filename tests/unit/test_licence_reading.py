"""A licence that is badly written: told with its place, and never read as freer than it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from avatar.licence.credit import LONGEST_NAME, credit_line, printable
from avatar.licence.terms import Meta
from avatar.read.jsonat import At
from avatar.read.load import load_avatar
from avatar.read.meta import meta_from_vrm1
from avatar.read.meta0 import meta_from_vrm0
from avatar.read.problem import Problems
from tests.fixtures.glb import humanoid, vrm1
from tests.fixtures.licences import FREE

WRONG: tuple[tuple[str, str, Any], ...] = tuple(
    (key, term, value)
    for key, term in {
        "avatarPermission": "avatar_permission",
        "commercialUsage": "commercial_usage",
        "creditNotation": "credit_notation",
        "modification": "modification",
        "allowRedistribution": "allow_redistribution",
        "allowExcessivelyViolentUsage": "allow_excessively_violent_usage",
        "allowExcessivelySexualUsage": "allow_excessively_sexual_usage",
        "allowPoliticalOrReligiousUsage": "allow_political_or_religious_usage",
        "allowAntisocialOrHateUsage": "allow_antisocial_or_hate_usage",
    }.items()
    for value in ("Everyone ", "true", 1, ["everyone"], {"everyone": True}, 0.5)
)


@pytest.mark.parametrize(("key", "term", "value"), WRONG)
def test_a_term_of_the_wrong_type_must_count_as_the_strictest(
    key: str, term: str, value: Any
) -> None:
    problems = Problems()
    meta = meta_from_vrm1(At(FREE | {key: value}, "extensions.VRMC_vrm.meta"), problems)
    assert getattr(meta, term) == getattr(Meta(), term)
    (problem,) = problems.found
    assert problem.code == "licence.field"
    assert problem.json_path == f"extensions.VRMC_vrm.meta.{key}"
    assert "strictest" in problem.remedy
    assert "which counts as" in meta.source(term).value


@pytest.mark.parametrize("key", ["allowedUserName", "commercialUssageName", "licenseName"])
@pytest.mark.parametrize("value", [True, 3, ["Everyone"], "everyone", ""])
def test_a_vrm0_term_of_the_wrong_type_must_count_as_the_strictest(key: str, value: Any) -> None:
    free = {"allowedUserName": "Everyone", "commercialUssageName": "Allow", "licenseName": "CC0"}
    problems = Problems()
    meta = meta_from_vrm0(At(free | {key: value}, "extensions.VRM.meta"), problems)
    assert [p.json_path for p in problems.found] == [f"extensions.VRM.meta.{key}"]
    strict = {
        "allowedUserName": meta.avatar_permission == "onlyAuthor",
        "commercialUssageName": meta.commercial_usage == "personalNonProfit",
        "licenseName": not meta.allow_redistribution,
    }
    assert [k for k, held in strict.items() if held] == [key]


def test_what_must_be_said_and_is_not_must_be_told() -> None:
    problems = Problems()
    meta = meta_from_vrm1(At({"authors": "Mako", "references": ["a", 7]}, "meta"), problems)
    told = {p.json_path: p.sentence for p in problems.found}
    assert set(told) == {"meta.licenseUrl", "meta.authors", "meta.references[1]"}
    assert "is missing" in told["meta.licenseUrl"]
    assert meta.authors == ()
    assert meta.references == ("a",)
    assert not meta.stated


def test_a_licence_that_is_no_object_must_leave_the_strictest(tmp_path: Path) -> None:
    glb, _ = vrm1(meta=["everyone"])
    avatar = load_avatar(glb.save(tmp_path / "a.vrm"))
    assert avatar.meta == Meta()
    assert [p.json_path for p in avatar.problems] == ["extensions.VRMC_vrm.meta"]


def test_oddities_of_a_licence_must_reach_the_avatar(tmp_path: Path) -> None:
    meta = {"name": "A", "authors": ["us"], "licenseUrl": "https://vrm.dev/licenses/1.0/en/"}
    glb, _ = vrm1(meta=meta | {"allowRedistribution": "yes"})
    avatar = load_avatar(glb.save(tmp_path / "a.vrm"))
    (problem,) = avatar.problems
    assert problem.json_path == "extensions.VRMC_vrm.meta.allowRedistribution"
    assert avatar.meta.document == "VRM Public License 1.0"


def test_a_plain_model_must_state_nothing(tmp_path: Path) -> None:
    glb, _ = humanoid()
    meta = load_avatar(glb.save(tmp_path / "somebody.glb")).meta
    assert not meta.stated
    assert meta == Meta(name="somebody")


@pytest.mark.parametrize(
    "url",
    [
        "https://vrm.dev/licenses/1.0/",
        "https://vrm.dev/licenses/1.0",
        "https://vrm.dev/licenses/1.0/en/",
        "https://vrm.dev/en/licenses/1.0/",
        "https://vrm.dev/en/licenses/1.0/index",
    ],
)
def test_every_address_of_the_vrm_public_license_must_be_known(url: str) -> None:
    problems = Problems()
    meta = meta_from_vrm1(At(FREE | {"licenseUrl": url}, "meta"), problems)
    assert meta.document == "VRM Public License 1.0"
    assert not problems.found


def test_a_foreign_licence_document_must_be_named() -> None:
    problems = Problems()
    meta = meta_from_vrm1(At(FREE | {"licenseUrl": "https://example.org/mine"}, "meta"), problems)
    assert meta.document == "https://example.org/mine"
    assert [p.code for p in problems.found] == ["licence.document"]
    assert meta.avatar_permission == "everyone", "its fields are its maker's words all the same"


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        ({}, "Avatar: Nana by Mako · VRM Public License 1.0 (vrm.dev/licenses/1.0)"),
        (
            {
                "name": "猫",
                "authors": ["わんびぃ", "まる"],
                "copyrightInformation": "© 私",
            },
            "Avatar: 猫 by わんびぃ, まる · © 私 · VRM Public License 1.0 (vrm.dev/licenses/1.0)",
        ),
        (
            {"name": "undefined", "authors": ["undefined"]},
            "Avatar · VRM Public License 1.0 (vrm.dev/licenses/1.0)",
        ),
        (
            {"authors": list("abcdef")},
            "Avatar: Nana by a, b, c, d, 2 more · VRM Public License 1.0 (vrm.dev/licenses/1.0)",
        ),
    ],
)
def test_a_credit_must_name_what_the_file_names(terms: dict[str, Any], line: str) -> None:
    assert credit_line(meta_from_vrm1(At(FREE | terms, "meta"), Problems())) == line


def test_a_credit_must_be_one_line_that_steers_nothing() -> None:
    assert printable("a\u202ebc\x1b[31m\r\n  d\u200b\ufeff") == "abc [31m d"
    assert len(printable("x" * 500)) == LONGEST_NAME
    assert printable("\x00\x07") == ""


def test_nobody_must_be_credited_where_nobody_is_named() -> None:
    assert credit_line(Meta(name="model")) == ""
    old = meta_from_vrm0(At({"title": "T", "licenseName": "Other"}, "meta"), Problems())
    assert credit_line(old) == ""
    by = meta_from_vrm0(
        At({"title": "T", "author": "A", "licenseName": "CC_BY_ND"}, "m"), Problems()
    )
    assert (
        credit_line(by) == "Avatar: T by A · CC BY-ND 4.0 (creativecommons.org/licenses/by-nd/4.0)"
    )


def test_contact_details_must_not_be_credited() -> None:
    meta = meta_from_vrm1(At(FREE | {"contactInformation": "mako@example.org"}, "m"), Problems())
    assert meta.contact_information == "mako@example.org"
    assert "example.org" not in credit_line(meta)
