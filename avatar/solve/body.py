"""Trunk, arms and legs from 33 world landmarks, as rotations in the room.

Only directions are used: the tracker's limb lengths belong to a generic body. Each limb gets its
direction exactly; the turn about its own axis comes from the plane of its hinge (elbow, knee),
faded into the smallest turn from rest where the limb is nearly straight and the plane is noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from avatar.solve.rotations import (
    F64,
    IDENTITY,
    cross,
    frame_xy,
    frame_yx,
    from_axes,
    inv,
    length,
    mul,
    power,
    reject,
    rotate,
    slerp,
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

_NOSE, _EARS = 0, [7, 8]
_SHOULDERS, _ELBOWS, _WRISTS = [11, 12], [13, 14], [15, 16]
_LITTLES, _INDEXES = [17, 18], [19, 20]
_HIPS, _KNEES, _ANKLES, _HEELS, _TOES = [23, 24], [25, 26], [27, 28], [29, 30], [31, 32]

_SIDES = np.array([[1.0], [-1.0]])
_X = np.array([1.0, 0.0, 0.0])
_Y = np.array([0.0, 1.0, 0.0])
_NOSE_PITCH_RAD = float(np.arctan2(0.015, 0.125))
"""The nose tip lies this far below the line straight ahead of the ears."""

UPPER_ARMS = [BONE_INDEX["leftUpperArm"], BONE_INDEX["rightUpperArm"]]
LOWER_ARMS = [BONE_INDEX["leftLowerArm"], BONE_INDEX["rightLowerArm"]]
HANDS = [BONE_INDEX["leftHand"], BONE_INDEX["rightHand"]]
UPPER_LEGS = [BONE_INDEX["leftUpperLeg"], BONE_INDEX["rightUpperLeg"]]
LOWER_LEGS = [BONE_INDEX["leftLowerLeg"], BONE_INDEX["rightLowerLeg"]]
FEET = [BONE_INDEX["leftFoot"], BONE_INDEX["rightFoot"]]


@dataclass(frozen=True, slots=True)
class BodyTargets:
    """Rotations in the room (model axes) of one body; (2, …) arrays are left, right."""

    hips: F64
    chest: F64
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


def solve_body(points: F64, visibility: F64) -> BodyTargets:
    """Solve (33, 3) points in model axes (`points * CAMERA_TO_MODEL`)."""
    vis = visibility
    hips_seen = bool(vis[_HIPS].min() > VISIBLE)
    torso_seen = bool(vis[_SHOULDERS].min() > VISIBLE)
    hips, chest = _trunk(points, hips_seen)
    upper, lower = _arms(points, chest)
    thighs, shins, feet = _legs(points, hips)
    wrists_seen = np.minimum(np.minimum(vis[_WRISTS], vis[_INDEXES]), vis[_LITTLES]) > VISIBLE
    return BodyTargets(
        hips=hips,
        chest=chest,
        head=_head(points) if vis[[_NOSE, *_EARS]].min() > VISIBLE else None,
        upper_arms=upper,
        lower_arms=lower,
        hands=_hands(points, lower, wrists_seen),
        upper_legs=thighs,
        lower_legs=shins,
        feet=feet,
        torso_seen=torso_seen,
        hips_seen=hips_seen,
        arms_seen=torso_seen & (np.minimum(vis[_ELBOWS], vis[_WRISTS]) > _LOOSE),
        legs_seen=hips_seen and bool(np.minimum(vis[_KNEES], vis[_ANKLES]).min() > VISIBLE),
    )


def _trunk(points: F64, hips_seen: bool) -> tuple[F64, F64]:
    """Hips and chest. Without hips the shoulder line alone bends the spine, gently."""
    shoulder_line = points[11] - points[12]
    if not hips_seen:
        # Depth is the weak axis: a shoulder line alone says roll well and yaw roughly.
        line = unit(shoulder_line * np.array([1.0, 1.0, 0.7]))
        return IDENTITY.copy(), frame_xy(line, _Y)
    spine = unit(0.5 * (points[11] + points[12]) - 0.5 * (points[23] + points[24]))
    hip_line = points[23] - points[24]
    return frame_xy(hip_line, spine), frame_xy(shoulder_line, spine)


def _head(points: F64) -> F64:
    """The head from nose and ears, when no face was found."""
    ears = unit(points[7] - points[8])
    ahead = unit(reject(points[0] - 0.5 * (points[7] + points[8]), ears))
    turn = np.array([np.sin(-0.5 * _NOSE_PITCH_RAD), 0.0, 0.0, np.cos(0.5 * _NOSE_PITCH_RAD)])
    return mul(from_axes(ears, cross(ahead, ears), ahead), turn)


def _hinge(plane: F64, along: F64, swung: F64) -> F64:
    """The hinge axis: the plane's where the joint is bent, the smallest turn's where straight."""
    sine = length(plane)
    weight = np.clip((sine - 0.12) / 0.38, 0.0, 1.0)
    weight = weight * weight * (3.0 - 2.0 * weight)
    mixed = unit(plane) * weight + swung * (1.0 - weight)
    return unit(reject(mixed, along)) + 1e-6 * swung


def _arms(points: F64, chest: F64) -> tuple[F64, F64]:
    """Upper and lower arms (2, 4) each. The elbow's hinge is the arm's -Y (left), +Y (right)."""
    upper = unit(points[_ELBOWS] - points[_SHOULDERS])
    lower = unit(points[_WRISTS] - points[_ELBOWS])
    rest = rotate(chest, _X * _SIDES)
    swung = mul(swing(rest, upper), chest)
    y = _hinge(cross(lower, upper) * _SIDES, upper, rotate(swung, _Y))
    return frame_xy(upper * _SIDES, y), frame_xy(lower * _SIDES, y)


def _hands(points: F64, lower: F64, wrists_seen: Mask) -> F64:
    """Hands (2, 4) from the body's knuckles: coarse, so half-way to the forearm."""
    wrist, index, little = points[_WRISTS], points[_INDEXES], points[_LITTLES]
    ahead = unit(0.5 * (index + little) - wrist)
    across = unit(reject(index - little, ahead))
    x = ahead * _SIDES
    seen = wrists_seen[:, None].astype(np.float64)
    return slerp(lower, from_axes(x, cross(across, x), across), 0.5 * seen)


def _legs(points: F64, hips: F64) -> tuple[F64, F64, F64]:
    """Thighs, shins and feet (2, 4) each. The knee's hinge is the leg's own +X."""
    thigh = unit(points[_KNEES] - points[_HIPS])
    shin = unit(points[_ANKLES] - points[_KNEES])
    swung = mul(swing(rotate(hips, -_Y)[None], thigh), hips)
    x = _hinge(cross(thigh, shin), thigh, rotate(swung, _X))
    upper = frame_yx(-thigh, x)
    lower = frame_yx(-shin, x)
    ahead = unit(points[_TOES] - points[_HEELS])
    z = ahead
    foot_x = unit(reject(rotate(lower, _X), z))
    feet = from_axes(foot_x, cross(z, foot_x), z)
    return upper, lower, _bounded(feet, lower, np.radians(45.0))


def _bounded(child: F64, parent: F64, limit_rad: float) -> F64:
    """`child` no further than `limit_rad` from `parent`."""
    local = mul(inv(parent), child)
    turn = 2.0 * np.arccos(np.clip(np.abs(local[..., 3:]), 0.0, 1.0))
    share = np.minimum(1.0, limit_rad / np.maximum(turn, 1e-6))
    return mul(parent, power(local, share))
