"""Trunk, arms and legs from 33 world landmarks, as rotations in the room.

Only directions are used: the tracker's limb lengths belong to a generic body. Each limb gets its
direction exactly; the turn about its own axis comes from the plane of its hinge (elbow, knee),
faded into the smallest turn from rest where the limb is nearly straight and the plane is noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

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
    plus,
    power,
    reject,
    rotated,
    scaled,
    swing,
    unit,
)
from avatar.solve.rotations import F64
from flow.pose import BONE_INDEX

Mask: TypeAlias = np.ndarray[tuple[int], np.dtype[np.bool_]]
Frame: TypeAlias = tuple[Vector, Vector, Vector]
"""The columns x, y, z of a rotation."""

CAMERA_TO_MODEL = np.array([1.0, -1.0, -1.0])
"""Camera axes (x right, y down, z away) to model axes for a performer who faces the camera."""

VISIBLE = 0.5
_LOOSE = 0.35
"""Arms are believed down to this visibility: a hand near the picture's edge is still a hand."""

_NOSE, _EARS = 0, (7, 8)
_SHOULDERS, _ELBOWS, _WRISTS = (11, 12), (13, 14), (15, 16)
_LITTLES, _INDEXES = (17, 18), (19, 20)
_HIPS, _KNEES, _ANKLES, _HEELS, _TOES = (23, 24), (25, 26), (27, 28), (29, 30), (31, 32)

_X, _Y, _Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
_NOSE_PITCH_RAD = math.atan2(0.015, 0.125)
"""The nose tip lies this far below the line straight ahead of the ears."""
_EARS_TO_HEAD = (-math.sin(0.5 * _NOSE_PITCH_RAD), 0.0, 0.0, math.cos(0.5 * _NOSE_PITCH_RAD))
_ANKLE_MAX_RAD = math.radians(50.0)

_COLLAR_SHARE, _COLLAR_LENGTH, _SHRUG_RAD = 0.5, 0.76, math.radians(14.0)
"""Of the shoulder line's tilt against the spine the collar bones do this share; they are this part
of half the shoulder width; arms straight up raise them this far."""
_TRUNK_SHARES, _SPINE_LEAN = (0.16, 0.25, 0.59), 0.45
"""Where spine and chest pivot between mid-hip and mid-shoulder; the sine of their greatest kink."""

_LYING = 0.62
_UPRIGHT, _FACING = -0.2, 0.2
"""A body on its head, or half a body from behind, is something else taken for a body."""

_OPPOSITE = 1e-7
_STRAIGHT_SINE, _BENT_SINE = 0.12, 0.5
"""Bends (sine of the angle) below the first have no usable plane, above the second a sure one."""


def _pair(name: str) -> NDArray[np.intp]:
    return np.array([BONE_INDEX[f"left{name}"], BONE_INDEX[f"right{name}"]])


SHOULDERS = _pair("Shoulder")
UPPER_ARMS = _pair("UpperArm")
LOWER_ARMS = _pair("LowerArm")
HANDS = _pair("Hand")
UPPER_LEGS = _pair("UpperLeg")
LOWER_LEGS = _pair("LowerLeg")
FEET = _pair("Foot")


@dataclass(frozen=True, slots=True)
class BodyTargets:
    """Rotations in the room (model axes) of one body; (2, 4) arrays are left, right."""

    hips: F64
    spine: F64
    chest: F64
    shoulders: F64
    """The collar bones relative to the chest; everything else is in the room."""
    head: F64 | None
    upper_arms: F64
    lower_arms: F64
    hands: F64
    upper_legs: F64
    lower_legs: F64
    feet: F64
    torso_seen: bool
    hips_seen: bool
    arms_seen: Mask
    legs_seen: bool
    leg_seen: bool
    """One of them at least: the other is a guess for a moment."""
    seated: bool
    """Both thighs lie: somebody on a chair, where an avatar has none."""


