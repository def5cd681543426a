"""Feet on the floor must stay where they stand while the body moves over them."""

from __future__ import annotations

import numpy as np

from avatar.perform.ground import _BONE_M as BONE_M
from avatar.perform.ground import _HIP_JOINTS as HIP_JOINTS
from avatar.perform.ground import Ground
from avatar.solve.rotations import F64, IDENTITY, about, rotate

X = np.array([1.0, 0.0, 0.0])
DOWN = np.array([0.0, -1.0, 0.0])
DT = 1 / 30
SEEN, NOWHERE = np.zeros(2), np.zeros(3)


def leg(pitch: float, bend: float) -> tuple[F64, F64]:
    """Thigh and shin in the room; pitch > 0 swings the leg back, bend > 0 bends the knee."""
    return about(X, pitch), about(X, pitch + bend)


def walked(
    legs: list[tuple[tuple[float, float], tuple[float, float]]],
    hidden: F64 = SEEN,
    rng: np.random.Generator | None = None,
) -> tuple[F64, F64]:
    """(n, 3) hips and (n, 2, 3) ankles in the room of a sequence of (pitch, bend), left, right."""
    ground, hips, ankles = Ground(), [], []
    for both in legs:
        thighs, shins = (np.array(part) for part in zip(*(leg(*one) for one in both), strict=True))
        if rng is not None:
            thighs, shins = (np.array([about(X, rng.normal() * 0.01)] * 2) for _ in range(2))
        place = ground.step(IDENTITY, thighs, shins, NOWHERE, DT, hidden=hidden, pull=False).copy()
        hips.append(place)
        ankles.append(place + HIP_JOINTS + BONE_M * (rotate(thighs, DOWN) + rotate(shins, DOWN)))
    return np.array(hips), np.array(ankles)


def steps(count: int) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """A walk: each leg swings back on the floor for half a second, then forward in the air."""
    out = []
    for i in range(count):
        phase = i / 30 % 1.0
        standing = 0.35 * (4 * (phase % 0.5) - 1.0)  # from front to back
        swinging = (-standing, 0.9 * np.sin(2 * np.pi * (phase % 0.5)))
        still = (standing, 0.0)
        out.append((still, swinging) if phase < 0.5 else (swinging, still))
    return out


def test_a_walk_must_go_forward_over_feet_that_do_not_slide() -> None:
    hips, ankles = walked(steps(90))
    assert hips[-1, 2] > 1.2, "three seconds of walking lead somewhere"
    speed = np.linalg.norm(np.diff(ankles[:, :, [0, 2]], axis=0), axis=2) / DT
    assert np.median(speed.min(axis=1)) < 0.01, "one foot stands at any time"
    assert speed.min(axis=1).mean() < 0.08


def test_a_foot_that_is_lifted_must_not_move_the_body() -> None:
    up = [((0.0, 0.0), (-w, 2 * w)) for w in np.sin(np.linspace(0, np.pi, 40))]
    hips, ankles = walked([((0.0, 0.0), (0.0, 0.0))] * 5 + up)
    assert np.abs(hips[:, [0, 2]]).max() < 0.02
    assert np.abs(ankles[:, 0] - ankles[0, 0]).max() < 0.03


def test_a_hidden_foot_must_not_be_the_one_that_stands() -> None:
    # The right foot is a guess: lower than the left and swinging.
    legs = [((-0.2, 0.4), (0.5 * np.sin(i / 3), 0.0)) for i in range(40)]
    hips, ankles = walked(legs, hidden=np.array([0.0, 1.0]))
    assert np.abs(np.diff(ankles[5:, 0][:, [0, 2]], axis=0)).max() < 1e-9
    assert np.abs(np.diff(hips[5:, [0, 2]], axis=0)).max() < 1e-9


def test_feet_found_elsewhere_must_not_carry_the_body_off() -> None:
    there = [((0.0, 0.0), (0.0, 0.0))] * 10
    elsewhere = [((0.9, 0.0), (0.9, 0.0))] * 2
    hips, _ = walked(there + elsewhere + there)
    assert np.abs(np.diff(hips[:, 2])).max() <= 3.0 * DT + 1e-9


def test_standing_legs_that_shake_must_leave_one_foot_in_its_place() -> None:
    _, ankles = walked([((0.0, 0.0), (0.0, 0.0))] * 60, rng=np.random.default_rng(1))
    assert np.abs(np.diff(ankles[:, :, [0, 2]], axis=0)).min(axis=(1, 2)).max() < 1e-9
