"""Poses on avatars: bones, gaze, expressions, constraints, springs, and their order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar import quat
from avatar.rig.humanoid import HumanoidRig
from avatar.rig.runtime import Runtime
from flow.meter import Meter
from tests.fixtures.bodies import facing, load, place, pose, same, swinging, turn
from tests.fixtures.glb import face, morph_expression, vrm1


def test_t_pose_must_be_the_rest_pose(tmp_path: Path) -> None:
    runtime = Runtime(load(vrm1()[0], tmp_path))
    state = runtime.update(pose(), 0.0)
    assert np.allclose(state.world, runtime.skeleton.rest_world[:-1], atol=1e-6)


def test_turns_must_be_in_model_axes_whatever_axes_the_bones_have(tmp_path: Path) -> None:
    glb, nodes = vrm1()
    plain = Runtime(load(glb, tmp_path))
    want = place(plain, plain.update(pose({"leftUpperArm": turn(z=1.0)}), 0.0), "leftHand").copy()
    q = turn(x=0.4, y=1.1)
    back = quat.conjugate(q)
    glb.root["nodes"][nodes["leftShoulder"]]["rotation"] = q.tolist()
    for bone in ("leftUpperArm",):
        node = glb.root["nodes"][nodes[bone]]
        node["translation"] = quat.rotate(back, np.array(node["translation"])).tolist()
        node["rotation"] = back.tolist()
    odd = Runtime(load(glb, tmp_path))
    got = place(odd, odd.update(pose({"leftUpperArm": turn(z=1.0)}), 0.0), "leftHand")
    assert np.allclose(got, want, atol=1e-6)


def test_hips_must_move_by_the_models_own_height(tmp_path: Path) -> None:
    glb, nodes = vrm1()
    glb.root["nodes"][nodes["hips"]]["translation"] = [0, 0.5, 0]
    runtime = Runtime(load(glb, tmp_path))
    assert runtime.hip_height_m == pytest.approx(0.5)
    moved = place(runtime, runtime.update(pose(hips=(0.2, -0.4, 0.1)), 0.0), "hips")
    assert np.allclose(moved, [0.1, 0.3, 0.05])


@pytest.mark.parametrize(
    "missing",
    [
        ("chest", "upperChest"),
        ("upperChest",),
        ("neck", "leftShoulder"),
        ("chest", "upperChest", "neck", "leftShoulder", "rightShoulder"),
    ],
)
def test_missing_bones_must_not_change_where_head_and_hands_face(
    tmp_path: Path, missing: tuple[str, ...]
) -> None:
    turns = {
        "spine": turn(x=0.2), "chest": turn(y=0.3), "upperChest": turn(z=0.2), "neck": turn(x=0.3),
        "head": turn(y=0.4), "leftShoulder": turn(z=0.2), "leftUpperArm": turn(y=0.5),
        "rightShoulder": turn(z=-0.3), "rightUpperArm": turn(z=0.8),
    }  # fmt: skip
    whole = Runtime(load(vrm1()[0], tmp_path))
    want = whole.update(pose(turns), 0.0)
    bones = ("head", "leftHand", "rightHand", "leftUpperArm")
    facing_want = {b: facing(whole, want, b) for b in bones}
    partial = Runtime(load(vrm1(missing)[0], tmp_path))
    got = partial.update(pose(turns), 0.0)
    for bone in bones:
        assert same(facing(partial, got, bone), facing_want[bone]), bone


def test_poses_that_are_no_rotations_must_not_break_the_avatar(tmp_path: Path) -> None:
    runtime = Runtime(load(vrm1()[0], tmp_path))
    bad = pose(gaze=(float("nan"), 0.0))
    bad.rotations[3] = np.nan
    bad.rotations[4] = 0.0
    bad.hips[0] = np.inf
    assert np.isfinite(runtime.update(bad, 0.1).world).all()


def test_the_world_array_must_be_reused(tmp_path: Path) -> None:
    runtime = Runtime(load(vrm1()[0], tmp_path))
    first, second = (runtime.update(pose(), 0.1) for _ in range(2))
    assert first.world is second.world
    assert first.morph_weights is second.morph_weights
    assert first.world.dtype == np.float32
    assert first.world.flags.c_contiguous


def test_the_pose_must_not_be_changed(tmp_path: Path) -> None:
    runtime = Runtime(load(vrm1(("chest", "neck"))[0], tmp_path))
    given = pose({"chest": turn(x=0.5), "neck": turn(x=0.5)}, {"aa": 1.0})
    rotations, expressions = given.rotations.copy(), dict(given.expressions)
    runtime.update(given, 0.1)
    assert np.array_equal(given.rotations, rotations)
    assert given.expressions == expressions


def test_gaze_must_turn_eye_bones_through_the_range_maps(tmp_path: Path) -> None:
    look = {
        "type": "bone",
        "rangeMapHorizontalInner": {"inputMaxValue": 40, "outputScale": 10},
        "rangeMapHorizontalOuter": {"inputMaxValue": 40, "outputScale": 20},
        "rangeMapVerticalDown": {"inputMaxValue": 30, "outputScale": 12},
        "rangeMapVerticalUp": {"inputMaxValue": 30, "outputScale": 6},
    }
    runtime = Runtime(load(vrm1(lookAt=look)[0], tmp_path))

    def eyes(yaw: float, pitch: float) -> tuple[float, ...]:
        state = runtime.update(pose(gaze=(yaw, pitch)), 0.0)
        ahead = [
            quat.rotate(facing(runtime, state, b), np.array([0, 0, 1.0]))
            for b in ("leftEye", "rightEye")
        ]
        yaws = [float(np.degrees(np.arctan2(v[0], v[2]))) for v in ahead]
        return (*yaws, float(np.degrees(np.arcsin(-ahead[0][1]))))

    assert eyes(20, 0) == pytest.approx((10, 5, 0), abs=1e-3), "left: its left eye outwards"
    assert eyes(-80, 0) == pytest.approx((-10, -20, 0), abs=1e-3), "beyond the range: its end"
    assert eyes(0, 15) == pytest.approx((0, 0, 6), abs=1e-3), "positive pitch looks down"
    assert eyes(0, -30) == pytest.approx((0, 0, -6), abs=1e-3)


def with_face(tmp_path: Path, names: dict[str, dict[str, Any]], **parts: Any) -> Runtime:
    """An avatar whose every expression moves one morph target of the same name."""
    glb, _ = vrm1()
    node = face(glb, tuple(names))
    presets: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for k, (name, extra) in enumerate(names.items()):
        group = custom if extra.pop("custom", False) else presets
        group[name] = morph_expression(node, k, **extra)
    glb.root["extensions"]["VRMC_vrm"] |= {
        "expressions": {"preset": presets, "custom": custom}, **parts
    }  # fmt: skip
    return Runtime(load(glb, tmp_path))


def shown(
    runtime: Runtime, asked: dict[str, float], gaze: tuple[float, float] = (0, 0)
) -> dict[str, float]:
    """Morph targets that are not zero."""
    state = runtime.update(pose(expressions=asked, gaze=gaze), 0.0)
    names = [n.removeprefix("face/") for n in runtime.avatar.model.morph_names]
    return {n: round(float(w), 5) for n, w in zip(names, state.morph_weights, strict=True) if w}


def test_presets_must_move_their_morphs_and_clamp(tmp_path: Path) -> None:
    runtime = with_face(tmp_path, {"aa": {}, "happy": {}})
    assert shown(runtime, {"aa": 0.25, "happy": 7.0, "nothing": 1.0}) == {"aa": 0.25, "happy": 1.0}
    assert shown(runtime, {}) == {}


def test_binary_expressions_must_switch_at_one_half(tmp_path: Path) -> None:
    runtime = with_face(tmp_path, {"happy": {"isBinary": True}})
    assert shown(runtime, {"happy": 0.5}) == {}
    assert shown(runtime, {"happy": 0.51}) == {"happy": 1.0}


@pytest.mark.parametrize(
    ("rule", "weight", "left"), [("block", 0.2, 0.0), ("blend", 0.25, 0.6), ("none", 1.0, 0.8)]
)
def test_overrides_must_block_or_damp(
    tmp_path: Path, rule: str, weight: float, left: float
) -> None:
    runtime = with_face(tmp_path, {"happy": {"overrideBlink": rule}, "blink": {}, "aa": {}})
    out = shown(runtime, {"happy": weight, "blink": 0.8, "aa": 0.5})
    assert out.get("blink", 0.0) == pytest.approx(left)
    assert out["aa"] == 0.5


def test_arkit_expressions_of_the_avatar_must_replace_the_presets(tmp_path: Path) -> None:
    names: dict[str, dict[str, Any]] = {
        n: {} for n in ("aa", "blink", "blinkLeft", "blinkRight", "happy")
    }
    names |= {
        n: {"custom": True} for n in ("EyeBlinkLeft", "EyeBlinkRight", "JawOpen", "MouthFunnel")
    }
    runtime = with_face(tmp_path, names)
    asked = {
        "eyeBlinkLeft": 0.4,
        "eyeBlinkRight": 0.3,
        "jawOpen": 0.6,
        "blinkLeft": 0.4,
        "blinkRight": 0.3,
        "aa": 0.6,
        "happy": 0.2,
    }
    assert shown(runtime, asked) == {
        "EyeBlinkLeft": 0.4, "EyeBlinkRight": 0.3, "JawOpen": 0.6, "happy": 0.2
    }  # fmt: skip
    assert shown(runtime, {"blink": 0.5, "aa": 0.1}) == {"blink": 0.5, "aa": 0.1}, (
        "presets alone are shown"
    )


def test_overrides_must_also_hold_for_arkit_expressions(tmp_path: Path) -> None:
    names: dict[str, dict[str, Any]] = {"happy": {"overrideBlink": "block"}}
    names |= {n: {"custom": True} for n in ("EyeBlinkLeft", "EyeBlinkRight")}
    runtime = with_face(tmp_path, names)
    asked = {"eyeBlinkLeft": 0.4, "eyeBlinkRight": 0.3, "happy": 0.5}
    assert shown(runtime, asked) == {"happy": 0.5}


def test_presets_must_be_derived_where_only_arkit_is_said(tmp_path: Path) -> None:
    runtime = with_face(tmp_path, {"aa": {}, "blink": {}})
    assert shown(runtime, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 0.5, "jawOpen": 0.3}) == {
        "aa": 0.3,
        "blink": 0.75,
    }


def test_one_eye_must_not_close_twice(tmp_path: Path) -> None:
    runtime = with_face(tmp_path, {"blink": {}, "blinkLeft": {}, "blinkRight": {}})
    assert shown(runtime, {"blink": 1.0, "blinkLeft": 1.0, "blinkRight": 1.0}) == {"blink": 1.0}
    assert shown(runtime, {"blink": 0.25, "blinkLeft": 0.75}) == {"blink": 0.25, "blinkLeft": 0.5}


def test_gaze_by_expression_must_obey_overrides(tmp_path: Path) -> None:
    look = {
        "type": "expression",
        "rangeMapHorizontalOuter": {"inputMaxValue": 50, "outputScale": 0.8},
    }
    names: dict[str, dict[str, Any]] = {
        "lookLeft": {},
        "lookRight": {},
        "angry": {"overrideLookAt": "blend"},
    }
    runtime = with_face(tmp_path, names, lookAt=look)
    assert shown(runtime, {}, gaze=(25, 0)) == {"lookLeft": pytest.approx(0.4)}
    out = shown(runtime, {"angry": 0.5}, gaze=(-50, 0))
    assert out["lookRight"] == pytest.approx(0.4), "looks come before expressions: they are damped"


@pytest.mark.parametrize(("on", "shown_weight"), [("leftEye", 0.0), ("head", 0.7)])
def test_eyes_that_bones_turn_must_not_be_turned_again_by_shapes(
    tmp_path: Path, on: str, shown_weight: float
) -> None:
    glb, nodes = vrm1(lookAt={"type": "bone"})
    node = face(glb, ("eyeLookDownLeft",))
    glb.root["skins"].append({"joints": [nodes[on], nodes["hips"]]})
    glb.root["nodes"][node]["skin"] = 0
    weights = np.tile(np.array([0.9, 0.1, 0, 0], np.float32), (4, 1))
    joints = np.tile(np.array([0, 1, 0, 0], np.uint8), (4, 1))
    glb.root["meshes"][0]["primitives"][0]["attributes"] |= {
        "JOINTS_0": glb.accessor(joints), "WEIGHTS_0": glb.accessor(weights)
    }  # fmt: skip
    glb.root["extensions"]["VRMC_vrm"]["expressions"] = {
        "custom": {"eyeLookDownLeft": morph_expression(node, 0)}
    }
    runtime = Runtime(load(glb, tmp_path))
    state = runtime.update(pose(expressions={"eyeLookDownLeft": 0.7}), 0.0)
    assert float(state.morph_weights[0]) == pytest.approx(shown_weight)


def test_expressions_must_colour_materials(tmp_path: Path) -> None:
    glb, _ = vrm1()
    glb.root["materials"].append({"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}})
    glb.root["extensions"]["VRMC_vrm"]["expressions"] = {
        "preset": {
            "happy": {
                "materialColorBinds": [
                    {"material": 0, "type": "color", "targetValue": [0, 1, 0, 0.5]}
                ],
                "textureTransformBinds": [{"material": 0, "scale": [2, 1], "offset": [0.5, 0]}],
            }
        }
    }
    runtime = Runtime(load(glb, tmp_path))
    assert runtime.update(pose(), 0.0).materials == {}
    changes = runtime.update(pose(expressions={"happy": 0.5}), 0.0).materials[0]
    assert changes["base_color"] == pytest.approx((0.5, 0.5, 0.0, 0.75))
    assert changes["uv_offset"] == pytest.approx((0.25, 0.0))
    assert changes["uv_scale"] == pytest.approx((1.5, 1.0))


def test_the_order_must_be_vrms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime, _ = swinging(tmp_path)
    seen: list[str] = []

    def note(name: str, of: Any, method: str) -> None:
        real = getattr(of, method)

        def call(*args: Any) -> Any:
            seen.append(name)
            return real(*args)

        monkeypatch.setattr(of, method, call)

    for name, of, method in (
        ("humanoid", runtime.humanoid, "apply"), ("look-at", runtime._look_at, "apply"),
        ("expressions", runtime.expressions, "update"),
        ("constraints", runtime._constraints, "apply"), ("springs", runtime.springs, "update"),
    ):  # fmt: skip
        note(name, of, method)
    assert isinstance(runtime.humanoid, HumanoidRig)
    runtime.update(pose(), 1 / 60)
    assert seen == ["humanoid", "look-at", "expressions", "constraints", "springs"]


def test_rig_and_springs_must_be_metered(tmp_path: Path) -> None:
    meter = Meter()
    glb, _ = vrm1()
    Runtime(load(glb, tmp_path), meter=meter).update(pose(), 1 / 60)
    assert meter.series("rig").count == 1
    assert meter.series("springs").count == 1
