"""The licence gate against a table written by hand: every combination has one expected decision."""

from __future__ import annotations

import itertools
import json
import struct
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avatar.licence.decide import decide, summary
from avatar.licence.decision import Decision
from avatar.licence.purpose import USES, Purpose
from avatar.licence.terms import Meta
from avatar.read.jsonat import At
from avatar.read.meta import meta_from_vrm1
from avatar.read.meta0 import meta_from_vrm0
from avatar.read.problem import Problems
from tests.conftest import ROOT
from tests.fixtures.licences import CLAIMS, CONTENT, FIXTURES, FREE, TABLE, claim, vrm0, vrm1


def found(decision: Decision) -> set[str]:
    """The codes that say something about the show, without remarks on what was declared."""
    return {f.code for f in decision.findings} - {"licence.declared", "licence.other"}


def cell(row: str, column: int) -> str:
    return row.split()[column]


@pytest.mark.parametrize("permission", TABLE["wearing"])
def test_who_may_wear_an_avatar(permission: str) -> None:
    for performer, row in TABLE["wearing"][permission].items():
        assert len(row.split()) == 6
        for column, (driven, use) in enumerate(itertools.product((False, True), USES)):
            purpose = claim(performer, use=use, ai_driven=driven)
            decision = decide(vrm1(avatarPermission=permission), purpose)
            wanted = {
                "ok": set(),
                "presumed": {"licence.presumed"},
                "refuse": {"licence.undeclared"},
            }
            assert found(decision) == wanted[cell(row, column)], (performer, use, driven)
            assert decision.refused == (cell(row, column) == "refuse")


@pytest.mark.parametrize("usage", TABLE["commercial"])
def test_who_may_profit(usage: str) -> None:
    for name, row in TABLE["commercial"][usage].items():
        for column, use in enumerate(USES):
            decision = decide(vrm1(commercialUsage=usage), claim(name, use=use))
            wanted = {"licence.commercial"} if cell(row, column) == "refuse" else set()
            assert found(decision) == wanted, (name, use)


@pytest.mark.parametrize("content", CONTENT)
def test_what_may_be_shown(content: str) -> None:
    for name, row in TABLE["content"].items():
        for column, (allowed, declared) in enumerate(
            itertools.product((True, False), (False, True))
        ):
            purpose = claim(name, **{content: declared})
            decision = decide(vrm1(**{CONTENT[content]: allowed}), purpose)
            wanted = {f"licence.{content}"} if cell(row, column) == "refuse" else set()
            assert found(decision) == wanted, (name, allowed, declared)


def test_whether_the_model_may_be_sent() -> None:
    for name, row in TABLE["mesh"].items():
        for column, (allowed, asked) in enumerate(itertools.product((True, False), (False, True))):
            decision = decide(vrm1(allowRedistribution=allowed), claim(name, send_mesh=asked))
            degraded = cell(row, column) == "degrade"
            assert found(decision) == ({"licence.redistribution"} if degraded else set())
            assert decision.kind == ("degrade" if degraded else "allow")
            assert decision.send_mesh == (asked and not degraded), (name, allowed, asked)


def test_whether_a_credit_is_drawn() -> None:
    for name, row in TABLE["credit"].items():
        for column, notation in enumerate(("unnecessary", "required")):
            decision = decide(vrm1(creditNotation=notation), claim(name))
            drawn = cell(row, column) == "credit"
            assert bool(decision.credit) == drawn, (name, notation)
            assert decision.kind == ("allow_with_credit" if drawn else "allow")


def every_combination() -> Iterator[tuple[dict[str, object], str, dict[str, Any], str]]:
    """(terms, claim, purpose, expected kind), the expectation put together from the table alone."""
    pairs = list(itertools.product((True, False), (False, True)))
    credits = ("unnecessary", "required")
    for permission, usage, name, (u, use), driven in itertools.product(
        TABLE["wearing"], TABLE["commercial"], CLAIMS, enumerate(USES), (False, True)
    ):
        who = "licensed" if name == "covered" else name
        cells = [
            cell(TABLE["wearing"][permission][who], 3 * driven + u),
            cell(TABLE["commercial"][usage][name], u),
        ]
        for content, (c, (allowed, shown)), (m, (passed_on, asked)), (
            k,
            credit,
        ) in itertools.product(CONTENT, enumerate(pairs), enumerate(pairs), enumerate(credits)):
            said = [
                *cells,
                cell(TABLE["content"][name], c),
                cell(TABLE["mesh"][name], m),
                cell(TABLE["credit"][name], k),
            ]
            expected = next(
                (kind for word, kind in (
                    ("refuse", "refuse"), ("degrade", "degrade"), ("credit", "allow_with_credit")
                ) if word in said),
                "allow",
            )  # fmt: skip
            terms: dict[str, object] = {
                "avatarPermission": permission, "commercialUsage": usage,
                CONTENT[content]: allowed, "allowRedistribution": passed_on,
                "creditNotation": credit,
            }  # fmt: skip
            purpose = {"use": use, "ai_driven": driven, content: shown, "send_mesh": asked}
            yield terms, name, purpose, expected


