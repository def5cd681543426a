"""Colliders of spring bones as arrays: spheres, capsules, planes and their insides.

How deep a point (x, y, z) lies in a collider is, but for the ends of capsules, linear in
(x, y, z, 1, x² + y² + z²): the squared distance from a centre, the distance along a capsule and
the height above a plane of all points and colliders are one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar.quat import F64
from avatar.rig.skeleton import Skeleton

Mask = NDArray[np.bool_]

_SMALLEST = 1e-12
_UP = np.array([0.0, 1.0, 0.0])


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


class ColliderRig:
    """Moves colliders with their nodes and the tails of joints out of them.

    Args:
        colliders: All colliders, in the order in which they push.
        hit: (j,) hit radii of all joints.
        touch: (j, colliders) whether a joint may touch a collider.
        skeleton: What the colliders hang on.
    """

    def __init__(
        self, colliders: Sequence[Shape], hit: F64, touch: Mask, skeleton: Skeleton
    ) -> None:
        count = self._count = len(colliders)
        self._nodes = np.array([c.node for c in colliders], np.int32)
        plane = self._plane = np.array([c.shape == "plane" for c in colliders], bool)
        inside = self._inside = np.array([c.inside for c in colliders], bool) & ~plane
        self._any_plane, self._any_inside = bool(plane.any()), bool(inside.any())
        # Of each: its head, and its segment or normal; the last row makes one a place.
        local = np.zeros((count, 4, 2))
        local[:, :3, 0] = np.array([c.offset for c in colliders]).reshape(-1, 3)
        local[:, 3, 0] = 1.0
        tails = [c.tail if c.shape == "capsule" else c.offset for c in colliders]
        local[:, :3, 1] = np.array(tails).reshape(-1, 3) - local[:, :3, 0]
        normal = np.array([c.normal for c in colliders], np.float64).reshape(-1, 3)
        local[plane, :3, 1] = normal[plane]
        self._local = local
        self._uneven = plane & ~np.array(
            [skeleton.evenly_scaled(n) for n in self._nodes[:, None]], bool
        )
        self._normal = normal[self._uneven]
        self._any_capsule = bool(np.any(local[~plane, :3, 1]))
        radius = np.array([c.radius for c in colliders], np.float64)
        reach = hit[:, None] + np.where(plane, 0.0, radius)
        room = np.maximum(radius - hit[:, None], 0.0)
        self._free = np.where(inside, room, reach)
        """(j, colliders) how far from segment or plane a tail is free."""
        self._bound = np.where(plane, self._free, self._free * self._free)
        self._bound[~touch] = -np.inf
        self._bound[~touch & inside] = np.inf
        """(j, colliders) what less than (inside: more than) is a hit; nothing is where none may."""
        self._columns = np.arange(count)
        self._now = np.zeros((count, 7))
        self._head, self._axis = self._now[:, :3], self._now[:, 3:6]
        self._length = self._now[:, 6]
        # Of each the squared distance from its head (or the height), and that along its segment.
        self._away, self._along = np.zeros((count, 5)), np.zeros((count, 5))
        self._away[~plane, 4] = 1.0
        # Rows of these are all alike: numpy is slow where it must repeat one.
        self._lengths, self._insides = np.zeros(touch.shape), np.zeros(touch.shape, bool)
        self._insides[:] = inside

    def update(self, world: F64) -> None:
        """Take the nodes' world matrices."""
        matrices = world.take(self._nodes, 0)
        placed = (matrices @ self._local)[:, :3]
        head, way = placed[:, :, 0], placed[:, :, 1]
        if len(self._normal):  # normals do not scale as segments do
            inverse = np.linalg.pinv(matrices[self._uneven, :3, :3])
            way[self._uneven] = np.vecmat(self._normal, inverse)
        length = np.sqrt(np.vecdot(way, way), out=self._length)
        axis = np.divide(way, np.maximum(length, _SMALLEST)[:, None], out=self._axis)
        self._head[:] = head
        away, along = self._away, self._along
        np.multiply(head, -2.0, out=away[:, :3])
        np.vecdot(head, head, out=away[:, 3])
        if self._any_capsule:
            along[:, :3] = axis
            np.negative(np.vecdot(axis, head), out=along[:, 3])
            self._lengths[:] = length
        if self._any_plane:
            plane = self._plane
            if self._any_capsule:
                along[plane] = 0.0
            away[plane, :3] = axis[plane]
            away[plane, 3] = -np.vecdot(axis[plane], head[plane])

    def push_out(self, run: slice, tail: F64, place: F64, way: F64, length: F64) -> None:
        """Move the tails of the joints `run` out of what they touch, one collider after the other.

        After each push a tail returns to its bone's length, as the specification has it. Joints
        do not see each other, so all take their first collider together, then their second.

        Args:
            run: Which joints.
            tail: (k, 5) their tails as x, y, z, 1, x² + y² + z².
            place: (k, 3) where they start.
            way: (k, 3) unit vectors from there to the tails.
            length: (k, 3) how far that is, thrice.
        """
        rows, first = _firsts(self._hits(tail, self._bound[run]))
        while len(rows):
            joints = rows + run.start
            there = tail.take(rows, 0)
            start, point = place.take(rows, 0), there[:, :3]
            moved = self._way_out(point, joints, first)
            moved += point
            moved -= start
            norm = np.sqrt(np.vecdot(moved, moved))
            if np.minimum.reduce(norm) < _SMALLEST:  # pushed onto its own joint: not at all
                lost = norm < _SMALLEST
                moved[lost], norm[lost] = way[rows[lost]], 1.0
            moved /= norm[:, None]
            way[rows] = moved
            moved *= length.take(rows, 0)
            np.add(moved, start, out=point)
            np.vecdot(point, point, out=there[:, 4])
            tail[rows] = there
            hits = self._hits(there, self._bound.take(joints, 0))
            hits &= self._columns > first[:, None]
            again, first = _firsts(hits)
            rows = rows[again]

    def _hits(self, tail: F64, bound: F64) -> Mask:
        """(k, colliders) which tails (k, 5) are too deep in what they may touch."""
        away = tail.dot(self._away.T)
        if self._any_capsule:
            along = tail.dot(self._along.T)
            near = np.maximum(along, 0.0)
            np.minimum(near, self._lengths[: len(tail)], out=near)
            # |away|² less the square along the segment, plus that beyond its ends.
            along += along
            along -= near
            along *= near
            away -= along
        hits: Mask = np.less(away, bound)
        if self._any_inside:
            np.not_equal(hits, self._insides[: len(tail)], out=hits)
        return hits

    def _way_out(self, tail: F64, joints: NDArray[np.intp], first: NDArray[np.intp]) -> F64:
        """(k, 3) shortest moves that free tails, each of which hits its collider `first`."""
        now = self._now.take(first, 0)
        axis = now[:, 3:6]
        free = self._free.take(joints * self._count + first)
        radial = tail - now[:, :3]
        along = np.vecdot(radial, axis)
        plane = self._plane.take(first)
        planes = np.count_nonzero(plane)
        near = np.maximum(along, 0.0)
        np.minimum(near, now[:, 6], out=near)
        if planes:
            near[plane] = 0.0
        radial -= near[:, None] * axis
        distance = np.sqrt(np.vecdot(radial, radial))
        if np.minimum.reduce(distance) < _SMALLEST:
            # On the very axis of a collider there is no way out: up is as good as any.
            radial[distance < _SMALLEST] = _UP * _SMALLEST
        radial /= np.maximum(distance, _SMALLEST)[:, None]
        if planes:
            radial[plane] = axis[plane]
            distance[plane] = along[plane]
        free -= distance
        radial *= free[:, None]
        return radial


def _firsts(hits: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows that hit anything, and what each hits first."""
    rows, columns = hits.nonzero()
    if len(rows) > 1:
        new = np.ones(len(rows), bool)
        np.not_equal(rows[1:], rows[:-1], out=new[1:])
        return rows[new], columns[new]
    return rows, columns
