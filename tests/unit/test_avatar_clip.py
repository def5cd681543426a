"""A clip between its keys: arcs, ends, loops, and what it refuses to be made of."""

from __future__ import annotations

import numpy as np
import pytest

from avatar import quat
from avatar.clip.clip import MOST_KEYS, arc, clip_of
from flow.pose import BONE_INDEX, HUMAN_BONES, Driver, Part, identity_rotations
from flow.spec import faults
from tests.fixtures.motion import some_clip, turn

_HEAD = BONE_INDEX["head"]


def nodding(degrees: float = 90.0):  # type: ignore[no-untyped-def]
    """A head that turns down within a second."""
    rotations = np.tile(identity_rotations(), (2, 1, 1))
    rotations[1, _HEAD] = turn("x", degrees)
    bones = np.array([b == "head" for b in HUMAN_BONES])
    return clip_of("nod", np.array([0.0, 1.0]), rotations=rotations, bones=bones)


def test_half_way_must_be_half_the_arc() -> None:
    for degrees in (3.0, 90.0, 170.0):
        head = nodding(degrees).sample(0.25).rotations[_HEAD]
        assert np.abs(head - turn("x", degrees / 4)).max() < 1e-6


def test_the_shorter_arc_must_be_taken_whatever_the_signs() -> None:
    a, b = turn("y", 10), -turn("y", 50)
    got = arc(a[None].astype(np.float32), b[None].astype(np.float32), np.float32(0.5))[0]
    assert abs(float(got @ turn("y", 30))) > 1 - 1e-6


def test_arcs_must_agree_with_the_exact_slerp() -> None:
    rng = np.random.default_rng(3)
    a, b = quat.normalize(rng.normal(size=(2, 200, 4)))
    b[:50] = quat.normalize(a[:50] + 0.01 * rng.normal(size=(50, 4)))
    for share in (0.0, 0.3, 1.0):
        got = arc(a.astype(np.float32), b.astype(np.float32), np.float32(share))
        want = quat.slerp(a, b, share)
        assert np.minimum(np.abs(got - want).max(1), np.abs(got + want).max(1)).max() < 2e-6


def test_the_ends_must_be_held_and_a_loop_must_begin_again() -> None:
    clip = nodding()
    assert np.allclose(clip.sample(9.0).rotations[_HEAD], turn("x", 90), atol=1e-6)
    assert np.allclose(clip.sample(-1.0).rotations[_HEAD], turn("x", 0), atol=1e-6)
    assert np.allclose(clip.sample(7.5, loop=True).rotations[_HEAD], turn("x", 45), atol=1e-6)
    assert np.allclose(clip.sample(-0.5, loop=True).rotations[_HEAD], turn("x", 45), atol=1e-6)
    assert np.isfinite(clip.sample(float("nan")).rotations).all()


def test_a_pose_must_be_a_sound_value_of_its_own() -> None:
    clip = some_clip()
    pose = clip.sample(0.7, captured=42)
    assert faults(pose) == []
    assert pose.captured == 42
    before = clip.rotations.copy()
    for t in (0.0, 0.7, 2.0):
        pose = clip.sample(t)
        pose.rotations[:] = 0.0
        pose.hips[:] = 9.0
        pose.gaze_deg[:] = 9.0
    assert (clip.rotations == before).all()
    assert faults(clip.sample(2.0)) == []


def test_weights_must_be_brought_to_0_and_1_after_they_were_interpolated() -> None:
    clip = clip_of("f", np.array([0.0, 1.0]), expressions={"happy": np.array([-1.0, 1.0])})
    assert clip.sample(0.25).expressions == {"happy": 0.0}
    assert clip.sample(0.75).expressions["happy"] == pytest.approx(0.5)


def test_a_clip_must_say_which_parts_it_moves() -> None:
    assert nodding().parts == {Part.HEAD}
    assert nodding().sample(0.5).driver == {Part.HEAD: Driver.REPLAY}
    assert clip_of("f", np.zeros(1), expressions={"happy": np.ones(1)}).parts == {Part.FACE}
    assert some_clip().parts == set(Part)


def test_bones_without_a_say_must_rest() -> None:
    rotations = np.tile(turn("z", 40), (1, len(HUMAN_BONES), 1))
    clip = clip_of(
        "one", np.zeros(1), rotations=rotations, bones=np.array([b == "jaw" for b in HUMAN_BONES])
    )
    assert (clip.sample(0).rotations[_HEAD] == (0, 0, 0, 1)).all()
    assert np.allclose(clip.sample(0).rotations[BONE_INDEX["jaw"]], turn("z", 40))


@pytest.mark.parametrize(
    "times", [[], [0.0, 0.0], [1.0, 0.5], [-1.0, 0.0], [0.0, np.nan], np.zeros(MOST_KEYS + 1)]
)
def test_times_that_do_not_increase_must_be_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="key time"):
        clip_of("bad", np.array(times, float))


def test_arrays_that_do_not_belong_together_must_be_refused() -> None:
    times = np.array([0.0, 1.0])
    with pytest.raises(ValueError, match="rotations"):
        clip_of("bad", times, rotations=np.zeros((3, 55, 4)))
    with pytest.raises(ValueError, match="hips"):
        clip_of("bad", times, hips=np.full((2, 3), np.inf))
    with pytest.raises(ValueError, match="happy"):
        clip_of("bad", times, expressions={"happy": np.zeros(3)})
