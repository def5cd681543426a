"""A real clip recorded by two processes is the take that one makes, within the tracker's noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from capture.take_file import TakeReader
from flow.clock import NS_PER_S
from flow.motion import MotionFrame
from host.cli import main

pytestmark = [pytest.mark.shared, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def _models(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRRORSTAGE_MODELS", str(shared / "data" / "models"))


def record(clip: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    words = ["take", "record", "--source", f"file:{clip}", "-o", str(out), "--profile", "face"]
    assert main([*words, "--json", *more]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def weights(frames: list[MotionFrame]) -> np.ndarray:
    blank = np.full(52, np.nan, np.float32)
    return np.array([blank if f.face is None else f.face.weights for f in frames])


def test_two_processes_make_the_take_that_one_makes(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = shared / "data" / "videos" / "face" / "mt_sun.mp4"  # 22 s: three slices
    one = record(clip, tmp_path / "1.take", capsys, "--jobs", "1")
    two = record(clip, tmp_path / "2.take", capsys, "--jobs", "2")
    assert (one["jobs"], two["jobs"]) == (1, 2)
    assert one["damage"] == two["damage"] == ""
    a, b = list(TakeReader(tmp_path / "1.take")), list(TakeReader(tmp_path / "2.take"))
    assert len(a) == len(b) == 550
    assert [f.seq for f in b] == list(range(550))
    assert [f.captured - a[0].captured for f in a] == [f.captured - b[0].captured for f in b]
    assert all(f.face is None or f.face.points is None for f in b), "nobody asked for landmarks"

    alone, together = weights(a), weights(b)
    assert (np.isnan(alone) == np.isnan(together)).all(), "a face is found where it was found"
    apart = np.nan_to_num(np.abs(alone - together)).max(axis=1)
    at = np.array([(f.captured - a[0].captured) / NS_PER_S for f in a])
    assert (apart[at < 10.0] == 0).all(), "the first slice is the same, bit for bit"
    assert np.percentile(apart, 95) < 0.05
    # At a seam the step from picture to picture is what it is without one.
    for seam in (10.0, 20.0):
        first = int(np.searchsorted(at, seam - 1e-6))
        with_seam = np.abs(together[first] - together[first - 1]).max()
        without = np.abs(alone[first] - alone[first - 1]).max()
        assert with_seam < without + 0.1


def test_a_clip_cut_in_half_is_recorded_as_far_as_it_goes_and_it_is_said(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = shared / "data" / "videos" / "face" / "lp_d0.mp4"
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    with (
        av.open(str(clip)) as source,
        av.open(str(whole), "w", options={"movflags": "faststart"}) as out,
    ):
        theirs = source.streams.video[0]
        ours = out.add_stream_from_template(theirs)
        for packet in source.demux(theirs):
            if packet.dts is not None:
                packet.stream = ours
                out.mux(packet)
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    told = record(cut, tmp_path / "cut.take", capsys)
    assert 20 < told["frames"] < 60
    assert "cut off" in str(told["damage"])
