"""From rotations in the room to rotations relative to the parent, with human limits.

The trunk is bent in `spine` and `chest` only: `upperChest` is an optional bone of VRM, and a
consumer that lacks it would lose its share of the turn.
"""

from __future__ import annotations

import numpy as np

from avatar.solve.body import (
    FEET,
    HANDS,
    LOWER_ARMS,
    LOWER_LEGS,
    SHOULDERS,
    UPPER_ARMS,
    UPPER_LEGS,
)
from avatar.solve.rotations import F64, bounded, inv, mul, power, turn_rad, twist_about
from flow.pose import BONE_INDEX

HIPS, SPINE, CHEST = BONE_INDEX["hips"], BONE_INDEX["spine"], BONE_INDEX["chest"]
UPPER_CHEST = BONE_INDEX["upperChest"]
NECK, HEAD = BONE_INDEX["neck"], BONE_INDEX["head"]
TRUNK = [HIPS, SPINE, CHEST]

NECK_SHARE = 0.4
FOREARM_TWIST_SHARE = 0.5
"""Turning the palm is done by the forearm's two bones, not by the wrist: half of the turn goes to
the lower arm, half stays in the hand, which spreads the twist over the sleeve."""

_X = np.array([1.0, 0.0, 0.0])
_HEAD_MAX_RAD = np.radians(85.0)
_WRIST_MAX_RAD = np.radians(85.0)
_TWIST_MAX_RAD = np.radians(105.0)


def trunk(hips: F64, spine: F64, chest: F64) -> F64:
    """Local hips, spine, chest (3, 4) from their rotations in the room."""
    return np.stack([hips, mul(inv(hips), spine), mul(inv(spine), chest)])


def neck_and_head(head: F64, chest: F64) -> F64:
    """Local neck and head (2, 4) from rotations in the room, bounded to what a neck can do."""
    turn = bounded(mul(inv(chest), head), _HEAD_MAX_RAD)
    neck = power(turn, NECK_SHARE)
    return np.stack([neck, mul(inv(neck), turn)])


def arms(upper: F64, lower: F64, hands: F64, shoulders: F64) -> tuple[F64, F64, F64]:
    """Local upper arms, lower arms and hands (2, 4) each; `shoulders` are in the room too."""
    local_upper = mul(inv(shoulders), upper)
    local_lower = mul(inv(upper), lower)
    hand = mul(inv(lower), hands)
    whole = twist_about(hand, _X)
    # Half a turn one way is half a turn the other way: fade there, or the sleeve would jump.
    turned = turn_rad(whole)
    fade = _TWIST_MAX_RAD * (np.pi - turned) / (np.pi - _TWIST_MAX_RAD)
    twist = bounded(whole, np.minimum(turned, fade))
    bend = bounded(mul(hand, inv(whole)), _WRIST_MAX_RAD)
    moved = power(twist, FOREARM_TWIST_SHARE)
    # lower * moved * rest = lower * bend * twist, so the hand itself stays where it was seen.
    return local_upper, mul(local_lower, moved), mul(inv(moved), mul(bend, twist))


def legs(upper: F64, lower: F64, feet: F64, hips: F64) -> tuple[F64, F64, F64]:
    """Local upper legs, lower legs and feet (2, 4) each."""
    return mul(inv(hips), upper), mul(inv(upper), lower), mul(inv(lower), feet)


def assemble(targets: F64, out: F64) -> F64:
    """Write the local rotations of all body bones into `out` (55, 4); fingers are left alone."""
    hips, chest = targets[HIPS], targets[CHEST]
    out[TRUNK] = trunk(hips, targets[SPINE], chest)
    out[[NECK, HEAD]] = neck_and_head(targets[HEAD], chest)
    out[SHOULDERS] = targets[SHOULDERS]
    out[UPPER_ARMS], out[LOWER_ARMS], out[HANDS] = arms(
        targets[UPPER_ARMS], targets[LOWER_ARMS], targets[HANDS], mul(chest, targets[SHOULDERS])
    )
    out[UPPER_LEGS], out[LOWER_LEGS], out[FEET] = legs(
        targets[UPPER_LEGS], targets[LOWER_LEGS], targets[FEET], hips
    )
    return out
