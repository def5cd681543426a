"""Node constraints: twist bones and the like (VRMC_node_constraint-1.0).

Every constraint takes its destination from its rest rotation towards what its source does, by its
weight. A constraint whose source is another's destination runs after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from avatar import quat
from avatar.quat import F64
from avatar.rig.skeleton import Skeleton

_SMALLEST = 1e-9


@dataclass(frozen=True, slots=True)
class Constraint:
    """`kind` moves node `destination` after node `source`.

    `axis` is a unit vector in the destination's space: about which it rolls, or which points at
    the source (aim).
    """

    kind: Literal["roll", "aim", "rotation"]
    destination: int
    source: int
    axis: tuple[float, float, float] = (1.0, 0.0, 0.0)
    weight: float = 1.0


class ConstraintRig:
    """Applies the constraints of one avatar in the order of their dependencies."""

    def __init__(self, constraints: tuple[Constraint, ...], skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._steps = [_Step(c, skeleton) for c in in_order(constraints, skeleton)]

    def apply(self) -> None:
        """Write the destinations' local rotations into the skeleton."""
        for step in self._steps:
            step.apply(self._skeleton)


class _Step:
    """One constraint with what its rest pose gives once."""

    def __init__(self, constraint: Constraint, skeleton: Skeleton) -> None:
        self._it = constraint
        self._axis = np.array(constraint.axis)
        self._rest: F64 = skeleton.rest_rotation[constraint.destination].copy()
        self._inverse_rest = quat.conjugate(self._rest)
        source = quat.conjugate(skeleton.rest_rotation[constraint.source])
        self._source_inverse = source
        self._source_to_rest = quat.multiply(source, self._rest)

    def apply(self, skeleton: Skeleton) -> None:
        it = self._it
        now = skeleton.rotation[it.source]
        if it.kind == "roll":
            delta = quat.multiply(quat.multiply(self._inverse_rest, now), self._source_to_rest)
            swing = quat.from_to(quat.rotate(delta, self._axis), self._axis)
            target = quat.multiply(self._rest, quat.multiply(swing, delta))
        elif it.kind == "rotation":
            target = quat.multiply(self._rest, quat.multiply(self._source_inverse, now))
        else:
            target = self._aim(skeleton)
        skeleton.rotation[it.destination] = quat.slerp(self._rest, target, it.weight)

    def _aim(self, skeleton: Skeleton) -> F64:
        it = self._it
        parent = int(skeleton.parents[it.destination])
        above = skeleton.chain(parent)
        local = np.append(skeleton.translation[it.destination], 1.0)
        way = skeleton.chain(it.source)[:3, 3] - (above @ local)[:3]
        distance = float(np.sqrt(way @ way))
        if distance < _SMALLEST:
            return self._rest
        turn = quat.of_transform(above)
        ahead = quat.rotate(quat.multiply(turn, self._rest), self._axis)
        swing = quat.multiply(quat.from_to(ahead, way / distance), turn)
        return quat.multiply(quat.multiply(quat.conjugate(turn), swing), self._rest)


def in_order(constraints: tuple[Constraint, ...], skeleton: Skeleton) -> list[Constraint]:
    """Sources before destinations; aim also waits for whatever moves its own ancestors.

    Rings cannot be put in order: their members are left out.
    """
    by_destination = {c.destination: c for c in constraints}
    done: set[int] = set()
    out: list[Constraint] = []

    def visit(c: Constraint, path: frozenset[int]) -> bool:
        if c.destination in done:
            return True
        if c.destination in path:
            return False
        for node in _needs(c, skeleton):
            other = by_destination.get(node)
            if other is not None and not visit(other, path | {c.destination}):
                return False
        done.add(c.destination)
        out.append(c)
        return True

    for constraint in by_destination.values():
        visit(constraint, frozenset())
    return out


def _needs(c: Constraint, skeleton: Skeleton) -> list[int]:
    """The nodes whose rotation must be known before this constraint."""
    if c.kind != "aim":
        return [c.source]
    needed = []
    for start in (c.source, int(skeleton.parents[c.destination])):
        node = start
        while node != skeleton.count:
            needed.append(node)
            node = int(skeleton.parents[node])
    return needed
