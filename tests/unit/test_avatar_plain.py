"""A humanoid GLB of any maker must be recognised and stand in the T-pose, facing the camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar import quat
from avatar.read.load import load_avatar
from avatar.read.plain_faces import shape_of
from avatar.read.plain_names import bone_of
from avatar.rig.avatar import Avatar
from avatar.rig.runtime import Runtime
from avatar.rig.skeleton import rest_world
from flow.motion import ARKIT_NAMES
from flow.pose import BONE_INDEX, t_pose
from tests.fixtures.glb import Glb, face, humanoid
from tests.fixtures.skeletons import PLACES, RIGS, body

STANDINGS: dict[str, dict[str, Any]] = {
    "T-pose": {},
    "A-pose": {"arms_down_deg": 45.0, "curl_deg": 25.0, "legs_out_deg": 14.0},
    "arms at the sides": {"arms_down_deg": 80.0},
    "palms forward": {"palm_deg": -90.0},
    "facing away": {"yaw_deg": 180.0, "arms_down_deg": 45.0},
    "facing left": {"yaw_deg": 90.0},
    "facing aside": {"yaw_deg": 33.0, "arms_down_deg": 45.0},
    "centimetres under a small armature": {"unit": 100.0, "root_scale": 0.01},
    "centimetres": {"unit": 100.0, "arms_down_deg": 50.0},
    "millimetres": {"unit": 1000.0},
    "Z up, turned upright": {"z_up": True, "arms_down_deg": 45.0},
}


def load(tmp_path: Path, glb: Glb) -> Avatar:
    return load_avatar(glb.save(tmp_path / "body.glb"))


def check(avatar: Avatar, nodes: dict[str, int], glb: Glb) -> None:
    """Every bone is found where it is named, and stands where the T-pose has it."""
    names = avatar.model.node_names
    world = rest_world(avatar.model)
    for bone, node in nodes.items():
        if not bone.endswith("Eye") or bone in avatar.humanoid.bones:
            found = avatar.humanoid.node(bone)
            assert found >= 0, f"{bone} ({glb.root['nodes'][node]['name']}) is not recognised"
            assert names[found] == glb.root["nodes"][node]["name"], bone
    hips = world[avatar.humanoid.node("hips"), :3, 3]
    for bone in nodes:
        if bone in avatar.humanoid.bones and "Thumb" not in bone:
            place = world[avatar.humanoid.node(bone), :3, 3] - hips
            want = PLACES[bone] - PLACES["hips"]
            assert np.abs(place - want).max() < 0.02, f"{bone} at {place}, not {want}"
    moves = Runtime(avatar)
    pose = t_pose()
    raised = quat.from_axis_angle(np.array([0.0, 0.0, 1.0]), np.radians(60.0))
    pose.rotations[BONE_INDEX["leftUpperArm"]] = raised
    state = moves.update(pose, 1 / 30)
    arm = state.world[avatar.humanoid.node("leftUpperArm"), :3, 3]
    hand = state.world[avatar.humanoid.node("leftHand"), :3, 3] - arm
    assert np.allclose(hand / np.sqrt(hand @ hand), [0.5, 0.866, 0.0], atol=0.02)


@pytest.mark.parametrize("rig", RIGS)
def test_a_body_of_every_maker_must_be_recognised(tmp_path: Path, rig: str) -> None:
    glb, nodes = body(RIGS[rig], arms_down_deg=45.0, seed=7)
    check(load(tmp_path, glb), nodes, glb)


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("seed", [0, 3])
def test_a_body_must_be_put_into_the_t_pose(tmp_path: Path, standing: str, seed: int) -> None:
    glb, nodes = body(RIGS["mixamo"], seed=seed, **STANDINGS[standing])
    avatar = load(tmp_path, glb)
    check(avatar, nodes, glb)
    said = [p for p in avatar.problems if p.code == "avatar.pose"]
    assert bool(said) == (standing not in ("T-pose", "centimetres under a small armature"))


def test_names_with_counters_must_be_understood(tmp_path: Path) -> None:
    for rig in ("mixamo", "unreal", "character creator"):
        glb, nodes = body(RIGS[rig], suffix="_0")
        check(load(tmp_path, glb), nodes, glb)


def test_a_mesh_named_like_a_bone_must_not_be_one(tmp_path: Path) -> None:
    glb, nodes = body(RIGS["ready player me"])
    glb.root["skins"].append({"joints": list(nodes.values())})
    lone = glb.node("Head", None, mesh=glb.mesh([glb.quad()]))
    glb.root["nodes"].insert(0, glb.root["nodes"].pop())
    assert lone == len(glb.root["nodes"]) - 1
    moved = {i: i + 1 for i in range(lone)} | {lone: 0}
    for node in glb.root["nodes"]:
        node["children"] = [moved[c] for c in node.get("children", [])]
        if not node["children"]:
            del node["children"]
    glb.root["scenes"][0]["nodes"] = [moved[n] for n in glb.root["scenes"][0]["nodes"]]
    glb.root["skins"][0]["joints"] = [moved[n] for n in nodes.values()]
    avatar = load(tmp_path, glb)
    assert avatar.model.parents[avatar.humanoid.node("head")] >= 0


def test_a_body_in_a_little_odd_pose_must_be_left_alone(tmp_path: Path) -> None:
    glb, _ = body(RIGS["mixamo"], arms_down_deg=5.0, legs_out_deg=4.0, curl_deg=4.0)
    avatar = load(tmp_path, glb)
    assert [p for p in avatar.problems if p.code == "avatar.pose"] == []


def test_shapes_of_every_maker_must_be_understood() -> None:
    for name in ARKIT_NAMES:
        snake = name.replace("Left", "_L").replace("Right", "_R")
        for spelling in (name, name.lower(), name.capitalize(), f"blendShape1.{name}", snake):
            assert shape_of(spelling) == name, spelling
    for theirs, ours in (
        ("viseme_aa", "aa"), ("viseme_I", "ih"), ("viseme_O", "oh"), ("viseme_E", "ee"),
        ("viseme_U", "ou"), ("vrc.v_ih", "ih"), ("vrc.v_aa", "aa"), ("Fcl_MTH_A", "aa"),
        ("Fcl_EYE_Close_L", "blinkLeft"), ("Fcl_ALL_Joy", "happy"), ("あ", "aa"),
        ("まばたき", "blink"), ("eyesClosed", "blink"), ("Blink", "blink"), ("Joy", "happy"),
        ("viseme_sil", None), ("hair_wind", None), ("", None), ("Fcl_HA_Fung1", None),
    ):  # fmt: skip
        assert shape_of(theirs) == ours, theirs


def test_presets_must_be_made_of_arkit_shapes(tmp_path: Path) -> None:
    glb, _ = humanoid(without=("leftEye", "rightEye"))
    face(glb, ARKIT_NAMES)
    avatar = load(tmp_path, glb)
    assert set(ARKIT_NAMES) <= set(avatar.expressions)
    assert len(avatar.expressions["blink"].morphs) == 2
    assert avatar.look_at is not None
    assert avatar.look_at.kind == "expression"
    slots = {n.rpartition("/")[2]: i for i, n in enumerate(avatar.model.morph_names)}
    looks = {m.slot for m in avatar.expressions["lookLeft"].morphs}
    assert looks == {slots["eyeLookOutLeft"], slots["eyeLookInRight"]}


@pytest.mark.parametrize(
    "name",
    [
        "LeftToe_End", "HeadTop_End", "mixamorig:RightHandIndex4", "upperarm_twist_01_l",
        "CC_Base_L_UpperarmTwist01", "左足ＩＫ", "hair_left", "Armature", "", "🙂", "LeftHandProp",
        "DEF-upper_arm.L.001x", "index_metacarpal_l", "IK_Hand_L",
    ],
)  # fmt: skip
def test_what_is_no_bone_must_not_be_taken_for_one(name: str) -> None:
    assert bone_of(name) is None