def solve_body(points: F64, visibility: F64) -> BodyTargets:
    """Solve (33, 3) points in model axes (`points * CAMERA_TO_MODEL`)."""
    p: list[Vector] = [(x, y, z) for x, y, z in points.tolist()]
    vis: list[float] = visibility.tolist()

    def seen(*groups: tuple[int, ...]) -> bool:
        return min(vis[k] for group in groups for k in group) > VISIBLE

    hips_seen = seen(_HIPS)
    shoulder_line = unit(minus(p[11], p[12]))
    up = minus(plus(p[11], p[12]), plus(p[23], p[24]))
    hips, chest = _trunk(p, shoulder_line, up if hips_seen else None)
    upright = chest[1][1] > _UPRIGHT if hips_seen else shoulder_line[0] > _FACING
    torso_seen = upright and seen(_SHOULDERS)
    uppers, lowers = _limbs(p, hips, chest)
    hips_turn, chest_turn = from_axes(*hips), from_axes(*chest)
    upper_turns = [from_axes(*frame) for frame in uppers]
    lower_turns = [from_axes(*frame) for frame in lowers]
    head_seen = torso_seen and seen((_NOSE, *_EARS))
    return BodyTargets(
        hips=np.array(hips_turn),
        spine=np.array(_spine(hips_turn, chest_turn, hips[1], chest[1], up if hips_seen else None)),
        chest=np.array(chest_turn),
        shoulders=_collar(shoulder_line, p, chest[1]),
        head=np.array(_head(p)) if head_seen else None,
        upper_arms=np.array(upper_turns[:2]),
        lower_arms=np.array(lower_turns[:2]),
        hands=np.array(
            [
                _hand(p, side, lower_turns[side])
                if seen((_WRISTS[side], _INDEXES[side], _LITTLES[side]))
                else lower_turns[side]
                for side in (0, 1)
            ]
        ),
        upper_legs=np.array(upper_turns[2:]),
        lower_legs=np.array(lower_turns[2:]),
        feet=np.array([_foot(p, k, lowers[2 + k][0], lower_turns[2 + k]) for k in (0, 1)]),
        torso_seen=torso_seen,
        hips_seen=hips_seen,
        arms_seen=np.array(
            [
                torso_seen and min(vis[e], vis[w]) > _LOOSE
                for e, w in zip(_ELBOWS, _WRISTS, strict=True)
            ]
        ),
        seated=max(uppers[2][1][1], uppers[3][1][1]) < _LYING,
        legs_seen=torso_seen and hips_seen and seen(_KNEES, _ANKLES),
        leg_seen=torso_seen
        and hips_seen
        and any(seen((knee, ankle)) for knee, ankle in zip(_KNEES, _ANKLES, strict=True)),
    )


def _trunk(p: list[Vector], line: Vector, up: Vector | None) -> tuple[Frame, Frame]:
    """Hips and chest. Without hips (`up` is None) the shoulder line bends the spine, gently."""
    if up is not None:
        spine = unit(up)
        hips_x = unit(minus(p[23], p[24]))
        chest_x = unit(minus(line, scaled(spine, _COLLAR_SHARE * dot(line, spine))))
    else:
        # Depth is the weak axis: a shoulder line alone says roll well and yaw roughly.
        spine, hips_x = _Y, _X
        chest_x = unit((line[0], line[1], 0.7 * line[2]))
    hips_y, chest_y = unit(reject(spine, hips_x)), unit(reject(spine, chest_x))
    return (
        (hips_x, hips_y, cross(hips_x, hips_y)),
        (chest_x, chest_y, cross(chest_x, chest_y)),
    )


def _head(p: list[Vector]) -> Turn:
    """From the ears and the nose, coarsely."""
    ears = unit(minus(p[7], p[8]))
    ahead = unit(reject(minus(scaled(p[_NOSE], 2.0), plus(p[7], p[8])), ears))
    return mul(from_axes(ears, cross(ahead, ears), ahead), _EARS_TO_HEAD)


def _spine(hips: Turn, chest: Turn, hips_y: Vector, chest_y: Vector, up: Vector | None) -> Turn:
    """The lumbar part: turns half-way, and leans so that the shoulders come above where they are.

    Mid-hip to mid-shoulder is a chain of three; the outer two have their directions already.
    """
    upward = unit(up if up is not None else chest_y)
    lower, middle, upper = _TRUNK_SHARES
    half = mul(hips, power(mul(inv(hips), chest), 0.5))
    aside = reject(plus(scaled(hips_y, lower / middle), scaled(chest_y, upper / middle)), upward)
    size = length(aside)
    aside = scaled(aside, min(size, _SPINE_LEAN) / (size + 1e-9))
    goal = unit(minus(scaled(upward, math.sqrt(1.0 - dot(aside, aside))), aside))
    return mul(swing(rotated(half, _Y), goal), half)


