"""Bodies in other units, and what VRM 0.x says in its own way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.rig.runtime import Runtime
from tests.fixtures.bodies import load, pose
from tests.fixtures.glb import vrm0, vrm1


@pytest.mark.parametrize("scale", [0.01, 39.37, 100.0])
def test_a_body_in_another_unit_must_be_made_as_tall_as_people_and_told(
    tmp_path: Path, scale: float
) -> None:
    glb, nodes = vrm1()
    for node in glb.root["nodes"]:
        node["translation"] = (np.array(node["translation"]) * scale).tolist()
    sphere = {"sphere": {"radius": 0.1 * scale}}
    hair = glb.node("hair", nodes["head"], translation=[0, 0.1 * scale, 0])
    tip = glb.node("tip", hair, translation=[0, 0.1 * scale, 0])
    glb.root["extensions"]["VRMC_springBone"] = {
        "colliders": [{"node": nodes["head"], "shape": sphere}],
        "springs": [{"joints": [{"node": hair, "hitRadius": 0.02 * scale}, {"node": tip}]}],
    }
    avatar = load(glb, tmp_path)
    told = {p.code: p.sentence for p in avatar.problems}
    assert "another unit" in told["avatar.size"]
    runtime = Runtime(avatar)
    assert 0.7 < runtime.hip_height_m < 1.6
    assert 0.05 < avatar.springs.colliders[0].radius < 0.2
    assert 0.01 < avatar.springs.joints[0].hit_radius < 0.04
    moved = runtime.update(pose(hips=(0.1, 0.0, 0.0)), 0.0)
    assert moved.world[avatar.humanoid.node("hips"), 0, 3] == pytest.approx(
        0.1 * runtime.hip_height_m, abs=1e-4
    )


@pytest.mark.parametrize("scale", [0.1, 1.0, 8.0])
def test_dolls_and_giants_must_stay_as_they_are(tmp_path: Path, scale: float) -> None:
    glb, _ = vrm1()
    for node in glb.root["nodes"]:
        node["translation"] = (np.array(node["translation"]) * scale).tolist()
    avatar = load(glb, tmp_path)
    assert "avatar.size" not in {p.code for p in avatar.problems}
    assert Runtime(avatar).hip_height_m == pytest.approx(scale, rel=1e-5)


# -- VRM 0.x ----------------------------------------------------------------------------------


def test_old_curves_of_the_gaze_must_become_straight_and_be_told(tmp_path: Path) -> None:
    straight, bent = [0, 0, 0, 1, 1, 1, 1, 0], [0, 0, 0, 3, 1, 1, 0, 0]
    maps = {"lookAtHorizontalOuter": {"curve": bent, "xRange": 40, "yRange": 20},
            "lookAtVerticalDown": {"curve": straight, "xRange": 30, "yRange": 9}}  # fmt: skip
    avatar = load(vrm0(firstPerson={"lookAtTypeName": "Bone", **maps})[0], tmp_path)
    told = [p.json_path for p in avatar.problems if p.code == "avatar.look_at"]
    assert told == ["extensions.VRM.firstPerson.lookAtHorizontalOuter.curve"]
    assert avatar.look_at is not None
    assert (avatar.look_at.outer.input_max_deg, avatar.look_at.outer.output_scale) == (40, 20)


def test_old_gravity_must_be_turned_into_our_axes_and_keep_its_length(tmp_path: Path) -> None:
    """0.x writes Unity's world (left-handed, the model faces +Z): x is the other way round."""
    glb, nodes = vrm0()
    hair = glb.node("hair", nodes["head"], translation=[0, 0.1, 0])
    group = {"bones": [hair], "gravityPower": 2.0, "gravityDir": {"x": 0.5, "y": -1.0, "z": 0.25}}
    glb.root["extensions"]["VRM"]["secondaryAnimation"] = {"boneGroups": [group]}
    joint = load(glb, tmp_path).springs.joints[0]
    assert joint.gravity_dir == (-0.5, -1.0, 0.25)
    assert joint.tail == pytest.approx((0.0, 0.07, 0.0)), "a virtual end, 7 cm on"


@pytest.mark.parametrize("given", [[0.0, 0.0, 0.0], [0.0, -2.0, 0.0], [1e9, 0.0, 0.0]])
def test_gravity_must_be_as_long_as_written_within_reason(
    tmp_path: Path, given: list[float]
) -> None:
    glb, nodes = vrm1()
    ends = [glb.node("a", nodes["head"], translation=[0, 0.1, 0])]
    ends.append(glb.node("b", ends[0], translation=[0, 0.1, 0]))
    joints = [{"node": n, "gravityDir": given, "gravityPower": 1} for n in ends]
    glb.root["extensions"]["VRMC_springBone"] = {"springs": [{"joints": joints}]}
    got = load(glb, tmp_path).springs.joints[0].gravity_dir
    assert got == pytest.approx(tuple(min(v, 10.0) for v in given))


def test_old_bones_in_two_groups_must_swing_as_the_later_says(tmp_path: Path) -> None:
    glb, nodes = vrm0()
    first = glb.node("a", nodes["head"], translation=[0, 0.1, 0])
    second = glb.node("b", first, translation=[0, 0.1, 0])
    groups = [{"bones": [first], "stiffiness": 1.0}, {"bones": [second], "stiffiness": 3.0}]
    glb.root["extensions"]["VRM"]["secondaryAnimation"] = {"boneGroups": groups}
    avatar = load(glb, tmp_path)
    names = avatar.model.node_names
    assert {names[j.node]: j.stiffness for j in avatar.springs.joints} == {"a": 1.0, "b": 3.0}


def test_old_materials_must_take_expressions_colours_in_linear_light(tmp_path: Path) -> None:
    glb, nodes = vrm0()
    glb.root["materials"].append(
        {"name": "skin", "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 1]}}
    )
    primitive = glb.quad()
    primitive["material"] = 0
    glb.node("quad", nodes["head"], mesh=glb.mesh([primitive]))
    values = [
        {"materialName": "skin", "propertyName": "_Color", "targetValue": [0.5, 0, 0, 1]},
        {"materialName": "skin", "propertyName": "_MainTex_ST", "targetValue": [0.5, 0.5, 0.25, 0]},
        {"materialName": "nobody", "propertyName": "_Color", "targetValue": [0, 0, 0, 1]},
    ]
    group = {"name": "Joy", "presetName": "joy", "materialValues": values}
    glb.root["extensions"]["VRM"]["blendShapeMaster"] = {"blendShapeGroups": [group]}
    avatar = load(glb, tmp_path)
    assert any("nobody" in p.sentence for p in avatar.problems)
    change = Runtime(avatar).update(pose(expressions={"happy": 1.0}), 0.0).materials[0]
    assert change["base_color"] == pytest.approx((0.5**2.2, 0, 0, 1), abs=1e-3)
    assert change["uv_scale"] == pytest.approx((0.5, 0.5))
    assert change["uv_offset"] == pytest.approx((0.25, 0.5)), "Unity's origin is the lower left"
