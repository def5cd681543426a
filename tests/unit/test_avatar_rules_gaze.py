"""Rules of the gaze that no sample file shows: what turns, by which map, towards what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar import quat
from avatar.rig.runtime import Runtime
from tests.fixtures.bodies import facing, load, pose, same, turn
from tests.fixtures.glb import face, faced, morph_expression, vrm1


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
