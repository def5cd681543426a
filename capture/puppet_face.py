"""A parametric face in MediaPipe's point order, moved by ARKit weights.

Not a copy of anybody's mesh: the named curves (lips, eyelids, brows, irises, outline, nose) are
placed by formulas, the points between them are spread evenly over the front of the head.

Frame: the head's (VRM axes: x to the head's left, y up, z out of the face; metres).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from flow.motion import ARKIT_INDEX, FACE_POINTS
from flow.spec import F32

# MediaPipe's numbers of the points on each curve, from the head's right to its left.
OUTLINE = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""From the middle of the forehead over the head's left side to the chin and back."""
LIP_UPPER_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LIP_UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIP_LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LIP_LOWER_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LID_UPPER = {"Right": (33, 246, 161, 160, 159, 158, 157, 173, 133),
             "Left": (362, 398, 384, 385, 386, 387, 388, 466, 263)}  # fmt: skip
LID_LOWER = {"Right": (33, 7, 163, 144, 145, 153, 154, 155, 133),
             "Left": (362, 382, 381, 380, 374, 373, 390, 249, 263)}  # fmt: skip
BROW_UPPER = {"Right": (70, 63, 105, 66, 107), "Left": (336, 296, 334, 293, 300)}
BROW_LOWER = {"Right": (46, 53, 52, 65, 55), "Left": (285, 295, 282, 283, 276)}
IRIS = {"Right": (468, 469, 470, 471, 472), "Left": (473, 474, 475, 476, 477)}
NOSE_RIDGE = (168, 6, 197, 195, 5, 4, 1, 2)
NOSTRILS = (98, 327)

_SIDE = {"Right": -1.0, "Left": 1.0}
_HALF_WIDTH, _HALF_HEIGHT, _DEPTH = 0.072, 0.092, 0.062
_EYE_X, _EYE_Y, _EYE_HALF, _EYE_OPEN = 0.032, 0.028, 0.0145, 0.0055
_MOUTH_Y, _MOUTH_HALF, _LIP = -0.040, 0.026, 0.007


def surface(x: F32 | float, y: F32 | float) -> F32:
    """Height z of the front of the head (a half ellipsoid) over (x, y)."""
    inside = 1.0 - (np.asarray(x) / 0.080) ** 2 - (np.asarray(y) / 0.105) ** 2
    return np.asarray(_DEPTH * np.sqrt(np.maximum(inside, 0.0)), np.float32)


def face_points(weights: F32) -> F32:
    """(478, 3) metres in the head frame for (52,) ARKit weights."""
    points = _rest().copy()
    jaw = _w(weights, "jawOpen")
    below = np.clip((_MOUTH_Y + 0.01 - points[:, 1]) / 0.05, 0.0, 1.0)
    points[:, 1] -= 0.022 * jaw * below  # the jaw takes everything below the mouth with it
    for side in ("Right", "Left"):
        _eye(points, weights, side)
        _brow(points, weights, side)
    _mouth(points, weights)
    return points


def _w(weights: F32, name: str) -> float:
    return float(weights[ARKIT_INDEX[name]])


def _set(points: F32, numbers: tuple[int, ...], x: F32, y: Any, lift: float) -> None:
    at = list(numbers)
    points[at, 0], points[at, 1] = x, y
    points[at, 2] = surface(x, y) + lift


def _eye(points: F32, weights: F32, side: str) -> None:
    s = _SIDE[side]
    closed = min(_w(weights, "eyeBlink" + side), 1.0)
    along = np.linspace(-1.0, 1.0, 9, dtype=np.float32)
    arch = 1.0 - along**2
    x = s * _EYE_X + along * _EYE_HALF
    wide = 1.0 + 0.4 * _w(weights, "eyeWide" + side)
    upper = _EYE_Y + _EYE_OPEN * arch * (wide * (1.0 - closed) - 0.35 * closed)
    lower = _EYE_Y - arch * _EYE_OPEN * 0.7
    _set(points, LID_UPPER[side], x, np.maximum(upper, lower), 0.004)
    _set(points, LID_LOWER[side], x, lower, 0.003)
    to_left = _w(weights, "eyeLookOutLeft") - _w(weights, "eyeLookInLeft")
    up = _w(weights, "eyeLookUp" + side) - _w(weights, "eyeLookDown" + side)
    cx, cy = s * _EYE_X + 0.006 * to_left, _EYE_Y + 0.004 * up
    ring = 0.0058 * np.array([(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)], np.float32)
    _set(points, IRIS[side], cx + ring[:, 0], cy + ring[:, 1], 0.002)


