"""The licence gate in a real show: nothing on air when refused, the credit in every picture."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flow.clock import ManualClock
from flow.errors import EngineError, LicenceError
from flow.stage import StageFrame
from host.log import Voice
from host.session import Session, build
from host.showfile import validate
from tests.conftest import ROOT
from tests.fixtures.rendering import BACKENDS


def mira_with(path: Path, **terms: Any) -> Path:
    """The built-in host under another licence."""
    data = (ROOT / "assets" / "avatars" / "mira.vrm").read_bytes()
    (length,) = struct.unpack("<I", data[12:16])
    root = json.loads(data[20 : 20 + length])
    root["extensions"]["VRMC_vrm"]["meta"] |= terms
    text = json.dumps(root, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    head = struct.pack("<4sII", b"glTF", 2, 20 + len(text) + len(rest))
    path.write_bytes(head + struct.pack("<I4s", len(text), b"JSON") + text + rest)
    return path


def session_of(avatar: Path, backend: str, **purpose: Any) -> Session:
    show = validate(
        {
            "avatar": {"model": str(avatar)},
            "purpose": purpose,
            "picture": {"size": "320x180", "backend": backend},
            "motion": {"source": "take:greeting"},
            "sound": {"source": "silence"},
            "output": [{"kind": "null"}],
        },
        "test",
    )
    clock = ManualClock(1_000_000_000)
    try:
        return build(show, clock=clock, voice=Voice(clock, quiet=True))
    except EngineError as fault:
        if fault.code != "engine.no_renderer":
            raise
        pytest.skip(str(fault))


def frame_of(session: Session, seq: int, due: int) -> StageFrame:
    pose = session.performer.pose(session.clock.now())
    return session.stage_frame(seq, due, due, session.runtime.update(pose, 1 / 30))


@pytest.fixture(params=BACKENDS)
def credited(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    named = mira_with(tmp_path / "named.vrm", authors=["猫 Mako"], creditNotation="required")
    session = session_of(named, request.param)
    yield session
    session.close()


def test_a_credit_that_the_licence_wants_must_be_in_the_picture(credited: Session) -> None:
    frame = frame_of(credited, 0, 0)
    (overlay,) = frame.overlays
    assert credited.credit is not None
    assert credited.credit.text.startswith("Avatar: Mira by 猫 Mako · ")
    bare = StageFrame(0, 0, 0, frame.rigs, frame.shot, frame.light)
    shown, without = credited.renderer.picture(frame), credited.renderer.picture(bare)
    changed = np.abs(shown.astype(int) - without).max(axis=2) > 8
    tall, wide = overlay.rgba.shape[:2]
    left, top = round(overlay.x * 320), round(overlay.y * 180)
    inside = changed[top : top + tall, left : left + wide]
    assert inside.mean() > 0.6, "the plate darkens what is behind it"
    assert changed.sum() == inside.sum(), "and nothing else"
    card = shown[top : top + tall, left : left + wide, :3]
    assert (card.min(axis=2) > 200).mean() > 0.02, "with light letters on it"
    sent = credited.renderer.draw(frame).i420[:180]
    assert (sent[top : top + tall, left : left + wide] > 180).mean() > 0.02, "as it goes out"


def test_a_host_without_conditions_must_be_shown_without_a_credit() -> None:
    session = session_of(ROOT / "assets" / "avatars" / "mira.vrm", "software", send_mesh=True)
    try:
        assert frame_of(session, 0, 0).overlays == ()
        assert session.licence.send_mesh
        assert session.licence.decision.kind == "allow"
    finally:
        session.close()


def test_what_may_not_be_sent_must_be_known_to_the_show(tmp_path: Path) -> None:
    kept = mira_with(tmp_path / "kept.vrm", allowRedistribution=False)
    session = session_of(kept, "software", send_mesh=True)
    try:
        assert not session.licence.send_mesh
        assert session.licence.decision.kind == "degrade"
    finally:
        session.close()


def test_a_refused_show_must_not_be_built(tmp_path: Path) -> None:
    own = mira_with(tmp_path / "own.vrm", avatarPermission="onlyAuthor")
    with pytest.raises(LicenceError) as fault:
        session_of(own, "software", use="corporate")
    assert fault.value.code == "licence.undeclared"


def live(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "host.cli", "live", "--size", "320x180", "--fps", "10"),
            *("--backend", "software", "--source", "take:greeting", "--sound", "silence"),
            *("--duration", "1", "--output", "record:show.mkv", "--report", "r.json"),
            *arguments,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    return done.returncode, done.stderr


def test_a_refused_show_must_leave_nothing_behind(tmp_path: Path) -> None:
    mira_with(tmp_path / "a.vrm", commercialUsage="personalProfit")
    status, said = live(tmp_path, "--avatar", "a.vrm", "--purpose", "corporate")
    assert status == 4, said
    assert "[licence.refused]" in said
    assert "VRMC_vrm.meta.commercialUsage = personalProfit" in said
    assert "On air" not in said
    assert [p.name for p in tmp_path.iterdir()] == ["a.vrm"]


def test_a_report_must_say_whose_avatar_it_was(tmp_path: Path) -> None:
    mira_with(tmp_path / "a.vrm", avatarPermission="onlyAuthor")
    status, said = live(
        tmp_path, "--avatar", "a.vrm", "--purpose", "corporate", "--set", "purpose.performer=author"
    )
    assert status == 0, said
    licence = json.loads((tmp_path / "r.json").read_text("utf-8"))["licence"]
    assert licence["sha256"] in said
    assert licence["decision"] == "allow"
    assert licence["purpose"]["performer"] == "author"
    assert [f["code"] for f in licence["findings"]] == ["licence.declared"]
