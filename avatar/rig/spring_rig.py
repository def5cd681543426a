"""Spring bones: hair, skirts and ears that swing (VRMC_springBone-1.0, extended colliders).

Structure of arrays: the joints of all chains are sorted by how many swinging ancestors they have,
and each such level is one run of array operations. The order is fixed by the file, so the same
motion gives the same swing.

The specification's integration depends on the frame rate. Ours equals it at 60 frames a second
and swings alike at any other: drag is what is left after each 1/60 s, and forces are scaled so
that both creeping and free swinging keep their speed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from avatar import quat
from avatar.quat import F64
from avatar.rig.collide import ColliderRig, push_out
from avatar.rig.skeleton import Skeleton
from avatar.rig.spring import SpringJoint, Springs
from flow.spec import I32

_RATE_HZ = 60.0
_LONGEST_STEP_S = 1.0 / 15.0
_SHORTEST_M = 1e-9
_MOST_GROWTH = 4.0
_NO_DRAG = 1e-6
_OPPOSITE = -0.999999


@dataclass(slots=True)
class _Level:
    """Joints `run` of the sorted arrays and nodes that merely hang on swinging ones."""

    run: slice
    nodes: I32
    parents: I32
    followers: I32
    follower_parents: I32
    collides: bool = False
    own: F64 = field(default_factory=lambda: np.zeros((0, 4, 4)))


class SpringRig:
    """The swinging state of one avatar."""

    def __init__(self, springs: Springs, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        swinging = {j.node for j in springs.joints}
        depth = _swinging_depths(skeleton, swinging)
        joints = sorted(springs.joints, key=lambda j: depth[j.node])
        self._count = len(joints)
        self._nodes = np.array([j.node for j in joints], np.int32)
        self._tails = np.array([j.tail for j in joints], np.float64).reshape(-1, 3)
        self._drag = np.array([j.drag_force for j in joints])
        self._drag_safe = np.maximum(self._drag, _NO_DRAG)
        self._stiffness = np.array([j.stiffness for j in joints])[:, None]
        gravity = np.array([j.gravity_dir for j in joints], np.float64).reshape(-1, 3)
        self._gravity = gravity * np.array([j.gravity_power for j in joints])[:, None]
        self._hit = np.array([j.hit_radius for j in joints])
        self._colliders = ColliderRig(springs.colliders)
        self._touch = np.zeros((self._count, len(springs.colliders)), bool)
        for row, joint in enumerate(joints):
            self._touch[row, list(joint.colliders)] = True
        centers = [j.center for j in joints]
        self._centers = np.array([max(c, 0) for c in centers], np.int32)
        self._centred = np.array([c >= 0 for c in centers], bool)
        self._any_centre = bool(self._centred.any())
        self._levels = self._sort(joints, depth, swinging)
        self._now: F64 = np.zeros((self._count, 3))
        self._before: F64 = np.zeros((self._count, 3))
        self._step_s = 0.0
        self._settled = False
        self._moving = False
        """Whether time passes: without it joints stay where they are, even inside colliders."""

    @property
    def count(self) -> int:
        """Swinging joints."""
        return self._count

    @property
    def tails(self) -> F64:
        """(joints, 3) world positions of the tails (in the centre's space where there is one)."""
        return self._now

    @property
    def nodes(self) -> I32:
        """(joints,) model nodes in the order of `tails`."""
        return self._nodes

    def reset(self) -> None:
        """Forget all motion: the next update starts hanging as modelled."""
        self._settled = False

    def update(self, dt_s: float) -> None:
        """Swing on from the skeleton's world matrices and write those of the swinging nodes."""
        if not self._count:
            return
        if not self._settled or not bool(np.isfinite(self._now).all()):
            self._settle()
        step_s = min(max(dt_s, 0.0), _LONGEST_STEP_S)
        self._moving = step_s > 0.0
        frames = step_s * _RATE_HZ
        growth = step_s / self._step_s if self._step_s > 0.0 else 1.0
        still = (1.0 - self._drag) ** frames
        keep = (still * min(growth, _MOST_GROWTH))[:, None] if step_s else None
        # Springs with much drag creep and ones without swing: this factor of the force gives both
        # the speed they have at 60 frames a second (frames² without drag, frames with full).
        gain = frames * np.where(self._drag > _NO_DRAG, (1.0 - still) / self._drag_safe, frames)
        push = (gain / _RATE_HZ)[:, None]
        world = self._skeleton.world
        to_world, to_centre = self._centre_matrices()
        self._colliders.update(world)
        goal = self._now if keep is None else self._now + (self._now - self._before) * keep
        if to_world is not None:
            goal = _transform(to_world, goal)
        goal = goal + self._gravity * push
        force = self._stiffness * push
        reached = np.zeros_like(goal)
        for level in self._levels:
            self._swing(level, goal, force, reached, world)
        if step_s:
            self._before = self._now
            self._now = reached if to_centre is None else _transform(to_centre, reached)
            self._step_s = step_s

    def _swing(self, level: _Level, goal: F64, force: F64, reached: F64, world: F64) -> None:
        run = level.run
        if run.stop > run.start:
            base = world[level.parents] @ level.own
            linear, place = base[:, :3, :3], base[:, :3, 3]
            rest = (linear @ self._tails[run][:, :, None])[:, :, 0]
            length = np.sqrt(np.vecdot(rest, rest))[:, None]
            axis = rest / np.maximum(length, _SHORTEST_M)
            way = goal[run] + axis * force[run] - place
            way = _unit(way, axis)
            tail = place + way * length
            if level.collides and self._moving:
                push_out(
                    tail,
                    place,
                    length,
                    hit=self._hit[run],
                    touch=self._touch[run],
                    state=self._colliders.state,
                )
                way = _unit(tail - place, axis)
            reached[run] = tail
            base[:, :3, :3] = _turns(axis, way) @ linear
            world[level.nodes] = base
        if len(level.followers):
            local = self._skeleton.local[level.followers]
            world[level.followers] = world[level.follower_parents] @ local

    def _settle(self) -> None:
        """Tails where the pose without any swing has them, at rest."""
        world = self._skeleton.world[self._nodes]
        tails = _transform(world, self._tails)
        _, to_centre = self._centre_matrices()
        self._now = tails if to_centre is None else _transform(to_centre, tails)
        self._before = self._now
        self._step_s = 0.0
        self._settled = True

    def _centre_matrices(self) -> tuple[F64 | None, F64 | None]:
        if not self._any_centre:
            return None, None
        to_world = self._skeleton.world[self._centers].copy()
        to_world[~self._centred] = np.eye(4)
        return to_world, np.asarray(np.linalg.pinv(to_world), np.float64)

    def _sort(
        self, joints: list[SpringJoint], depth: dict[int, int], swinging: set[int]
    ) -> list[_Level]:
        parents = self._skeleton.parents
        levels: list[_Level] = []
        start = 0
        for d in range(max(depth.values(), default=-1) + 1):
            nodes = np.array([j.node for j in joints if depth[j.node] == d], np.int32)
            hang = [n for n, k in depth.items() if k == d and n not in swinging]
            followers = np.array(hang, np.int32)
            run = slice(start, start + len(nodes))
            start = run.stop
            levels.append(
                _Level(
                    run,
                    nodes,
                    parents[nodes],
                    followers,
                    parents[followers],
                    collides=bool(self._touch[run].any()),
                    own=_own_matrices(self._skeleton, nodes),
                )
            )
        return levels


def _swinging_depths(skeleton: Skeleton, swinging: set[int]) -> dict[int, int]:
    """Every node that swings or hangs on one that does → how many of its ancestors are such."""
    depth: dict[int, int] = {}
    for node in range(skeleton.count):
        parent = int(skeleton.parents[node])
        if parent in depth:
            depth[node] = depth[parent] + 1
        elif node in swinging:
            depth[node] = 0
    return depth


def _own_matrices(skeleton: Skeleton, nodes: I32) -> F64:
    """(k, 4, 4) rest matrices of swinging bones relative to their parents."""
    own = np.zeros((len(nodes), 4, 4))
    own[:, :3, :3] = quat.to_matrix(skeleton.rest_rotation[nodes])
    own[:, :3, :3] *= skeleton.rest_scale[nodes][:, None, :]
    own[:, :3, 3] = skeleton.rest_translation[nodes]
    own[:, 3, 3] = 1.0
    return own


def _transform(matrices: F64, points: F64) -> F64:
    return np.asarray((matrices[:, :3, :3] @ points[:, :, None])[:, :, 0] + matrices[:, :3, 3])


def _unit(v: F64, otherwise: F64) -> F64:
    length = np.sqrt(np.vecdot(v, v))[:, None]
    if length.size and float(length.min()) < _SHORTEST_M:
        v = np.where(length < _SHORTEST_M, otherwise, v)
        length = np.where(length < _SHORTEST_M, 1.0, length)
    return np.asarray(v / length, np.float64)


def _turns(u: F64, v: F64) -> F64:
    """(k, 3, 3) shortest rotations taking unit vectors `u` to `v` (Rodrigues, without angles)."""
    cosine = np.vecdot(u, v)
    if cosine.size and float(cosine.min()) < _OPPOSITE:
        return quat.to_matrix(quat.from_to(u, v))
    w = quat.cross(u, v)
    turns: F64 = w[:, :, None] * (w / (1.0 + cosine)[:, None])[:, None, :]
    turns[:, 0, 0] += cosine
    turns[:, 1, 1] += cosine
    turns[:, 2, 2] += cosine
    turns[:, 0, 1] -= w[:, 2]
    turns[:, 1, 0] += w[:, 2]
    turns[:, 0, 2] += w[:, 1]
    turns[:, 2, 0] -= w[:, 1]
    turns[:, 1, 2] -= w[:, 0]
    turns[:, 2, 1] += w[:, 0]
    return turns