def _brow(points: F32, weights: F32, side: str) -> None:
    along = np.linspace(-1.0, 1.0, 5, dtype=np.float32)
    x = _SIDE[side] * _EYE_X + along * 0.021
    inner = (1.0 - _SIDE[side] * along) / 2
    raised = 0.007 * (
        _w(weights, "browInnerUp") * inner + _w(weights, "browOuterUp" + side) * (1 - inner)
    ) - 0.006 * _w(weights, "browDown" + side)
    y = 0.047 - 0.004 * along**2 + raised
    _set(points, BROW_UPPER[side], x, y, 0.006)
    _set(points, BROW_LOWER[side], x, y - 0.005, 0.006)


def _mouth(points: F32, weights: F32) -> None:
    smile = (_w(weights, "mouthSmileLeft") + _w(weights, "mouthSmileRight")) / 2
    round_ = max(_w(weights, "mouthPucker"), _w(weights, "mouthFunnel"))
    half = _MOUTH_HALF * (1.0 + 0.22 * smile - 0.4 * round_)
    open_ = 0.024 * _w(weights, "jawOpen") + 0.006 * _w(weights, "mouthFunnel")
    along = np.linspace(-1.0, 1.0, 11, dtype=np.float32)
    arch = 1.0 - along**2
    corners = 0.008 * smile * along**2
    forward = 0.006 + 0.008 * round_
    for numbers, y in (
        (LIP_UPPER_OUTER, arch * _LIP + 0.001),
        (LIP_UPPER_INNER, arch * 0.001),
        (LIP_LOWER_INNER, -arch * (open_ + 0.001)),
        (LIP_LOWER_OUTER, -arch * (open_ + _LIP)),
    ):
        scale = half if numbers[0] == LIP_UPPER_OUTER[0] else 0.9 * half
        _set(points, numbers, along * scale, _MOUTH_Y + y + corners, forward)


@cache
def _rest() -> F32:
    points = np.zeros((FACE_POINTS, 3), np.float32)
    angle = np.linspace(0.0, 2 * math.pi, len(OUTLINE), endpoint=False, dtype=np.float32)
    points[list(OUTLINE), 0] = _HALF_WIDTH * np.sin(angle)
    points[list(OUTLINE), 1] = _HALF_HEIGHT * np.cos(angle)
    points[list(OUTLINE), 2] = surface(points[list(OUTLINE), 0], points[list(OUTLINE), 1])
    ridge = np.linspace(0.028, -0.014, len(NOSE_RIDGE), dtype=np.float32)
    height = np.array([0.002, 0.004, 0.008, 0.013, 0.019, 0.024, 0.026, 0.012], np.float32)
    points[list(NOSE_RIDGE), 1] = ridge
    points[list(NOSE_RIDGE), 2] = surface(np.zeros_like(ridge), ridge) + height
    for number, x in zip(NOSTRILS, (-0.014, 0.014), strict=True):
        points[number] = (x, -0.014, float(surface(x, -0.014)) + 0.010)
    named = {*OUTLINE, *NOSE_RIDGE, *NOSTRILS}
    for curves in (LID_UPPER, LID_LOWER, BROW_UPPER, BROW_LOWER, IRIS):
        named.update(n for curve in curves.values() for n in curve)
    for curve in (LIP_UPPER_OUTER, LIP_UPPER_INNER, LIP_LOWER_INNER, LIP_LOWER_OUTER):
        named.update(curve)
    rest = [n for n in range(FACE_POINTS) if n not in named]
    # Vogel's spiral spreads any number of points evenly over a disc.
    radius = np.sqrt((np.arange(len(rest)) + 0.5) / len(rest)) * 0.95
    turn = np.arange(len(rest)) * math.pi * (3.0 - math.sqrt(5.0))
    points[rest, 0] = _HALF_WIDTH * radius * np.sin(turn)
    points[rest, 1] = _HALF_HEIGHT * radius * np.cos(turn)
    points[rest, 2] = surface(points[rest, 0], points[rest, 1])
    return points
