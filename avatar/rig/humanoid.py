"""The humanoid: which node is which bone, and the normalised pose on this model's own bones.

Normalised rotations live in model axes with the T-pose as identity. With P the rest rotation of a
bone's parent in model-world and L the bone's own rest rotation, the raw local rotation is
P⁻¹ · pose · P · L (the conversion that three-vrm's normalised rig makes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar import quat
from avatar.quat import F64
from avatar.rig.skeleton import Skeleton
from flow.pose import BONE_INDEX, BONE_PARENTS, HUMAN_BONES, AvatarPose, identity_rotations
from flow.spec import I32

_TORSO = frozenset({"spine", "chest", "upperChest"})
_SMALLEST_HIP_HEIGHT_M = 1e-3


@dataclass(frozen=True, slots=True)
class Humanoid:
    """Model node of every bone, `HUMAN_BONES` order, -1 where the model has none."""

    nodes: I32

    def node(self, bone: str) -> int:
        """Model node of `bone`, or -1."""
        return int(self.nodes[BONE_INDEX[bone]])

    @property
    def bones(self) -> tuple[str, ...]:
        """The bones this model has."""
        return tuple(b for b, n in zip(HUMAN_BONES, self.nodes.tolist(), strict=True) if n >= 0)

    @property
    def head(self) -> int:
        """Model node of the head, or of what is nearest to it where the model has none."""
        chain = ("head", "neck", "upperChest", "chest", "spine", "hips")
        return next((n for n in map(self.node, chain) if n >= 0), -1)


def humanoid_of(found: dict[str, int]) -> Humanoid:
    """A humanoid from bone name → model node."""
    nodes = np.full(len(HUMAN_BONES), -1, np.int32)
    for bone, node in found.items():
        nodes[BONE_INDEX[bone]] = node
    return Humanoid(nodes)


def folds(humanoid: Humanoid) -> list[tuple[int, int, bool]]:
    """How the rotations of missing bones are kept: (from, to, upwards) in the order to apply.

    A missing torso bone bends its nearest existing ancestor (the shoulders follow the bend); any
    other missing bone turns its children (their orientation in the world is kept). What has no
    existing descendant, such as missing toes, moves nothing.
    """
    have = set(humanoid.bones)
    children: dict[str, list[str]] = {b: [] for b in HUMAN_BONES}
    for bone, parent in BONE_PARENTS.items():
        if parent is not None:
            children[parent].append(bone)

    def lives(bone: str) -> bool:
        return bone in have or any(lives(c) for c in children[bone])

    out: list[tuple[int, int, bool]] = []
    for bone in HUMAN_BONES:
        if bone in have or bone == "hips":
            continue
        if bone in _TORSO:
            parent = BONE_PARENTS[bone]
            while parent is not None and parent not in have:
                parent = BONE_PARENTS[parent]
            if parent is not None:
                out.append((BONE_INDEX[bone], BONE_INDEX[parent], True))
        else:
            out += [
                (BONE_INDEX[bone], BONE_INDEX[child], False)
                for child in children[bone]
                if lives(child)
            ]
    return out


class HumanoidRig:
    """Writes normalised poses into a skeleton."""

    def __init__(self, humanoid: Humanoid, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._bones = np.flatnonzero(humanoid.nodes >= 0)
        self._nodes = humanoid.nodes[self._bones]
        above = skeleton.rest_world_rotation[skeleton.parents[self._nodes]]
        self._before = quat.conjugate(above)
        self._after = quat.multiply(above, skeleton.rest_rotation[self._nodes])
        self._raw_from_pose = quat.between(self._before, self._after)
        self._folds = folds(humanoid)
        self._rest_place = skeleton.rest_world[self._nodes, :3, 3]
        self._above = bones_above(humanoid)
        eyes = (BONE_INDEX["leftEye"], BONE_INDEX["rightEye"])
        self._eyes = np.flatnonzero(np.isin(self._bones, eyes))
        self._rotations: F64 = identity_rotations().astype(np.float64)
        self._moved_m: F64 = np.zeros(3)
        self._hips = humanoid.node("hips")
        parent = int(skeleton.parents[self._hips])
        self.hip_height_m = hip_height(humanoid, skeleton)
        linear = skeleton.rest_world[parent][:3, :3]
        self._hips_local: F64 = np.linalg.pinv(linear) * self.hip_height_m
        skeleton.moves(self._nodes)

    def apply(self, pose: AvatarPose) -> None:
        """Write the pose's rotations and hips into the skeleton."""
        rotations = quat.normalize(pose.rotations)
        for source, target, upwards in self._folds:
            a, b = (target, source) if upwards else (source, target)
            rotations[target] = quat.multiply(rotations[a], rotations[b])
        self._rotations = rotations
        raw = np.matvec(self._raw_from_pose, rotations.take(self._bones, 0))
        self._skeleton.rotation[self._nodes] = raw
        hips = pose.hips.astype(np.float64)
        if not np.isfinite(hips).all():
            hips = np.nan_to_num(hips, posinf=0.0, neginf=0.0)
        self._moved_m = hips * self.hip_height_m
        rest = self._skeleton.rest_translation[self._hips]
        self._skeleton.translation[self._hips] = rest + self._hips_local @ hips

    @property
    def rotations(self) -> F64:
        """(bones, 4) normalised rotations as last posed, in the order of `Humanoid.bones`.

        Eyes are as the gaze has turned them since.
        """
        out = self._rotations[self._bones]
        for i in self._eyes.tolist():
            out[i] = self._normalized(i, self._skeleton.rotation[self._nodes[i]])
        return out

    def normalized(self, bone: str, raw: F64) -> F64:
        """(4,) the normalised rotation that gives `bone` this raw local one."""
        return self._normalized(int(np.flatnonzero(self._bones == BONE_INDEX[bone])[0]), raw)

    def _normalized(self, i: int, raw: F64) -> F64:
        turned = quat.multiply(quat.conjugate(self._before[i]), raw)
        return quat.multiply(turned, quat.conjugate(self._after[i]))

    def normalized_world(self, world_from_model: F64) -> tuple[F64, F64]:
        """Places (bones, 3) and rotations (bones, 4) of the normalised skeleton as last posed.

        Its bones start where the model's do and are not turned in the rest pose; whatever lies
        between two bones of the model is left out. `world_from_model` is as in `Skeleton.stand`.
        """
        places, turns = np.zeros_like(self._rest_place), np.zeros((len(self._bones), 4))
        stand, posed = quat.of_transform(world_from_model), self.rotations
        for i, above in enumerate(self._above):
            own = posed[i]
            if above < 0:
                at = self._rest_place[i] + (self._moved_m if self._nodes[i] == self._hips else 0.0)
                places[i] = world_from_model[:3, :3] @ at + world_from_model[:3, 3]
                turns[i] = quat.multiply(stand, own)
            else:
                way = world_from_model[:3, :3] @ (self._rest_place[i] - self._rest_place[above])
                turn = quat.multiply(turns[above], quat.conjugate(stand))
                places[i] = places[above] + quat.rotate(turn, way)
                turns[i] = quat.multiply(turns[above], own)
        return places, turns


def bones_above(humanoid: Humanoid) -> list[int]:
    """Of every bone the model has, which other of them it hangs on (-1: none)."""
    have = humanoid.bones
    out = []
    for bone in have:
        parent = BONE_PARENTS[bone]
        while parent is not None and parent not in have:
            parent = BONE_PARENTS[parent]
        out.append(-1 if parent is None else have.index(parent))
    return out


def hip_height(humanoid: Humanoid, skeleton: Skeleton) -> float:
    """How high the hips stand in the rest pose, in metres above the model's origin.

    A model modelled around its hips has them at zero: then the legs say how high they are.
    """
    world = skeleton.rest_world
    hips = float(world[humanoid.node("hips"), 1, 3])
    feet = [humanoid.node(b) for b in ("leftFoot", "rightFoot")]
    lowest = min((float(world[f, 1, 3]) for f in feet if f >= 0), default=0.0)
    height = hips if hips > _SMALLEST_HIP_HEIGHT_M else hips - lowest
    return height if height > _SMALLEST_HIP_HEIGHT_M else 1.0
