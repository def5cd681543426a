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
    """What `avatar.spring.Collider` looks like from here."""

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
            length2 = np.einsum("ij,ij->i", state.segment, state.segment)
            state.inverse_length2 = np.where(
                length2 > _SMALLEST, 1.0 / np.maximum(length2, _SMALLEST), 0.0
            )
        if self._any_plane:
            normal = (np.linalg.pinv(linear).transpose(0, 2, 1) @ self._normal[:, :, None])[:, :, 0]
            length = np.sqrt(np.einsum("ij,ij->i", normal, normal))[:, None]
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
    depth = _depths(tail, hit, state)[0]
    hits = (depth > 0.0) & touch
    column = -1
    while True:
        later = np.flatnonzero(hits.any(axis=0))
        later = later[later > column]
        if not len(later):
            return
        column = int(later[0])
        rows = np.flatnonzero(hits[:, column])
        one = _one(state, column)
        deep, way = _depths(tail[rows], hit[rows], one)
        moved = tail[rows] + way[:, 0] * np.maximum(deep, 0.0) - place[rows]
        norm = np.sqrt(np.einsum("ij,ij->i", moved, moved))[:, None]
        tail[rows] = place[rows] + moved * (length[rows] / np.maximum(norm, _SMALLEST))
        hits[rows] = (_depths(tail[rows], hit[rows], state)[0] > 0.0) & touch[rows]


def _one(state: ColliderState, i: int) -> ColliderState:
    pick = slice(i, i + 1)
    return ColliderState(
        state.head[pick],
        state.segment[pick],
        state.inverse_length2[pick],
        state.normal[pick],
        state.radius[pick],
        state.inside[pick],
        state.plane[pick],
        state.plain,
    )


def _depths(tail: F64, hit: F64, state: ColliderState) -> tuple[F64, F64]:
    """How deep (k, c) each tail is in each collider and the way out (k, c, 3), unit vectors."""
    away = tail[:, None, :] - state.head[None]
    along = np.clip(np.einsum("kci,ci->kc", away, state.segment) * state.inverse_length2, 0.0, 1.0)
    radial = away - along[:, :, None] * state.segment
    distance = np.sqrt(np.einsum("kci,kci->kc", radial, radial))
    depth = hit[:, None] + state.radius - distance
    # On the very axis of a collider there is no way out: up is as good as any.
    way = np.where(
        distance[:, :, None] > _SMALLEST,
        radial / np.maximum(distance, _SMALLEST)[:, :, None],
        np.array([0.0, 1.0, 0.0]),
    )
    if state.plain:
        return depth, way
    depth = np.where(state.inside, distance + hit[:, None] - state.radius, depth)
    way = np.where(state.inside[:, None], -way, way)
    flat = hit[:, None] - np.einsum("kci,ci->kc", away, state.normal)
    depth = np.where(state.plane, flat, depth)
    return depth, np.where(state.plane[:, None], state.normal, way)
