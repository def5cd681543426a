"""A jointed performer: from angles and directions to MediaPipe's body and hand points.

Own frame: the performer's (VRM axes: x to the performer's left, y up, z to the front; metres,
origin between the hips). A performer who faces the camera has the axes of the OpenGL camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flow.motion import BODY_POINTS
from flow.spec import F32

_SHOULDER = np.array((0.165, 0.47, 0.0), np.float32)
_NECK = np.array((0.0, 0.52, 0.0), np.float32)
_HEAD_CENTRE = np.array((0.0, 0.125, 0.03), np.float32)
"""From the neck to the origin of the head frame."""

_UPPER_ARM, _FOREARM = 0.27, 0.24
_HEAD_POINTS = {
    0: (0.0, -0.010, 0.085),
    1: (0.022, 0.030, 0.055), 2: (0.032, 0.030, 0.055), 3: (0.042, 0.030, 0.050),
    4: (-0.022, 0.030, 0.055), 5: (-0.032, 0.030, 0.055), 6: (-0.042, 0.030, 0.050),
    7: (0.075, 0.010, -0.020), 8: (-0.075, 0.010, -0.020),
    9: (0.024, -0.042, 0.062), 10: (-0.024, -0.042, 0.062),
}  # fmt: skip
_LEG_POINTS = {23: (0.105, 0.0, 0.0), 25: (0.11, -0.40, 0.03), 27: (0.11, -0.80, 0.0),
               29: (0.11, -0.84, -0.04), 31: (0.13, -0.85, 0.12)}  # fmt: skip

_KNUCKLES = ((0.026, 0.088), (0.004, 0.092), (-0.017, 0.086), (-0.036, 0.076))
"""(towards the thumb, along the hand) of index, middle, ring and little finger."""
_FINGERS = ((0.042, 0.025, 0.021), (0.047, 0.029, 0.022), (0.043, 0.027, 0.022),
            (0.033, 0.020, 0.019))  # fmt: skip
_THUMB = ((0.022, 0.022), (0.040, 0.048), (0.050, 0.078), (0.054, 0.104))
_SPREAD = (0.12, 0.02, -0.08, -0.18)


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm. Directions are (out from the body, up, to the front), of any length."""

    upper: F32
    forearm: F32
    palm: F32
    """Where the palm looks."""
    curls: F32
    """(5,) 0 stretched .. 1 fist: thumb, index, middle, ring, little."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Points of a performer in its own frame."""

    body: F32
    hands: dict[str, F32]
    """``left`` and ``right``: (21, 3)."""
    head: F32
    """(4, 4) from the head frame to the performer's."""


def rotation(yaw: float, pitch: float, roll: float) -> F32:
    """(3, 3): yaw to the own left, then pitch down, then roll to the own left (radians)."""
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z, np.float32)


def pose(torso: F32, head: F32, arms: dict[str, Arm]) -> Figure:
    """The figure for a torso and a head rotation (3, 3) and two arms."""
    body = np.zeros((BODY_POINTS, 3), np.float32)
    for left, at in _LEG_POINTS.items():
        body[left], body[left + 1] = at, (-at[0], at[1], at[2])
    from_head = np.eye(4, dtype=np.float32)
    from_head[:3, :3] = head
    from_head[:3, 3] = torso @ _NECK + head @ _HEAD_CENTRE
    for number, place in _HEAD_POINTS.items():
        body[number] = head @ np.array(place, np.float32) + from_head[:3, 3]
    hands: dict[str, F32] = {}
    for side, arm in arms.items():
        left = side == "left"
        mirror = np.array((1.0 if left else -1.0, 1.0, 1.0), np.float32)
        shoulder = torso @ (_SHOULDER * mirror)
        forearm = torso @ _unit(arm.forearm * mirror)
        elbow = shoulder + torso @ _unit(arm.upper * mirror) * _UPPER_ARM
        wrist = elbow + forearm * _FOREARM
        hand = _hand(forearm, torso @ _unit(arm.palm * mirror), arm.curls, left=left) + wrist
        first = 11 if left else 12
        body[[first, first + 2, first + 4]] = shoulder, elbow, wrist
        body[[first + 6, first + 8, first + 10]] = hand[17], hand[5], hand[2]
        hands[side] = hand
    return Figure(body, hands, from_head)


def _hand(along: F32, palm: F32, curls: F32, *, left: bool) -> F32:
    """(21, 3) around the wrist: `along` the forearm, `palm` where it looks."""
    palm = _unit(palm - along * float(palm @ along))
    thumbwards = np.cross(palm, along) if left else np.cross(along, palm)
    frame = np.stack([thumbwards, along, palm], axis=1).astype(np.float32)
    local = np.zeros((21, 3), np.float32)
    for joint, (x, y) in enumerate(_THUMB):
        bend = float(curls[0]) * joint / 3
        local[1 + joint] = (x - 0.035 * bend, y - 0.02 * bend, 0.012 + 0.02 * bend)
    for finger, (x, y) in enumerate(_KNUCKLES):
        at = np.array((x, y, 0.0), np.float32)
        local[5 + 4 * finger] = at
        angle = 0.0
        for joint, length in enumerate(_FINGERS[finger]):
            angle += float(curls[1 + finger]) * (1.25, 1.55, 1.0)[joint]
            flat = math.cos(angle)
            step = (math.sin(_SPREAD[finger]) * flat, flat, math.sin(angle))
            at = at + length * _unit(np.array(step, np.float32))
            local[6 + 4 * finger + joint] = at
    return np.asarray(local @ frame.T, np.float32)


def _unit(v: F32) -> F32:
    return np.asarray(v / max(float(np.linalg.norm(v)), 1e-9), np.float32)
