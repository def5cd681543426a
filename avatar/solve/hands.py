"""Hands: the wrist from the hand's own frame, fingers as hinges with human limits.

The T-pose hand lies palm down, fingers along +X (left) or -X (right), thumb side to the front.
Finger joints are measured as angles (abduction, flexion) instead of free rotations, so noise
can never bend a finger sideways or backwards.

A hand is few numbers that depend on each other: they are plain floats (see `avatar.solve.plain`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from avatar.quat import to_matrix
from avatar.solve.plain import (
    Turn,
    Vector,
    bounded,
    clamped,
    cross,
    dot,
    from_axes,
    inv,
    length,
    minus,
    mul,
    reject,
    rotated,
    scaled,
    swing,
    unit,
)
from avatar.solve.rotations import F64

_ROOTS = (5, 9, 13, 17)
_REST_SPREAD_RAD = tuple(math.radians(deg) for deg in (2.0, 0.0, -1.0, -3.0))
"""How far index..little point away from the hand's axis when they lie side by side: the T-pose
has them parallel, so this much abduction (positive to the thumb) means none."""
_CUPPED_RAD = tuple(math.radians(deg) for deg in (0.0, 0.0, 6.0, 10.0))
_CUPPED_PER_FLEX = 0.35
"""A closing hand is a cup: ring and little finger turn about themselves, towards the thumb's
root, by this share of their flexion up to this much."""
_MCP_RAD = math.radians(-25.0), math.radians(95.0)
_SPREAD_RAD = math.radians(-18.0), math.radians(18.0)
_PIP_RAD = 0.0, math.radians(112.0)
_DIP_RAD = 0.0, math.radians(80.0)
_THUMB_MAX_RAD = tuple(math.radians(deg) for deg in (55.0, 65.0, 85.0))
_THUMB_REST = (0.5**0.5, 0.0, 0.5**0.5)
_DIP_PER_PIP = 0.6
"""The end joint follows the middle one (they share a tendon); half measured, half from this."""

_AHEAD = np.zeros(21)
_AHEAD[[9, 13, 5, 17]] = 0.4, 0.3, 0.2, 0.1
"""The hand points where its knuckles are, the middle ones most."""
_PALM_SINE, _PALM_M = 0.25, 1e-3
_FURTHEST_BACK_RAD = math.radians(110.0)
_TURN_RAD = 2.0 * math.pi
_MIRROR = np.array([1.0, -1.0, -1.0, 1.0])


@dataclass(frozen=True, slots=True)
class HandTargets:
    """One hand. `wrist` (4,) is its rotation from the T-pose, in the axes of the points.

    `fingers` (15, 4) are local rotations of thumb, index, middle, ring, little, root to tip.
    `flat` is whether wrist and knuckles span a plane at all: a hand seen as a line has no roll.
    """

    wrist: F64
    fingers: F64
    flat: bool


def solve_hand(points: F64, side: float) -> HandTargets:
    """Solve (21, 3) points in model axes; side +1 left, -1 right.

    The wrist lies in the palm plane through itself and the four knuckles; the knuckle line gives
    the roll.
    """
    reach = points - points[0]
    ahead = unit(_vector(_AHEAD @ reach))
    index, middle, little = (_vector(reach[k]) for k in (5, 9, 17))
    line = minus(index, little)
    across = unit(reject(line, ahead))
    x = scaled(ahead, side)
    wrist = np.array(from_axes(x, cross(across, x), across))
    local = reach @ to_matrix(wrist)  # turned back: rows times the matrix
    local[:, 0] *= side  # a right hand is solved as its mirror image
    places: list[Vector] = [(x, y, z) for x, y, z in local.tolist()]
    turns = [*_thumb(places)]
    for k, spread, cupped in zip(_ROOTS, _REST_SPREAD_RAD, _CUPPED_RAD, strict=True):
        turns += _finger(places[k : k + 4], spread, cupped)
    fingers = np.array(turns)
    return HandTargets(wrist, fingers if side > 0 else fingers * _MIRROR, _is_flat(middle, line))


def _vector(v: F64) -> Vector:
    x, y, z = v.tolist()
    return x, y, z


def _is_flat(ahead: Vector, across: Vector) -> bool:
    area = length(cross(ahead, across))
    return area > _PALM_SINE * length(ahead) * length(across) and length(across) > _PALM_M


def _finger(joints: list[Vector], spread: float, cupped: float) -> list[Turn]:
    """One of index..little of a left hand in the hand's frame.

    `spread` is that at rest, `cupped` the most that it turns about itself.
    """
    root, second, third, tip = joints
    proximal, middle, distal = (
        unit(minus(b, a)) for a, b in ((root, second), (second, third), (third, tip))
    )
    flex = clamped(_forwards(math.atan2(-proximal[1], proximal[0])), *_MCP_RAD)
    # A bent finger points along the palm's normal, where its spread cannot be seen.
    straight = clamped(1.6 * proximal[0], 0.0, 1.0)
    aside = math.asin(clamped(proximal[2], -1.0, 1.0)) - spread
    half_aside = -0.5 * clamped(aside * straight, *_SPREAD_RAD)
    pip = clamped(_bend(proximal, middle, flex), *_PIP_RAD)
    dip = 0.5 * _bend(middle, distal, flex + pip) + 0.5 * _DIP_PER_PIP * pip
    dip = clamped(dip, *_DIP_RAD)
    # About -Z by the flexion after about -Y by the spread: their product, written out.
    sine, cosine = math.sin(-0.5 * flex), math.cos(0.5 * flex)
    side_sine, side_cosine = math.sin(half_aside), math.cos(half_aside)
    hinge = (side_sine * sine, side_sine * cosine, side_cosine * sine, side_cosine * cosine)
    half_turn = -0.5 * clamped(_CUPPED_PER_FLEX * flex, 0.0, cupped)
    return [
        mul(hinge, (math.sin(half_turn), 0.0, 0.0, math.cos(half_turn))),
        (0.0, 0.0, math.sin(-0.5 * pip), math.cos(0.5 * pip)),
        (0.0, 0.0, math.sin(-0.5 * dip), math.cos(0.5 * dip)),
    ]


def _bend(before: Vector, after: Vector, direction_rad: float) -> float:
    """Angle from bone to bone, positive where it closes the fist."""
    down = (-math.sin(direction_rad), -math.cos(direction_rad), 0.0)
    return _forwards(math.atan2(dot(after, down), dot(after, before)))


def _forwards(radians: float) -> float:
    """An angle that is measured as far backwards is a fist closed beyond half a turn."""
    return (radians + _FURTHEST_BACK_RAD) % _TURN_RAD - _FURTHEST_BACK_RAD


def _thumb(places: list[Vector]) -> tuple[Turn, Turn, Turn]:
    """The three thumb joints of a left hand: smallest turns from bone to bone, bounded."""
    first, second, third = (unit(minus(places[k + 1], places[k])) for k in (1, 2, 3))
    root, middle, end = swing(_THUMB_REST, first), swing(first, second), swing(second, third)
    most = _THUMB_MAX_RAD  # the turns are in the hand's axes; each joint's own is wanted
    return (
        bounded(root, most[0]),
        bounded((*rotated(inv(root), middle[:3]), middle[3]), most[1]),
        bounded((*rotated(inv(mul(middle, root)), end[:3]), end[3]), most[2]),
    )
