"""Forward kinematics: local transforms to world matrices, one small product per depth of tree."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar import quat
from avatar.quat import F64
from flow.mesh import Model
from flow.spec import I32

Run = slice | I32

_EVEN = 1e-6
_MOST_SPREAD = 1.5
"""Above this share of strangers in a run of indices, picking them one by one is cheaper."""


class Skeleton:
    """The moving state of one model's nodes. Arrays are allocated once and owned here.

    `translation`, `rotation`, `scale` are written by the runtime's steps; `local` and `world` by
    `compose` and `propagate`. `world` has one row more than there are nodes: the last is the
    place of the model itself (`Model.root` moved by the stage), the parent of root nodes.

    Most nodes of a model never turn, and those that swing are placed by their springs. So that
    neither costs anything, steps say once which nodes they move (`moves`) and which world
    matrices they write themselves (`leaves`).
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
        self._depth = depths(model.parents)
        self._paths: dict[tuple[int, ...], I32] = {}
        self._kept = np.ones(n, bool)
        self._runs = self._levels(self._kept)
        self._moving: I32 = np.arange(n, dtype=np.int32)
        self._posed = self.local.copy()
        self.compose()
        self.propagate()
        self._moving, self._posed = self._moving[:0], self._posed[:0]
        self.rest_world = self.world.copy()
        self.rest_world_rotation = self._world_rotations()

    def moves(self, nodes: I32) -> None:
        """`nodes` may get another rotation or translation than in the file."""
        self._moving = np.union1d(self._moving, nodes).astype(np.int32)
        self._posed = self.local[self._moving]

    def leaves(self, nodes: I32) -> None:
        """The world matrices of `nodes` are somebody else's; so are those of all below them."""
        self._kept[nodes] = False
        self._runs = self._levels(self._kept)

    def reset(self) -> None:
        """Back to the file's own pose."""
        self.translation[:] = self.rest_translation
        self.rotation[:] = self.rest_rotation
        self.scale[:] = self.rest_scale

    def stand(self, world_from_model: F64) -> None:
        """Where the model stands: a rigid transform above `Model.root`."""
        self.world[self.count] = world_from_model @ self.root

    def compose(self) -> None:
        """Local matrices from translation, rotation and scale of the nodes that move."""
        posed = self._posed
        self._locals(self._moving, posed)
        self.local[self._moving] = posed

    def _locals(self, nodes: I32, out: F64) -> None:
        linear = quat.to_matrix(self.rotation.take(nodes, 0))
        np.multiply(linear, self.scale.take(nodes, 0)[:, None, :], out=out[:, :3, :3])
        out[:, :3, 3] = self.translation.take(nodes, 0)

    def propagate(self) -> None:
        """World matrices from local ones."""
        world, local = self.world, self.local
        for run, parents in self._runs:
            above = world.take(parents, 0)
            if isinstance(run, slice):
                np.matmul(above, local[run], out=world[run])
            else:
                world[run] = above @ local.take(run, 0)

    def chain(self, node: int) -> F64:
        """World matrix of one node from the current transforms, without touching `world`."""
        return self.chains((node,))[0]

    def chains(self, nodes: tuple[int, ...]) -> list[F64]:
        """The same for a few nodes (`count`: where the model stands); what they share is shared."""
        path = self._paths.get(nodes)
        if path is None:
            path = self._paths[nodes] = self._path(nodes)
        local = np.zeros((len(path), 4, 4))
        local[:, 3, 3] = 1.0
        self._locals(path, local)
        found = {self.count: self.world[self.count]}
        for node, matrix in zip(path.tolist(), local, strict=True):
            found[node] = found[int(self.parents[node])] @ matrix
        return [found[node] for node in nodes]

    def _path(self, nodes: tuple[int, ...]) -> I32:
        """`nodes` and all their ancestors, parents first."""
        path: set[int] = set()
        for node in nodes:
            here = node
            while here != self.count:
                path.add(here)
                here = int(self.parents[here])
        return np.array(sorted(path), np.int32)

    def evenly_scaled(self, nodes: I32) -> bool:
        """Whether no ancestor of `nodes`, nor they themselves, scale one axis unlike another."""
        scale = np.vstack([self.rest_scale, np.ones((1, 3))])
        uneven = np.ptp(np.abs(scale), axis=1) > _EVEN * np.abs(scale).max(axis=1)
        here = np.unique(nodes)
        while len(here) and not uneven[here].any():
            here = np.unique(self.parents[here[here < self.count]])
        return not len(here)

    def _levels(self, kept: NDArray[np.bool_]) -> list[tuple[Run, I32]]:
        """Runs of nodes to propagate, depth by depth, and their parents.

        A run may pass over a few nodes that are not kept: what it writes there is written again.
        """
        out: list[tuple[Run, I32]] = []
        for d in range(int(self._depth.max(initial=-1)) + 1):
            nodes = np.flatnonzero((self._depth == d) & kept)
            if len(nodes):
                run = run_of(nodes, _MOST_SPREAD)
                out.append((run, self.parents[run]))
        return out

    def _world_rotations(self) -> F64:
        """(n + 1, 4) rest rotations in model-world: the products of the local ones.

        Products of quaternions rather than a decomposition of the matrices: a scaled or sheared
        parent has no rotation to decompose, but this stays a rotation.
        """
        out = np.zeros((self.count + 1, 4))
        out[self.count] = quat.from_matrix(self.root[:3, :3])
        for run, parents in self._runs:
            out[run] = quat.multiply(out[parents], self.rest_rotation[run])
        return quat.normalize(out)


def depths(parents: I32) -> I32:
    """How many ancestors each node has. Parents come first."""
    out = np.zeros(len(parents), np.int32)
    for i, parent in enumerate(parents.tolist()):
        if parent >= 0:
            out[i] = out[parent] + 1
    return out


def run_of(indices: NDArray[np.integer[Any]], spread: float = 1.0) -> Run:
    """The indices as a slice when they ascend one by one (our loader sorts nodes so).

    With `spread` also when up to that many times as many lie between the first and the last.
    """
    if not len(indices):
        return slice(0, 0)
    first, last = int(indices[0]), int(indices[-1])
    if last - first + 1 <= spread * len(indices) and bool((np.diff(indices) > 0).all()):
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
