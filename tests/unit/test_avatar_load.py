"""Files to avatars: VRM 1.0, 0.x, plain humanoids; what is odd loads degraded and says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.read.load import load_avatar
from avatar.read.plain import bone_of
from avatar.rig.skeleton import rest_world
from flow.errors import AssetError
from flow.mesh import Shading
from tests.fixtures.glb import Glb, face, humanoid, morph_expression, vrm0, vrm1


def test_vrm1_must_bring_bones_names_and_licence(tmp_path: Path) -> None:
    glb, nodes = vrm1()
    avatar = load_avatar(glb.save(tmp_path / "a.vrm"))
    assert (avatar.version, avatar.name, avatar.problems) == ("vrm1", "Test", ())
    assert set(avatar.humanoid.bones) == set(nodes)
    assert avatar.model.node_names[avatar.humanoid.node("head")] == "head"
    assert avatar.meta.stated
    assert avatar.meta.avatar_permission == "onlyAuthor", "unsaid means the strictest"


def test_vrm0_must_face_forward_and_speak_vrm1(tmp_path: Path) -> None:
    glb, _ = vrm0()
    node = face(glb, ("smile", "blink"))
    mesh = glb.root["nodes"][node]["mesh"]

    def bind(index: int, weight: float) -> dict[str, float]:
        return {"mesh": mesh, "index": index, "weight": weight}

    glb.root["extensions"]["VRM"]["blendShapeMaster"] = {
        "blendShapeGroups": [
            {"name": "Joy", "presetName": "joy", "binds": [bind(0, 50)]},
            {"name": "BlinkL", "presetName": "blink_l", "binds": [bind(1, 100)]},
            {"name": "Wink", "presetName": "unknown"},
        ]
    }  # fmt: skip
    avatar = load_avatar(glb.save(tmp_path / "a.vrm"))
    assert avatar.version == "vrm0"
    world = rest_world(avatar.model)
    assert world[avatar.humanoid.node("leftHand"), 0, 3] > 0.5, "its left hand points to +X"
    assert world[avatar.humanoid.node("leftEye"), 2, 3] > 0.0, "its face looks to +Z"
    assert set(avatar.expressions) == {"happy", "blinkLeft", "Wink"}
    assert avatar.expressions["happy"].morphs[0].weight == 0.5
    assert not avatar.expressions["Wink"].preset
    assert avatar.meta.commercial_usage == "corporation"
    assert avatar.meta.credit_notation == "unnecessary"
    assert avatar.meta.modification == "allowModificationRedistribution"


def test_vrm0_thumbs_must_be_renamed(tmp_path: Path) -> None:
    glb, nodes = vrm0()
    bones = glb.root["extensions"]["VRM"]["humanoid"]["humanBones"]
    hand = nodes["leftHand"]
    for name in ("leftThumbProximal", "leftThumbIntermediate", "leftThumbDistal"):
        hand = glb.node(name, hand, translation=[-0.02, 0, 0])
        bones.append({"bone": name, "node": hand})
    avatar = load_avatar(glb.save(tmp_path / "a.vrm"))
    names = avatar.model.node_names
    assert names[avatar.humanoid.node("leftThumbMetacarpal")] == "leftThumbProximal"
    assert names[avatar.humanoid.node("leftThumbProximal")] == "leftThumbIntermediate"
    assert names[avatar.humanoid.node("leftThumbDistal")] == "leftThumbDistal"


def test_mtoon0_must_become_mtoon1(tmp_path: Path) -> None:
    material = {
        "shader": "VRM/MToon",
        "floatProperties": {
            "_ShadeShift": -0.2, "_ShadeToony": 0.8, "_OutlineWidthMode": 1, "_OutlineWidth": 0.5,
            "_CullMode": 0, "_Cutoff": 0.3, "_IndirectLightIntensity": 0.25,
        },
        "vectorProperties": {"_Color": [0.5, 0.5, 0.5, 0.7], "_ShadeColor": [1, 0, 0, 1]},
        "keywordMap": {"_ALPHATEST_ON": True},
    }  # fmt: skip
    glb, _ = vrm0(materialProperties=[material])
    glb.root["materials"].append({"name": "cloth"})
    first = load_avatar(glb.save(tmp_path / "a.vrm")).model.materials[0]
    assert first.shading is Shading.MTOON
    assert first.mtoon is not None
    assert (first.name, first.double_sided, first.cutoff) == ("cloth", True, 0.3)
    assert np.allclose(first.base_color, [0.5**2.2] * 3 + [0.7]), "sRGB numbers become light"
    toony = 0.8 + 0.2 * 0.4
    assert np.isclose(first.mtoon.shading_toony, toony)
    assert np.isclose(first.mtoon.shading_shift, 0.2 - (1 - toony))
    assert np.isclose(first.mtoon.outline_width, 0.005), "centimetres become metres"
    assert np.isclose(first.mtoon.gi_equalization, 0.75)


def test_an_avatar_without_hips_must_be_refused(tmp_path: Path) -> None:
    glb, _ = vrm1()
    del glb.root["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]["hips"]
    with pytest.raises(AssetError, match="hips") as caught:
        load_avatar(glb.save(tmp_path / "a.vrm"))
    assert caught.value.code == "asset.humanoid"


def test_a_stage_must_not_be_taken_for_an_avatar(tmp_path: Path) -> None:
    glb = Glb()
    glb.node("floor")
    with pytest.raises(AssetError) as caught:
        load_avatar(glb.save(tmp_path / "a.glb"))
    assert caught.value.code == "asset.humanoid"


def test_bad_pieces_must_be_left_out_and_named(tmp_path: Path) -> None:
    glb, nodes = vrm1()
    node = face(glb, ("a",))
    vrm = glb.root["extensions"]["VRMC_vrm"]
    vrm["humanoid"]["humanBones"]["tail"] = {"node": 1}
    vrm["humanoid"]["humanBones"]["jaw"] = {"node": 999}
    vrm["expressions"] = {
        "preset": {"aa": morph_expression(node, 7), "grin": {}, "oh": morph_expression(node, 0)}
    }
    glb.root["extensions"]["VRMC_springBone"] = {
        "springs": [{"joints": [{"node": nodes["head"]}, {"node": nodes["hips"]}]}]
    }
    glb.root["nodes"][2]["extensions"] = {
        "VRMC_node_constraint": {"constraint": {"rotation": {"source": 2}}}
    }
    avatar = load_avatar(glb.save(tmp_path / "a.vrm"))
    assert set(avatar.expressions) == {"aa", "oh"}
    assert avatar.expressions["aa"].morphs == ()
    assert avatar.springs.joints == ()
    assert avatar.constraints == ()
    places = " ".join(p.json_path for p in avatar.problems)
    for place in (
        "humanBones.tail",
        "humanBones.jaw",
        "aa.morphTargetBinds[0]",
        "preset.grin",
        "joints[0]",
        "VRMC_node_constraint",
    ):
        assert place in places
    assert all(p.sentence and p.remedy and p.code for p in avatar.problems)


def test_a_later_vrm_must_be_refused(tmp_path: Path) -> None:
    glb, _ = vrm1()
    glb.root["extensions"]["VRMC_vrm"]["specVersion"] = "2.0"
    with pytest.raises(AssetError) as caught:
        load_avatar(glb.save(tmp_path / "a.vrm"))
    assert caught.value.code == "asset.version"


def test_a_plain_humanoid_must_be_recognised_by_its_names(tmp_path: Path) -> None:
    glb, _ = humanoid()
    theirs = {
        "hips": "Hips", "spine": "Spine", "chest": "Spine1", "upperChest": "Spine2",
        "neck": "Neck", "head": "Head", "leftUpperLeg": "LeftUpLeg", "leftLowerLeg": "LeftLeg",
        "leftUpperArm": "LeftArm", "leftLowerArm": "LeftForeArm", "rightUpperArm": "RightArm",
    }  # fmt: skip
    for node in glb.root["nodes"]:
        node["name"] = "mixamorig:" + theirs.get(node["name"], node["name"])
    face(glb, ("eyeBlinkLeft", "viseme_aa", "whatever"))
    avatar = load_avatar(glb.save(tmp_path / "a.glb"))
    assert avatar.version == "glb"
    assert set(theirs) <= set(avatar.humanoid.bones)
    assert set(avatar.expressions) == {"eyeBlinkLeft", "aa", "blinkLeft"}
    assert avatar.look_at is not None


def test_a_plain_humanoid_in_a_pose_must_be_put_into_the_t_pose(tmp_path: Path) -> None:
    glb, nodes = humanoid()
    for side, angle in (("left", -0.7), ("right", 0.7)):
        node = glb.root["nodes"][nodes[f"{side}UpperArm"]]
        node["rotation"] = [0, 0, float(np.sin(angle / 2)), float(np.cos(angle / 2))]
    avatar = load_avatar(glb.save(tmp_path / "a.glb"))
    world = rest_world(avatar.model)
    for side in ("left", "right"):
        arm = world[avatar.humanoid.node(f"{side}Hand"), :3, 3]
        assert np.isclose(arm[1], world[avatar.humanoid.node(f"{side}UpperArm"), 1, 3], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "bone"),
    [
        ("J_Bip_L_UpperArm", "leftUpperArm"), ("J_Bip_C_Hips", "hips"),
        ("upperarm_r", "rightUpperArm"),
        ("hand.L", "leftHand"), ("LeftHandThumb1", "leftThumbMetacarpal"),
        ("mixamorig:RightHandIndex2", "rightIndexIntermediate"), ("thigh_l", "leftUpperLeg"),
        ("rightLowerLeg", "rightLowerLeg"), ("Armature", None), ("hair_left", None), ("", None),
    ],
)  # fmt: skip
def test_bone_names_of_the_trade_must_be_understood(name: str, bone: str | None) -> None:
    assert bone_of(name) == bone
