"""In which order what swings is worked out: by depth, chains side by side, longest first.

A level is all joints with the same number of swinging or hanging ancestors. Sorted like this, the
joints above those of a level are mostly its predecessor's first ones, and nothing is picked.
"""

from __future__ import annotations

from collections.abc import Iterable

from avatar.rig.skeleton import Skeleton
from avatar.rig.spring import SpringJoint


class SpringTree:
    """Rows for everything that springs move: all joints first, then what merely hangs on them."""

    def __init__(self, joints: Iterable[SpringJoint], skeleton: Skeleton) -> None:
        self._parents = [int(p) for p in skeleton.parents]
        found = list(joints)
        swinging = {j.node for j in found}
        self._depth = self._depths(swinging)
        below = self._below(swinging)
        self.depth = max(self._depth.values(), default=-1) + 1
        """How many levels there are."""
        self.row: dict[int, int] = {}
        """Node → row."""
        self.joints: list[SpringJoint] = []
        self.runs: list[slice] = []
        """Of each level, the rows of its joints."""
        by_height = sorted(found, key=lambda j: -below[j.node])
        for d in range(self.depth):
            here = [j for j in by_height if self._depth[j.node] == d]
            if d:
                here.sort(key=lambda j: self.row.get(self._parents[j.node], -1))
            first = len(self.joints)
            self.runs.append(slice(first, first + len(here)))
            self.row |= {j.node: first + k for k, j in enumerate(here)}
            self.joints += here
        self.nodes = [j.node for j in self.joints]
        """Of each row, its node."""
        hanging = [n for n in self._depth if n not in swinging]
        self.between = self._hung(n for n in hanging if below[n])
        """Of each level, the rows of nodes that have joints both above and below them."""
        self.ends = self._hung(n for n in hanging if not below[n])
        """Of each level, the rows of nodes that nothing swings below."""

    def above(self, rows: slice) -> list[int]:
        """The nodes that those of `rows` hang on."""
        return [self._parents[n] for n in self.nodes[rows]]

    def _depths(self, swinging: set[int]) -> dict[int, int]:
        """Every node that swings or hangs on one that does → how many of its ancestors do."""
        depth: dict[int, int] = {}
        for node, parent in enumerate(self._parents):
            if parent in depth:
                depth[node] = depth[parent] + 1
            elif node in swinging:
                depth[node] = 0
        return depth

    def _below(self, swinging: set[int]) -> dict[int, int]:
        """How many levels below each of them something still swings."""
        below = dict.fromkeys(self._depth, 0)
        for node in reversed(self._depth):
            parent = self._parents[node]
            if parent in below and (below[node] or node in swinging):
                below[parent] = max(below[parent], below[node] + 1)
        return below

    def _hung(self, nodes: Iterable[int]) -> list[slice]:
        chosen = list(nodes)
        out = []
        for d in range(self.depth):
            first = len(self.nodes)
            self.nodes += [n for n in chosen if self._depth[n] == d]
            self.row |= {n: first + k for k, n in enumerate(self.nodes[first:])}
            out.append(slice(first, len(self.nodes)))
        return out
