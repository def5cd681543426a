"""A skeleton whose rest pose means nothing (every bone along one axis, as LAFAN's) moves alike."""

from __future__ import annotations

import numpy as np
import pytest

from avatar import quat
from avatar.clip.body import STANDARD
from avatar.clip.bvh import parse_bvh
from avatar.clip.clip import Clip
from avatar.clip.mocap import Mocap
from avatar.clip.names import joints_of
from avatar.clip.retarget import retarget
from avatar.clip.tpose import body_frame, stands
from flow.pose import BONE_INDEX, BONE_PARENTS, HUMAN_BONES
from tests.fixtures.motion import bvh, bvh_frame


def exercise() -> Mocap:
    """Somebody who walks on the spot and bends arms and knees."""
    frames = []
    for k in range(60):
        a, b = np.sin(k / 6), np.cos(k / 6)
        knee, elbow = 30 + 30 * a, 40 + 40 * b
        frames.append(
            bvh_frame(
                (0, 85 - 2 * abs(a), 0),
                Hips=(2 * a, 0, 5 * b), Spine=(0, 4 * b, 0), Head=(0, 5 * a, 20 * b),
                LeftArm=(-50 + 20 * a, 0, 10 * b), LeftForeArm=(0, 0, -elbow),
                RightArm=(50 + 20 * a, 0, 10 * b), RightForeArm=(0, 0, elbow),
                LeftUpLeg=(0, -20 * a, 0), LeftLeg=(0, knee, 0), LeftFoot=(0, -10 * a, 0),
                RightUpLeg=(0, 20 * a, 0), RightLeg=(0, 60 - knee, 0), RightFoot=(0, 10 * a, 0),
            )
        )  # fmt: skip
    return parse_bvh(bvh(frames, order="ZXY").encode())


def scrambled(mocap: Mocap) -> Mocap:
    """The same motion on bones that all rest along +X, each with its own turn about itself."""
    rng = np.random.default_rng(7)
    count = len(mocap.names)
    frames = np.zeros((count, 4))
    places = np.zeros((count, 3))
    for j, parent in enumerate(mocap.parents):
        ends = [mocap.positions[c] for c in mocap.children(j)] or [mocap.tips.get(j)]
        way = ends[0] - mocap.positions[j] if ends[0] is not None else np.array([1.0, 0, 0])
        along = quat.from_to(np.array([1.0, 0, 0]), way / np.linalg.norm(way))
        about = quat.from_axis_angle((1.0, 0.0, 0.0), rng.uniform(-3, 3) if parent >= 0 else 0.0)
        frames[j] = quat.multiply(along, about)
        if parent >= 0:
            offset = mocap.positions[j] - mocap.positions[parent]
            places[j] = places[parent] + quat.rotate(quat.conjugate(frames[parent]), offset)

    def play(start: int, stop: int) -> tuple[quat.F64, quat.F64]:
        turns, at = mocap.play(start, stop)
        return quat.multiply(turns, frames), at

    tips = {
        j: places[j] + quat.rotate(quat.conjugate(frames[j]), end - mocap.positions[j])
        for j, end in mocap.tips.items()
    }
    turns = np.tile(quat.IDENTITY, (count, 1))
    return Mocap(mocap.names, mocap.parents, places, turns, tips, mocap.times_s, play)


def ways(clip: Clip, t: float) -> dict[str, quat.F64]:
    """Where each bone stands from its parent on the standard body, in the world."""
    pose = clip.sample(t)
    world: dict[str, quat.F64] = {}
    out: dict[str, quat.F64] = {}
    for i, bone in enumerate(HUMAN_BONES):
        parent = BONE_PARENTS[bone]
        above = world[parent] if parent else quat.IDENTITY
        world[bone] = quat.multiply(above, pose.rotations[i].astype(np.float64))
        if parent:
            out[bone] = quat.rotate(above, STANDARD.offset(bone, parent))
    return out


@pytest.fixture(scope="module")
def both() -> tuple[Clip, Clip]:
    mocap = exercise()
    return retarget(mocap, "plain"), retarget(scrambled(mocap), "scrambled")


def test_such_a_rest_pose_must_not_be_believed() -> None:
    mocap = exercise()
    joints = joints_of(mocap.names, mocap.parents)
    assert stands(mocap, joints, body_frame(mocap, joints))
    odd = scrambled(mocap)
    assert not stands(odd, joints, body_frame(odd, joints))


def test_limbs_must_point_where_they_did(both: tuple[Clip, Clip]) -> None:
    plain, odd = both
    limbs = [
        f"{side}{bone}"
        for side in ("left", "right")
        for bone in ("LowerArm", "Hand", "LowerLeg", "Foot")
    ]
    for t in plain.times_s[::5]:
        want, got = ways(plain, float(t)), ways(odd, float(t))
        for bone in limbs:
            off = want[bone] @ got[bone] / (want[bone] @ want[bone])
            assert np.degrees(np.arccos(np.clip(off, -1, 1))) < 4.0, (bone, t)


def test_hinges_must_bend_the_way_knees_and_elbows_do(both: tuple[Clip, Clip]) -> None:
    plain, odd = both
    for bone in ("leftLowerLeg", "rightLowerLeg", "leftLowerArm", "rightLowerArm"):
        for t in plain.times_s[::7]:
            a, b = (c.sample(float(t)).rotations[BONE_INDEX[bone]] for c in both)
            assert abs(float(a @ b)) > np.cos(np.radians(6.0)), (bone, t)
    # The same way in the same measure; the floor is found from other soles.
    assert np.ptp(plain.hips - odd.hips, axis=0).max() < 1e-4
    assert np.abs(plain.hips - odd.hips).max() < 0.08


def test_heads_must_look_ahead_and_feet_be_level_on_average(both: tuple[Clip, Clip]) -> None:
    _, odd = both
    for bone, axis in (("head", [0, 0, 1.0]), ("leftFoot", [0, 1.0, 0])):
        mean = np.zeros(3)
        for t in odd.times_s[::3]:
            pose, turn, chain = odd.sample(float(t)), quat.IDENTITY, [bone]
            while (parent := BONE_PARENTS[chain[-1]]) is not None:
                chain.append(parent)
            for name in reversed(chain):
                turn = quat.multiply(turn, pose.rotations[BONE_INDEX[name]].astype(np.float64))
            mean += quat.rotate(turn, np.array(axis))
        assert mean @ axis / np.linalg.norm(mean) > np.cos(np.radians(15.0)), bone
