"""What all tests share: where measured data lies, numpy that raises, our own clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flow.clock import ManualClock

# Tests neither read nor leave decoded avatars in this user's cache.
os.environ["MIRRORSTAGE_CACHE"] = "off"

ROOT = Path(__file__).resolve().parents[1]


def shared_root() -> Path:
    """The folder of measured data and peers: MIRRORSTAGE_SHARED or ``shared`` beside the repo."""
    return Path(os.environ.get("MIRRORSTAGE_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder, or a skip with the reason."""
    root = shared_root()
    if not (root / "data").is_dir():
        pytest.skip(f"no measured data at {root} (set MIRRORSTAGE_SHARED)")
    return root


@pytest.fixture(scope="session")
def oracles() -> Path:
    """The folder of peers that are installed, or a skip with the reason."""
    home = os.environ.get("MIRRORSTAGE_ORACLES")
    if not home or not (Path(home) / "node_modules").is_dir():
        pytest.skip("no installed peers: set MIRRORSTAGE_ORACLES to their folder")
    return Path(home)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until moved."""
    return ManualClock(1_000_000_000)


@pytest.fixture(autouse=True)
def _numpy_raises() -> Iterator[None]:
    """Every numeric oddity is an error in tests."""
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        yield
