"""Tracked points must be calm when still, prompt when moving, and right about what is hidden."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.perform.noise_level import NoiseLevel
from avatar.perform.point_track import POINTS, SHARES, PointTrack
from avatar.perform.reach import plausible
from tests.fixtures.performer import MS, Scene, euler, turned

SEEN = np.full(POINTS, 0.95)
FPS = 30.0
WRIST, INDEX, ELBOW = 15, 19, 13


def body() -> np.ndarray:
    sample = Scene(turned(leftUpperArm=euler("z", -60))).frame(0).body
    assert sample is not None
    return sample.points.astype(np.float64)


def shaking(rng: np.random.Generator, size: float = 1.0) -> np.ndarray:
    scale = np.array([0.002, 0.002, 0.0048]) * size
    return rng.normal(size=(POINTS, 3)) * scale * SHARES[:, None]


def run(
    places: list[np.ndarray], visibility: np.ndarray = SEEN, track: PointTrack | None = None
) -> np.ndarray:
    track = track or PointTrack()
    return np.array([track.update(p, visibility, i / FPS)[0] for i, p in enumerate(places)])


def test_what_stands_still_must_be_calm() -> None:
    rng = np.random.default_rng(1)
    seen = [body() + shaking(rng) for _ in range(150)]
    shown = run(seen)[60:]
    steps = np.abs(np.diff(shown, axis=0)).mean()
    assert steps < 0.12 * np.abs(np.diff(np.array(seen)[60:], axis=0)).mean()
    assert np.abs(shown.mean(axis=0) - body()).max() < 0.005


def test_a_quick_hand_must_be_followed_at_once_and_without_overshoot() -> None:
    rng = np.random.default_rng(2)
    moved = np.zeros((POINTS, 3))
    moved[[WRIST, 17, INDEX, 21]] = 0.4, 0.0, 0.0
    way = np.clip((np.arange(120) - 60) / 6, 0.0, 1.0)  # 0.4 m in a fifth of a second
    shown = run([body() + w * moved + shaking(rng) for w in way])[:, WRIST, 0] - body()[WRIST, 0]
    assert shown[:60].max() < 0.02
    assert abs(shown[63] - 0.2) < 0.08, "half-way it is no more than a picture behind"
    assert abs(shown[67:].max() - 0.4) < 0.03
    assert np.abs(shown[70:] - 0.4).max() < 0.02


def test_a_source_that_does_not_shake_must_be_followed_exactly() -> None:
    moved = np.zeros((POINTS, 3))
    moved[[WRIST, 17, INDEX, 21]] = 0.2, 0.1, -0.1
    way = 0.5 - 0.5 * np.cos(np.arange(90) / FPS * 4.0)
    shown = run([body() + w * moved for w in way])
    true = np.array([body() + w * moved for w in way])
    assert np.abs(shown - true)[30:].max() < 0.012
    assert np.abs(shown - true)[30:].mean() < 0.001


def test_one_jump_of_the_tracker_must_not_be_a_movement() -> None:
    rng = np.random.default_rng(3)
    seen = [body() + shaking(rng) for _ in range(80)]
    seen[60][WRIST, 2] += 0.08
    shown = run(seen)
    assert np.abs(shown[60, WRIST, 2] - body()[WRIST, 2]) < 0.04
    assert np.abs(shown[63:, WRIST, 2] - body()[WRIST, 2]).max() < 0.02


def test_a_hidden_hand_must_be_carried_by_its_arm_and_its_guess_not_be_followed() -> None:
    rng = np.random.default_rng(4)
    arm = [ELBOW, WRIST, 17, INDEX, 21]
    hidden = SEEN.copy()
    hidden[[WRIST, 17, INDEX, 21]] = 0.1
    track = PointTrack()
    shown = true = body()
    for i in range(60):
        track.update(body() + shaking(rng), SEEN, i / FPS)
    for i in range(60, 75):
        true = body()
        true[arm, 0] += 0.01 * (i - 59)
        guess = true + shaking(rng)
        guess[[WRIST, 17, INDEX, 21]] += 0.0, 0.05, 0.25
        shown = track.update(guess, hidden, i / FPS)[0]
    off = shown[WRIST] - true[WRIST]
    assert abs(off[0]) < 0.08
    assert abs(off[2]) < 0.12, "less than half of the wrong depth"


def test_doubt_must_grow_while_a_joint_is_hidden() -> None:
    hidden = SEEN.copy()
    hidden[[WRIST, 17, INDEX, 21]] = 0.1
    rng = np.random.default_rng(7)
    track = PointTrack()
    before = after = np.zeros((POINTS, 3))
    for i in range(60):
        before = track.update(body() + shaking(rng), SEEN, i / FPS)[1]
    for i in range(60, 75):
        after = track.update(body() + shaking(rng), hidden, i / FPS)[1]
    assert after[WRIST, 2] > 3 * before[WRIST, 2]
    assert after[11, 2] < 2 * before[11, 2]


def test_after_a_long_gap_the_new_place_must_be_taken() -> None:
    track = PointTrack()
    for i in range(30):
        track.update(body(), SEEN, i / FPS)
    shown, _ = track.update(body() + 0.5, SEEN, 30 / FPS + 5.0)
    assert np.allclose(shown, body() + 0.5)


@pytest.mark.parametrize("fps", [8, 15, 30, 60])
def test_slow_and_quick_sources_must_both_be_calm(fps: int) -> None:
    rng = np.random.default_rng(5)
    track = PointTrack()
    shown = np.array(
        [track.update(body() + shaking(rng), SEEN, i / fps)[0] for i in range(4 * fps)]
    )
    assert np.std(shown[2 * fps :, WRIST, 2]) < 0.5 * 0.0048 * 1.5


def test_the_noise_must_be_measured_though_an_arm_moves() -> None:
    rng = np.random.default_rng(6)
    for size in (0.2, 1.0, 5.0):
        level, measured = NoiseLevel(SHARES), np.zeros(3)
        for i in range(120):
            points = body() + shaking(rng, size)
            points[[13, 15, 17, 19, 21], 0] += 0.3 * np.sin(i / FPS * 8)
            measured = level.update(points.T, 1 / FPS, SEEN > 0.5)
        assert measured[2] == pytest.approx(0.0048 * size, rel=0.35)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 0.033, 0.4, 3.0]))
def test_whatever_is_seen_points_must_stay_finite(seed: int, gap_s: float) -> None:
    rng = np.random.default_rng(seed)
    track, t = PointTrack(), 0.0
    for _ in range(20):
        t += gap_s * rng.random()
        points = rng.normal(size=(POINTS, 3)) * 10.0 ** rng.integers(-6, 3)
        shown, variance = track.update(points, rng.random(POINTS), t)
        assert np.isfinite(shown).all()
        assert np.isfinite(variance).all()
        assert (variance > -1e-9).all()
        assert np.isfinite(plausible(shown, variance, SEEN)).all()


def test_an_arm_that_is_well_seen_must_go_where_it_goes() -> None:
    moved = plausible(body(), np.full((POINTS, 3), 1e-6), SEEN)
    assert np.abs(moved - body()).max() < 1e-3


def test_a_forearm_of_unknown_depth_must_hang_before_the_body_not_behind() -> None:
    points = body()
    points[[WRIST, 17, INDEX, 21], 2] += 0.15  # away from the camera: behind the back
    unknown = np.full((POINTS, 3), 1e-6)
    unknown[[WRIST, 17, INDEX, 21], 2] = 0.2**2
    moved = plausible(points, unknown, SEEN)
    assert moved[WRIST, 2] < points[WRIST, 2] - 0.1
    size = np.linalg.norm(moved[WRIST] - moved[ELBOW])
    assert size == pytest.approx(np.linalg.norm(points[WRIST] - points[ELBOW]))
    assert np.allclose(moved[INDEX] - moved[WRIST], points[INDEX] - points[WRIST])


def test_arms_of_no_length_must_not_be_a_fault() -> None:
    assert np.isfinite(plausible(np.zeros((POINTS, 3)), np.ones((POINTS, 3)), SEEN)).all()


def test_a_frame_must_not_be_changed_by_tracking() -> None:
    points = body()
    kept = points.copy()
    track = PointTrack()
    for i in range(3):
        track.update(points, np.full(POINTS, 0.2), i * 33 * MS / 1e9)
    assert (points == kept).all()
