"""Hands: the wrist from the hand's own frame, fingers as hinges with human limits.

The T-pose hand lies palm down, fingers along +X (left) or -X (right), thumb side to the front.
Finger joints are measured as angles (abduction, flexion) instead of free rotations, so noise
can never bend a finger sideways or backwards.
"""

from __future__ import annotations

import numpy as np

from avatar.quat import to_matrix
from avatar.solve.rotations import (
    F64,
    about,
    bounded,
    cross,
    dot,
    from_axes,
    inv,
    length,
    mul,
    reject,
    rotate,
    swing,
    unit,
)

_CHAINS = np.array([[5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16], [17, 18, 19, 20]])
_REST_SPREAD_RAD = np.radians([6.0, 1.0, -4.0, -10.0])
"""How far index..little point away from the hand's axis when the hand is relaxed and flat: the
T-pose has them parallel, so this much abduction (positive to the thumb) means none."""
_MCP_RAD = tuple(np.radians([-25.0, 95.0]))
_SPREAD_RAD = tuple(np.radians([-18.0, 18.0]))
_PIP_RAD = tuple(np.radians([0.0, 112.0]))
_DIP_RAD = tuple(np.radians([0.0, 80.0]))
_THUMB_MAX_RAD = np.radians([[55.0], [65.0], [85.0]])
_THUMB_REST = np.array([[0.5**0.5, 0.0, 0.5**0.5]])
_DIP_PER_PIP = 0.6
"""The end joint follows the middle one (they share a tendon); half measured, half from this."""

_PALM_SINE, _PALM_M = 0.25, 1e-3
_FURTHEST_BACK_RAD = np.radians(110.0)

_Y = np.array([0.0, 1.0, 0.0])
_Z = np.array([0.0, 0.0, 1.0])


def hand_frame(points: F64, side: float) -> F64:
    """The hand's rotation from the T-pose, in the axes of `points` (21, 3); side +1 left, -1 right.

    The palm plane through wrist and the four knuckles; the knuckle line gives the roll.
    """
    wrist = points[0]
    ahead = unit(points[9] * 0.4 + points[13] * 0.3 + points[5] * 0.2 + points[17] * 0.1 - wrist)
    across = unit(reject(points[5] - points[17], ahead))
    x = ahead * side
    return from_axes(x, cross(across, x), across)


def palm_is_flat(points: F64) -> bool:
    """Whether wrist and knuckles span a plane at all (a hand seen as a line has no roll)."""
    ahead, across = points[9] - points[0], points[5] - points[17]
    sides = length(np.stack([ahead, across]))
    area = length(cross(ahead, across))
    return bool(area > _PALM_SINE * sides.prod() and sides[1] > _PALM_M)


def fingers(points: F64, hand: F64, side: float) -> F64:
    """Local rotations (15, 4) of thumb, index, middle, ring, little, from root to tip."""
    local = (points - points[0]) @ to_matrix(hand)  # turned back: rows times the matrix
    local = local * np.array([side, 1.0, 1.0])  # a right hand is solved as its mirror image
    out = np.concatenate([_thumb(local), _four(local)])
    if side < 0:
        out = out * np.array([1.0, -1.0, -1.0, 1.0])
    return out


def _four(local: F64) -> F64:
    """Index..little of a left hand in the hand's frame: (12, 4), finger by finger."""
    bones = unit(local[_CHAINS[:, 1:]] - local[_CHAINS[:, :-1]])  # (4 fingers, 3 bones, xyz)
    first, second, third = bones[:, 0], bones[:, 1], bones[:, 2]
    flex = _forwards(np.arctan2(-first[:, 1], first[:, 0])).clip(*_MCP_RAD)
    # A bent finger points along the palm's normal, where its spread cannot be seen.
    straight = (first[:, 0] * 1.6).clip(0.0, 1.0)
    spread = np.arcsin(first[:, 2].clip(-1.0, 1.0)) - _REST_SPREAD_RAD
    spread = (spread * straight).clip(*_SPREAD_RAD)
    pip = _bend(first, second, flex).clip(*_PIP_RAD)
    dip = 0.5 * _bend(second, third, flex + pip) + 0.5 * _DIP_PER_PIP * pip
    dip = dip.clip(*_DIP_RAD)
    chain = about(_Z, -np.stack([flex, pip, dip], axis=1))  # (4 fingers, 3 joints, xyzw)
    chain[:, 0] = mul(about(_Y, -spread), chain[:, 0])
    return chain.reshape(12, 4)


def _bend(before: F64, after: F64, direction_rad: F64) -> F64:
    """Angle from bone to bone (4,), positive where it closes the fist."""
    down = np.stack(
        [-np.sin(direction_rad), -np.cos(direction_rad), np.zeros_like(direction_rad)], axis=-1
    )
    return _forwards(np.arctan2(dot(after, down)[:, 0], dot(after, before)[:, 0]))


def _forwards(radians: F64) -> F64:
    """An angle that is measured as far backwards is a fist closed beyond half a turn."""
    turn = 2.0 * np.pi
    return np.asarray((radians + _FURTHEST_BACK_RAD) % turn - _FURTHEST_BACK_RAD, np.float64)


def _thumb(local: F64) -> F64:
    """The three thumb joints of a left hand: smallest turns from bone to bone, bounded."""
    bones = unit(local[2:5] - local[1:4])
    turns = swing(np.concatenate([_THUMB_REST, bones[:2]]), bones)  # in the hand's axes
    first = turns[0]
    frames = np.stack([first, mul(turns[1], first)])
    local_turns = turns.copy()
    local_turns[1:, :3] = rotate(inv(frames), turns[1:, :3])
    return bounded(local_turns, _THUMB_MAX_RAD)
