"""What was seen of a performer, in the camera's own terms. Made by capture, used by avatar.

Camera frame: x to the right of the *picture*, y down, z away from the camera; pictures are
unmirrored, so the performer's left hand is on the picture's right. ``None`` means "not seen in
this frame"; stale values are never repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from flow.spec import F32, Spec

ARKIT_NAMES: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight",
    "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip
"""The 52 ARKit blend shapes, alphabetical, the order of `FaceSample.weights`."""

ARKIT_INDEX: dict[str, int] = {name: i for i, name in enumerate(ARKIT_NAMES)}

FACE_POINTS = 478
BODY_POINTS = 33
HAND_POINTS = 21


@dataclass(frozen=True, slots=True)
class FaceSample:
    """A face. `points` x, y are picture fractions (0..1 of width, height); z has x's scale.

    `camera_from_head` maps the head frame (VRM axes: x to the head's left, y up, z out of the
    face; metres) to the *OpenGL* camera frame (x right, y up, z towards the viewer; metres):
    its rotation is the identity when the face looks straight into the lens.

    `points` are None unless somebody asked for them: they tell who somebody is, and a show needs
    only weights and matrix. Drivers never read them.
    """

    points: Annotated[F32, Spec((478, 3), "picture fractions, MediaPipe face mesh order")] | None
    weights: Annotated[F32, Spec((52,), "ARKIT_NAMES order, 0..1")]
    camera_from_head: Annotated[F32, Spec((4, 4), "rigid transform, metres")]


@dataclass(frozen=True, slots=True)
class BodySample:
    """A body. `points` are metres around the mid-hip in the camera frame, MediaPipe pose order.

    `image_points` are the same landmarks as picture fractions (z with x's scale): the only
    source of where in the room the body is.
    """

    points: Annotated[F32, Spec((33, 3), "metres, hip-centred, camera frame")]
    image_points: Annotated[F32, Spec((33, 3), "picture fractions")]
    visibility: Annotated[F32, Spec((33,), "0..1")]


@dataclass(frozen=True, slots=True)
class HandSample:
    """A hand. `points` are metres around the wrist in the camera frame, MediaPipe hand order."""

    points: Annotated[F32, Spec((21, 3), "metres, wrist-centred, camera frame")]
    image_points: Annotated[F32, Spec((21, 3), "picture fractions")]
    confidence: float


@dataclass(frozen=True, slots=True)
class MotionFrame:
    """Everything seen in one camera picture. `captured` is the picture's birth (ns)."""

    seq: int
    captured: int
    aspect: float
    """Width over height of the picture the fractions refer to."""
    face: FaceSample | None = None
    body: BodySample | None = None
    left_hand: HandSample | None = None
    """The performer's own left hand."""
    right_hand: HandSample | None = None
    mirrored: bool = False
    """Whether the avatar should move like a mirror image (left and right exchanged)."""
    looked_for: int = 0b1111
    """Bit set of what was searched in this frame: 1 face, 2 body, 4 left hand, 8 right hand.
    A part that was not searched is unknown, not lost (the schedule interleaves body and hands)."""


LOOKED_FACE, LOOKED_BODY, LOOKED_LEFT, LOOKED_RIGHT = 1, 2, 4, 8
