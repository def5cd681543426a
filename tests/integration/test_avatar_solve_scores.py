"""Against motion capture and blinks labelled by eye, the solver must stay as good as it is."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from avatar.perform.performer import Performer
from flow.clock import NS_PER_S
from host.landmarks import frame_of, solve_rows

# The judges leave files to the garbage collector, which is their business.
pytestmark = [pytest.mark.shared, pytest.mark.filterwarnings("ignore::ResourceWarning")]

CLIPS = ("ad_dab", "ad_jumping_jacks", "bt_walk01", "loth_yelling")
FRAMES = 120
MEASURES = ("mpjpe_mm", "gross_arm_pct", "still_jitter_cm_s", "lag_ms")


@pytest.fixture(scope="module")
def judge(shared: Path) -> Iterator[dict[str, ModuleType]]:
    """The scoring modules, which find each other by plain names."""
    folder = shared / "oracles" / "motion"
    if not folder.is_dir():
        pytest.skip(f"no scoring scripts at {folder}")
    sys.path.insert(0, str(folder))
    try:
        names = ("skel", "landmarks", "evalpose", "score")
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(folder))


def scored(judge: dict[str, ModuleType], shared: Path, noise: str) -> dict[str, float]:
    """Means over a few clips."""
    results = []
    for clip in CLIPS:
        path = shared / "data" / "motion" / "bvh" / f"{clip}.bvh"
        with np.errstate(all="ignore"):
            track = judge["skel"].from_bvh(str(path))
            rows = judge["score"].rows(track, noise, zlib.crc32((clip + noise).encode()))[:FRAMES]
        n = len(rows)
        joints = {k: v[:n] for k, v in track["joints"].items()}
        short = {**track, "t": track["t"][:n], "joints": joints, "head": track["head"][:n]}
        solved = list(solve_rows(rows))
        with np.errstate(all="ignore"):
            results.append(judge["evalpose"].evaluate(short, solved))
    return {k: float(np.nanmean([r[k] for r in results])) for k in MEASURES}


def test_clean_landmarks_must_give_the_captured_pose(
    judge: dict[str, ModuleType], shared: Path
) -> None:
    assert scored(judge, shared, "clean")["mpjpe_mm"] < 9.0


def test_landmarks_as_noisy_as_the_trackers_must_still_give_it(
    judge: dict[str, ModuleType], shared: Path
) -> None:
    result = scored(judge, shared, "mp")
    assert result["mpjpe_mm"] < 32.0, "unfiltered exact directions reach 34 to 40"
    assert result["gross_arm_pct"] < 1.5
    assert result["still_jitter_cm_s"] < 4.0
    assert result["lag_ms"] < 30.0


def test_hidden_joints_and_missing_pictures_must_not_throw_the_arms_about(
    judge: dict[str, ModuleType], shared: Path
) -> None:
    result = scored(judge, shared, "hard")
    assert result["mpjpe_mm"] < 60.0, "unfiltered exact directions reach 75"
    assert result["gross_arm_pct"] < 4.0, "unfiltered exact directions reach 10"
    assert result["still_jitter_cm_s"] < 10.0


def test_blinks_must_be_found_as_the_eye_finds_them(shared: Path) -> None:
    """Recall and precision at one half, on real faces, through smoothing and calibration."""
    labels = json.loads((shared / "data" / "videos" / "blink_gt.json").read_text())
    hits = misses = false = 0
    for clip in ("lp_d0", "lp_d10", "lp_d14", "st_katiehill"):
        label = labels[clip]
        path = shared / "data" / "motion" / "mp_real" / f"{clip}.jsonl.gz"
        performer = Performer()
        closed = []
        with gzip.open(path, "rt") as lines:
            for seq, line in enumerate(lines):
                row = json.loads(line)
                row["t"] = seq / label["fps"]
                performer.feed(frame_of(row, seq))
                pose = performer.pose(round(seq / label["fps"] * NS_PER_S))
                closed.append(max(pose.expressions[k] for k in ("blinkLeft", "blinkRight")) > 0.5)
        shut = np.array(closed)
        known = label["full"] + label["half"] + label["ignore"]
        for first, last in label["full"]:
            found = bool(shut[max(0, first - 2) : last + 3].any())
            hits, misses = hits + found, misses + (not found)
        for first, last in known:
            shut[max(0, first - 3) : last + 4] = False
        shut[:15] = False  # the idle face hands over to the performer's
        false += int((shut[1:] & ~shut[:-1]).sum())
    assert hits / (hits + misses) > 0.95
    assert hits / (hits + false) > 0.93
