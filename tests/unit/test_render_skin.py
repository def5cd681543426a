"""Posing a model on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.spec import F32
from flow.stage import RigState
from render.model import Layout, lay_out
from render.skin import Skinner, rest_rig
from tests.fixtures.models import doll


def reference(layout: Layout, rig: RigState) -> tuple[F32, F32]:
    """The definition, vertex by vertex (glTF 2.0, section 3.7.3.3)."""
    positions, normals = layout.positions.copy(), layout.normals.copy()
    for primitive, first in layout.sources:
        for slot, morph in enumerate(primitive.morphs):
            weight = rig.morph_weights[primitive.morph_offset + slot]
            positions[morph.vertices + first] += weight * morph.positions
            normals[morph.vertices + first] += weight * morph.normals
        for vertex in range(len(primitive.positions)):
            matrix = rig.world[primitive.node].astype(np.float64)
            if primitive.skin >= 0 and primitive.joints is not None:
                assert primitive.weights is not None
                skin = layout.model.skins[primitive.skin]
                matrix = sum(
                    weight * (rig.world[skin.joints[joint]] @ skin.inverse_bind[joint])
                    for joint, weight in zip(
                        primitive.joints[vertex], primitive.weights[vertex], strict=True
                    )
                )
            at = first + vertex
            positions[at] = matrix[:3, :3] @ positions[at] + matrix[:3, 3]
            normals[at] = matrix[:3, :3] @ normals[at]
    return positions, normals


def random_rig(seed: int) -> RigState:
    rng = np.random.default_rng(seed)
    rest = rest_rig(doll())
    world = rest.world + rng.normal(0.0, 0.2, rest.world.shape).astype(np.float32)
    world[:, 3] = (0.0, 0.0, 0.0, 1.0)
    return RigState(world, rng.random(1).astype(np.float32))


@pytest.mark.parametrize("interleaved", [True, False])
def test_one_product_must_equal_the_definition_of_skinning(interleaved: bool) -> None:
    layout = lay_out(doll())
    rig = random_rig(3)
    skinner = Skinner(layout, interleaved=interleaved)
    skinner.pose(rig)
    positions, normals = reference(layout, rig)
    np.testing.assert_allclose(skinner.positions, positions, atol=2e-5)
    np.testing.assert_allclose(skinner.normals, normals, atol=2e-5)


def test_interleaved_rows_must_hold_position_then_normal() -> None:
    skinner = Skinner(lay_out(doll()), interleaved=True)
    skinner.pose(rest_rig(doll()))
    np.testing.assert_array_equal(skinner.rows[:, :3], skinner.positions)
    np.testing.assert_array_equal(skinner.rows[:, 3:], skinner.normals)


def test_a_morph_must_come_and_go_without_a_trace() -> None:
    skinner = Skinner(lay_out(doll()), interleaved=False)
    rest = rest_rig(doll())
    skinner.pose(rest)
    before = skinner.positions.copy()
    skinner.pose(RigState(rest.world, np.ones(1, np.float32)))
    moved = np.abs(skinner.positions - before).max(axis=1) > 1e-6
    lowered = before[moved] - skinner.positions[moved]
    np.testing.assert_allclose(lowered, np.broadcast_to([0, 0.06, 0], lowered.shape), atol=1e-6)
    skinner.pose(rest)
    np.testing.assert_array_equal(skinner.positions, before)


def test_morph_weights_changed_in_place_must_be_noticed() -> None:
    skinner = Skinner(lay_out(doll()), interleaved=False)
    rest = rest_rig(doll())
    weights = np.zeros(1, np.float32)
    skinner.pose(RigState(rest.world, weights))
    before = skinner.positions.copy()
    weights[0] = 1.0  # the runtime reuses its array
    skinner.pose(RigState(rest.world, weights))
    assert not np.array_equal(skinner.positions, before)


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(*[st.floats(-3.0, 3.0)] * 3),
    st.floats(-3.1, 3.1),
)
def test_moving_every_node_must_move_the_skin_as_one_body(
    shift: tuple[float, float, float], yaw: float
) -> None:
    skinner = Skinner(lay_out(doll()), interleaved=False)
    rest = rest_rig(doll())
    skinner.pose(rest)
    before = skinner.positions.copy()
    motion = np.eye(4, dtype=np.float32)
    motion[0, 0] = motion[2, 2] = np.cos(yaw)
    motion[0, 2], motion[2, 0] = np.sin(yaw), -np.sin(yaw)
    motion[:3, 3] = shift
    skinner.pose(RigState(motion @ rest.world, rest.morph_weights))
    wanted = before @ motion[:3, :3].T + motion[:3, 3]
    np.testing.assert_allclose(skinner.positions, wanted, atol=2e-5)


def test_posing_must_not_touch_its_inputs() -> None:
    rig = random_rig(5)
    world, weights = rig.world.copy(), rig.morph_weights.copy()
    Skinner(lay_out(doll()), interleaved=True).pose(rig)
    np.testing.assert_array_equal(rig.world, world)
    np.testing.assert_array_equal(rig.morph_weights, weights)
