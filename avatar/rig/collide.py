"""Colliders of spring bones as arrays: spheres, capsules, planes and their insides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar.quat import F64

_SMALLEST = 1e-12


class Shape(Protocol):
    """What `avatar.rig.spring.Collider` looks like from here."""

    @property
    def node(self) -> int: ...  # noqa: D102
    @property
    def shape(self) -> str: ...  # noqa: D102
    @property
    def offset(self) -> tuple[float, float, float]: ...  # noqa: D102
    @property
    def tail(self) -> tuple[float, float, float]: ...  # noqa: D102
    @property
    def normal(self) -> tuple[float, float, float]: ...  # noqa: D102
    @property
    def radius(self) -> float: ...  # noqa: D102
    @property
    def inside(self) -> bool: ...  # noqa: D102


@dataclass(slots=True)
class ColliderState:
    """Where the colliders are this frame, world space, (c, 3) and (c,)."""

    head: F64
    segment: F64
    inverse_length2: F64
    normal: F64
    radius: F64
    inside: NDArray[np.bool_]
    plane: NDArray[np.bool_]
    plain: bool
    """Whether all are outsides of spheres or capsules."""
    capsules: bool


class ColliderRig:
    """Moves the colliders with their nodes."""

    def __init__(self, colliders: Sequence[Shape]) -> None:
        count = len(colliders)
        self._nodes = np.array([c.node for c in colliders], np.int32)
        self._offset = np.array([c.offset for c in colliders], np.float64).reshape(-1, 3)
        tails = [c.tail if c.shape == "capsule" else c.offset for c in colliders]
        self._segment = np.array(tails, np.float64).reshape(-1, 3) - self._offset
        self._normal = np.array([c.normal for c in colliders], np.float64).reshape(-1, 3)
        plane = np.array([c.shape == "plane" for c in colliders], bool)
        inside = np.array([c.inside for c in colliders], bool)
        self._any_capsule = bool(np.any(self._segment))
        self._any_plane = bool(plane.any())
        self.state = ColliderState(
            head=np.zeros((count, 3)),
            segment=np.zeros((count, 3)),
            inverse_length2=np.zeros(count),
            normal=np.zeros((count, 3)),
            radius=np.array([c.radius for c in colliders], np.float64),
            inside=inside,
            plane=plane,
            plain=not (plane.any() or inside.any()),
            capsules=self._any_capsule,
        )

    def update(self, world: F64) -> None:
        """Take the nodes' world matrices."""
        if not len(self._nodes):
            return
        state = self.state
        matrices = world[self._nodes]
        linear = matrices[:, :3, :3]
        state.head = (linear @ self._offset[:, :, None])[:, :, 0] + matrices[:, :3, 3]
        if self._any_capsule:
            state.segment = (linear @ self._segment[:, :, None])[:, :, 0]
            length2 = np.vecdot(state.segment, state.segment)
            state.inverse_length2 = np.where(
                length2 > _SMALLEST, 1.0 / np.maximum(length2, _SMALLEST), 0.0
            )
        if self._any_plane:
            normal = (np.linalg.pinv(linear).transpose(0, 2, 1) @ self._normal[:, :, None])[:, :, 0]
            length = np.sqrt(np.vecdot(normal, normal))[:, None]
            state.normal = normal / np.maximum(length, _SMALLEST)


def push_out(
    tail: F64,
    place: F64,
    length: F64,
    *,
    hit: F64,
    touch: NDArray[np.bool_],
    state: ColliderState,
) -> None:
    """Move tails (k, 3) out of the colliders they may touch, one collider after the other.

    After each push the tail returns to its bone's length, as the specification has it. All
    distances are measured at once; only colliders that are really hit cost more.
    """
    reach = hit[:, None] + state.radius
    hits = _hits(tail, hit, reach, state) & touch
    column = 0
    while column < len(state.radius):
        later: NDArray[np.bool_] = np.any(hits[:, column:], axis=0)
        step = int(later.argmax())
        if not later[step]:
            return
        column += step
        rows = hits[:, column].nonzero()[0]
        moved = tail[rows] + _way_out(tail[rows], hit[rows], state, column) - place[rows]
        norm = np.sqrt(np.vecdot(moved, moved))[:, None]
        tail[rows] = place[rows] + moved * (length[rows] / np.maximum(norm, _SMALLEST))
        column += 1
        if column < len(state.radius):
            hits[rows] = _hits(tail[rows], hit[rows], reach[rows], state) & touch[rows]


def _hits(tail: F64, hit: F64, reach: F64, state: ColliderState) -> NDArray[np.bool_]:
    """Which tails (k) are too deep in which colliders (c)."""
    away = tail[:, None, :] - state.head
    radial = away
    if state.capsules:
        along = np.vecdot(away, state.segment) * state.inverse_length2
        along = np.minimum(np.maximum(along, 0.0), 1.0)
        radial = away - along[:, :, None] * state.segment
    distance2 = np.vecdot(radial, radial)
    out: NDArray[np.bool_] = distance2 < reach * reach
    if state.plain:
        return out
    room = np.maximum(state.radius - hit[:, None], 0.0)
    out = np.where(state.inside, distance2 > room * room, out)
    height = np.vecdot(away, state.normal)
    return np.where(state.plane, height < hit[:, None], out)


def _way_out(tail: F64, hit: F64, state: ColliderState, i: int) -> F64:
    """(k, 3) shortest moves that free tails, all of which hit collider `i`."""
    away = tail - state.head[i]
    if state.plane[i]:
        normal = state.normal[i]
        return np.asarray((hit - away @ normal)[:, None] * normal, np.float64)
    along = np.minimum(np.maximum(away @ state.segment[i] * state.inverse_length2[i], 0.0), 1.0)
    radial = away - along[:, None] * state.segment[i]
    distance = np.sqrt(np.vecdot(radial, radial))
    free = state.radius[i] + hit
    if state.inside[i]:
        free = np.maximum(state.radius[i] - hit, 0.0)
    factor = (free - distance) / np.maximum(distance, _SMALLEST)
    out = radial * factor[:, None]
    if float(distance.min()) < _SMALLEST:
        # On the very axis of a collider there is no way out: up is as good as any.
        out[distance < _SMALLEST] = [0.0, 1.0, 0.0] * free[distance < _SMALLEST, None]
    return np.asarray(out, np.float64)
