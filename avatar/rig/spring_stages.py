"""Springs that others bump into: what carries colliders swings before what touches them.

A tree is all that swings below one bone that does not. Where one tree touches colliders that hang
on another (hair on a skirt, a ribbon on a lock), the other must have swung already. Trees that
wait for each other go together, as do those that wait for nobody.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from avatar.quat import F64
from avatar.rig.skeleton import Skeleton
from avatar.rig.spring import SpringJoint, Springs
from avatar.rig.spring_rig import SpringRig
from flow.spec import I32


class SpringStages:
    """All springs of one avatar, one `SpringRig` after the other; nearly always there is one."""

    def __init__(self, springs: Springs, skeleton: Skeleton) -> None:
        self._rigs = [SpringRig(s, skeleton) for s in stages(springs, skeleton.parents)]

    @property
    def count(self) -> int:
        """Swinging joints."""
        return sum(rig.count for rig in self._rigs)

    @property
    def tails(self) -> F64:
        """(joints, 3) world positions of the tails (in the centre's space where there is one)."""
        return np.concatenate([np.zeros((0, 3)), *(rig.tails for rig in self._rigs)])

    @property
    def nodes(self) -> I32:
        """(joints,) model nodes in the order of `tails`."""
        return np.concatenate([np.zeros(0, np.int32), *(rig.nodes for rig in self._rigs)])

    def reset(self) -> None:
        """Forget all motion: the next update starts hanging as modelled."""
        for rig in self._rigs:
            rig.reset()

    def update(self, dt_s: float) -> None:
        """Swing on from the skeleton's world matrices and write those of the swinging nodes."""
        for rig in self._rigs:
            rig.update(dt_s)


def stages(springs: Springs, parents: I32) -> list[Springs]:
    """`springs` in parts, in the order in which they must swing."""
    tree = _trees(springs.joints, parents)
    hangs = [tree.get(c.node, -1) for c in springs.colliders]
    if max(hangs, default=-1) < 0:
        return [springs]
    waits: dict[int, set[int]] = {}
    for joint in springs.joints:
        others = {hangs[c] for c in joint.colliders} - {-1, tree[joint.node]}
        waits.setdefault(tree[joint.node], set()).update(others)
    out: list[Springs] = []
    done: set[int] = set()
    while len(done) < len(waits):
        ready = {t for t, others in waits.items() if t not in done and others <= done}
        ready = ready or waits.keys() - done  # a ring: nobody in it can be first
        out.append(_part(springs, [j for j in springs.joints if tree[j.node] in ready]))
        done |= ready
    return out


def _trees(joints: tuple[SpringJoint, ...], parents: I32) -> dict[int, int]:
    """Every node that swings, or hangs on one that does → the topmost swinging node above it."""
    swinging = {j.node for j in joints}
    out: dict[int, int] = {}
    for node, parent in enumerate(parents.tolist()):
        if parent in out:
            out[node] = out[parent]
        elif node in swinging:
            out[node] = node
    return out


def _part(springs: Springs, joints: list[SpringJoint]) -> Springs:
    """These joints with the colliders that they touch."""
    touched = sorted({c for j in joints for c in j.colliders})
    place = {c: i for i, c in enumerate(touched)}
    return Springs(
        tuple(replace(j, colliders=tuple(place[c] for c in j.colliders)) for j in joints),
        tuple(springs.colliders[c] for c in touched),
    )
