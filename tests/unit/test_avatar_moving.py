"""What moves by itself: constraints and springs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar import quat
from avatar.rig.runtime import Runtime
from flow.pose import AvatarPose
from tests.fixtures.bodies import load, place, pose, same, swinging, turn
from tests.fixtures.glb import vrm1


def constrained(tmp_path: Path, kind: dict[str, Any], source: str = "leftHand") -> Runtime:
    """An avatar with an extra bone beside the left hand under a constraint."""
    glb, nodes = vrm1()
    extra = glb.node("twist", nodes["leftLowerArm"], translation=[0.12, 0, 0])
    (what,) = kind
    glb.root["nodes"][extra]["extensions"] = {
        "VRMC_node_constraint": {"constraint": {what: {"source": nodes[source], **kind[what]}}}
    }
    return Runtime(load(glb, tmp_path))


def twist_of(runtime: Runtime, asked: AvatarPose) -> quat.F64:
    """The constrained bone's local rotation."""
    runtime.update(asked, 0.0)
    twist = runtime.avatar.model.node_names.index("twist")
    return np.array(runtime.skeleton.rotation[twist])


def test_roll_must_take_only_the_twist(tmp_path: Path) -> None:
    runtime = constrained(tmp_path, {"roll": {"rollAxis": "X", "weight": 0.5}})
    assert same(twist_of(runtime, pose({"leftHand": turn(x=0.8)})), turn(x=0.4))
    assert same(twist_of(runtime, pose({"leftHand": turn(z=0.8)})), quat.IDENTITY)


def test_rotation_must_follow_by_its_weight(tmp_path: Path) -> None:
    runtime = constrained(tmp_path, {"rotation": {"weight": 0.25}})
    assert same(twist_of(runtime, pose({"leftHand": turn(y=0.8)})), turn(y=0.2))


def test_aim_must_point_at_its_source_wherever_both_are(tmp_path: Path) -> None:
    runtime = constrained(tmp_path, {"aim": {"aimAxis": "PositiveZ"}}, "head")
    for asked in (
        pose(),
        pose({"leftUpperArm": turn(z=1.0), "head": turn(y=1.0), "spine": turn(x=0.5)}),
    ):
        state = runtime.update(asked, 0.0)
        node = runtime.avatar.model.node_names.index("twist")
        way = place(runtime, state, "head") - state.world[node, :3, 3]
        assert np.allclose(state.world[node, :3, 2], way / np.linalg.norm(way), atol=1e-5)


def test_hair_must_lag_then_come_to_rest_and_keep_its_length(tmp_path: Path) -> None:
    runtime, hair = swinging(tmp_path, collides=False)
    rest = runtime.update(pose(), 0.0).world[hair, :3, 3].copy()
    moved = runtime.update(pose({"neck": turn(y=0.8)}), 1 / 60).world[hair, :3, 3].copy()
    state = runtime.update(pose({"neck": turn(y=0.8)}), 1 / 60)
    for _ in range(300):
        state = runtime.update(pose({"neck": turn(y=0.8)}), 1 / 60)
        steps = np.diff(state.world[hair, :3, 3], axis=0)
        assert np.allclose(np.linalg.norm(steps, axis=1), 0.1, atol=1e-5)
    final = state.world[hair, :3, 3]
    assert np.linalg.norm(moved[-1] - final[-1]) > 0.01, "it lagged behind"
    runtime.reset()
    still = runtime.update(pose({"neck": turn(y=0.8)}), 1 / 60).world[hair, :3, 3]
    assert np.allclose(still, final, atol=2e-3), "it came to rest as modelled"
    runtime.reset()
    assert np.allclose(runtime.update(pose(), 0.0).world[hair, :3, 3], rest, atol=1e-6)


def test_hair_must_stay_out_of_the_head(tmp_path: Path) -> None:
    runtime, hair = swinging(tmp_path, gravityPower=2.0, gravityDir=[0, -0.5, 0.9], hitRadius=0.01)
    state = runtime.update(pose(), 1 / 60)
    for _ in range(200):
        state = runtime.update(pose(), 1 / 60)
    node = runtime.avatar.humanoid.node("head")
    centre = state.world[node, :3, 3] + np.array([0, 0, -0.1])
    assert np.linalg.norm(state.world[hair[1:], :3, 3] - centre, axis=1).min() > 0.0899


@pytest.mark.parametrize("drag", [0.2, 0.4, 1.0])
def test_hair_must_swing_alike_at_any_frame_rate(tmp_path: Path, drag: float) -> None:
    def path(fps: int) -> quat.F64:
        runtime, hair = swinging(tmp_path, collides=False, gravityPower=0.1, dragForce=drag)
        runtime.update(pose(), 0.0)
        out = []
        for k in range(fps):
            t = (k + 1) / fps
            state = runtime.update(pose({"head": turn(z=0.5 * np.sin(4 * t))}), 1 / fps)
            if (k + 1) % (fps // 6) == 0:
                out.append(state.world[hair[-1], :3, 3].astype(np.float64))
        return np.array(out)

    assert np.abs(path(120) - path(60)).max() < 0.01
    assert np.abs(path(30) - path(60)).max() < 0.01


def test_the_stage_moving_the_avatar_must_swing_its_hair(tmp_path: Path) -> None:
    runtime, hair = swinging(tmp_path)
    before = runtime.update(pose(), 1 / 60).world[hair[-1], :3, 3].copy()
    moved = np.eye(4)
    moved[0, 3] = 0.2
    runtime.stand(moved)
    state = runtime.update(pose(), 1 / 60)
    assert place(runtime, state, "hips")[0] == pytest.approx(0.2)
    assert state.world[hair[-1], 0, 3] - before[0] < 0.19


def test_a_stalled_show_must_not_blow_the_hair_away(tmp_path: Path) -> None:
    runtime, _ = swinging(tmp_path, stiffness=4.0, gravityPower=1.0)
    for dt in (0.016, 30.0, 0.0, -1.0, 0.5, 1e-6, 0.016):
        state = runtime.update(pose({"head": turn(z=dt % 1 or 0.1)}), dt)
        assert np.isfinite(state.world).all()
