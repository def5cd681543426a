"""Idle must be calm, alive and the same for the same time and seed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from avatar.perform.idle import Idle
from tests.fixtures.performer import MS, apart_deg, placed

MINUTE = 60 * 30


def test_hands_must_hang_beside_the_thighs_and_not_inside_them() -> None:
    for second in range(0, 60, 7):
        where = placed(Idle().pose(second * 1000 * MS))
        for side, sign in (("left", 1.0), ("right", -1.0)):
            hand = where[f"{side}Hand"]
            assert 0.17 < sign * hand[0] < 0.45
            assert hand[1] < where["spine"][1] + 0.05
            assert abs(hand[2]) < 0.25
            tip = where[f"{side}MiddleDistal"]
            assert tip[1] < hand[1] - 0.05, "fingers point down"


def test_feet_must_stay_on_their_place() -> None:
    feet = np.array([placed(Idle().pose(s * 500 * MS))["leftFoot"] for s in range(60)])
    assert np.ptp(feet, axis=0).max() < 0.012


def test_blinks_must_come_irregularly_and_be_short() -> None:
    idle = Idle(5)
    closed = np.array([idle.pose(i * 33 * MS).expressions["blinkLeft"] for i in range(2 * MINUTE)])
    shut = closed > 0.5
    starts = np.flatnonzero(shut[1:] & ~shut[:-1])
    assert 16 <= len(starts) <= 60, "eight to thirty a minute"
    assert np.std(np.diff(starts)) > 15
    assert shut.mean() < 0.1


def test_two_characters_must_not_move_alike() -> None:
    a, b = Idle(1).pose(5000 * MS), Idle(2).pose(5000 * MS)
    assert apart_deg(a.rotations, b.rotations).max() > 0.3


def test_the_body_must_move_a_little_all_the_time() -> None:
    idle = Idle()
    poses = [idle.pose(i * 200 * MS) for i in range(50)]
    steps = [apart_deg(a.rotations, b.rotations).max() for a, b in pairwise(poses)]
    assert min(steps) > 0.005
    assert max(steps) < 2.0
