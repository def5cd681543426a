"""Spring bones: hair, skirts and ears that swing (VRMC_springBone-1.0, extended colliders).

Structure of arrays: the joints of all chains are sorted by how many swinging ancestors they have,
and each such level is one run of array operations. The order is fixed by the file, so the same
motion gives the same swing.

The specification's integration depends on the frame rate. Ours equals it at 60 frames a second
and swings alike at any other: drag is what is left after each 1/60 s, and forces are scaled so
that both creeping and free swinging keep their speed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar import quat
from avatar.quat import F64
from avatar.rig.centres import Centres
from avatar.rig.collide import ColliderRig
from avatar.rig.skeleton import Skeleton, run_of
from avatar.rig.spring import Springs
from avatar.rig.spring_level import Hang, Level, own_rows
from avatar.rig.spring_tree import SpringTree
from flow.spec import I32

_RATE_HZ = 60.0
_LONGEST_STEP_S = 1.0 / 15.0
_SHORTEST_M = 1e-9
_MOST_GROWTH = 4.0
_JUMP_M = 1.0
"""Farther than anybody walks between two updates."""
_NO_DRAG = 1e-6
_OPPOSITE = -0.999999
_SAME = 1e-9


class SpringRig:
    """The swinging state of one avatar."""

    def __init__(self, springs: Springs, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        long = [j for j in springs.joints if any(abs(x) > _SHORTEST_M for x in j.tail)]
        tree = SpringTree(tuple(long), skeleton)
        joints = tree.joints
        count = self._count = len(joints)
        self._nodes = np.array([j.node for j in joints], np.int32)
        self._drag = np.array([j.drag_force for j in joints])
        self._drag_safe = np.maximum(self._drag, _NO_DRAG)
        self._stiffness = np.array([j.stiffness for j in joints])[:, None]
        gravity = np.array([j.gravity_dir for j in joints], np.float64).reshape(-1, 3)
        self._gravity = gravity * np.array([j.gravity_power for j in joints])[:, None]
        touch = np.zeros((count, len(springs.colliders)), bool)
        for row, joint in enumerate(joints):
            touch[row, list(joint.colliders)] = True
        hit = np.array([j.hit_radius for j in joints])
        self._colliders = ColliderRig(springs.colliders, hit, touch, skeleton)
        self._centres = Centres(np.array([j.center for j in joints], np.int32))
        self._even = skeleton.evenly_scaled(self._nodes)
        self._tails = np.array([j.tail for j in joints], np.float64).reshape(-1, 3)
        self._own = own_rows(skeleton, self._nodes)
        self._frames: F64 = np.zeros((len(tree.nodes), 6, 3))
        """Of each row the columns of its world matrix, then the unit vectors to its tail, at rest
        and now. Vectors lie together, which is what numpy is quick with."""
        self._goal, self._rest = np.zeros((count, 3)), np.zeros((count, 3))
        # Three times the same in a row: numpy is slow where it must repeat.
        self._length, self._force = np.zeros((count, 3)), np.zeros((count, 3))
        self._reached = np.ones((count, 5))
        """Tails as `ColliderRig.push_out` wants them."""
        self._levels, self._ends = self._sort(tree, touch)
        self._moved = np.array(tree.nodes, np.int32)
        self._written = np.zeros((len(tree.nodes), 4, 4))
        self._written[:, 3, 3] = 1.0
        self._size = 0.0
        self._now: F64 = np.zeros((count, 3))
        self._before: F64 = np.zeros((count, 3))
        self._step_s = 0.0
        self._paced: tuple[float, float] | None = None
        self._keep, self._pull = np.zeros((count, 1)), np.zeros((count, 3))
        self._settled = False
        self._free = np.array([j.center < 0 for j in joints], bool)
        self._root: F64 = np.eye(4)
        asked = {c.node for c in springs.colliders} | {j.center for j in joints}
        if not asked & {*tree.nodes}:
            skeleton.leaves(self._moved)

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
        world = self._skeleton.world
        self._measure(world)
        self._centres.update(world)
        if not self._settled or not bool(np.isfinite(self._now).all()):
            self._settle(world)
        self._carry(world[-1])
        step_s = min(max(dt_s, 0.0), _LONGEST_STEP_S)
        if self._paced != (step_s, self._step_s):
            self._pace(step_s)
        self._colliders.update(world)
        goal = self._goal
        np.subtract(self._now, self._before, out=goal)
        goal *= self._keep
        goal += self._now
        self._centres.to_world(goal)
        goal += self._pull
        # Without time joints stay where they are, even inside colliders.
        moving = step_s > 0.0
        for level in self._levels:
            if len(level.own):
                self._place(level, world)
                self._swing(level, collides=moving and level.collides)
            if level.hang is not None:
                self._follow(level.hang)
        for hang in self._ends:
            self._follow(hang)
        np.copyto(self._written[:, :3], self._frames[:, :4].transpose(0, 2, 1))
        world[self._moved] = self._written
        if moving:
            self._before, self._now = self._now, self._reached[:, :3].copy()
            self._centres.from_world(self._now)
            self._step_s = step_s

    def _carry(self, root: F64) -> None:
        """Whoever is put elsewhere is not walking there: the swing goes along as it is."""
        x, y, z = (root[:3, 3] - self._root[:3, 3]).tolist()
        if x * x + y * y + z * z > _JUMP_M * _JUMP_M and self._settled:
            moved = root @ np.linalg.pinv(self._root)
            for tails in (self._now, self._before):
                tails[self._free] = tails[self._free] @ moved[:3, :3].T + moved[:3, 3]
        np.copyto(self._root, root)

    def _pace(self, step_s: float) -> None:
        """What depends on the lengths of this step and the last one only."""
        frames = step_s * _RATE_HZ
        growth = step_s / self._step_s if self._step_s > 0.0 else 1.0
        still = (1.0 - self._drag) ** frames
        self._keep = (still * min(growth, _MOST_GROWTH) * (step_s > 0.0))[:, None]
        # Springs with much drag creep and ones without swing: this factor of the force gives both
        # the speed they have at 60 frames a second (frames² without drag, frames with full).
        gain = frames * np.where(self._drag > _NO_DRAG, (1.0 - still) / self._drag_safe, frames)
        push = (gain / _RATE_HZ)[:, None]
        self._pull = self._gravity * push
        np.multiply(self._stiffness, push, out=self._force)
        self._paced = (step_s, self._step_s)

    def _measure(self, world: F64) -> None:
        """Lengths and rest directions, again when the model's size in the world has changed."""
        x, y, z = world[-1, :3, 0].tolist()
        size = (x * x + y * y + z * z) ** 0.5
        if abs(size - self._size) <= _SAME * size:
            return
        self._size = size
        rest = self._skeleton.rest_world[:, :3, 0]
        rest_size = np.sqrt(np.vecdot(rest, rest))
        scale = rest_size[self._nodes] * (size / max(rest_size[-1], _SHORTEST_M))
        scale = np.maximum(scale, _SHORTEST_M)[:, None]
        length = np.sqrt(np.vecdot(self._tails, self._tails))[:, None]
        ahead = np.where(length > _SHORTEST_M, self._tails, [0.0, 1.0, 0.0])
        ahead = ahead / np.where(length > _SHORTEST_M, length, 1.0)
        self._length[:] = length * scale
        self._rest[:] = ahead * scale
        ahead = ahead / scale if self._even else ahead * np.maximum(length, _SHORTEST_M)
        self._own[:, 4, :3] = np.vecmat(ahead, self._own[:, :3, :3])

    def _place(self, level: Level, world: F64) -> None:
        """World matrices of joints as if they did not swing, and where their tails would be."""
        if level.run.start == 0:
            above = world[level.above][:, :3].transpose(0, 2, 1)
        elif isinstance(level.above, slice):
            above = self._frames[level.above, :4]
        else:
            above = self._frames.take(level.above, 0)[:, :4]
        np.matmul(level.own, above, out=level.placed)
        if not self._even:
            level.length[:] = np.sqrt(np.vecdot(level.axis, level.axis))[:, None]
            np.divide(level.axis, np.maximum(level.length, _SHORTEST_M), out=level.axis)
            np.matvec(level.linear, level.axis, out=level.rest)

    def _swing(self, level: Level, *, collides: bool) -> None:
        linear, place, axis, way = level.linear, level.place, level.axis, level.way
        tail = level.point
        np.multiply(axis, level.force, out=way)
        way += level.goal
        way -= place
        norm = np.sqrt(np.vecdot(way, way))
        if np.minimum.reduce(norm) < _SHORTEST_M:
            # A tail that lands on its own joint points nowhere: it stays as modelled.
            lost = norm < _SHORTEST_M
            way[lost], norm[lost] = axis[lost], 1.0
        way /= norm[:, None]
        np.multiply(way, level.length, out=tail)
        tail += place
        if collides:
            np.vecdot(tail, tail, out=level.square)
            self._colliders.push_out(level.run, level.tail, place, way, level.length)
        # Turned by the smallest rotation from axis u to way v: with c = u · v it is the matrix
        # 1 + 2 v uᵀ - (u + v)(u + v)ᵀ / (1 + c), here times the rest's L, of which uᵀL is known.
        cosine = np.vecdot(axis, way)
        if np.minimum.reduce(cosine) < _OPPOSITE:
            turn = quat.to_matrix(quat.from_to(axis, way))
            linear[:] = linear @ turn.transpose(0, 2, 1)
            return
        turned, turn = np.matvec(linear, way), level.turn
        turned += level.rest
        np.subtract(-1.0, cosine, out=cosine)
        np.divide(turned, cosine[:, None], out=turn[:, 0])
        np.add(level.rest, level.rest, out=turn[:, 1])
        turn[:, 1] += turn[:, 0]
        linear += turn.transpose(0, 2, 1) @ level.both

    def _follow(self, hang: Hang) -> None:
        local = self._skeleton.local.take(hang.nodes, 0).transpose(0, 2, 1)
        np.matmul(local, self._frames.take(hang.above, 0)[:, :4], out=self._frames[hang.run, :4])

    def _settle(self, world: F64) -> None:
        """Tails where the pose without any swing has them, at rest."""
        for level in self._levels:
            self._place(level, world)
            if level.hang is not None:
                self._follow(level.hang)
        frame = self._frames[: self._count]
        self._now = frame[:, 3] + frame[:, 4] * self._length
        self._centres.from_world(self._now)
        self._before = self._now.copy()
        np.copyto(self._root, world[-1])
        self._step_s = 0.0
        self._settled = True

    def _sort(self, tree: SpringTree, touch: NDArray[np.bool_]) -> tuple[list[Level], list[Hang]]:
        """The levels with all their views, and what hangs at the ends."""
        levels = []
        for d, run in enumerate(tree.runs):
            above, frame, tail = tree.above(run), self._frames[run], self._reached[run]
            levels.append(
                Level(
                    run,
                    run_of(np.array([tree.row[n] if d else n for n in above], np.int32)),
                    own=self._own[run],
                    placed=frame[:, :5],
                    linear=frame[:, :3],
                    place=frame[:, 3],
                    axis=frame[:, 4],
                    way=frame[:, 5],
                    both=frame[:, 4:],
                    goal=self._goal[run],
                    force=self._force[run],
                    tail=tail,
                    point=tail[:, :3],
                    square=tail[:, 4],
                    length=self._length[run],
                    rest=self._rest[run],
                    turn=np.zeros((len(above), 2, 3)),
                    collides=bool(touch[run].any()),
                    hang=self._hang(tree, tree.between[d]),
                )
            )
        ends = (self._hang(tree, run) for run in tree.ends)
        return levels, [hang for hang in ends if hang is not None]

    @staticmethod
    def _hang(tree: SpringTree, run: slice) -> Hang | None:
        above = np.array([tree.row[n] for n in tree.above(run)], np.int32)
        nodes = np.array(tree.nodes[run], np.int32)
        return Hang(run, above, nodes) if len(nodes) else None
