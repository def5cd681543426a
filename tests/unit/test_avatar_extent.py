"""The room a model takes is that of its surface in the world, not in its meshes' own spaces."""

from __future__ import annotations

import numpy as np

from avatar.rig.extent import extent
from flow.mesh import Model, Primitive, Skin

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)


def model(primitive: Primitive | None, skins: tuple[Skin, ...] = ()) -> Model:
    """A root at 1 m height, a child 0.5 m above it, twice as large."""
    return Model(
        name="cube",
        node_names=("root", "child"),
        parents=np.array([-1, 0], np.int32),
        rest_translation=np.array([[0, 1, 0], [0, 0.5, 0]], np.float32),
        rest_rotation=np.tile(np.array([0, 0, 0, 1], np.float32), (2, 1)),
        rest_scale=np.array([[1, 1, 1], [2, 2, 2]], np.float32),
        primitives=(primitive,) if primitive else (),
        materials=(),
        textures=(),
        skins=skins,
        morph_names=(),
    )


def cube(**more: object) -> Primitive:
    nothing = np.zeros((0, 3), np.uint32)
    fields = {"positions": CUBE, "normals": CUBE, "uv": CUBE[:, :2], "triangles": nothing, **more}
    return Primitive(name="cube", node=1, material=0, **fields)  # type: ignore[arg-type]


def test_an_unskinned_mesh_must_be_where_its_node_is() -> None:
    box = extent(model(cube()))
    assert box is not None
    np.testing.assert_allclose(box, [[-2, -0.5, -2], [2, 3.5, 2]])


def test_a_skinned_mesh_must_be_where_its_joints_are_and_not_its_node() -> None:
    bind = np.eye(4, dtype=np.float32)
    bind[:3, 3] = (0, -1, 0)  # bound where the root is
    skin = Skin(np.array([0], np.int32), bind[None])
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (8, 1))
    joints = np.zeros((8, 4), np.uint16)
    box = extent(model(cube(skin=0, joints=joints, weights=weights), (skin,)))
    assert box is not None
    np.testing.assert_allclose(box, [[-1, -1, -1], [1, 1, 1]])


def test_a_pose_must_move_the_box_and_no_surface_must_have_none() -> None:
    world = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    world[1, :3, 3] = (5, 0, 0)
    box = extent(model(cube()), world)
    assert box is not None
    np.testing.assert_allclose(box, [[4, -1, -1], [6, 1, 1]])
    assert extent(model(None)) is None
