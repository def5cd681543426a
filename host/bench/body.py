"""An avatar made to be measured: every kind of moving part, in numbers that are stated.

The built-in host is light, and a user's avatar is not ours to ship. This one has the whole
humanoid, VRM's and ARKit's expressions, constraints of all three kinds and hair, ears, skirt and
tail of a hundred joints that lie against colliders of every kind. It has no surface.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from avatar.licence.terms import Meta
from avatar.rig.avatar import Avatar
from avatar.rig.constraint import Constraint
from avatar.rig.expression import Expression, MorphBind
from avatar.rig.humanoid import humanoid_of
from avatar.rig.look_at import LookAt
from avatar.rig.spring import Collider, SpringJoint, Springs
from flow.mesh import Model
from flow.motion import ARKIT_NAMES
from flow.pose import BONE_PARENTS, HUMAN_BONES, PRESET_EXPRESSIONS

Place = tuple[float, float, float]

MORPHS = 60
_OFFSETS: dict[str, Place] = {
    "hips": (0.0, 0.95, 0.0), "spine": (0.0, 0.1, 0.0), "chest": (0.0, 0.13, 0.0),
    "upperChest": (0.0, 0.12, 0.0), "neck": (0.0, 0.14, 0.0), "head": (0.0, 0.09, 0.01),
    "Eye": (0.03, 0.07, 0.07), "jaw": (0.0, 0.01, 0.03),
    "UpperLeg": (0.09, -0.04, 0.0), "LowerLeg": (0.0, -0.42, 0.0), "Foot": (0.0, -0.42, -0.02),
    "Toes": (0.0, -0.06, 0.12), "Shoulder": (0.03, 0.1, 0.0), "UpperArm": (0.11, 0.0, 0.0),
    "LowerArm": (0.25, 0.0, 0.0), "Hand": (0.24, 0.0, 0.0),
}  # fmt: skip
"""From the parent bone, metres, of the left side where there are two."""
_FINGERS = {"Thumb": 0.03, "Index": 0.02, "Middle": 0.0, "Ring": -0.02, "Little": -0.035}

_LOCKS, _LOCK_JOINTS = 10, 5
_EARS, _EAR_JOINTS = 2, 5
_PANELS, _PANEL_JOINTS = 8, 4
_TAIL_JOINTS = 8


class _Tree:
    """Nodes in the making, parents first."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.parents: list[int] = []
        self.places: list[Place] = []

    def add(self, name: str, parent: int, place: Place) -> int:
        self.names.append(name)
        self.parents.append(parent)
        self.places.append(place)
        return len(self.names) - 1

    def chain(self, name: str, parent: int, root: Place, step: Place, joints: int) -> list[int]:
        """`joints` nodes and the end that the last one points at."""
        nodes = [self.add(f"{name}0", parent, root)]
        for k in range(joints):
            nodes.append(self.add(f"{name}{k + 1}", nodes[-1], step))
        return nodes


def bench_avatar() -> Avatar:
    """55 bones, 70 expressions on 60 morphs, 6 constraints, 100 spring joints, 20 colliders."""
    tree = _Tree()
    root = tree.add("root", -1, (0.0, 0.0, 0.0))
    bones: dict[str, int] = {}
    for bone in HUMAN_BONES:
        parent = BONE_PARENTS[bone]
        bones[bone] = tree.add(bone, root if parent is None else bones[parent], _offset(bone))
    constraints = _constraints(tree, bones)
    springs = _springs(tree, bones)
    n = len(tree.names)
    rotation = np.zeros((n, 4), np.float32)
    rotation[:, 3] = 1.0
    return Avatar(
        path=Path("bench"),
        name="bench",
        version="vrm1",
        model=Model(
            name="bench",
            node_names=tuple(tree.names),
            parents=np.array(tree.parents, np.int32),
            rest_translation=np.array(tree.places, np.float32),
            rest_rotation=rotation,
            rest_scale=np.ones((n, 3), np.float32),
            primitives=(),
            materials=(),
            textures=(),
            skins=(),
            morph_names=tuple(f"face/{k}" for k in range(MORPHS)),
            morph_defaults=np.zeros(MORPHS, np.float32),
        ),
        humanoid=humanoid_of(bones),
        expressions=_expressions(),
        look_at=LookAt(),
        springs=springs,
        constraints=constraints,
        meta=Meta(),
    )


def _offset(bone: str) -> Place:
    """Where a bone is in its parent."""
    side = -1.0 if bone.startswith("right") else 1.0
    name = bone.removeprefix("left").removeprefix("right")
    for finger, z in _FINGERS.items():
        if name.startswith(finger):
            first = name.endswith("Metacarpal") or (finger != "Thumb" and name.endswith("Proximal"))
            return (side * (0.08 if first else 0.03), 0.0, z if first else 0.0)
    x, y, z = _OFFSETS[name]
    return (side * x, y, z)


def _constraints(tree: _Tree, bones: dict[str, int]) -> tuple[Constraint, ...]:
    """Twist bones of both arms, a strap that follows the chest, a pendant that faces a hand."""
    out = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for upper, lower in (("UpperArm", "LowerArm"), ("LowerArm", "Hand")):
            twist = tree.add(f"{side}{upper}Twist", bones[side + upper], (sign * 0.12, 0.0, 0.0))
            out.append(Constraint("roll", twist, bones[side + lower], (1.0, 0.0, 0.0), 0.5))
    strap = tree.add("strap", bones["spine"], (0.0, 0.1, 0.12))
    out.append(Constraint("rotation", strap, bones["chest"], weight=0.7))
    pendant = tree.add("pendant", bones["chest"], (0.0, 0.05, 0.12))
    out.append(Constraint("aim", pendant, bones["leftHand"], (0.0, 0.0, 1.0), 0.8))
    return tuple(out)


