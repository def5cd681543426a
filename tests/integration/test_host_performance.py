"""A recorded show in which a cue makes the host wave and smile: seen in its pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TypeAlias

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import ROOT

FPS, FROM_S, TO_S = 20, 2.0, 5.0
SHOW = f"""
duration_s = 6
[motion]
source = "synthetic"
[picture]
size = "320x180"
fps = {FPS}
backend = "software"
[mixer.camera.parts]      # the arms are nobody's, until they wave
face = 1.0
head = 1.0
[[animation]]
name = "hello"
file = "wave"
[[expression]]
name = "happy"
[[cue]]
at_s = {FROM_S}
do = "animation hello"
[[cue]]
at_s = {FROM_S}
do = "expression happy"
[[cue]]
at_s = {TO_S}
do = "stop"
[[output]]
kind = "record"
path = "show.mkv"
"""

Pictures: TypeAlias = list[tuple[float, NDArray[np.float64]]]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    """Time on air and luma of each picture."""
    folder = tmp_path_factory.mktemp("show")
    (folder / "show.toml").write_text(SHOW)
    done = subprocess.run(
        [sys.executable, "-m", "host.cli", "live", "show.toml", "--json"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Animation hello." in done.stderr and "Expression: happy." in done.stderr
    assert json.loads(done.stdout)["frames"]["drawn"] > 10
    with av.open(str(folder / "show.mkv")) as media:
        return [
            (float(frame.time or 0.0), frame.to_ndarray(format="gray").astype(np.float64))
            for frame in media.decode(video=0)
        ]


HAND, BEYOND = np.s_[35:75, 90:115], np.s_[35:75, 180:205]
"""Beside the head, where the host's right hand comes up, and the same on the other side."""


def change(pictures: Pictures, where: tuple[slice, slice], since_s: float, until_s: float) -> float:
    """The largest mean change of a part of the picture against the show's beginning."""
    first = np.mean([p[where] for t, p in pictures if 0.2 < t < FROM_S - 0.1], axis=0)
    return max(float(np.abs(p[where] - first).mean()) for t, p in pictures if since_s < t < until_s)


def test_the_host_must_wave_when_the_cue_comes_and_only_then(pictures: Pictures) -> None:
    waving = change(pictures, HAND, FROM_S + 0.3, FROM_S + 1.8)
    assert waving > 15.0
    assert change(pictures, HAND, 0.2, FROM_S - 0.1) < waving / 4.0
    assert change(pictures, HAND, TO_S + 0.5, TO_S + 1.0) < waving / 4.0
    assert change(pictures, BEYOND, 0.2, TO_S) < waving / 4.0
