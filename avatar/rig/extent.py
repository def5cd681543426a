"""How much room a model takes: the box around its skinned, not morphed, surface."""

from __future__ import annotations

import numpy as np

from avatar.quat import F64
from avatar.rig.humanoid import Humanoid
from avatar.rig.skeleton import rest_world
from flow.mesh import Model, Primitive
from flow.spec import F32

_BELOW, _MOSTLY = 0.12, 0.5


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


def head_extent(
    model: Model, humanoid: Humanoid, world: F32 | F64 | None = None
) -> tuple[F64, F64] | None:
    """The box around the head: what hangs on its bone, eyes and jaw; None where nothing does.

    Hair that has bones of its own does not count, and what reaches far below the head (a beard, a
    cape held by it) is cut off.
    """
    matrices = rest_world(model) if world is None else world.astype(np.float64)
    nodes = [n for n in map(humanoid.node, ("head", "leftEye", "rightEye", "jaw")) if n >= 0]
    if humanoid.node("head") < 0:
        return None
    boxes = []
    for primitive in model.primitives:
        points = _points(model, primitive, matrices)[_held_by(model, primitive, nodes)]
        if len(points):
            boxes.append(points)
    if not boxes:
        return None
    found = np.concatenate(boxes)
    low, high = found.min(axis=0), found.max(axis=0)
    neck = float(matrices[humanoid.node("head"), 1, 3])
    low[1] = max(low[1], neck - _BELOW * max(high[1] - neck, 0.0))
    return (low, high) if high[1] > low[1] else None


def _held_by(
    model: Model, primitive: Primitive, nodes: list[int]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(v,) which vertices hang mostly on one of these nodes, or on a node that hangs on them."""
    if primitive.skin < 0 or primitive.joints is None or primitive.weights is None:
        node = primitive.node
        while node >= 0 and node not in nodes:
            node = int(model.parents[node])
        return np.full(len(primitive.positions), node >= 0)
    ours = np.isin(model.skins[primitive.skin].joints, nodes)
    return np.asarray((ours[primitive.joints] * primitive.weights).sum(axis=1) > _MOSTLY)
