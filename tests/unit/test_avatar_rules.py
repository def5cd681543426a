"""Rules of the VRM specification that no sample file shows: rings, strengths, kinds, overrides."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from avatar import quat
from avatar.rig.runtime import Runtime
from tests.fixtures.bodies import facing, load, pose, same, turn
from tests.fixtures.glb import Glb, face, morph_expression, vrm0, vrm1

Link = tuple[str, str, dict[str, Any]]


def constrained(*links: Link) -> Glb:
    """A body with helper nodes; each link constrains a node (made if new) by another."""
    glb, nodes = vrm1()
    for name, _, _ in links:
        if name not in nodes:
            nodes[name] = glb.node(name, nodes["hips"], translation=[0, 0.1, 0])
    for name, source, link in links:
        kind, extra = next(iter(link.items()))
        glb.root["nodes"][nodes[name]]["extensions"] = {
            "VRMC_node_constraint": {
                "specVersion": "1.0",
                "constraint": {kind: {"source": nodes[source], **extra}},
            }
        }
    return glb


def local(runtime: Runtime, name: str) -> quat.F64:
    """A node's own rotation."""
    out: quat.F64 = runtime.skeleton.rotation[runtime.avatar.model.node_names.index(name)]
    return out


def test_constraints_must_run_after_their_sources_whatever_the_files_order(
    tmp_path: Path,
) -> None:
    links: list[Link] = [
        ("last", "middle", {"rotation": {}}), ("middle", "first", {"rotation": {}}),
        ("first", "head", {"rotation": {}}),
    ]  # fmt: skip
    runtime = Runtime(load(constrained(*links), tmp_path))
    runtime.update(pose({"head": turn(x=0.5)}), 0.0)
    assert same(local(runtime, "last"), turn(x=0.5))


def test_rings_of_constraints_must_be_told_and_left_out(tmp_path: Path) -> None:
    links: list[Link] = [
        ("a", "b", {"rotation": {}}), ("b", "a", {"rotation": {}}), ("c", "a", {"rotation": {}}),
        ("d", "head", {"rotation": {}}),
    ]  # fmt: skip
    avatar = load(constrained(*links), tmp_path)
    told = [p.json_path for p in avatar.problems if p.code == "avatar.constraint"]
    assert len(told) == 3
    assert all("VRMC_node_constraint" in place for place in told)
    runtime = Runtime(avatar)
    runtime.update(pose({"head": turn(y=0.5)}), 0.0)
    assert same(local(runtime, "d"), turn(y=0.5))
    assert same(local(runtime, "a"), quat.IDENTITY)


def test_a_long_chain_of_constraints_must_work(tmp_path: Path) -> None:
    count = 3000
    links: list[Link] = [(f"n{k}", f"n{k + 1}", {"rotation": {}}) for k in range(count)]
    runtime = Runtime(load(constrained(*links, (f"n{count}", "head", {"rotation": {}})), tmp_path))
    runtime.update(pose({"head": turn(z=0.4)}), 0.0)
    assert same(local(runtime, "n0"), turn(z=0.4))


@pytest.mark.parametrize("axis", ["X", "Y", "Z"])
@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_roll_must_take_only_its_axis_by_its_weight(
    tmp_path: Path, axis: str, weight: float
) -> None:
    glb = constrained(("twist", "leftHand", {"roll": {"rollAxis": axis, "weight": weight}}))
    runtime = Runtime(load(glb, tmp_path))
    v = {"X": turn(x=0.8), "Y": turn(y=0.8), "Z": turn(z=0.8)}
    runtime.update(pose({"leftHand": v[axis]}), 0.0)
    along = np.array([axis == "X", axis == "Y", axis == "Z"], float)
    assert same(local(runtime, "twist"), quat.from_axis_angle(along, 0.8 * weight))
    other = v["Y" if axis == "X" else "X"]
    runtime.update(pose({"leftHand": other}), 0.0)
    assert same(local(runtime, "twist"), quat.IDENTITY), "a turn about another axis does not roll"


@pytest.mark.parametrize(
    "axis", ["PositiveX", "NegativeX", "PositiveY", "NegativeY", "PositiveZ", "NegativeZ"]
)
def test_aim_must_point_its_axis_at_the_source(tmp_path: Path, axis: str) -> None:
    glb = constrained(("sleeve", "leftHand", {"aim": {"aimAxis": axis}}))
    runtime = Runtime(load(glb, tmp_path))
    turns = {"leftUpperArm": turn(z=-0.7), "spine": turn(y=0.3), "hips": turn(x=0.2)}
    state = runtime.update(pose(turns), 0.0)
    names = runtime.avatar.model.node_names
    sleeve, hand = (state.world[names.index(n)].astype(float) for n in ("sleeve", "leftHand"))
    sign = -1.0 if axis.startswith("Negative") else 1.0
    ahead = sign * sleeve[:3, "XYZ".index(axis[-1])]
    way = hand[:3, 3] - sleeve[:3, 3]
    assert np.allclose(ahead, way / np.linalg.norm(way), atol=1e-5)


