"""Spring bones from a file: VRMC_springBone-1.0 and VRM 0.x secondaryAnimation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from avatar.read.gltf import Gltf
from avatar.read.jsonat import At
from avatar.read.problem import Problems
from avatar.rig.skeleton import rest_world
from avatar.rig.spring import VIRTUAL_TAIL_M, Collider, SpringJoint, Springs

_LEFT_OUT = "It is left out."
MOST_JOINTS = 2048
MOST_COLLIDERS = 512
_Triple = tuple[float, float, float]
_SHORTEST = 1e-9
_LONGEST = 10.0
_DOWN = (0.0, -1.0, 0.0)


@dataclass(slots=True)
class _Reader:
    """What is being gathered from one file."""

    gltf: Gltf
    problems: Problems
    colliders: list[Collider] = field(default_factory=list)
    groups: dict[int, tuple[int, ...]] = field(default_factory=dict)
    joints: list[SpringJoint] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)
    """Node → row of its joint."""

    def node(self, ref: At) -> int:
        return self.gltf.node[ref.index(len(self.gltf.node), "node")]

    def add_collider(self, at: At, collider: Collider) -> int:
        if len(self.colliders) >= MOST_COLLIDERS:
            raise at.fault(f"is one of more than {MOST_COLLIDERS} colliders", code="asset.large")
        self.colliders.append(collider)
        return len(self.colliders) - 1

    def add_joint(self, at: At, joint: SpringJoint) -> None:
        if joint.node in self.taken:
            raise at.fault("swings a node that already swings", code="asset.cycle")
        if len(self.joints) >= MOST_JOINTS:
            raise at.fault(f"is one of more than {MOST_JOINTS} spring joints", code="asset.large")
        self.taken[joint.node] = len(self.joints)
        self.joints.append(joint)

    def replace_joint(self, joint: SpringJoint) -> None:
        """`joint` swings its node now, in the place of the one that did."""
        self.joints[self.taken[joint.node]] = joint

    def touched(self, refs: At) -> tuple[int, ...]:
        """The colliders of the groups that a spring names."""
        out: list[int] = []
        for ref in refs.items(MOST_COLLIDERS):
            with self.problems.tolerate(ref, "The spring does not touch these colliders."):
                i = ref.integer(low=-(1 << 31))
                if i not in self.groups:
                    raise ref.fault(f"points to collider group {i}", code="asset.range")
                out += self.groups[i]
        return tuple(dict.fromkeys(out))

    def done(self) -> Springs:
        return Springs(tuple(self.joints), tuple(self.colliders))


def read_springs1(at: At, gltf: Gltf, problems: Problems) -> Springs:
    """``VRMC_springBone``."""
    reader = _Reader(gltf, problems)
    numbers: dict[int, int] = {}
    for k, item in enumerate(at.get("colliders").items()):
        with problems.tolerate(item, _LEFT_OUT):
            numbers[k] = reader.add_collider(item, _collider1(item, reader.node(item.get("node"))))
    for k, group in enumerate(at.get("colliderGroups").items()):
        with problems.tolerate(group, _LEFT_OUT):
            given = (ref.integer() for ref in group.get("colliders").items())
            reader.groups[k] = tuple(numbers[i] for i in given if i in numbers)
    world = rest_world(gltf.model)
    for spring in at.get("springs").items():
        with problems.tolerate(spring, "The spring is left out."):
            touched = reader.touched(spring.get("colliderGroups"))
            center = spring.get("center")
            centre = -1 if center.absent else reader.node(center)
            joints = spring.get("joints").items(MOST_JOINTS)
            for joint, following in pairwise(joints):
                with problems.tolerate(joint, _LEFT_OUT):
                    node = reader.node(joint.get("node"))
                    child = reader.node(following.get("node"))
                    if not _descends(gltf, child, node):
                        raise following.fault("is no descendant of the joint before it")
                    tail = np.linalg.pinv(world[node]) @ world[child][:, 3]
                    x, y, z = joint.get("gravityDir").numbers(3, _DOWN)
                    reader.add_joint(
                        joint,
                        SpringJoint(
                            node=node,
                            tail=(float(tail[0]), float(tail[1]), float(tail[2])),
                            hit_radius=joint.get("hitRadius").number(0.0, 0.0, 10.0),
                            stiffness=joint.get("stiffness").number(1.0, 0.0, 100.0),
                            gravity_power=joint.get("gravityPower").number(0.0, -100.0, 100.0),
                            gravity_dir=_bounded((x, y, z)),
                            drag_force=joint.get("dragForce").number(0.5, 0.0, 1.0),
                            center=centre,
                            colliders=touched,
                            child=child,
                        ),
                    )
    return reader.done()


def _collider1(at: At, node: int) -> Collider:
    extended = at.extension("VRMC_springBone_extended_collider").get("shape")
    shape = extended if not extended.absent else at.get("shape")
    for kind in ("sphere", "capsule", "plane"):
        it = shape.get(kind)
        if it.absent:
            continue
        ox, oy, oz = it.get("offset").numbers(3, (0.0, 0.0, 0.0))
        radius = it.get("radius").number(0.0, 0.0, 100.0)
        inside = it.get("inside").flag()
        if kind == "sphere":
            return Collider(node, "sphere", (ox, oy, oz), radius=radius, inside=inside)
        if kind == "capsule":
            tx, ty, tz = it.get("tail").numbers(3, (0.0, 0.0, 0.0))
            return Collider(
                node, "capsule", (ox, oy, oz), (tx, ty, tz), radius=radius, inside=inside
            )
        nx, ny, nz = it.get("normal").numbers(3, (0.0, 0.0, 1.0))
        return Collider(node, "plane", (ox, oy, oz), normal=(nx, ny, nz))
    raise shape.fault("is no sphere, capsule or plane")


def read_springs0(at: At, gltf: Gltf, problems: Problems) -> Springs:
    """``VRM.secondaryAnimation``.

    0.x names only the roots: every descendant swings, a bone with several children points at the
    first, one without any has a virtual tail of 7 cm. Its vectors are Unity's: colliders'
    offsets have z reversed against the node's glTF space, gravity has x reversed against our
    world (the model is turned to face +Z).
    """
    reader = _Reader(gltf, problems)
    for k, group in enumerate(at.get("colliderGroups").items()):
        with problems.tolerate(group, _LEFT_OUT):
            node = reader.node(group.get("node"))
            numbers = []
            for item in group.get("colliders").items():
                with problems.tolerate(item, _LEFT_OUT):
                    x, y, z = item.get("offset").vector("xyz", (0.0, 0.0, 0.0))
                    radius = item.get("radius").number(0.0, 0.0, 100.0)
                    numbers.append(
                        reader.add_collider(item, Collider(node, offset=(x, y, -z), radius=radius))
                    )
            reader.groups[k] = tuple(numbers)
    children = _children(gltf)
    for group in at.get("boneGroups").items():
        with problems.tolerate(group, "The springs of this group are left out."):
            like = _settings0(reader, group)
            for ref in group.get("bones").items():
                with problems.tolerate(ref, "The bones below it do not swing."):
                    todo = [reader.node(ref)]
                    while todo:
                        node = todo.pop()
                        todo += reversed(children[node])
                        tail = _tail0(gltf, node, children[node])
                        child = children[node][0] if children[node] else -1
                        joint = replace(like, node=node, tail=tail, child=child)
                        if node in reader.taken:
                            # Whoever turns a bone last is seen (UniVRM, three-vrm).
                            reader.replace_joint(joint)
                        else:
                            reader.add_joint(ref, joint)
    return reader.done()


def _settings0(reader: _Reader, at: At) -> SpringJoint:
    x, y, z = at.get("gravityDir").vector("xyz", _DOWN)
    center = at.get("center").value
    return SpringJoint(
        node=-1,
        tail=(0.0, 0.0, 0.0),
        hit_radius=at.get("hitRadius").number(0.0, 0.0, 10.0),
        # The format itself spells it so.
        stiffness=at.get("stiffiness").number(1.0, 0.0, 100.0),
        gravity_power=at.get("gravityPower").number(0.0, -100.0, 100.0),
        gravity_dir=_bounded((-x, y, z)),
        drag_force=at.get("dragForce").number(0.4, 0.0, 1.0),
        center=-1 if center in (None, -1) else reader.node(at.get("center")),
        colliders=reader.touched(at.get("colliderGroups")),
    )


def _tail0(gltf: Gltf, node: int, children: list[int]) -> _Triple:
    model = gltf.model
    if children:
        x, y, z = (float(v) for v in model.rest_translation[children[0]])
        return x, y, z
    x, y, z = (float(v) for v in model.rest_translation[node])
    ux, uy, uz = _unit((x, y, z))
    return ux * VIRTUAL_TAIL_M, uy * VIRTUAL_TAIL_M, uz * VIRTUAL_TAIL_M


def _children(gltf: Gltf) -> list[list[int]]:
    out: list[list[int]] = [[] for _ in gltf.model.parents]
    for node, parent in enumerate(gltf.model.parents.tolist()):
        if parent >= 0:
            out[parent].append(node)
    return out


def _descends(gltf: Gltf, node: int, ancestor: int) -> bool:
    node = int(gltf.model.parents[node])
    while node >= 0:
        if node == ancestor:
            return True
        node = int(gltf.model.parents[node])
    return False


def _bounded(v: _Triple) -> _Triple:
    """`v` as it is (a direction of nothing is no gravity), no longer than `_LONGEST`."""
    length = sum(min(abs(x), 1e12) ** 2 for x in v) ** 0.5
    if length <= _LONGEST:
        return v
    x, y, z = _unit(v)
    return x * _LONGEST, y * _LONGEST, z * _LONGEST


def _unit(v: _Triple) -> _Triple:
    """The direction of `v`; down when it has none."""
    length = sum(min(abs(x), 1e12) ** 2 for x in v) ** 0.5
    return (v[0] / length, v[1] / length, v[2] / length) if length > _SHORTEST else _DOWN
