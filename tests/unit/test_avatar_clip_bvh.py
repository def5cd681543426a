"""BVH of any maker moves the avatar as it moved its own skeleton; damaged ones are told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar import quat
from avatar.clip.clip import Clip
from avatar.clip.load import load_clip
from avatar.clip.names import joints_of
from flow.errors import AssetError
from flow.pose import BONE_INDEX
from tests.fixtures.motion import bvh, bvh_frame, turn

_POSER = {
    "Hips": "hip", "Spine": "abdomen", "Neck": "neck", "Head": "head",
    "LeftArm": "lShldr", "LeftForeArm": "lForeArm", "LeftHand": "lHand",
    "RightArm": "rShldr", "RightForeArm": "rForeArm", "RightHand": "rHand",
    "LeftUpLeg": "lThigh", "LeftLeg": "lShin", "LeftFoot": "lFoot",
    "RightUpLeg": "rThigh", "RightLeg": "rShin", "RightFoot": "rFoot",
}  # fmt: skip
_JOINTED = {
    "Spine": "Chest", "LeftArm": "LeftShoulder", "LeftForeArm": "LeftElbow",
    "LeftHand": "LeftWrist", "RightArm": "RightShoulder", "RightForeArm": "RightElbow",
    "RightHand": "RightWrist", "LeftUpLeg": "LeftHip", "LeftLeg": "LeftKnee",
    "LeftFoot": "LeftAnkle", "RightUpLeg": "RightHip", "RightLeg": "RightKnee",
    "RightFoot": "RightAnkle",
}  # fmt: skip
_MIXAMO = {name: f"mixamorig:{name}" for name in _POSER}
_UNREAL = {
    "Hips": "pelvis", "Spine": "spine_01", "Neck": "neck_01", "Head": "head",
    "LeftArm": "upperarm_l", "LeftForeArm": "lowerarm_l", "LeftHand": "hand_l",
    "RightArm": "upperarm_r", "RightForeArm": "lowerarm_r", "RightHand": "hand_r",
    "LeftUpLeg": "thigh_l", "LeftLeg": "calf_l", "LeftFoot": "foot_l",
    "RightUpLeg": "thigh_r", "RightLeg": "calf_r", "RightFoot": "foot_r",
}  # fmt: skip


def read(text: str, folder: Path, **options: Any) -> Clip:
    path = folder / "m.bvh"
    path.write_text(text, encoding="latin-1")
    return load_clip(path, **options)


def turned(clip: Clip, bone: str, t: float = 0.0) -> quat.F64:
    rotation: quat.F64 = clip.sample(t).rotations[BONE_INDEX[bone]].astype(np.float64)
    return rotation


def near(got: quat.F64, want: quat.F64, within: float = 1e-5) -> bool:
    return bool(min(np.abs(got - want).max(), np.abs(got + want).max()) < within)


@pytest.mark.parametrize("names", [None, _POSER, _JOINTED, _MIXAMO, _UNREAL])
def test_joints_of_many_makers_must_be_known(tmp_path: Path, names: dict[str, str] | None) -> None:
    frame = bvh_frame((0, 85, 0), LeftForeArm=(0, 0, -60), RightLeg=(0, 40, 0), Head=(0, 0, 25))
    clip = read(bvh([frame], names=names), tmp_path)
    assert near(turned(clip, "leftLowerArm"), turn("y", -60))
    assert near(turned(clip, "rightLowerLeg"), turn("x", 40))
    assert near(turned(clip, "head"), turn("y", 25))
    assert clip.bones.sum() == 16
    assert clip.problems == ()


@pytest.mark.parametrize("order", ["ZXY", "XYZ", "YXZ", "ZYX", "XZY", "YZX"])
def test_rotations_must_be_applied_in_the_order_of_their_channels(
    tmp_path: Path, order: str
) -> None:
    angles = (20.0, -35.0, 50.0)
    clip = read(bvh([bvh_frame((0, 85, 0), LeftArm=angles)], order=order), tmp_path)
    want = quat.IDENTITY
    for axis, angle in zip(order.lower(), angles, strict=True):
        want = quat.multiply(want, turn(axis, angle))
    assert near(turned(clip, "leftUpperArm"), want)


@pytest.mark.parametrize("scale", [1.0, 100.0, 39.37, 0.056])
def test_units_must_not_matter(tmp_path: Path, scale: float) -> None:
    frames = [bvh_frame((0, 0.85 * scale, 0)), bvh_frame((0.3 * scale, 0.75 * scale, 0.1 * scale))]
    clip = read(bvh(frames, scale=scale), tmp_path, place=False)
    # From the ankles to the hips 0.85; an ankle is a tenth of that over the sole.
    way = clip.hips[1] - clip.hips[0]
    assert np.allclose(way, np.array([0.3, -0.1, 0.1]) / (0.85 * 1.1), atol=2e-4)


def test_a_recording_must_begin_in_place_and_on_the_floor(tmp_path: Path) -> None:
    lying = bvh_frame((250, 135, -70), Hips=(0, 0, 180))
    clip = read(bvh([lying, lying]), tmp_path)
    assert np.abs(clip.hips).max() < 1e-3
    assert near(turned(clip, "hips"), quat.IDENTITY)
    kept = read(bvh([lying]), tmp_path, place=False)
    assert near(turned(kept, "hips"), turn("y", 180))
    assert kept.hips[0, 0] > 2.0


def test_a_file_whose_up_is_z_must_stand_up(tmp_path: Path) -> None:
    frame = bvh_frame((0, 0, 85), Hips=(0, 90, 0), LeftLeg=(0, 30, 0))
    clip = read(bvh([frame]), tmp_path)
    assert near(turned(clip, "hips"), quat.IDENTITY)
    assert near(turned(clip, "leftLowerLeg"), turn("x", 30))
    assert np.abs(clip.hips).max() < 5e-3


def test_arms_that_rest_hanging_must_not_be_taken_for_a_t_pose(tmp_path: Path) -> None:
    hanging = bvh([bvh_frame((0, 85, 0))], arms=(0.0, -1.0, 0.0))
    clip = read(hanging, tmp_path)
    down = quat.rotate(turned(clip, "leftUpperArm"), np.array([1.0, 0, 0]))
    assert np.allclose(down, [0, -1, 0], atol=1e-6)
    down = quat.rotate(turned(clip, "rightUpperArm"), np.array([-1.0, 0, 0]))
    assert np.allclose(down, [0, -1, 0], atol=1e-6)
    raised = bvh([bvh_frame((0, 85, 0), LeftArm=(90, 0, 0))], arms=(0.0, -1.0, 0.0))
    level = quat.rotate(turned(read(raised, tmp_path), "leftUpperArm"), np.array([1.0, 0, 0]))
    assert np.allclose(level, [1, 0, 0], atol=1e-6)


def test_the_time_must_be_the_files(tmp_path: Path) -> None:
    frames = [bvh_frame((0, 85, 0), Head=(0, 0, a)) for a in (0, 10, 20)]
    clip = read(bvh(frames, step="0.25"), tmp_path)
    assert clip.duration_s == pytest.approx(0.5)
    assert near(turned(clip, "head", 0.125), turn("y", 5))


def test_writers_habits_must_not_matter(tmp_path: Path) -> None:
    text = bvh([bvh_frame((0, 85, 0), Head=(0, 0, 25))])
    plain = read(text, tmp_path).rotations
    for odd in (
        text.replace("\n", "\r\n"),
        text.replace("\n", "\r"),
        text.replace("\n{", " {").replace("Frame Time:", "\n\nFrame Time:   "),
        "﻿".encode().decode("latin-1") + text.replace("HIERARCHY", "Hierarchy"),
        text.replace("Zrotation", "ZROTATION").replace("JOINT", "Joint"),
        text.replace(" 25.000000", " 2.5E+01"),
    ):
        assert np.array_equal(read(odd, tmp_path).rotations, plain)


def test_spines_must_be_read_off_the_tree() -> None:
    names = [
        "Hips",
        "lowerback",
        "Tummy",
        "Ribs",
        "x",
        "Neck",
        "Neck1",
        "Head",
        "LeftArm",
        "RightArm",
    ]
    parents = [-1, 0, 1, 2, 3, 4, 5, 6, 4, 4]
    found = joints_of(names, parents)
    assert (found["spine"], found["upperChest"]) == (1, 4)
    assert (found["neck"], found["head"]) == (5, 7)
    assert "leftHand" not in found


def test_a_lone_finger_joint_must_be_a_marker_only() -> None:
    names = [
        "Hips",
        "LeftArm",
        "LeftHand",
        "LeftHandIndex1",
        "LThumb",
        "LeftHandRing1",
        "LeftHandRing2",
    ]
    found = joints_of(names, [-1, 0, 1, 2, 2, 2, 5])
    assert "leftIndexProximal" not in found
    assert found["leftRingIntermediate"] == 6


def test_a_wrong_number_of_frames_must_be_said_and_what_is_there_played(tmp_path: Path) -> None:
    frame = bvh_frame((0, 85, 0))
    for claimed, there in (("1000000000", 2), ("1", 2), ("0", 2), ("-3", 2), ("1e400", 2)):
        clip = read(bvh([frame] * there, claimed=claimed), tmp_path)
        assert len(clip.times_s) == there
        assert "Frames says" in clip.problems[0].sentence
    cut = bvh([frame] * 3).rsplit(" ", 5)[0]
    clip = read(cut, tmp_path)
    assert len(clip.times_s) == 2
    assert clip.problems[0].sentence == "Frames says 3 and there are 2."


@pytest.mark.parametrize("step", ["0", "-1", "nan", "inf", "soon", "1e9"])
def test_an_impossible_frame_time_must_be_thirty_a_second(tmp_path: Path, step: str) -> None:
    clip = read(bvh([bvh_frame((0, 85, 0))] * 31, step=step), tmp_path)
    assert clip.duration_s == pytest.approx(1.0)
    assert "Frame Time" in clip.problems[0].sentence


_GOOD = bvh([bvh_frame((0, 85, 0))] * 2)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (_GOOD.split("MOTION")[0], "asset.truncated", "no MOTION"),
        (_GOOD.split("Frames")[0], "asset.invalid", "does not say Frames"),
        (_GOOD.split("Time: 0.1")[0] + "Time: 0.1\n", "asset.empty", "no frames"),
        (bvh([], claimed="0"), "asset.empty", "no frames"),
        (_GOOD.replace("85.000000", "here", 1), "asset.nan", "has 'here "),
        (_GOOD.replace("85.000000", "nan", 1), "asset.nan", "has 'nan "),
        (_GOOD.replace("85.000000", "1e300", 1), "asset.nan", "absurd"),
        (_GOOD.replace("85.000000", "8-5", 1), "asset.nan", "no number"),
        (_GOOD.replace("OFFSET", "OFFSET up", 1), "asset.invalid", "OFFSET of joint 'Hips'"),
        (_GOOD.replace("OFFSET 0", "OFFSET inf", 1), "asset.invalid", "OFFSET of joint 'Hips'"),
        (_GOOD.replace("CHANNELS 3", "CHANNELS 4", 1), "asset.invalid", "CHANNELS of joint 'Spi"),
        (_GOOD.replace("Zrotation", "Wrotation", 1), "asset.invalid", "CHANNELS of joint 'Hips'"),
        (_GOOD.replace("}", "", 1), "asset.truncated", "ends inside a joint"),
        (_GOOD.replace("}", "} }", 3), "asset.invalid", "closes more"),
        ("HIERARCHY\nMOTION\nFrames: 1\nFrame Time: 1\n", "asset.invalid", "no ROOT"),
        ("HIERARCHY\nOFFSET 1 2 3\nMOTION\n", "asset.invalid", "outside the skeleton"),
        ("HIERARCHY\n{\nMOTION\n", "asset.invalid", "before its ROOT"),
        (
            "HIERARCHY\nROOT a\n{\nCHANNELS 0\n}\nMOTION\nFrames: 1\nFrame Time: 1\n",
            "asset.empty",
            "no channels",
        ),
        ("HIERARCHY" + "\nROOT a\n{" * 3000 + "\nMOTION\n", "asset.large", "more than"),
    ],
)  # fmt: skip
def test_a_damaged_bvh_must_be_refused_by_name(
    tmp_path: Path, text: str, code: str, words: str
) -> None:
    with pytest.raises(AssetError, match=words) as caught:
        read(text, tmp_path)
    assert caught.value.code == code
    assert caught.value.hint
    assert str(caught.value).startswith("m.bvh: ")


def test_joints_that_nobody_knows_must_be_named(tmp_path: Path) -> None:
    text = bvh([bvh_frame((0, 85, 0))], names={n: f"bone{i}" for i, n in enumerate(_POSER)})
    with pytest.raises(AssetError, match="'bone0', 'bone1'") as caught:
        read(text, tmp_path)
    assert caught.value.code == "clip.names"


def test_a_skeleton_without_legs_must_move_its_arms_only(tmp_path: Path) -> None:
    names = {n: f"thing{i}" for i, n in enumerate(_POSER) if "Leg" in n or "Foot" in n}
    clip = read(bvh([bvh_frame((0, 85, 0), LeftForeArm=(0, 0, -60))], names=names), tmp_path)
    assert near(turned(clip, "leftLowerArm"), turn("y", -60))
    assert not clip.has_hips
    assert "leftFoot" in clip.problems[0].sentence
