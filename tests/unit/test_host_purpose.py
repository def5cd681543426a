"""What a show declares about its avatar, and what becomes of it before anything is on air."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from avatar.licence.purpose import USES
from avatar.licence.terms import Meta
from avatar.read.load import load_avatar
from avatar.rig.avatar import Avatar
from flow.clock import ManualClock
from flow.errors import LicenceError, ShowFileError
from host.cli import main
from host.gate import judge, sha256_of, table
from host.log import Voice
from host.showfile import validate
from tests.fixtures.glb import vrm1


def body(tmp_path: Path, **terms: Any) -> Avatar:
    meta = {
        "name": "Nana", "authors": ["Mako"], "licenseUrl": "https://vrm.dev/licenses/1.0/",
        "contactInformation": "mako@example.org", **terms,
    }  # fmt: skip
    glb, _ = vrm1(meta=meta)
    return load_avatar(glb.save(tmp_path / "nana.vrm"))


def purpose(**said: Any) -> Any:
    return validate({"purpose": said}, "test").purpose.declared()


def mistakes(**said: Any) -> str:
    with pytest.raises(ShowFileError) as fault:
        purpose(**said)
    return str(fault.value)


def test_a_show_that_says_nothing_must_be_personal_and_claim_nothing() -> None:
    said = validate({}, "test").purpose
    assert said.declared() == purpose(use="personal", performer="unsaid")
    assert said.credit_shown == "always"
    assert said.declared(ai_driven=True).ai_driven, "a machine's motion makes the show AI-driven"


def test_every_mistake_in_a_purpose_must_be_told() -> None:
    assert "purpose.use: must be 'personal', 'personal-profit' or 'corporate'" in mistakes(
        use="fun"
    )
    assert "needs permission" in mistakes(performer="licensed")
    assert "needs permission" in mistakes(performer="licensed", permission="  ")
    assert "go with performer" in mistakes(performer="author", permission="me")
    assert "go with performer" in mistakes(covers=["commercial"])
    assert "purpose.covers.0" in mistakes(
        performer="licensed", permission="me", covers=["everything"]
    )
    assert "purpose.violent: must be true or false" in mistakes(violent="no")
    assert "there is no such setting" in mistakes(owner=True)


def test_a_refusal_must_name_every_reason_and_what_to_do(tmp_path: Path) -> None:
    licence = judge(body(tmp_path), purpose(use="corporate", political=True))
    with pytest.raises(LicenceError) as fault:
        licence.enforce()
    assert fault.value.code == "licence.refused"
    assert fault.value.exit_status == 4
    told = str(fault.value)
    heard = io.StringIO()
    licence.say(Voice(ManualClock(0), heard))
    assert heard.getvalue().count("\n") == 2, "a reason is told once: decision and credit here"
    assert "refused (model sha256 " in heard.getvalue()
    for piece in (
        "Nana (nana.vrm)",
        "VRMC_vrm.meta.avatarPermission = not said, which counts as onlyAuthor",
        "VRMC_vrm.meta.commercialUsage = not said, which counts as personalNonProfit",
        "VRMC_vrm.meta.allowPoliticalOrReligiousUsage = not said, which counts as false",
        'performer = "author"',
        'use = "personal"',
        "political = false",
    ):
        assert piece in told, piece


def test_a_missing_declaration_must_have_a_code_of_its_own(tmp_path: Path) -> None:
    avatar = body(tmp_path, commercialUsage="corporation")
    with pytest.raises(LicenceError) as fault:
        judge(avatar, purpose(use="corporate")).enforce()
    assert fault.value.code == "licence.undeclared"
    judge(avatar, purpose(use="corporate", performer="author")).enforce()
    judge(avatar, purpose(use="corporate", performer="licensed", permission="a letter")).enforce()


def test_the_hash_and_the_decision_must_be_said_and_kept(tmp_path: Path) -> None:
    avatar = body(tmp_path, allowRedistribution=False)
    licence = judge(avatar, purpose(send_mesh=True))
    licence.enforce()
    heard = io.StringIO()
    licence.say(Voice(ManualClock(0), heard))
    lines = heard.getvalue().splitlines()
    digest = hashlib.sha256((tmp_path / "nana.vrm").read_bytes()).hexdigest()
    assert digest in lines[0]
    assert "the model itself is not sent" in lines[0]
    assert any(
        line.startswith("! Licence: Its licence lets nobody but its author") for line in lines
    )
    assert any("meta.allowRedistribution = false" in line for line in lines)
    data = json.loads(json.dumps(licence.as_dict()))
    assert data["sha256"] == digest == sha256_of(avatar.path)
    assert (data["decision"], data["send_mesh"]) == ("degrade", False)
    assert data["purpose"]["send_mesh"] is True
    assert data["file"] == "nana.vrm"
    everything = heard.getvalue() + json.dumps(data)
    assert "mako@example.org" not in everything, "contact details are nobody's business"
    assert str(tmp_path) not in everything


def test_what_may_be_sent_must_be_a_value_of_the_show(tmp_path: Path) -> None:
    free = body(tmp_path, allowRedistribution=True)
    assert judge(free, purpose(send_mesh=True)).send_mesh
    assert not judge(free, purpose()).send_mesh
    kept = body(tmp_path, allowRedistribution=False)
    assert not judge(kept, purpose(send_mesh=True)).send_mesh
    assert judge(kept, purpose(send_mesh=True, performer="author")).send_mesh


def test_a_declared_permission_must_be_logged(tmp_path: Path) -> None:
    said = purpose(performer="licensed", permission="Mako by mail on 1 May", covers=["commercial"])
    licence = judge(body(tmp_path), said)
    heard = io.StringIO()
    licence.say(Voice(ManualClock(0), heard))
    assert "Mako by mail on 1 May" in heard.getvalue()
    assert licence.as_dict()["purpose"]["permission"] == "Mako by mail on 1 May"
    assert licence.as_dict()["purpose"]["covers"] == ["commercial"]


def test_the_table_must_have_a_row_for_every_use() -> None:
    rows = table(Meta())
    assert [row.partition(":")[0] for row in rows] == list(USES)
    assert rows[0] == "personal: allowed, as pictures only, if you are who may wear it"
    assert "refused" in rows[2]


def test_check_must_show_the_decision_and_fail_where_it_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body(tmp_path)
    command = ["check", "--source", "synthetic", "--avatar", str(tmp_path / "nana.vrm")]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "✓ licence: personal use is allowed, with the maker's credit drawn" in said
    assert "corporate: refused" in said
    assert main([*command, "--purpose", "corporate", "--json"]) == 4
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [f["code"] for f in findings if f["fault"]] == ["licence.refused"]
