"""One level of springs: the arrays that are worked out together, as views made once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar import quat
from avatar.quat import F64
from avatar.rig.skeleton import Run, Skeleton
from flow.spec import I32


@dataclass(slots=True)
class Hang:
    """Nodes that hang on swinging ones and do not swing: their rows, and those above."""

    run: slice
    above: I32
    nodes: I32


@dataclass(slots=True)
class Level:
    """Joints `run` of the sorted arrays. All arrays are views of the rig's, made once."""

    run: slice
    above: Run
    """Rows of the rig's frames they hang on; of the first level, rows of the skeleton's world."""
    own: F64
    placed: F64
    """Linear part, place and rest direction together, as the product with `own` writes them."""
    linear: F64
    place: F64
    axis: F64
    way: F64
    both: F64
    """`axis` and `way`."""
    goal: F64
    force: F64
    tail: F64
    point: F64
    square: F64
    """The first three of `tail`, and the last."""
    length: F64
    rest: F64
    turn: F64
    collides: bool
    hang: Hang | None


def own_rows(skeleton: Skeleton, nodes: I32) -> F64:
    """(k, 5, 4) columns of the bones' rest matrices, and a row for the vector to the tail.

    Times the columns of the parent's world matrix this gives both in the world.
    """
    own = np.zeros((len(nodes), 5, 4))
    linear = quat.to_matrix(skeleton.rest_rotation[nodes])
    linear = linear * skeleton.rest_scale[nodes][:, None, :]
    own[:, :3, :3] = linear.transpose(0, 2, 1)
    own[:, 3, :3] = skeleton.rest_translation[nodes]
    own[:, 3, 3] = 1.0
    return own
