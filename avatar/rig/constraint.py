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
from flow.spec import I32

_SMALLEST = 1e-9
_OPPOSITE = -1.0 + 1e-9


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
        self._steps = [_STEPS[c.kind](c, skeleton) for c in in_order(constraints, skeleton.parents)]
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
        size = math.sqrt(x * x + y * y + z * z)
        half = math.copysign(math.atan2(size, abs(w)), w)
        turn = _share((x, y, z), size, half, self._weight)
        skeleton.rotation[self._destination] = quat.multiply(self._rest, turn)


class _Aim:
    """The smallest turn that points the axis at the source, by the weight."""

    def __init__(self, it: Constraint, skeleton: Skeleton) -> None:
        self._rest = skeleton.rest_rotation[it.destination]
        self._ahead = quat.rotate(self._rest, np.array(it.axis))
        above = int(skeleton.parents[it.destination])
        self._even = skeleton.evenly_scaled(np.array([above]))
        # As `quat.of_transform` has it: what mirrors is not a turn, and goes into x.
        mirrors = np.linalg.det(skeleton.rest_world[above, :3, :3]) < 0.0
        self._signs = np.array([-1.0 if mirrors else 1.0, 1.0, 1.0])
        self._ends = (above, it.source)
        self._destination, self._weight = it.destination, it.weight

    def __call__(self, skeleton: Skeleton) -> None:
        above, source = skeleton.chains(self._ends)
        linear = above[:3, :3]
        place = linear @ skeleton.translation[self._destination] + above[:3, 3]
        way = source[:3, 3] - place  # seen from the parent's axes, without its scale:
        if self._even:
            way = self._signs * (way @ linear)
        else:
            way = quat.rotate(quat.conjugate(quat.of_transform(above)), way)
        distance = math.sqrt(way @ way)
        if distance < _SMALLEST:
            skeleton.rotation[self._destination] = self._rest
            return
        turn = self._turn((way / distance).tolist())
        skeleton.rotation[self._destination] = quat.multiply(turn, self._rest)

    def _turn(self, way: list[float]) -> F64:
        (ax, ay, az), (x, y, z) = self._ahead.tolist(), way
        axis = (ay * z - az * y, az * x - ax * z, ax * y - ay * x)
        sine, cosine = math.sqrt(sum(a * a for a in axis)), ax * x + ay * y + az * z
        if cosine < _OPPOSITE:  # which way round does not matter, as long as it is a turn
            axis = tuple(quat.from_to(self._ahead, np.array(way))[:3].tolist())
            sine = 1.0
        return _share(axis, sine, 0.5 * math.atan2(sine, cosine), self._weight)


_STEPS: dict[str, Callable[[Constraint, Skeleton], Callable[[Skeleton], None]]] = {
    "roll": _Roll,
    "rotation": _Rotation,
    "aim": _Aim,
}


def _share(axis: tuple[float, ...], size: float, half_rad: float, weight: float) -> F64:
    """(4,) the share `weight` of a turn by twice `half_rad` about `axis`, which is `size` long."""
    half = weight * half_rad
    factor = math.sin(half) / size if size > _SMALLEST else 0.0
    return np.array([factor * axis[0], factor * axis[1], factor * axis[2], math.cos(half)])


def in_order(constraints: tuple[Constraint, ...], parents: I32) -> list[Constraint]:
    """Sources before destinations; aim also waits for whatever moves its own ancestors.

    Rings cannot be put in order: their members, and what waits for them, are left out. Roots have
    a parent below zero or past the last node.
    """
    by_destination = {c.destination: c for c in constraints}
    waits = {d: _needs(c, parents) & by_destination.keys() for d, c in by_destination.items()}
    followers: dict[int, list[int]] = {}
    for destination, needed in waits.items():
        for node in needed:
            followers.setdefault(node, []).append(destination)
    ready = [d for d, needed in waits.items() if not needed]
    for done in ready:
        for follower in followers.get(done, ()):
            waits[follower].discard(done)
            if not waits[follower]:
                ready.append(follower)
    return [by_destination[d] for d in ready]


def _needs(c: Constraint, parents: I32) -> set[int]:
    """The nodes whose rotation must be known before this constraint."""
    if c.kind != "aim":
        return {c.source}
    needed = set()
    for start in (c.source, int(parents[c.destination])):
        node = start
        while 0 <= node < len(parents):
            needed.add(node)
            node = int(parents[node])
    return needed
