"""Forward kinematics: local transforms to world matrices, one small product per depth of tree."""

from __future__ import annotations

import numpy as np

from avatar import quat
from avatar.quat import F64
from flow.mesh import Model
from flow.spec import I32

Run = slice | I32


class Skeleton:
    """The moving state of one model's nodes. Arrays are allocated once and owned here.

    `translation`, `rotation`, `scale` are written by the runtime's steps; `local` and `world` by
    `compose` and `propagate`. `world` has one row more than there are nodes: the last is the
    place of the model itself (`Model.root` moved by the stage), the parent of root nodes.
    """

    def __init__(self, model: Model) -> None:
        n = len(model.parents)
        self.count = n
        self.parents = np.where(model.parents >= 0, model.parents, n).astype(np.int32)
        self.rest_translation = model.rest_translation.astype(np.float64)
        self.rest_rotation = quat.normalize(model.rest_rotation)
        self.rest_scale = model.rest_scale.astype(np.float64)
        self.translation = self.rest_translation.copy()
        self.rotation = self.rest_rotation.copy()
        self.scale = self.rest_scale.copy()
        self.root = model.root.astype(np.float64)
        self.local = np.zeros((n, 4, 4))
        self.local[:, 3, 3] = 1.0
        self.world = np.zeros((n + 1, 4, 4))
        self.world[n] = self.root
        depth = depths(model.parents)
        self._runs = [
            _run(np.flatnonzero(depth == d)) for d in range(int(depth.max(initial=-1)) + 1)
        ]
        self.compose()
        self.propagate()
        self.rest_world = self.world.copy()
        self.rest_world_rotation = self._world_rotations()

    def reset(self) -> None:
        """Back to the file's own pose."""
        self.translation[:] = self.rest_translation
        self.rotation[:] = self.rest_rotation
        self.scale[:] = self.rest_scale

    def stand(self, world_from_model: F64) -> None:
        """Where the model stands: a rigid transform above `Model.root`."""
        self.world[self.count] = world_from_model @ self.root

    def compose(self) -> None:
        """Local matrices from translation, rotation and scale."""
        linear = quat.to_matrix(self.rotation)
        np.multiply(linear, self.scale[:, None, :], out=self.local[:, :3, :3])
        self.local[:, :3, 3] = self.translation

    def propagate(self) -> None:
        """World matrices from local ones."""
        for run in self._runs:
            self.world[run] = self.world[self.parents[run]] @ self.local[run]

    def chain(self, node: int) -> F64:
        """World matrix of one node from the current transforms, without touching `world`."""
        matrix = np.eye(4)
        while node != self.count:
            local = np.eye(4)
            local[:3, :3] = quat.to_matrix(self.rotation[node]) * self.scale[node]
            local[:3, 3] = self.translation[node]
            matrix = local @ matrix
            node = int(self.parents[node])
        return np.asarray(self.world[self.count] @ matrix, np.float64)

    def _world_rotations(self) -> F64:
        """(n + 1, 4) rest rotations in model-world: the products of the local ones.

        Products of quaternions rather than a decomposition of the matrices: a scaled or sheared
        parent has no rotation to decompose, but this stays a rotation.
        """
        out = np.zeros((self.count + 1, 4))
        out[self.count] = quat.from_matrix(self.root[:3, :3])
        for run in self._runs:
            out[run] = quat.multiply(out[self.parents[run]], self.rest_rotation[run])
        return quat.normalize(out)


def depths(parents: I32) -> I32:
    """How many ancestors each node has. Parents come first."""
    out = np.zeros(len(parents), np.int32)
    for i, parent in enumerate(parents.tolist()):
        if parent >= 0:
            out[i] = out[parent] + 1
    return out


def _run(indices: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Run:
    """The indices as a slice when they are consecutive (our loader sorts nodes so)."""
    first, last = int(indices[0]), int(indices[-1])
    if last - first + 1 == len(indices):
        return slice(first, last + 1)
    return indices.astype(np.int32)


def rest_world(model: Model) -> F64:
    """(n, 4, 4) world matrices of the file's own pose, `Model.root` included."""
    n = len(model.parents)
    local = np.zeros((n, 4, 4))
    local[:, :3, :3] = quat.to_matrix(model.rest_rotation.astype(np.float64))
    local[:, :3, :3] *= model.rest_scale[:, None, :]
    local[:, :3, 3] = model.rest_translation
    local[:, 3, 3] = 1.0
    world = np.zeros((n, 4, 4))
    root = model.root.astype(np.float64)
    for i, parent in enumerate(model.parents):
        world[i] = (world[parent] if parent >= 0 else root) @ local[i]
    return world