def test_a_constraint_must_hold_for_humanoid_bones_too(tmp_path: Path) -> None:
    glb = constrained(("leftShoulder", "leftUpperArm", {"rotation": {"weight": 0.5}}))
    runtime = Runtime(load(glb, tmp_path))
    runtime.update(pose({"leftUpperArm": turn(z=0.6)}), 0.0)
    assert same(local(runtime, "leftShoulder"), turn(z=0.3))


# -- expressions ------------------------------------------------------------------------------


def faced(names: dict[str, dict[str, Any]]) -> tuple[Glb, int]:
    """A body with presets that move one morph target of the same name each."""
    glb, _ = vrm1()
    node = face(glb, tuple(names))
    presets = {n: morph_expression(node, k, **extra) for k, (n, extra) in enumerate(names.items())}
    glb.root["extensions"]["VRMC_vrm"]["expressions"] = {"preset": presets}
    return glb, node


def shown(runtime: Runtime, asked: dict[str, float]) -> dict[str, float]:
    """Morph targets that are not zero."""
    state = runtime.update(pose(expressions=asked), 0.0)
    names = [n.removeprefix("face/") for n in runtime.avatar.model.morph_names]
    return {n: round(float(w), 5) for n, w in zip(names, state.morph_weights, strict=True) if w}


@pytest.mark.parametrize("rule", ["block", "blend"])
def test_an_override_of_its_own_kind_must_count_for_nothing(tmp_path: Path, rule: str) -> None:
    """VRMC_vrm-1.0 expressions, "Procedural override": settings for the same kind are invalid.

    Obeyed, such a blink would block itself and the eyes would never close.
    """
    glb, _ = faced({"blink": {"overrideBlink": rule}, "aa": {"overrideMouth": rule}, "happy": {}})
    runtime = Runtime(load(glb, tmp_path), exact=True)
    assert shown(runtime, {"blink": 1.0, "aa": 0.5}) == {"blink": 1.0, "aa": 0.5}


def test_overrides_must_add_up_and_binary_ones_count_as_shown(tmp_path: Path) -> None:
    glb, _ = faced(
        {
            "happy": {"overrideBlink": "blend"},
            "angry": {"overrideBlink": "blend", "isBinary": True},
            "blink": {},
            "blinkLeft": {"isBinary": True},
        }
    )
    runtime = Runtime(load(glb, tmp_path), exact=True)
    assert shown(runtime, {"happy": 0.25, "blink": 0.8}) == {"happy": 0.25, "blink": 0.6}
    assert shown(runtime, {"angry": 0.5, "blink": 0.8}) == {"blink": 0.8}, "not shown yet"
    assert shown(runtime, {"angry": 0.51, "blink": 0.8}) == {"angry": 1.0}
    assert shown(runtime, {"happy": 0.1, "blinkLeft": 1.0}) == {"happy": 0.1}, "never half shown"


def test_names_must_be_taken_at_their_word_where_that_is_asked_for(tmp_path: Path) -> None:
    glb, _ = faced({"blink": {}, "blinkLeft": {}, "aa": {}})
    avatar = load(glb, tmp_path)
    asked = {"blink": 1.0, "blinkLeft": 0.5, "jawOpen": 1.0}
    assert shown(Runtime(avatar, exact=True), asked) == {"blink": 1.0, "blinkLeft": 0.5}
    assert shown(Runtime(avatar), asked) == {"blink": 1.0, "aa": 1.0}


def painted(tmp_path: Path, material: dict[str, Any], bind: dict[str, Any]) -> dict[str, Any]:
    """What half of an expression with this bind changes of its material."""
    glb, _ = vrm1()
    glb.root["materials"].append(material)
    white = io.BytesIO()
    Image.new("RGB", (2, 2), "white").save(white, "PNG")
    glb.root["images"].append({"bufferView": glb.view(white.getvalue()), "mimeType": "image/png"})
    glb.root["textures"].append({"source": 0})
    primitive = glb.quad()
    primitive["material"] = 0
    glb.node("quad", None, mesh=glb.mesh([primitive]))
    glb.root["extensions"]["VRMC_vrm"]["expressions"] = {"preset": {"happy": bind}}
    runtime = Runtime(load(glb, tmp_path), exact=True)
    return dict(runtime.update(pose(expressions={"happy": 0.5}), 0.0).materials.get(0, {}))