def _collar(line: Vector, p: list[Vector], chest_y: Vector) -> F64:
    """Collar bones (2, 4): what of the shoulder line's tilt the chest leaves, and raised arms."""
    tilt = math.asin(clamped(dot(line, chest_y) / _COLLAR_LENGTH, -0.6, 0.6))
    raised = sum(
        dot(unit(minus(p[elbow], p[shoulder])), chest_y)
        for elbow, shoulder in zip(_ELBOWS, _SHOULDERS, strict=True)
    )
    shrug = _SHRUG_RAD * clamped(0.5 * raised, 0.0, 1.0)
    halves = (0.5 * (tilt + shrug), 0.5 * (tilt - shrug))
    return np.array([(0.0, 0.0, math.sin(half), math.cos(half)) for half in halves])


def _limbs(p: list[Vector], hips: Frame, chest: Frame) -> tuple[list[Frame], list[Frame]]:
    """Upper and lower limbs, arms then legs, left before right."""
    down, back = scaled(hips[1], -1.0), scaled(chest[0], -1.0)
    limbs = [
        _limb((p[11], p[13], p[15]), chest[0], chest[1], hinge_sign=-1.0, along_sign=1.0),
        _limb((p[12], p[14], p[16]), back, chest[1], hinge_sign=1.0, along_sign=-1.0),
        _limb((p[23], p[25], p[27]), down, hips[0], hinge_sign=1.0, along_sign=-1.0),
        _limb((p[24], p[26], p[28]), down, hips[0], hinge_sign=1.0, along_sign=-1.0),
    ]
    arms = [tuple((x, y, cross(x, y)) for x, y in limb) for limb in limbs[:2]]
    legs = [tuple((x, y, cross(x, y)) for y, x in limb) for limb in limbs[2:]]
    return [limb[0] for limb in arms + legs], [limb[1] for limb in arms + legs]


def _limb(
    joints: Frame, rest: Vector, rest_hinge: Vector, *, hinge_sign: float, along_sign: float
) -> tuple[tuple[Vector, Vector], tuple[Vector, Vector]]:
    """(along, hinge) of upper and lower part: direction exactly, hinge from the limb's plane.

    The elbow's hinge is the arm's own -Y (left), +Y (right); the knee's the leg's own +X. At rest
    arms point along +X and -X, legs along -Y.
    """
    root, middle, end = joints
    upper, lower = unit(minus(middle, root)), unit(minus(end, middle))
    # `rest_hinge` turned by the smallest rotation from `rest` to `upper` (Rodrigues).
    fold = dot(upper, rest_hinge) / max(1.0 + dot(rest, upper), _OPPOSITE)
    swung = minus(rest_hinge, scaled(plus(rest, upper), fold))
    plane = scaled(cross(upper, lower), hinge_sign)
    sine = length(plane)
    weight = clamped((sine - _STRAIGHT_SINE) / (_BENT_SINE - _STRAIGHT_SINE), 0.0, 1.0)
    weight = weight * weight * (3.0 - 2.0 * weight)
    mixed = plus(scaled(plane, weight / (sine + 1e-9)), scaled(swung, 1.0 - weight + 1e-6))
    return (
        (scaled(upper, along_sign), unit(reject(mixed, upper))),
        (scaled(lower, along_sign), unit(reject(mixed, lower))),
    )


def _hand(p: list[Vector], side: int, forearm: Turn) -> Turn:
    """From wrist and knuckles, coarsely: half of its turn against the forearm."""
    index, little = p[_INDEXES[side]], p[_LITTLES[side]]
    ahead = unit(minus(scaled(plus(index, little), 0.5), p[_WRISTS[side]]))
    z = unit(reject(unit(minus(index, little)), ahead))
    x = scaled(ahead, -1.0) if side else ahead
    turn = from_axes(x, cross(z, x), z)
    return mul(forearm, power(mul(inv(forearm), turn), 0.5))


def _foot(p: list[Vector], side: int, shin_x: Vector, shin: Turn) -> Turn:
    """From heel and toe, within what an ankle can do."""
    z = unit(minus(p[_TOES[side]], p[_HEELS[side]]))
    x = unit(reject(shin_x, z))
    return mul(shin, bounded(mul(inv(shin), from_axes(x, cross(z, x), z)), _ANKLE_MAX_RAD))
