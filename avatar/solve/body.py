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

from avatar.quat import unscaled_from_rows
from avatar.solve.rotations import (
    F64,
    about,
    bounded,
    carried,
    cross,
    inv,
    length,
    mul,
    normalise,
    power,
    reject,
    rotate,
    share,
    swing,
    unit,
)
from flow.pose import BONE_INDEX

Mask: TypeAlias = np.ndarray[tuple[int], np.dtype[np.bool_]]

CAMERA_TO_MODEL = np.array([1.0, -1.0, -1.0])
"""Camera axes (x right, y down, z away) to model axes for a performer who faces the camera."""

VISIBLE = 0.5
_LOOSE = 0.35
"""Arms are believed down to this visibility: a hand near the picture's edge is still a hand."""

_NOSE = 0
# Slices and arrays of indices, not lists: numpy takes them apart several times as fast.
_SHOULDERS, _ELBOWS, _WRISTS = slice(11, 13), slice(13, 15), slice(15, 17)
_LITTLES, _INDEXES = slice(17, 19), slice(19, 21)
_HIPS = slice(23, 25)
_ROOTS, _MIDDLES = np.array([11, 12, 23, 24]), np.array([13, 14, 25, 26])
_ENDS = np.array([15, 16, 27, 28])
_HAND_POINTS, _LEG_POINTS = np.array([15, 16, 19, 20, 17, 18]), slice(25, 29)
_LINE_TO = np.array([11, 23, 7, 19, 20, 31, 32])
_LINE_FROM = np.array([12, 24, 8, 17, 18, 29, 30])
"""Shoulder line, hip line, ears, both knuckle lines, both soles: head minus tail."""

_SIDES = np.array([[1.0], [-1.0]])
_X, _Y, _Z = np.eye(3)
_NOSE_PITCH_RAD = float(np.arctan2(0.015, 0.125))
"""The nose tip lies this far below the line straight ahead of the ears."""
_EARS_TO_HEAD = np.array([-np.sin(0.5 * _NOSE_PITCH_RAD), 0, 0, np.cos(0.5 * _NOSE_PITCH_RAD)])
_ANKLE_MAX_RAD = np.radians(50.0)

_COLLAR_SHARE, _COLLAR_LENGTH, _SHRUG_RAD = 0.5, 0.76, np.radians(14.0)
"""Of the shoulder line's tilt against the spine the collar bones do this share; they are this part
of half the shoulder width; arms straight up raise them this far."""
_TRUNK_SHARES, _SPINE_LEAN = (0.16, 0.25, 0.59), 0.45
"""Where spine and chest pivot between mid-hip and mid-shoulder; the sine of their greatest kink."""

_LYING = 0.62
_UPRIGHT, _FACING = -0.2, 0.2
"""A body on its head, or half a body from behind, is something else taken for a body."""

_STRAIGHT_SINE, _BENT_SINE = 0.12, 0.5
"""Bends (sine of the angle) below the first have no usable plane, above the second a sure one."""
_HINGE_SIGNS = np.array([[-1.0], [1.0], [1.0], [1.0]])
_ALONG_SIGNS = np.array([[1.0], [-1.0], [-1.0], [-1.0]] * 2)
"""At rest arms point along +X and -X, legs along -Y."""


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
    seated: bool
    """Both thighs lie: somebody on a chair, where an avatar has none."""


def solve_body(points: F64, visibility: F64) -> BodyTargets:
    """Solve (33, 3) points in model axes (`points * CAMERA_TO_MODEL`)."""
    vis = visibility
    hips_seen = bool(vis[_HIPS].min() > VISIBLE)
    head_seen = bool(min(vis[_NOSE], vis[7], vis[8]) > VISIBLE)
    wrists_seen = vis.take(_HAND_POINTS).reshape(3, 2).min(axis=0) > VISIBLE

    axes = np.zeros((15, 3, 3))  # frame, axis (x, y, z), component
    lines = unit(points.take(_LINE_TO, 0) - points.take(_LINE_FROM, 0))
    _trunk(points, lines, hips_seen, axes)
    _limbs(points, axes)
    upright = axes[1, 1, 1] > _UPRIGHT if hips_seen else lines[0, 0] > _FACING
    torso_seen = bool(upright and vis[_SHOULDERS].min() > VISIBLE)
    _ends(points, lines, axes)
    turns = normalise(unscaled_from_rows(axes.reshape(15, 9)))
    upward = points[11] + points[12] - points[23] - points[24] if hips_seen else axes[1, 1]

    lower_arms, lower_legs = turns[5:7], turns[9:11]
    local = mul(inv(turns[5:7]), turns[11:13])
    hands = mul(lower_arms, power(local, 0.5 * wrists_seen[:, None].astype(np.float64)))
    feet = mul(lower_legs, bounded(mul(inv(lower_legs), turns[13:15]), _ANKLE_MAX_RAD))
    return BodyTargets(
        hips=turns[0],
        spine=_spine(turns[0], turns[1], axes, unit(upward)),
        chest=turns[1],
        shoulders=_collar(lines[0], points, axes[1]),
        head=mul(turns[2], _EARS_TO_HEAD) if head_seen and torso_seen else None,
        upper_arms=turns[3:5],
        lower_arms=lower_arms,
        hands=hands,
        upper_legs=turns[7:9],
        lower_legs=lower_legs,
        feet=feet,
        torso_seen=torso_seen,
        hips_seen=hips_seen,
        arms_seen=torso_seen & (np.minimum(vis[_ELBOWS], vis[_WRISTS]) > _LOOSE),
        seated=bool(axes[7:9, 1, 1].max() < _LYING),
        legs_seen=torso_seen and hips_seen and bool(vis[_LEG_POINTS].min() > VISIBLE),
    )