@pytest.mark.parametrize(
    ("kind", "field", "material"),
    [
        ("color", "base_color", {"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}),
        ("emissionColor", "emissive", {"emissiveFactor": [1, 0, 0]}),
        ("shadeColor", "shade_color", {"shadeColorFactor": [1, 0, 0]}),
        ("matcapColor", "matcap_color", {"matcapFactor": [1, 0, 0]}),
        ("rimColor", "rim_color", {"parametricRimColorFactor": [1, 0, 0]}),
        ("outlineColor", "outline_color", {"outlineColorFactor": [1, 0, 0]}),
    ],
)
def test_every_colour_must_move_from_its_own_value_to_the_target(
    tmp_path: Path, kind: str, field: str, material: dict[str, Any]
) -> None:
    toon = {"specVersion": "1.0"}
    if "Factor" in next(iter(material)) and kind != "emissionColor":
        toon |= material
        material = {}
    whole = {"name": "m", "extensions": {"VRMC_materials_mtoon": toon}, **material}
    bind = {"material": 0, "type": kind, "targetValue": [0, 0, 1, 0.5]}
    change = painted(tmp_path, whole, {"materialColorBinds": [bind]})
    want = (0.5, 0.0, 0.5, 0.75) if kind == "color" else (0.5, 0.0, 0.5)
    assert change[field] == pytest.approx(want)


def test_a_glow_must_keep_its_strength(tmp_path: Path) -> None:
    """The target replaces emissiveFactor; KHR_materials_emissive_strength multiplies either."""
    strong = {"KHR_materials_emissive_strength": {"emissiveStrength": 4.0}}
    material = {"name": "m", "emissiveFactor": [1, 0, 0], "extensions": strong}
    bind = {"material": 0, "type": "emissionColor", "targetValue": [0, 1, 0, 1]}
    change = painted(tmp_path, material, {"materialColorBinds": [bind]})
    assert change["emissive"] == pytest.approx((2.0, 2.0, 0.0))


def test_textures_must_move_from_their_own_transform_to_the_target(tmp_path: Path) -> None:
    own = {"KHR_texture_transform": {"offset": [0.5, 0.0], "scale": [2.0, 1.0]}}
    pbr = {"baseColorTexture": {"index": 0, "extensions": own}}
    bind = {"material": 0, "scale": [1.0, 1.0], "offset": [0.25, 0.5]}
    material = {"name": "m", "pbrMetallicRoughness": pbr}
    change = painted(tmp_path, material, {"textureTransformBinds": [bind]})
    assert change["uv_offset"] == pytest.approx((-0.125, 0.25)), "half the way, to be added"
    assert change["uv_scale"] == pytest.approx((0.75, 1.0)), "half the way, to be multiplied with"


# -- gaze -------------------------------------------------------------------------------------


def test_eyes_must_follow_a_point_from_between_them(tmp_path: Path) -> None:
    look = {
        "type": "bone",
        "offsetFromHeadBone": [0.0, 0.1, 0.2],
        **{
            f"rangeMap{way}": {"inputMaxValue": 90, "outputScale": 90}
            for way in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
        },
    }
    runtime = Runtime(load(vrm1(lookAt=look)[0], tmp_path))
    posed = pose({"head": turn(y=0.4), "spine": turn(x=0.2)})
    state = runtime.update(posed, 0.0)
    head = state.world[runtime.avatar.humanoid.node("head")].astype(float)
    eyes = (head @ [0.0, 0.1, 0.2, 1.0])[:3]
    for way in ([0.3, 0.2, 1.0], [-0.5, -0.4, 0.7]):
        runtime.look_target = eyes + head[:3, :3] @ np.array(way)
        state = runtime.update(posed, 0.0)
        ahead = quat.rotate(facing(runtime, state, "leftEye"), np.array([0, 0, 1.0]))
        want = head[:3, :3] @ np.array(way)
        assert np.allclose(ahead, want / np.linalg.norm(want), atol=1e-5)
    assert float(runtime.gaze_deg[0]) == pytest.approx(np.degrees(np.arctan2(-0.5, 0.7)), abs=1e-3)
    runtime.look_target = None
    assert same(facing(runtime, runtime.update(posed, 0.0), "leftEye"), quat.of_transform(head))


def test_gaze_by_expressions_must_take_the_outer_map_for_both_sides(tmp_path: Path) -> None:
    glb, _ = faced({n: {} for n in ("lookLeft", "lookRight", "lookUp", "lookDown")})
    glb.root["extensions"]["VRMC_vrm"]["lookAt"] = {
        "type": "expression",
        "rangeMapHorizontalInner": {"inputMaxValue": 10, "outputScale": 0.1},
        "rangeMapHorizontalOuter": {"inputMaxValue": 40, "outputScale": 0.8},
        "rangeMapVerticalDown": {"inputMaxValue": 20, "outputScale": 1.0},
        "rangeMapVerticalUp": {"inputMaxValue": 0, "outputScale": 0.5},
    }
    runtime = Runtime(load(glb, tmp_path))

    def looks(yaw: float, pitch: float) -> dict[str, float]:
        state = runtime.update(pose(gaze=(yaw, pitch)), 0.0)
        names = [n.removeprefix("face/") for n in runtime.avatar.model.morph_names]
        weights = zip(names, state.morph_weights, strict=True)
        return {n: round(float(w), 5) for n, w in weights if w}

    assert looks(20, 0) == {"lookLeft": 0.4}
    assert looks(-80, 10) == {"lookRight": 0.8, "lookDown": 0.5}
    assert looks(0, -5) == {"lookUp": 0.5}, "an input range of nothing: all or none"
    assert looks(0, 0) == {}


# -- units ------------------------------------------------------------------------------------


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


def test_a_slip_in_an_expression_must_not_cost_the_expression(tmp_path: Path) -> None:
    glb, _ = faced({"happy": {"isBinary": "yes", "overrideBlink": "explode"}, "blink": {}})
    avatar = load(glb, tmp_path)
    places = {p.json_path.rpartition(".")[2]: p.remedy for p in avatar.problems}
    assert places["isBinary"] == "It counts as not said."
    assert places["overrideBlink"] == "It counts as none."
    runtime = Runtime(avatar, exact=True)
    assert shown(runtime, {"happy": 0.25, "blink": 1.0}) == {"happy": 0.25, "blink": 1.0}


def test_a_body_without_a_head_must_not_mind_a_point_to_look_at(tmp_path: Path) -> None:
    runtime = Runtime(load(vrm1(without=("head",), lookAt={"type": "bone"})[0], tmp_path))
    runtime.look_target = np.array([1.0, 2.0, 3.0])
    state = runtime.update(pose(), 0.0)
    assert np.allclose(state.world, runtime.skeleton.rest_world[:-1], atol=1e-6)


@pytest.mark.parametrize(("without", "bone"), [((), "head"), (("head",), "neck")])
def test_cameras_must_find_a_head_or_what_is_nearest_to_one(
    tmp_path: Path, without: tuple[str, ...], bone: str
) -> None:
    humanoid = load(vrm1(without=without)[0], tmp_path).humanoid
    assert humanoid.head == humanoid.node(bone) >= 0


def test_eyes_must_look_by_what_there_is(tmp_path: Path) -> None:
    """The file asks for bones that it lacks; its look presets do instead, but not at its word."""
    glb, nodes = vrm1(without=("leftEye", "rightEye"))
    del nodes
    names = ("lookLeft", "lookRight", "lookUp", "lookDown")
    node = face(glb, names)
    presets = {n: morph_expression(node, k) for k, n in enumerate(names)}
    full = {"inputMaxValue": 40, "outputScale": 8}
    glb.root["extensions"]["VRMC_vrm"] |= {
        "expressions": {"preset": presets},
        "lookAt": {"type": "bone", "rangeMapHorizontalOuter": full, "rangeMapVerticalUp": full},
    }
    avatar = load(glb, tmp_path)
    runtime = Runtime(avatar)
    state = runtime.update(pose(gaze=(20, -10)), 0.0)
    assert state.morph_weights.tolist() == pytest.approx([0.5, 0, 0.25, 0])
    assert not Runtime(avatar, exact=True).update(pose(gaze=(20, -10)), 0.0).morph_weights.any()


def test_eye_bones_that_nobody_mentions_must_turn(tmp_path: Path) -> None:
    avatar = load(vrm1()[0], tmp_path)
    assert avatar.look_at is None
    runtime = Runtime(avatar)
    ahead = quat.rotate(
        facing(runtime, runtime.update(pose(gaze=(45, 0)), 0.0), "leftEye"), np.array([0, 0, 1.0])
    )
    assert np.degrees(np.arctan2(ahead[0], ahead[2])) == pytest.approx(5.0, abs=1e-3)
