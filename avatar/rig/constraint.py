"""Node constraints: twist bones and the like (VRMC_node_constraint-1.0).

Every constraint takes its destination from its rest rotation towards what its source does, by its
weight. A constraint whose source is another's destination runs after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
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
        self._steps = [_STEPS[c.kind](c, skeleton) for c in in_order(constraints, skeleton)]
        skeleton.moves(np.array([c.destination for c in constraints], np.int32))

    def apply(self) -> None:
        """Write the destinations' local rotations into the skeleton."""
        for step in self._steps:
            step(self._skeleton)


class _Roll:
    """What of the source's turn goes about the axis, by the weight.

    The way from the rest pose, seen in the destination's axes, is rest⁻¹ · now · source⁻¹ · rest
    with both rest rotations: linear in `now`. Its part along the axis and its real one say how far
    it rolls.
    """

    def __init__(self, it: Constraint, skeleton: Skeleton) -> None:
        rest = skeleton.rest_rotation[it.destination]
        source = quat.conjugate(skeleton.rest_rotation[it.source])
        axis = np.array([*it.axis, 0.0])
        ways = quat.multiply(
            quat.multiply(quat.conjugate(rest), np.eye(4)), quat.multiply(source, rest)
        )
        self._parts = np.stack([ways @ axis, ways[:, 3]], axis=1)
        self._rest, self._turned = rest, quat.multiply(rest, axis)
        self._source, self._destination, self._weight = it.source, it.destination, it.weight

    def __call__(self, skeleton: Skeleton) -> None:
        along, real = (skeleton.rotation[self._source] @ self._parts).tolist()
        half = self._weight * math.atan2(math.copysign(along, along * real), abs(real))
        turned = self._rest * math.cos(half) + self._turned * math.sin(half)
        skeleton.rotation[self._destination] = turned


class _Rotation:
    """The source's turn from its rest pose, by the weight."""

    def __init__(self, it: Constraint, skeleton: Skeleton) -> None:
        self._rest = skeleton.rest_rotation[it.destination]
        self._inverse = quat.conjugate(skeleton.rest_rotation[it.source])
        self._source, self._destination, self._weight = it.source, it.destination, it.weight

    def __call__(self, skeleton: Skeleton) -> None:
        x, y, z, w = quat.multiply(self._inverse, skeleton.rotation[self._source]).tolist()
        turn = _share((x, y, z), math.sqrt(x * x + y * y + z * z), w, self._weight)
        skeleton.rotation[self._destination] = quat.multiply(self._rest, turn)


class _Aim:
    """The smallest turn that points the axis at the source, by the weight."""

    def __init__(self, it: Constraint, skeleton: Skeleton) -> None:
        self._rest = skeleton.rest_rotation[it.destination]
        self._ahead = quat.rotate(self._rest, np.array(it.axis))
        self._above = int(skeleton.parents[it.destination])
        self._source, self._destination, self._weight = it.source, it.destination, it.weight

    def __call__(self, skeleton: Skeleton) -> None:
        above = skeleton.chain(self._above)
        here = above[:3, :3] @ skeleton.translation[self._destination] + above[:3, 3]
        way = skeleton.chain(self._source)[:3, 3] - here
        distance = math.sqrt(way @ way)
        if distance < _SMALLEST:
            skeleton.rotation[self._destination] = self._rest
            return
        way = quat.rotate(quat.conjugate(quat.of_transform(above)), way / distance)
        x, y, z, w = quat.from_to(self._ahead, way).tolist()
        turn = _share((x, y, z), math.sqrt(x * x + y * y + z * z), w, self._weight)
        skeleton.rotation[self._destination] = quat.multiply(turn, self._rest)


_STEPS: dict[str, Callable[[Constraint, Skeleton], Callable[[Skeleton], None]]] = {
    "roll": _Roll,
    "rotation": _Rotation,
    "aim": _Aim,
}


def _share(axis: tuple[float, float, float], size: float, real: float, weight: float) -> F64:
    """(4,) the share `weight` of the turn (axis, real), the short way round."""
    half = weight * math.atan2(size, abs(real))
    factor = math.copysign(math.sin(half) / size if size > _SMALLEST else weight, real)
    return np.array([factor * axis[0], factor * axis[1], factor * axis[2], math.cos(half)])


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