def _trunk(points: F64, lines: F64, hips_seen: bool, axes: F64) -> None:
    """Hips, chest and head. Without hips the shoulder line alone bends the spine, gently."""
    if hips_seen:
        spine = unit(points[11] + points[12] - points[23] - points[24])
        line = unit(lines[0] - _COLLAR_SHARE * float(lines[0] @ spine) * spine)
        x = np.array([lines[1], line, lines[2]])
    else:
        # Depth is the weak axis: a shoulder line alone says roll well and yaw roughly.
        spine = _Y
        x = np.array([_X, unit(lines[0] * np.array([1.0, 1.0, 0.7])), lines[2]])
    nose = 2.0 * points[0] - points[7] - points[8]
    y = unit(reject(np.array([spine, spine, nose]), x))
    z = cross(x, y)
    axes[:3, 0], axes[:2, 1], axes[:2, 2] = x, y[:2], z[:2]
    axes[2, 1], axes[2, 2] = -z[2], y[2]  # of the head it is z that is measured


def _spine(hips: F64, chest: F64, axes: F64, upward: F64) -> F64:
    """The lumbar part: turns half-way, and leans so that the shoulders come above where they are.

    Mid-hip to mid-shoulder is a chain of three; the outer two have their directions already.
    """
    lower, middle, upper = _TRUNK_SHARES
    half = mul(hips, power(mul(inv(hips), chest), 0.5))
    aside = reject(lower * axes[0, 1] + upper * axes[1, 1], upward) / middle
    size = float(np.sqrt(aside @ aside))
    aside = aside * (min(size, _SPINE_LEAN) / (size + 1e-9))
    goal = unit(upward * np.sqrt(1.0 - float(aside @ aside)) - aside)
    return mul(swing(rotate(half, _Y), goal), half)


def _collar(line: F64, points: F64, chest: F64) -> F64:
    """Collar bones (2, 4): what of the shoulder line's tilt the chest leaves, and raised arms."""
    tilt = math.asin(min(max(float(line @ chest[1]) / _COLLAR_LENGTH, -0.6), 0.6))
    left, right = (unit(points[_ELBOWS] - points[_SHOULDERS]) @ chest[1]).tolist()
    shrug = _SHRUG_RAD * min(max(0.5 * (left + right), 0.0), 1.0)
    return about(_Z, np.array([tilt + shrug, tilt - shrug]))


def _limbs(points: F64, axes: F64) -> None:
    """Upper and lower arms and legs: direction exactly, hinge from the plane of the limb.

    The elbow's hinge is the arm's own -Y (left), +Y (right); the knee's the leg's own +X.
    """
    middles = points.take(_MIDDLES, 0)
    upper = unit(middles - points.take(_ROOTS, 0))
    lower = unit(points.take(_ENDS, 0) - middles)
    hips_x, hips_y, chest_x, chest_y = axes[0, 0], axes[0, 1], axes[1, 0], axes[1, 1]
    rest = np.array([chest_x, -chest_x, -hips_y, -hips_y])
    swung = carried(np.array([chest_y, chest_y, hips_x, hips_x]), rest, upper)
    plane = cross(upper, lower) * _HINGE_SIGNS
    sine = length(plane)
    weight = share((sine - _STRAIGHT_SINE) * (1.0 / (_BENT_SINE - _STRAIGHT_SINE)))
    weight = weight * weight * (3.0 - 2.0 * weight)
    mixed = plane / (sine + 1e-9) * weight + swung * (1.0 - weight) + 1e-6 * swung
    along = np.concatenate([upper, lower])
    hinge = unit(reject(np.concatenate([mixed, mixed]), along))
    along = along * _ALONG_SIGNS
    other = cross(along, hinge)
    # Arms, then legs: upper ones of both sides, then lower ones.
    for out, limbs, turned in ((axes[3:7], slice(0, 2), False), (axes[7:11], slice(2, 4), True)):
        x, y, z = (v.reshape(2, 4, 3)[:, limbs].reshape(4, 3) for v in (along, hinge, other))
        out[:, 0], out[:, 1], out[:, 2] = (y, x, -z) if turned else (x, y, z)


def _ends(points: F64, lines: F64, axes: F64) -> None:
    """Hands from wrist and knuckles (coarse), feet from heel and toes."""
    ahead = unit(0.5 * (points[_INDEXES] + points[_LITTLES]) - points[_WRISTS])
    shins_x = axes[9:11, 0]
    z = unit(reject(lines[3:5], ahead))
    x = np.concatenate([ahead * _SIDES, unit(reject(shins_x, lines[5:7]))])
    z = np.concatenate([z, lines[5:7]])
    axes[11:15, 0], axes[11:15, 1], axes[11:15, 2] = x, cross(z, x), z
