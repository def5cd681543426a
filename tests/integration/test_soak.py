"""Ten minutes on air: nothing grows, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, shared_root

pytestmark = [pytest.mark.long, pytest.mark.shared]
CLIP = shared_root() / "data" / "videos" / "face" / "lp_s13.mp4"
GROWTH_MB = 20


def test_ten_minutes_must_not_grow(tmp_path: Path) -> None:
    if not CLIP.is_file():
        pytest.skip(f"no measured data at {CLIP}")
    done = subprocess.run(
        [sys.executable, "-m", "host.cli", "live", "--source", f"file:{CLIP}",
         "--duration", "660", "--output", "record:show.mp4", "--output", "null", "--json"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=760, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    memory = report["memory_mb"]  # "start" is taken after the first minute
    assert memory["end"] - memory["start"] < GROWTH_MB, memory
    frames = report["frames"]
    assert frames["failed"] == 0
    assert frames["drawn"] + frames["lagged"] >= 660 * 30 - 30
