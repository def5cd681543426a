"""Springs as arrays against the specification, joint by joint (VRMC_springBone-1.0)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar import quat
from avatar.quat import F64
from avatar.rig.skeleton import Skeleton
from avatar.rig.spring import Collider, SpringJoint, Springs
from avatar.rig.spring_rig import SpringRig
from flow.mesh import Model

DT = 1.0 / 60.0
FRAMES = 25
KINDS: tuple[tuple[Literal["sphere", "capsule", "plane"], bool], ...] = (
    ("sphere", False),
    ("capsule", False),
    ("plane", False),
    ("sphere", True),
    ("capsule", True),
)


def tree(random: np.random.Generator, *, uneven: bool) -> Model:
    """Root, a bone that moves, and bushes of chains below; some nodes scaled and turned."""
    parents = [-1, 0]
    while len(parents) < 24:
        newest = len(parents) - 1
        parents.append(newest if random.random() < 0.7 else int(random.integers(1, newest + 1)))
    order = sorted(range(24), key=lambda n: (depth(parents, n), n))
    parents = [order.index(parents[n]) if parents[n] >= 0 else -1 for n in order]
    turned = quat.normalize(random.normal(size=(24, 4)) + np.array([0.0, 0.0, 0.0, 3.0]))
    scale = random.uniform(0.8, 1.25, (24, 3 if uneven else 1)) * np.ones((24, 3))
    return Model(
        name="",
        node_names=tuple(map(str, range(24))),
        parents=np.array(parents, np.int32),
        rest_translation=random.uniform(-0.15, 0.15, (24, 3)).astype(np.float32),
        rest_rotation=turned.astype(np.float32),
        rest_scale=scale.astype(np.float32),
        primitives=(), materials=(), textures=(), skins=(), morph_names=(),
    )  # fmt: skip


def depth(parents: list[int], node: int) -> int:
    """How many ancestors a node has."""
    return 0 if parents[node] < 0 else 1 + depth(parents, parents[node])


def hung(random: np.random.Generator, model: Model) -> Springs:
    """Most nodes swing; colliders of every kind sit where they are met."""
    colliders = []
    for _ in range(7):
        a, b, n = random.uniform(-0.2, 0.2, (3, 3))
        shape, inside = KINDS[int(random.integers(len(KINDS)))]
        radius = float(random.uniform(0.3, 0.5) if inside else random.uniform(0.02, 0.15))
        normal, node = n / np.linalg.norm(n), int(random.integers(2))
        colliders.append(Collider(node, shape, tuple(a), tuple(b), tuple(normal), radius, inside))
    joints = [
        SpringJoint(
            node,
            tuple(random.uniform(0.02, 0.1, 3) * random.choice([-1, 1], 3)),
            hit_radius=float(random.uniform(0, 0.03)),
            stiffness=float(random.uniform(0, 3)),
            gravity_power=float(random.uniform(0, 1)),
            drag_force=float(random.uniform(0.05, 1)),
            colliders=tuple(np.flatnonzero(random.random(7) < 0.7).tolist()),
        )
        for node in range(2, len(model.parents))
        if random.random() < 0.8
    ]
    return Springs(tuple(joints), tuple(colliders))


class Plain:
    """The specification's own loop: one joint, one collider after the other."""

    def __init__(self, springs: Springs, skeleton: Skeleton) -> None:
        self.springs, self.skeleton = springs, skeleton
        self.joints = {j.node: j for j in springs.joints}
        self.now: dict[int, F64] = {}
        self.before: dict[int, F64] = {}

    def update(self, world: F64) -> F64:
        """World matrices from those of the pose alone."""
        if not self.now:  # everything hangs as posed when it begins
            for node, joint in self.joints.items():
                self.now[node] = world[node, :3, :3] @ joint.tail + world[node, :3, 3]
            self.before = dict(self.now)
        world = world.copy()
        places = [self.placed(c, world) for c in self.springs.colliders]
        moved: set[int] = set()
        for node, parent in enumerate(self.skeleton.parents.tolist()):
            if node not in self.joints and parent not in moved:
                continue
            moved.add(node)
            world[node] = world[parent] @ self.skeleton.local[node]
            if node in self.joints:
                self.swing(node, world, places)
        return world

    def swing(self, node: int, world: F64, places: list[tuple[F64, F64, F64]]) -> None:
        """One step of one joint."""
        joint = self.joints[node]
        linear, place = world[node, :3, :3], world[node, :3, 3]
        rest = linear @ joint.tail
        length = np.linalg.norm(rest)
        axis = rest / length
        now, before = self.now[node], self.before[node]
        down = np.array(joint.gravity_dir) * joint.gravity_power
        tail = now + (now - before) * (1.0 - joint.drag_force)
        tail = tail + (axis * joint.stiffness + down) * DT
        tail = place + (tail - place) / np.linalg.norm(tail - place) * length
        for index in joint.colliders:
            out = self.way_out(tail, joint.hit_radius, self.springs.colliders[index], places[index])
            if out is not None:
                tail = tail + out
                tail = place + (tail - place) / np.linalg.norm(tail - place) * length
        self.before[node], self.now[node] = now, tail
        turn = quat.to_matrix(quat.from_to(axis, (tail - place) / length))
        world[node, :3, :3] = turn @ linear

    @staticmethod
    def placed(c: Collider, world: F64) -> tuple[F64, F64, F64]:
        """Head, tail and normal in the world."""
        linear, place = world[c.node, :3, :3], world[c.node, :3, 3]
        normal = np.linalg.inv(linear).T @ c.normal
        return (
            linear @ c.offset + place,
            linear @ c.tail + place,
            normal / np.linalg.norm(normal),
        )

    @staticmethod
    def way_out(tail: F64, hit: float, c: Collider, at: tuple[F64, F64, F64]) -> F64 | None:
        """The push, or None where nothing is touched."""
        head, end, normal = at
        if c.shape == "plane":
            height = float((tail - head) @ normal)
            return (hit - height) * normal if height < hit else None
        nearest = head
        if c.shape == "capsule":
            along = end - head
            nearest = head + along * np.clip((tail - head) @ along / (along @ along), 0.0, 1.0)
        way = tail - nearest
        distance = float(np.linalg.norm(way))
        free = max(c.radius - hit, 0.0) if c.inside else c.radius + hit
        touched = distance > free if c.inside else distance < free
        return way / distance * (free - distance) if touched else None


@pytest.mark.parametrize("uneven", [False, True])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_springs_must_swing_as_the_specification_says(uneven: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    model = tree(random, uneven=uneven)
    springs = hung(random, model)
    skeleton, pose = Skeleton(model), Skeleton(model)
    for each in (skeleton, pose):
        each.moves(np.array([1], np.int32))
    rig, plain = SpringRig(springs, skeleton), Plain(springs, pose)
    turns = random.normal(size=3) * 0.5
    for frame in range(FRAMES):
        place = np.eye(4)
        place[:3, 3] = 0.1 * np.sin(0.2 * frame)
        angle = np.sin(0.3 * frame) * turns
        turn = quat.normalize(np.array([*np.sin(angle), 1.0]))
        for each in (skeleton, pose):
            each.stand(place)
            each.rotation[1] = quat.multiply(each.rest_rotation[1], turn)
            each.compose()
            each.propagate()
        rig.update(DT)
        wanted = plain.update(pose.world)
        np.testing.assert_allclose(skeleton.world, wanted, atol=1e-6)
