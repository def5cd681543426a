"""Faces as phones send them (ARKit's 52 weights, a head, a gaze), and the pose that they make.

They are poses, not landmarks: their maker has solved and smoothed them, and ARKit's weights need
none of the corrections that a webcam's do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from flow.motion import ARKIT_INDEX, ARKIT_NAMES
from flow.pose import BONE_INDEX, AvatarPose, Driver, Part, identity_rotations
from flow.spec import F32

_NECK, _HEAD = BONE_INDEX["neck"], BONE_INDEX["head"]
_YAW_DEG, _UP_DEG, _DOWN_DEG = 34.0, 28.0, 26.0
"""How far eyes turn where ARKit's eyeLook weights are 1."""
_LEARNING = 60
_FARTHEST_DEG = 180.0


def _by_word() -> dict[str, int]:
    words = {name.lower(): i for name, i in ARKIT_INDEX.items()}
    for name, i in ARKIT_INDEX.items():
        for side in ("Left", "Right"):
            if name.endswith(side) and name not in ("jawLeft", "jawRight"):
                words[f"{name.removesuffix(side)}_{side[0]}".lower()] = i
    return words


WEIGHT_OF: dict[str, int] = _by_word()
"""Lower-case names of ARKit's shapes (``eyeblinkleft``, ``eyeblink_l``) to their places."""


@dataclass(frozen=True, slots=True)
class FaceReading:
    """One face. Angles are in the head's own axes (VRM's): right-handed degrees."""

    weights: F32
    """(52,) 0..1, `ARKIT_NAMES` order."""
    head_deg: tuple[float, float, float] | None = None
    """Turn about x (down), y (to its left), z (to its right), applied z, x, y; None: unknown."""
    gaze_deg: tuple[float, float] | None = None
    """(yaw to its left, pitch down); None: as the eyeLook weights say."""


NO_FACE = FaceReading(np.zeros(len(ARKIT_NAMES), np.float32))
"""A packet in good order that says: nobody is seen."""


@dataclass(slots=True)
class Centre:
    """What a performer's resting head is: phones stand beside or below the screen.

    The mean yaw and pitch of the first second of faces is straight ahead.
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    _count: int = field(default=0)

    def straight(self, head_deg: tuple[float, float, float]) -> tuple[float, float, float]:
        """`head_deg` (pitch, yaw, roll) as turns from the resting head."""
        pitch, yaw, roll = head_deg
        if self._count < _LEARNING:
            self._count += 1
            self.yaw_deg += (yaw - self.yaw_deg) / self._count
            self.pitch_deg += (pitch - self.pitch_deg) / self._count
        return pitch - self.pitch_deg, yaw - self.yaw_deg, roll


def usable(reading: FaceReading) -> bool:
    """Whether every number of a reading is one that a face can have."""
    numbers = [*(reading.head_deg or ()), *(reading.gaze_deg or ())]
    sane = bool(np.isfinite(reading.weights).all()) and bool(np.isfinite(numbers).all())
    return sane and all(abs(n) <= _FARTHEST_DEG for n in numbers)


def pose_of(reading: FaceReading, captured: int, centre: Centre | None = None) -> AvatarPose:
    """The pose of a face: expressions, gaze, and the head's turn shared by neck and head."""
    rotations = identity_rotations()
    parts = [Part.FACE]
    if reading.head_deg is not None:
        turn = centre.straight(reading.head_deg) if centre is not None else reading.head_deg
        half = _half(_turned(turn))
        rotations[_NECK] = rotations[_HEAD] = half
        parts.append(Part.HEAD)
    weights = np.clip(reading.weights, 0.0, 1.0)
    gaze = reading.gaze_deg if reading.gaze_deg is not None else _gaze(weights)
    return AvatarPose(
        captured,
        np.zeros(3, np.float32),
        rotations,
        dict(zip(ARKIT_NAMES, weights.tolist(), strict=True)),
        np.array(gaze, np.float32),
        dict.fromkeys(parts, Driver.HUMAN),
    )


def _turned(angles_deg: tuple[float, float, float]) -> F32:
    """(4,) the turn about z, then x, then y."""
    (sx, sy, sz), (cx, cy, cz) = (f(np.radians(angles_deg) / 2.0) for f in (np.sin, np.cos))
    return np.array(
        [
            cy * sx * cz + sy * cx * sz,
            sy * cx * cz - cy * sx * sz,
            cy * cx * sz - sy * sx * cz,
            cy * cx * cz + sy * sx * sz,
        ],
        np.float32,
    )


def _half(q: F32) -> F32:
    """Half of a turn."""
    sum_ = (q if q[3] >= 0.0 else -q) + np.array([0.0, 0.0, 0.0, 1.0], np.float32)
    return np.asarray(sum_ / np.linalg.norm(sum_), np.float32)


def _gaze(weights: F32) -> tuple[float, float]:
    """(yaw, pitch) of both eyes' mean; each eye's out and in are opposite ends of one axis."""
    w = {name: float(weights[i]) for name, i in ARKIT_INDEX.items() if name.startswith("eyeLook")}
    left = w["eyeLookOutLeft"] - w["eyeLookInLeft"] + w["eyeLookInRight"] - w["eyeLookOutRight"]
    down = 0.5 * (w["eyeLookDownLeft"] + w["eyeLookDownRight"])
    up = 0.5 * (w["eyeLookUpLeft"] + w["eyeLookUpRight"])
    return 0.5 * left * _YAW_DEG, down * _DOWN_DEG - up * _UP_DEG