def test_every_combination_must_meet_the_strictest_of_its_terms() -> None:
    count = 0
    kinds = set()
    for terms, name, purpose, expected in every_combination():
        decision = decide(vrm1(**terms), claim(name, **purpose))
        assert decision.kind == expected, (terms, name, purpose)
        sent = purpose["send_mesh"] and "licence.redistribution" not in found(decision)
        assert decision.send_mesh == (sent and expected != "refuse"), "a refused show sends nothing"
        kinds.add(expected)
        count += 1
    assert count == 3 * 3 * 4 * 3 * 2 * 4 * 4 * 4 * 2
    assert kinds == {"allow", "allow_with_credit", "degrade", "refuse"}


@pytest.mark.long
@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("permission", TABLE["wearing"])
def test_all_kinds_of_content_at_once_must_meet_the_strictest(permission: str, name: str) -> None:
    """The same with the four kinds of content allowed and declared in every mixture."""
    pairs = list(itertools.product((True, False), (False, True)))
    who = "licensed" if name == "covered" else name
    order = {"ok": 0, "presumed": 0, "credit": 1, "degrade": 2, "refuse": 3}
    kinds = ("allow", "allow_with_credit", "degrade", "refuse")
    columns = range(len(pairs))
    for usage, mixture, m, k in itertools.product(
        TABLE["commercial"], itertools.product(columns, repeat=4), columns, range(2)
    ):
        meta = vrm1(
            avatarPermission=permission, commercialUsage=usage, allowRedistribution=pairs[m][0],
            creditNotation=("unnecessary", "required")[k],
            **{term: pairs[c][0] for term, c in zip(CONTENT.values(), mixture, strict=True)},
        )  # fmt: skip
        shown = {flag: pairs[c][1] for flag, c in zip(CONTENT, mixture, strict=True)}
        said = [cell(TABLE["content"][name], c) for c in mixture]
        said += [cell(TABLE["mesh"][name], m), cell(TABLE["credit"][name], k)]
        for (u, use), driven in itertools.product(enumerate(USES), (False, True)):
            words = [
                *said,
                cell(TABLE["wearing"][permission][who], 3 * driven + u),
                cell(TABLE["commercial"][usage][name], u),
            ]
            expected = kinds[max(order[word] for word in words)]
            purpose = claim(name, use=use, ai_driven=driven, send_mesh=pairs[m][1], **shown)
            assert decide(meta, purpose).kind == expected, (meta, purpose)


def test_all_findings_must_be_told_together() -> None:
    """Degraded and credited, or refused for five reasons: none of them hides another."""
    both = decide(
        vrm1(allowRedistribution=False, creditNotation="required"), Purpose(send_mesh=True)
    )
    assert both.kind == "degrade"
    assert both.credit == "Avatar: Nana by Mako · VRM Public License 1.0 (vrm.dev/licenses/1.0)"
    strict = {k: v for k, v in FREE.items() if k in ("name", "authors", "licenseUrl")}
    meta = meta_from_vrm1(At(strict, "meta"), Problems())
    purpose = Purpose(
        use="corporate", ai_driven=True, send_mesh=True,
        violent=True, sexual=True, political=True, antisocial=True,
    )  # fmt: skip
    decision = decide(meta, purpose)
    assert [f.code.removeprefix("licence.") for f in decision.findings] == [
        "undeclared", "commercial", "violent", "sexual", "antisocial", "political",
        "redistribution", "credit",
    ]  # fmt: skip
    assert not decision.send_mesh
    for finding in decision.findings:
        assert "VRM Public License 1.0, " in finding.clause
        assert finding.source.field.startswith("VRMC_vrm.meta.")
        assert finding.effect == "credit" or finding.advice


