"""The runtime against three-vrm itself on bodies made of what sample files lack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host.parity.compare import BARS
from tests.fixtures.odd_bodies import ODD
from tools.parity import RIG, differences

pytestmark = pytest.mark.peer
HELD = (*RIG, "spring tails", "spring rotations")


@pytest.mark.parametrize("name", ODD)
def test_three_vrm_must_agree_on_odd_bodies(oracles: Path, tmp_path: Path, name: str) -> None:
    check(oracles, tmp_path, name, 0)


@pytest.mark.long
@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("seed", range(1, 9))
def test_three_vrm_must_agree_on_many(oracles: Path, tmp_path: Path, name: str, seed: int) -> None:
    check(oracles, tmp_path, name, seed)


def check(oracles: Path, tmp_path: Path, name: str, seed: int) -> None:
    """Every motion of the body, every kind of difference."""
    make, scenarios = ODD[name]
    path = make(np.random.default_rng(seed)).save(tmp_path / "odd.vrm")
    for scenario in scenarios:
        found = differences(oracles, path, scenario)
        assert found is not None, "three-vrm refuses it"
        over = [d for d in found if d.kind in HELD and not d.passes]
        assert over == [], (scenario, seed)
        assert {d.kind for d in found} <= BARS.keys()
