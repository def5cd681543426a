"""Whatever the numbers: rotations stay rotations, a mirror undoes a mirror."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from avatar.perform.follow import RotationFollower
from avatar.perform.idle import Idle
from avatar.perform.performer import Performer
from avatar.perform.smooth import OneEuro, OneEuroRotations
from avatar.perform.smooth import settings as smooth_settings
from avatar.solve.lengths import fitted
from avatar.solve.mirror import mirror_pose
from avatar.solve.rotations import (
    bounded,
    carried,
    cross,
    exp,
    log,
    matrix_to_quat,
    mul,
    rotate,
    swing,
    turn_rad,
    twist_about,
    unit,
)
from flow.motion import ARKIT_NAMES, BodySample, FaceSample, HandSample, MotionFrame
from flow.pose import AvatarPose, Driver, Part
from tests.fixtures.performer import MS, apart_deg

coordinates = st.floats(-2.0, 2.0, width=32)
seeds = st.integers(0, 2**31)


def some_turns(seed: int, n: int = 6) -> np.ndarray:
    return np.asarray(Rotation.random(n, random_state=seed).as_quat())


@given(seeds)
def test_matrices_vectors_and_quaternions_must_agree(seed: int) -> None:
    q = some_turns(seed)
    r = Rotation.from_quat(q)
    v = np.random.default_rng(seed).normal(size=(6, 3))
    assert np.allclose(rotate(q, v), r.apply(v))
    assert apart_deg(matrix_to_quat(r.as_matrix()), q).max() < 1e-4
    assert np.allclose(log(q), r.as_rotvec(), atol=1e-6)
    assert apart_deg(exp(r.as_rotvec()), q).max() < 1e-4
    assert np.allclose(cross(v, v[::-1]), np.cross(v, v[::-1]))


@given(seeds)
def test_a_swing_must_take_one_direction_to_the_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = unit(rng.normal(size=(4, 3))), unit(rng.normal(size=(4, 3)))
    b[0] = -a[0]
    b[1] = a[1]
    q = swing(a, b)
    assert np.allclose(rotate(q, a), b, atol=1e-6)
    side = unit(cross(a, unit(rng.normal(size=(4, 3)))))
    assert np.allclose(carried(side, a, b)[1:], rotate(q, side)[1:], atol=1e-6)


@given(seeds, st.floats(0.0, 3.0))
def test_a_bounded_turn_must_keep_its_axis_and_its_bound(seed: int, limit: float) -> None:
    q = some_turns(seed)
    cut = bounded(q, limit)
    assert (turn_rad(cut) <= limit + 1e-6).all()
    assert np.allclose(np.linalg.norm(cross(log(cut), log(q)), axis=1), 0.0, atol=1e-5)


@given(seeds)
def test_swing_and_twist_must_make_the_whole(seed: int) -> None:
    q = some_turns(seed)
    axis = np.array([1.0, 0.0, 0.0])
    twist = twist_about(q, axis)
    rest = mul(q, twist * np.array([-1, -1, -1, 1.0]))
    assert np.allclose(rest[:, 0], 0.0, atol=1e-6), "nothing is left about the axis"


@given(seeds)
def test_the_sign_of_a_quaternion_must_not_matter_to_smoothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turns = exp(np.cumsum(rng.normal(size=(12, 3, 3)) * 0.2, axis=0))
    flips = rng.choice([-1.0, 1.0], size=(12, 3, 1))
    everything = np.ones(3, np.bool_)
    outputs = []
    for sign in (np.ones_like(flips), flips):
        smooth = OneEuroRotations(smooth_settings(3, 1.0, 0.5))
        follow = RotationFollower(3)
        shown = []
        for i in range(12):
            value = smooth.update(turns[i] * sign[i], i / 30, everything)
            follow.sample(value, smooth.speed, i / 30, everything)
            shown.append(follow.at(i / 30).copy())
        outputs.append(np.array(shown))
    assert apart_deg(outputs[0].reshape(-1, 4), outputs[1].reshape(-1, 4)).max() < 1e-3
    dots = (outputs[1][1:] * outputs[1][:-1]).sum(axis=-1)
    assert (dots >= 0.0).all(), "the sign shown is continuous"


@given(arrays(np.float64, (20, 4), elements=st.floats(-1.0, 1.0)))
def test_smoothing_must_never_leave_the_range_of_its_input(values: np.ndarray) -> None:
    one_euro = OneEuro(smooth_settings(4, 1.0, 0.5))
    for i, value in enumerate(values):
        out = one_euro.update(value, i / 30)
        low, high = values[: i + 1].min(axis=0), values[: i + 1].max(axis=0)
        assert (out >= low - 1e-12).all()
        assert (out <= high + 1e-12).all()


@given(arrays(np.float64, (11, 3), elements=coordinates), st.floats(0.05, 1.0))
def test_fitted_limbs_must_come_nearer_to_their_length(segments: np.ndarray, usual: float) -> None:
    segments = segments + 0.05
    before = np.linalg.norm(segments, axis=1)
    after = np.linalg.norm(fitted(segments, np.full(11, usual)), axis=1)
    assert np.isfinite(after).all()
    assert (np.abs(after - usual) <= np.abs(before - usual) + 1e-6).all()


def some_pose(seed: int) -> AvatarPose:
    rng = np.random.default_rng(seed)
    names = rng.choice(ARKIT_NAMES, 9, replace=False)
    return AvatarPose(
        captured=seed,
        hips=rng.normal(size=3).astype(np.float32),
        rotations=some_turns(seed, 55).astype(np.float32),
        expressions={str(n): float(rng.random()) for n in names},
        gaze_deg=rng.normal(size=2).astype(np.float32),
        driver={p: (Driver.HUMAN if rng.random() < 0.5 else Driver.IDLE) for p in Part},
    )


@given(seeds)
def test_a_mirror_in_a_mirror_must_be_the_original(seed: int) -> None:
    pose = some_pose(seed)
    back = mirror_pose(mirror_pose(pose))
    assert np.array_equal(back.rotations, pose.rotations)
    assert np.array_equal(back.hips, pose.hips)
    assert np.array_equal(back.gaze_deg, pose.gaze_deg)
    assert back.expressions == pose.expressions
    assert back.driver == pose.driver


frames = st.tuples(
    arrays(np.float32, (33, 3), elements=coordinates),
    arrays(np.float32, (33,), elements=st.floats(0, 1, width=32)),
    arrays(np.float32, (21, 3), elements=coordinates),
    arrays(np.float32, (52,), elements=st.floats(0, 1, width=32)),
    st.integers(0, 15),
    st.integers(1, 400),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(frames, min_size=1, max_size=6), st.booleans())
def test_any_landmarks_must_give_unit_rotations(
    seen: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, int]], mirrored: bool
) -> None:
    """Points on top of each other, limbs through the body, flat hands: still a body."""
    performer = Performer(mirrored=mirrored)
    now = 0
    for seq, (points, visibility, hand, weights, parts, wait_ms) in enumerate(seen):
        now += wait_ms * MS
        sample = HandSample(hand, hand, 1.0)
        frame = MotionFrame(
            seq=seq,
            captured=now,
            aspect=1.5,
            face=FaceSample(np.zeros((478, 3), np.float32), weights, np.eye(4, dtype=np.float32))
            if parts & 1
            else None,
            body=BodySample(points, points * np.float32(0.3) + np.float32(0.5), visibility)
            if parts & 2
            else None,
            left_hand=sample if parts & 4 else None,
            right_hand=sample if parts & 8 else None,
        )
        performer.feed(frame)
        pose = performer.pose(now + 20 * MS)
        assert np.isfinite(pose.rotations).all()
        assert np.allclose(np.linalg.norm(pose.rotations, axis=1), 1.0, atol=1e-4)
        assert np.isfinite(pose.hips).all()
        assert np.abs(pose.hips).max() <= 1.0
        assert np.isfinite(pose.gaze_deg).all()
        assert all(np.isfinite(v) for v in pose.expressions.values())


@given(st.integers(0, 10**14), st.integers(0, 1000))
def test_idle_must_never_be_a_t_pose_and_never_jump(now: int, seed: int) -> None:
    idle = Idle(seed)
    a, b = idle.pose(now), idle.pose(now + 33 * MS)
    assert np.array_equal(a.rotations, Idle(seed).pose(now).rotations)
    assert apart_deg(a.rotations, b.rotations).max() < 1.0
    arms = apart_deg(a.rotations[[18, 22]], np.array([[0, 0, 0, 1.0]] * 2))
    assert (arms > 55.0).all()
    assert np.abs(a.hips).max() < 0.05
    assert all(0.0 <= v <= 1.0 for v in a.expressions.values())
