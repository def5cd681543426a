"""Faces: the head's turn, gaze, and 52 weights freed from the tracker's habits."""

from __future__ import annotations

import math

import numpy as np

from avatar.solve.calibrate import Neutral
from avatar.solve.rotations import F64, matrix_to_quat, within
from flow.motion import ARKIT_INDEX, ARKIT_NAMES
from flow.spec import F32

_I = ARKIT_INDEX
_BLINKS = np.array([_I["eyeBlinkLeft"], _I["eyeBlinkRight"]])
_DOWNS = np.array([_I["eyeLookDownLeft"], _I["eyeLookDownRight"]])
_SQUINTS = np.array([_I["eyeSquintLeft"], _I["eyeSquintRight"]])
_WIDES = np.array([_I["eyeWideLeft"], _I["eyeWideRight"]])
_LOOKS = np.array([i for i, n in enumerate(ARKIT_NAMES) if n.startswith("eyeLook")])

_GAIN = np.ones(52)
for _name, _gain in {
    "mouthFrownLeft": 3.0, "mouthFrownRight": 3.0,
    "mouthStretchLeft": 1.8, "mouthStretchRight": 1.8, "mouthShrugUpper": 2.0,
    "jawLeft": 1.8, "jawRight": 3.0, "mouthLowerDownLeft": 1.4, "mouthLowerDownRight": 1.4,
    "eyeWideLeft": 1.6, "eyeWideRight": 1.6, "jawOpen": 1.15,
    "mouthSmileLeft": 1.1, "mouthSmileRight": 1.1,
}.items():  # fmt: skip
    _GAIN[_I[_name]] = _gain
"""What brings the weak shapes of the blend-shape network to full range (its 99.9th percentiles on
strong acting are 0.14 for frowns, 0.37 for stretches, 0.15 to 0.42 for the jaw's sides)."""

_YAW_DEG, _UP_DEG, _DOWN_DEG = 34.0, 28.0, 26.0
_DOWN_FREE, _DOWN_PER_LOOK = 0.15, 0.22
"""Lids follow the gaze down: this much of the blink weight is not a blink."""


def head_rotation(camera_from_head: F64) -> F64:
    """The head's rotation in the room: the OpenGL camera's axes are the model's axes."""
    return matrix_to_quat(camera_from_head[:3, :3])


def yaw_pitch_deg(camera_from_head: F64) -> F64:
    """(yaw, pitch) of the nose: yaw > 0 to the head's left, pitch > 0 down."""
    x, y, z = camera_from_head[:3, 2].tolist()
    level = math.hypot(x, z)
    return np.array([math.degrees(math.atan2(x, z)), math.degrees(math.atan2(-y, level))])


def raw_gaze_deg(weights: F64) -> F64:
    """(yaw, pitch) of both eyes' mean from the eyeLook weights: > 0 to the left, > 0 down.

    Each eye's out and in are opposite ends of one axis.
    """
    w = weights
    left = w[_I["eyeLookOutLeft"]] - w[_I["eyeLookInLeft"]]
    right = w[_I["eyeLookInRight"]] - w[_I["eyeLookOutRight"]]
    down = 0.5 * (w[_DOWNS[0]] + w[_DOWNS[1]])
    up = 0.5 * (w[_I["eyeLookUpLeft"]] + w[_I["eyeLookUpRight"]])
    return np.array([0.5 * (left + right) * _YAW_DEG, down * _DOWN_DEG - up * _UP_DEG])


def correct_weights(weights: F64, neutral: Neutral) -> F32:
    """The 52 weights without the resting face, weak shapes amplified, blinks in their own range."""
    rest = neutral.rest
    out = within((weights - rest) / (1.0 - rest) * _GAIN, 0.0, 1.0)
    out[_LOOKS] = weights[_LOOKS]
    out[_BLINKS] = blinks(weights, neutral)
    # A closing eye is neither wide nor usefully squinting; the network's squint is a habit anyway.
    opened = 1.0 - out[_BLINKS]
    out[_WIDES] *= opened
    out[_SQUINTS] *= 0.5 * opened
    return out.astype(np.float32)


def blinks(weights: F64, neutral: Neutral) -> F64:
    """Closed eyelids (left, right), 0..1: open eyes at their floor are 0, closed ones 1."""
    floor, ceiling = neutral.blink_floor, neutral.blink_ceiling
    lowered = _DOWN_PER_LOOK * np.maximum(weights[_DOWNS] - _DOWN_FREE, 0.0)
    span = np.maximum(ceiling - floor - 0.04, 0.15)
    closed = within((weights[_BLINKS] - floor - lowered - 0.04) / (0.9 * span), 0.0, 1.0)
    # Two eyes blink together unless they clearly differ: share what the weaker one lacks.
    left, right = closed.tolist()
    both, together = 0.5 * (left + right), max(1.0 - 2.0 * abs(left - right), 0.0)
    return np.asarray(closed + (both - closed) * together, np.float64)
