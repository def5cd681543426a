"""The proportions that an exported skeleton has: a standard body, or an avatar's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar.quat import F64
from avatar.rig.avatar import Avatar
from avatar.rig.humanoid import hip_height
from avatar.rig.skeleton import Skeleton
from flow.pose import BONE_INDEX, BONE_PARENTS, HUMAN_BONES

_MIDDLE = {
    "hips": (0.0, 0.95, 0.0), "spine": (0.0, 0.08, 0.0), "chest": (0.0, 0.12, 0.0),
    "upperChest": (0.0, 0.12, 0.0), "neck": (0.0, 0.16, -0.01), "head": (0.0, 0.09, 0.02),
    "jaw": (0.0, 0.02, 0.03),
}  # fmt: skip
_LEFT = {
    "Eye": (0.03, 0.06, 0.07),
    "UpperLeg": (0.09, -0.04, 0.0), "LowerLeg": (0.0, -0.415, 0.0),
    "Foot": (0.0, -0.4086, 0.0), "Toes": (0.0, -0.07, 0.13),
    "Shoulder": (0.03, 0.11, 0.0), "UpperArm": (0.13, 0.0, 0.0),
    "LowerArm": (0.27, 0.0, 0.0), "Hand": (0.25, 0.0, 0.0),
    "ThumbMetacarpal": (0.025, -0.01, 0.025), "ThumbProximal": (0.03, 0.0, 0.03),
    "ThumbDistal": (0.025, 0.0, 0.015),
    "IndexProximal": (0.09, 0.0, 0.028), "IndexIntermediate": (0.04, 0.0, 0.0),
    "IndexDistal": (0.025, 0.0, 0.0),
    "MiddleProximal": (0.092, 0.0, 0.005), "MiddleIntermediate": (0.045, 0.0, 0.0),
    "MiddleDistal": (0.028, 0.0, 0.0),
    "RingProximal": (0.088, 0.0, -0.016), "RingIntermediate": (0.04, 0.0, 0.0),
    "RingDistal": (0.026, 0.0, 0.0),
    "LittleProximal": (0.08, 0.0, -0.036), "LittleIntermediate": (0.03, 0.0, 0.0),
    "LittleDistal": (0.02, 0.0, 0.0),
}  # fmt: skip
"""A grown-up of 1.65 m in the T-pose: each bone from its parent, metres, +X to the left."""


@dataclass(frozen=True, slots=True)
class Body:
    """Where the bones of a body stand in its T-pose."""

    places: F64
    """(55, 3) metres, +Y up, facing +Z, the soles at zero."""

    @property
    def hip_height_m(self) -> float:
        """How high the hips stand."""
        return float(self.places[BONE_INDEX["hips"], 1])

    def offset(self, bone: str, parent: str | None) -> F64:
        """From `parent` (None: the ground below) to `bone`."""
        here = self.places[BONE_INDEX[bone]]
        return np.array(here if parent is None else here - self.places[BONE_INDEX[parent]])


def _standard() -> Body:
    places = np.zeros((len(HUMAN_BONES), 3))
    for i, bone in enumerate(HUMAN_BONES):
        side = next((s for s in ("left", "right") if bone.startswith(s)), "")
        way = np.array(_LEFT[bone.removeprefix(side)] if side else _MIDDLE[bone])
        if side == "right":
            way[0] = -way[0]
        parent = BONE_PARENTS[bone]
        places[i] = way + (0.0 if parent is None else places[BONE_INDEX[parent]])
    places.flags.writeable = False
    return Body(places)


STANDARD = _standard()


def body_of(avatar: Avatar) -> Body:
    """The proportions of an avatar; bones that it lacks come from the standard body, in scale."""
    skeleton = Skeleton(avatar.model)
    height = hip_height(avatar.humanoid, skeleton)
    scale = height / STANDARD.hip_height_m
    world = skeleton.rest_world
    hips = world[avatar.humanoid.node("hips"), :3, 3]
    ground = np.array([hips[0], hips[1] - height, hips[2]])
    places = np.zeros((len(HUMAN_BONES), 3))
    for i, bone in enumerate(HUMAN_BONES):
        node, parent = avatar.humanoid.node(bone), BONE_PARENTS[bone]
        if node >= 0:
            places[i] = world[node, :3, 3] - ground
        elif parent is not None:
            places[i] = places[BONE_INDEX[parent]] + STANDARD.offset(bone, parent) * scale
    return Body(places)
