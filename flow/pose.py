"""What a body does, independent of any model: the normalised VRM humanoid.

Normalised: every bone's rotation is the identity in the T-pose and is expressed in model axes
(right-handed, +Y up, the model faces +Z, its left hand points to +X), relative to its parent bone.
Any driver (camera, VMC, take, speech, idle) ends here and any consumer starts here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

import numpy as np

from flow.spec import F32, Spec

_FINGERS = ("Thumb", "Index", "Middle", "Ring", "Little")
_JOINTS = {"Thumb": ("Metacarpal", "Proximal", "Distal")}
_DEFAULT_JOINTS = ("Proximal", "Intermediate", "Distal")


def _finger_bones(side: str) -> tuple[str, ...]:
    return tuple(f"{side}{f}{j}" for f in _FINGERS for j in _JOINTS.get(f, _DEFAULT_JOINTS))


HUMAN_BONES: tuple[str, ...] = (
    "hips", "spine", "chest", "upperChest", "neck", "head", "leftEye", "rightEye", "jaw",
    "leftUpperLeg", "leftLowerLeg", "leftFoot", "leftToes",
    "rightUpperLeg", "rightLowerLeg", "rightFoot", "rightToes",
    "leftShoulder", "leftUpperArm", "leftLowerArm", "leftHand",
    "rightShoulder", "rightUpperArm", "rightLowerArm", "rightHand",
    *_finger_bones("left"), *_finger_bones("right"),
)  # fmt: skip
"""VRM 1.0's 55 humanoid bones, the order of `AvatarPose.rotations`."""

BONE_INDEX: dict[str, int] = {name: i for i, name in enumerate(HUMAN_BONES)}


def _parents() -> dict[str, str | None]:
    parents: dict[str, str | None] = {
        "hips": None, "spine": "hips", "chest": "spine", "upperChest": "chest",
        "neck": "upperChest", "head": "neck", "leftEye": "head", "rightEye": "head",
        "jaw": "head",
    }  # fmt: skip
    for side in ("left", "right"):
        chain = ("hips", "UpperLeg", "LowerLeg", "Foot", "Toes")
        for up, down in pairwise(chain):
            parents[side + down] = up if up == "hips" else side + up
        chain = ("upperChest", "Shoulder", "UpperArm", "LowerArm", "Hand")
        for up, down in pairwise(chain):
            parents[side + down] = up if up == "upperChest" else side + up
        for finger in _FINGERS:
            last = side + "Hand"
            for joint in _JOINTS.get(finger, _DEFAULT_JOINTS):
                parents[f"{side}{finger}{joint}"] = last
                last = f"{side}{finger}{joint}"
    return parents


BONE_PARENTS: dict[str, str | None] = _parents()
"""Each bone's parent in the full humanoid. A model that lacks a bone hangs its children one up."""

REQUIRED_BONES: frozenset[str] = frozenset(
    {"hips", "spine", "head"}
    | {s + b for s in ("left", "right") for b in ("UpperLeg", "LowerLeg", "Foot")}
    | {s + b for s in ("left", "right") for b in ("UpperArm", "LowerArm", "Hand")}
)

PRESET_EXPRESSIONS: tuple[str, ...] = (
    "happy", "angry", "sad", "relaxed", "surprised",
    "aa", "ih", "ou", "ee", "oh",
    "blink", "blinkLeft", "blinkRight",
    "lookUp", "lookDown", "lookLeft", "lookRight", "neutral",
)  # fmt: skip


class Driver(StrEnum):
    """Who moves a body part. Labels on screen follow it."""

    HUMAN = "human"
    AI = "ai"
    REPLAY = "replay"
    IDLE = "idle"


class Part(StrEnum):
    """The body parts that can have different drivers."""

    FACE = "face"
    HEAD = "head"
    TORSO = "torso"
    LEFT_ARM = "left_arm"
    RIGHT_ARM = "right_arm"
    LEFT_HAND = "left_hand"
    RIGHT_HAND = "right_hand"
    LEGS = "legs"


def part_of_bone(bone: str) -> Part:
    """Which part a humanoid bone belongs to."""
    if bone in ("neck", "head"):
        return Part.HEAD
    if bone in ("leftEye", "rightEye", "jaw"):
        return Part.FACE
    if bone in ("hips", "spine", "chest", "upperChest"):
        return Part.TORSO
    side = "left" if bone.startswith("left") else "right"
    rest = bone.removeprefix(side)
    if rest in ("UpperLeg", "LowerLeg", "Foot", "Toes"):
        return Part.LEGS
    arm = rest in ("Shoulder", "UpperArm", "LowerArm")
    return Part(f"{side}_arm" if arm else f"{side}_hand")


def identity_rotations() -> F32:
    """(55, 4) unit quaternions of the T-pose."""
    out = np.zeros((len(HUMAN_BONES), 4), np.float32)
    out[:, 3] = 1.0
    return out


@dataclass(frozen=True, slots=True)
class AvatarPose:
    """One pose of one performer, ready for any VRM.

    `hips` is the hips' offset from its place in the T-pose, in metres of a body whose hips stand
    1 m high: a model multiplies it by its own hip height. `expressions` is the face that moves:
    VRM preset names and ARKit names together, the same movement in both; a model uses what it has
    (see `avatar.rig.vocabulary`). `chosen` is what somebody asked for by name (a hotkey, a script,
    speech, a clip): presets and the author's own names, shown by every model that has them, on
    top (docs/decisions/expressions.md). `gaze_deg` is (yaw, pitch) of the eyes relative to the
    head: yaw > 0 to the avatar's left, pitch > 0 down (VRM look-at convention).
    """

    captured: int
    hips: Annotated[F32, Spec((3,), "metres for a hip height of 1 m")]
    rotations: Annotated[F32, Spec((55, 4), "unit quaternions xyzw, HUMAN_BONES order")]
    expressions: dict[str, float]
    gaze_deg: Annotated[F32, Spec((2,), "yaw, pitch in degrees")]
    driver: dict[Part, Driver] = field(default_factory=dict)
    chosen: dict[str, float] = field(default_factory=dict)


def t_pose(captured: int = 0) -> AvatarPose:
    """The T-pose: useful for tests and thumbnails, never shown in a show."""
    return AvatarPose(
        captured, np.zeros(3, np.float32), identity_rotations(), {}, np.zeros(2, np.float32)
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """The body of an avatar, for those who pass its poses on to other bodies."""

    name: str
    places: Annotated[F32, Spec((55, 3), "metres in the T-pose, the soles at zero")]
    bones: frozenset[str]
    """The bones it has; places of others are guesses."""

    @property
    def hip_height_m(self) -> float:
        """How high its hips stand."""
        return float(self.places[0, 1])
