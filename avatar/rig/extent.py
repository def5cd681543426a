"""How much room a model takes: the box around its skinned, not morphed, surface."""

from __future__ import annotations

import numpy as np

from avatar.quat import F64
from avatar.rig.skeleton import rest_world
from flow.mesh import Model, Primitive
from flow.spec import F32


def extent(model: Model, world: F32 | F64 | None = None) -> tuple[F64, F64] | None:
    """Lowest and highest corner (3,) in metres, world axes; None for a model without a surface.

    Args:
        model: The model.
        world: (n, 4, 4) world matrices of its nodes; the file's own pose when None.
    """
    matrices = rest_world(model) if world is None else world.astype(np.float64)
    boxes = [_points(model, p, matrices) for p in model.primitives if len(p.positions)]
    if not boxes:
        return None
    corners = np.stack([(b.min(axis=0), b.max(axis=0)) for b in boxes])
    return corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)


def _points(model: Model, primitive: Primitive, world: F64) -> F64:
    """(v, 3) where the vertices are."""
    points = primitive.positions.astype(np.float64)
    if primitive.skin < 0 or primitive.joints is None or primitive.weights is None:
        matrix = world[primitive.node]
        placed: F64 = points @ matrix[:3, :3].T + matrix[:3, 3]
        return placed
    skin = model.skins[primitive.skin]
    palette = world[skin.joints] @ skin.inverse_bind
    out = np.zeros_like(points)
    for slot in range(primitive.joints.shape[1]):
        matrix = palette[primitive.joints[:, slot]]
        moved = np.einsum("vij,vj->vi", matrix[:, :3, :3], points) + matrix[:, :3, 3]
        out += primitive.weights[:, slot, None] * moved
    return out
