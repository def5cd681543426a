"""One pose over another, body part by body part."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from avatar.quat import multiply, slerp
from avatar.solve.express import expressions as faces
from avatar.solve.rotations import F64, inv
from avatar.solve.solution import PART_INDEX, PART_OF_BONE, PARTS
from flow.motion import ARKIT_INDEX
from flow.pose import BONE_INDEX, HUMAN_BONES, PRESET_EXPRESSIONS, AvatarPose, Driver, Part
from flow.spec import F32

_FACE, _LEGS = PART_INDEX[Part.FACE], PART_INDEX[Part.LEGS]
_HIPS = BONE_INDEX["hips"]
_THIGHS = [BONE_INDEX["leftUpperLeg"], BONE_INDEX["rightUpperLeg"]]
_PRESETS = frozenset(PRESET_EXPRESSIONS)
_HALF = 0.5
_SHORTEST, _LONGEST = 0.5, 2.0


def fault_of(pose: AvatarPose) -> str:
    """Why a pose cannot be shown, or nothing. Cheap: for every pose of every picture."""
    if pose.rotations.shape != (len(HUMAN_BONES), 4):
        return f"rotations have shape {pose.rotations.shape}"
    if pose.hips.shape != (3,) or pose.gaze_deg.shape != (2,):
        return "hips or gaze have the wrong shape"
    with np.errstate(all="ignore"):
        sizes = np.einsum("ij,ij->i", pose.rotations, pose.rotations)
        shortest, longest = float(sizes.min()), float(sizes.max())
    # Written so that what is not a number fails too.
    if not (shortest > _SHORTEST and longest < _LONGEST):
        return "rotations are not unit quaternions"
    if not all(map(math.isfinite, pose.hips.tolist() + pose.gaze_deg.tolist())):
        return "hips or gaze are not finite"
    if not math.isfinite(sum(pose.expressions.values()) + sum(pose.chosen.values())):
        return "expressions are not finite"
    return ""


def said(expressions: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """(moving face, chosen by name) of a face that another program or a file sends.

    With ARKit names among them the presets say the same again, and are derived where they are
    not sent; without, they are all there is. What is neither is the author's own.
    """
    if ARKIT_INDEX.keys().isdisjoint(expressions):
        return {}, bounded(expressions)
    weights = np.zeros(len(ARKIT_INDEX), np.float32)
    moving: dict[str, float] = {}
    own: dict[str, float] = {}
    for name, value in bounded(expressions).items():
        if name in ARKIT_INDEX:
            weights[ARKIT_INDEX[name]] = value
        elif name in _PRESETS:
            moving[name] = value
        else:
            own[name] = value
    derived = faces(weights)
    if moving:
        derived = {k: v for k, v in derived.items() if k in ARKIT_INDEX}
    return derived | moving, own


def bounded(weights: dict[str, float]) -> dict[str, float]:
    """Weights within 0..1."""
    return {name: min(max(value, 0.0), 1.0) for name, value in weights.items()}


def blend(
    base: AvatarPose, top: AvatarPose, weights: F64, *, face: bool = True, gaze: bool = True
) -> AvatarPose:
    """`top` over `base` by `weights` (8,) in `PARTS` order, 0..1.

    Rotations are blended where they live, relative to their parents. The hips' place goes with
    the legs, which stand on the floor; legs that stay with `base` keep their direction in the room
    when the hips turn. The face and the gaze of `top` count where `face` and `gaze` say so.
    """
    rotations = turned(base.rotations, top.rotations, weights[PART_OF_BONE])
    legs, head = float(weights[_LEGS]), float(weights[_FACE])
    out = replace(
        base,
        rotations=rotations,
        driver=drivers(base.driver, top.driver, weights),
    )
    if legs > 0.0:
        out = replace(out, hips=(base.hips + (top.hips - base.hips) * legs).astype(np.float32))
    if head > 0.0 and gaze:
        gazing = base.gaze_deg + (top.gaze_deg - base.gaze_deg) * head
        out = replace(out, gaze_deg=gazing.astype(np.float32))
    if head > 0.0 and face:
        out = replace(
            out,
            expressions=mixed(base.expressions, top.expressions, head),
            chosen=mixed(base.chosen, top.chosen, head),
        )
    return out


def turned(base: F32, top: F32, share: F64) -> F32:
    """(55, 4) from `base` to `top` by each joint's `share` (55,), a new array.

    Where the hips turn more than the thighs, these keep their direction in the room.
    """
    between = (share > 0.0) & (share < 1.0)
    rotations = np.where(share[:, None] > 0.0, top, base)
    if between.any():
        rotations[between] = slerp(base[between], top[between], share[between])
    legs = share[_THIGHS]
    if (legs < share[_HIPS]).any():
        back = multiply(inv(rotations[_HIPS].astype(np.float64)), base[_HIPS])
        straight = multiply(back, rotations[_THIGHS])
        rotations[_THIGHS] = slerp(straight, rotations[_THIGHS], legs)
    return rotations


def mixed(base: dict[str, float], top: dict[str, float], share: float) -> dict[str, float]:
    """Weights by name on their way from `base` to `top`; names without weight are left out."""
    if share >= 1.0:
        return dict(top)
    out = {name: value * (1.0 - share) for name, value in base.items()}
    for name, value in top.items():
        out[name] = out.get(name, 0.0) + value * share
    return out


def drivers(base: dict[Part, Driver], top: dict[Part, Driver], weights: F64) -> dict[Part, Driver]:
    """Who moves each part: whoever has more than half of it."""
    out = dict(base)
    for part, weight in zip(PARTS, weights.tolist(), strict=True):
        if weight > _HALF and part in top:
            out[part] = top[part]
    return out