def _expressions() -> dict[str, Expression]:
    """ARKit's names with a morph each, VRM's with three of them."""
    out = {
        name: Expression(name, morphs=(MorphBind(k, 1.0),)) for k, name in enumerate(ARKIT_NAMES)
    }
    for k, name in enumerate(PRESET_EXPRESSIONS):
        binds = tuple(MorphBind((3 * k + j) % MORPHS, 0.6) for j in range(3))
        mood = name in ("happy", "surprised")
        out[name] = Expression(
            name, preset=True, morphs=binds, override_blink="blend" if mood else "none"
        )
    return out


def _springs(tree: _Tree, bones: dict[str, int]) -> Springs:
    colliders = _colliders(bones)
    upper = tuple(range(12))
    lower = (9, *range(12, 20))
    joints: list[SpringJoint] = []

    def hang(nodes: list[int], touches: tuple[int, ...], stiffness: float, hit: float) -> None:
        joints.extend(
            SpringJoint(
                node,
                tree.places[end],
                hit_radius=hit,
                stiffness=stiffness,
                gravity_power=0.3,
                drag_force=0.4,
                colliders=touches,
            )
            for node, end in pairwise(nodes)
        )

    for k in range(_LOCKS):  # from the left temple round the back to the right one
        angle = math.pi * (1.0 + k / (_LOCKS - 1))
        out = (0.1 * math.cos(angle), 0.12, 0.1 * math.sin(angle))
        step = (0.012 * math.cos(angle), -0.07, 0.012 * math.sin(angle))
        nodes = tree.chain(f"hair{k}_", bones["head"], out, step, _LOCK_JOINTS)
        hang(nodes, upper, 0.8, 0.015)
    for k in range(_EARS):
        x = 0.08 * (1 - 2 * k)
        nodes = tree.chain(
            f"ear{k}_", bones["head"], (x, 0.2, 0.0), (0.4 * x, 0.03, 0.0), _EAR_JOINTS
        )
        hang(nodes, upper, 1.5, 0.01)
    for k in range(_PANELS):
        angle = math.tau * (k + 0.5) / _PANELS
        out = (0.14 * math.cos(angle), -0.02, 0.14 * math.sin(angle))
        step = (0.03 * math.cos(angle), -0.11, 0.03 * math.sin(angle))
        nodes = tree.chain(f"skirt{k}_", bones["hips"], out, step, _PANEL_JOINTS)
        hang(nodes, lower, 0.6, 0.02)
    nodes = tree.chain("tail", bones["hips"], (0.0, 0.0, -0.1), (0.0, -0.05, -0.06), _TAIL_JOINTS)
    hang(nodes, lower, 1.0, 0.02)
    return Springs(tuple(joints), colliders)


def _colliders(bones: dict[str, int]) -> tuple[Collider, ...]:
    """Twelve for what hangs from the head, nine (one of them shared) for what hangs below."""

    def ball(bone: str, offset: Place, radius: float) -> Collider:
        return Collider(bones[bone], "sphere", offset, radius=radius)

    def bar(bone: str, tail: Place, radius: float) -> Collider:
        return Collider(bones[bone], "capsule", (0.0, 0.0, 0.0), tail, radius=radius)

    return (
        ball("head", (0.0, 0.08, 0.0), 0.095),
        ball("head", (0.0, 0.03, 0.03), 0.07),
        bar("neck", (0.0, 0.08, 0.0), 0.045),
        ball("upperChest", (0.0, 0.05, -0.01), 0.11),
        ball("chest", (0.0, 0.05, 0.02), 0.12),
        bar("leftShoulder", (0.11, 0.0, 0.0), 0.05),
        bar("rightShoulder", (-0.11, 0.0, 0.0), 0.05),
        bar("leftUpperArm", (0.25, 0.0, 0.0), 0.045),
        bar("rightUpperArm", (-0.25, 0.0, 0.0), 0.045),
        Collider(bones["hips"], "plane", (0.0, -0.9, 0.0), normal=(0.0, 1.0, 0.0)),
        Collider(bones["chest"], "plane", (0.0, 0.0, -0.13), normal=(0.0, 0.0, -1.0)),
        Collider(bones["head"], "sphere", (0.0, 0.0, 0.0), radius=0.6, inside=True),
        ball("hips", (0.0, 0.0, 0.0), 0.12),
        bar("leftUpperLeg", (0.0, -0.42, 0.0), 0.08),
        bar("rightUpperLeg", (0.0, -0.42, 0.0), 0.08),
        bar("leftLowerLeg", (0.0, -0.42, 0.0), 0.06),
        bar("rightLowerLeg", (0.0, -0.42, 0.0), 0.06),
        bar("leftLowerArm", (0.24, 0.0, 0.0), 0.035),
        bar("rightLowerArm", (-0.24, 0.0, 0.0), 0.035),
        Collider(
            bones["hips"], "capsule", (0.0, 0.0, 0.0), (0.0, -0.8, 0.0), radius=0.7, inside=True
        ),
    )
