"""Centre spaces of spring bones: in them, not in the world, a joint's inertia is felt."""

from __future__ import annotations

import numpy as np

from avatar.quat import F64
from flow.spec import I32


class Centres:
    """`nodes` (j,) is the centre of every joint, -1 for the world."""

    def __init__(self, nodes: I32) -> None:
        self._rows = np.flatnonzero(nodes >= 0)
        self._nodes, self._of_row = np.unique(nodes[self._rows], return_inverse=True)
        self._to_world: F64 = np.zeros((0, 4, 4))
        self._from_world: F64 = self._to_world

    def update(self, world: F64) -> None:
        """Take the nodes' world matrices."""
        if not len(self._rows):
            return
        self._to_world = world.take(self._nodes, 0)
        try:
            self._from_world = np.asarray(np.linalg.inv(self._to_world), np.float64)
        except np.linalg.LinAlgError:  # scaled to nothing
            self._from_world = np.asarray(np.linalg.pinv(self._to_world), np.float64)

    def to_world(self, points: F64) -> None:
        """Take (j, 3) points out of their centres' spaces, in place."""
        self._transform(self._to_world, points)

    def from_world(self, points: F64) -> None:
        """The way back, in place."""
        self._transform(self._from_world, points)

    def _transform(self, matrices: F64, points: F64) -> None:
        if len(self._rows):
            each = matrices[self._of_row]
            moved = np.matvec(each[:, :3, :3], points[self._rows])
            points[self._rows] = moved + each[:, :3, 3]