def test_a_finding_must_quote_the_field_it_stems_from() -> None:
    finding = decide(vrm1(commercialUsage="personalProfit"), Purpose(use="corporate")).findings[0]
    assert str(finding) == (
        "Its licence grants use by individuals, with or without profit, but not by organisations; "
        "this show is declared corporate [VRMC_vrm.meta.commercialUsage = personalProfit; "
        "VRM Public License 1.0, 2(a)(2), 2(a)(3)]"
    )
    old = decide(vrm0(commercialUssageName="Disallow"), Purpose(use="personal-profit"))
    source = next(f for f in old.findings if f.code == "licence.commercial").source
    assert str(source) == "VRM.meta.commercialUssageName = Disallow"


def test_a_file_without_a_licence_must_be_worn_by_its_owner_only() -> None:
    meta = Meta(name="model")
    personal = decide(meta, Purpose(send_mesh=True))
    assert (personal.kind, personal.credit) == ("degrade", "")
    assert personal.findings[0].code == "licence.presumed"
    assert "states no licence" in personal.findings[0].sentence
    for use in USES[1:]:
        assert decide(meta, Purpose(use=use)).refused
        assert decide(meta, Purpose(use=use, performer="author")).kind == "allow"
    assert decide(meta, Purpose(ai_driven=True)).refused


def test_conditions_that_only_a_person_can_read_must_be_pointed_out() -> None:
    meta = vrm1(otherLicenseUrl="https://example.org/terms", thirdPartyLicenses="hat: someone")
    decision = decide(meta, Purpose())
    assert decision.kind == "allow"
    assert [str(f.source) for f in decision.findings] == [
        "VRMC_vrm.meta.otherLicenseUrl = https://example.org/terms",
        "VRMC_vrm.meta.thirdPartyLicenses = hat: someone",
    ]
    waiver = "https://creativecommons.org/publicdomain/zero/1.0/"
    assert not decide(vrm1(otherLicenseUrl=waiver), Purpose()).findings


def test_a_declaration_must_be_kept_with_its_words() -> None:
    said = Purpose(
        use="corporate", performer="licensed", permission="Studio Nana, contract 7 of 1 May",
        covers=frozenset({"commercial", "credit"}),
    )  # fmt: skip
    terms = vrm1(avatarPermission="onlyAuthor", commercialUsage="personalNonProfit")
    decision = decide(terms, said)
    assert decision.kind == "allow"
    (note,) = decision.findings
    assert "Studio Nana, contract 7 of 1 May" in note.sentence
    assert "commercial, credit" in note.sentence
    narrower = decide(terms, replace(said, covers=frozenset({"credit"})))
    assert narrower.refused, "a permission reaches as far as it says"


def read(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    (length,) = struct.unpack("<I", data[12:16])
    extensions: dict[str, Any] = json.loads(data[20 : 20 + length])["extensions"]
    return extensions


def said_of(decision: Decision) -> str:
    if decision.refused:
        return "r"
    return ("m" if decision.send_mesh else "p") + ("c" if decision.credit else "")


@pytest.mark.shared
def test_every_measured_avatar_must_have_its_decision(shared: Path) -> None:
    listed = tomllib.loads((FIXTURES / "licence_files.toml").read_text("utf-8"))["group"]
    seen = 0
    for group in listed:
        for name in group["files"]:
            extensions = read(shared / "data" / "avatars" / name)
            if "VRMC_vrm" in extensions:
                meta = meta_from_vrm1(At(extensions["VRMC_vrm"]["meta"]), Problems())
            else:
                meta = meta_from_vrm0(At(extensions["VRM"]["meta"]), Problems())
            decisions = " ".join(said_of(d) for d in summary(meta).values())
            assert decisions == group["decision"], name
            seen += 1
    assert seen == 113


def test_the_built_in_host_must_be_free_for_everything() -> None:
    meta = meta_from_vrm1(
        At(read(ROOT / "assets" / "avatars" / "mira.vrm")["VRMC_vrm"]["meta"]), Problems()
    )
    for use in USES:
        purpose = Purpose(
            use=use, ai_driven=True, send_mesh=True,
            violent=True, sexual=True, political=True, antisocial=True,
        )  # fmt: skip
        decision = decide(meta, purpose)
        assert (decision.kind, decision.findings, decision.send_mesh) == ("allow", (), True)
