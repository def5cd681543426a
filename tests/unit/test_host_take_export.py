"""``mirrorstage take export``: what the show would show, as files for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import assets
from avatar.clip.load import load_clip
from avatar.perform.performer import Performer
from capture.take_file import TakeReader
from flow.clock import NS_PER_S
from flow.pose import HUMAN_BONES
from host import clips
from host.cli import main
from tests.fixtures.motion import bvh, bvh_frame


def export(*words: str) -> int:
    return main(["take", "export", *words])


def test_a_take_must_become_what_the_show_shows(tmp_path: Path) -> None:
    out = tmp_path / "g.vrma"
    assert export("greeting", "-o", str(out), "--fps", "30") == 0
    clip = load_clip(out)
    take = TakeReader(assets.locate("takes", "greeting"))
    assert clip.duration_s == pytest.approx(take.duration_ns / NS_PER_S, abs=1 / 30)
    performer, frames = Performer(), list(take)
    begin, fed = frames[0].captured, 0
    moved = [i for i, b in enumerate(HUMAN_BONES) if clip.bones[i] and not b.endswith("Eye")]
    for row in range(200):
        now = begin + round(row * NS_PER_S / 30)
        while fed < len(frames) and frames[fed].captured <= now:
            performer.feed(frames[fed])
            fed += 1
        pose = performer.pose(now)
        if row % 20:
            continue
        got = clip.sample(row / 30)
        a, b = pose.rotations[moved], got.rotations[moved]
        assert np.minimum(np.abs(a - b).max(1), np.abs(a + b).max(1)).max() < 1e-5, row
        assert np.abs(pose.hips - got.hips).max() < 1e-5
        assert np.abs(pose.gaze_deg - got.gaze_deg).max() < 5e-3
        for name in ("blinkLeft", "jawOpen", "aa"):
            assert got.expressions[name] == pytest.approx(pose.expressions[name], abs=1e-5)


def test_the_file_must_be_told_for_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "g.bvh"
    assert export("greeting", "-o", str(out), "--json", "--avatar", "mira", "--fps", "10") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == str(out)
    assert told["keys"] == 1 + int(told["seconds"] * 10 + 1e-6)
    assert told["bytes"] == out.stat().st_size
    assert "left_arm" in told["parts"]
    assert told["expressions"] == [], "BVH has no face"
    assert out.read_text().startswith("HIERARCHY\nROOT Hips")


def test_a_face_must_be_of_one_kind_when_asked(tmp_path: Path) -> None:
    names = {}
    for face in ("all", "presets", "arkit"):
        out = tmp_path / f"{face}.vrma"
        assert export("greeting", "-o", str(out), "--face", face, "--fps", "10") == 0
        names[face] = set(load_clip(out).expressions)
    assert "jawOpen" in names["arkit"]
    assert "aa" in names["presets"]
    assert not names["presets"] & names["arkit"]
    assert names["all"] == names["presets"] | names["arkit"]


def test_a_motion_file_must_be_converted(tmp_path: Path) -> None:
    source, out = tmp_path / "in.bvh", tmp_path / "out.vrma"
    source.write_text(bvh([bvh_frame((0, 85, 0), Head=(0, 0, a)) for a in (0, 30)]))
    assert export(str(source), "-o", str(out)) == 0
    a, b = load_clip(source), load_clip(out)
    assert np.allclose(a.sample(0.1).rotations, b.sample(0.1).rotations, atol=1e-5)


def test_an_older_file_must_not_be_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "old.vrma"
    out.write_bytes(b"precious")
    assert export("greeting", "-o", str(out)) == 7
    assert "[take.exists]" in capsys.readouterr().err
    broken = tmp_path / "broken.bvh"
    broken.write_text("HIERARCHY\n")
    assert export(str(broken), "-o", str(out), "--force") == 3
    assert "no MOTION" in capsys.readouterr().err
    assert out.read_bytes() == b"precious"
    assert list(tmp_path.glob("old.vrma?*")) == [], "nothing half-written stays"
    assert export("greeting", "-o", str(out), "--force", "--fps", "5") == 0
    assert out.read_bytes() != b"precious"


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("greeting", "-o", "{}/x.fbx"), 2, "take.kind"),
        (("nobody", "-o", "{}/x.vrma"), 3, "asset.missing"),
        (("{}/none.take", "-o", "{}/x.vrma"), 3, "asset.missing"),
        (("greeting", "-o", "{}/x.vrma", "--avatar", "nobody"), 3, "asset.missing"),
    ],
)
def test_mistakes_must_be_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    status: int,
    code: str,
) -> None:
    assert export(*(w.replace("{}", str(tmp_path)) for w in words)) == status
    assert f"[{code}]" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_take_that_was_cut_off_must_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.take"
    cut.write_bytes(assets.locate("takes", "greeting").read_bytes()[:-100])
    assert export(str(cut), "-o", str(tmp_path / "c.vrma"), "--json", "--fps", "5") == 0
    told = json.loads(capsys.readouterr().out)
    assert "It was cut off" in told["problems"][0]
    assert told["seconds"] > 5.0


def test_a_take_too_long_for_its_rate_must_be_refused_before_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clips, "MOST_KEYS", 100)
    assert export("greeting", "-o", str(tmp_path / "x.vrma")) == 3
    assert "[take.long]" in capsys.readouterr().err
