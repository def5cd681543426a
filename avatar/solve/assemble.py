"""From rotations in the room to rotations relative to the parent, with human limits.

The trunk is bent in `spine` and `chest` only: `upperChest` is an optional bone of VRM, and a
consumer that lacks it would lose its share of the turn.
"""

from __future__ import annotations

import math

import numpy as np

from avatar.solve import plain
from avatar.solve.body import (
    FEET,
    HANDS,
    LOWER_ARMS,
    LOWER_LEGS,
    SHOULDERS,
    UPPER_ARMS,
    UPPER_LEGS,
)
from avatar.solve.plain import Turn, turn_of
from avatar.solve.rotations import F64, TINY, inv, mul
from flow.pose import BONE_INDEX

HIPS, SPINE, CHEST = BONE_INDEX["hips"], BONE_INDEX["spine"], BONE_INDEX["chest"]
UPPER_CHEST = BONE_INDEX["upperChest"]
NECK, HEAD = BONE_INDEX["neck"], BONE_INDEX["head"]

NECK_SHARE = 0.4
FOREARM_TWIST_SHARE = 0.5
"""Turning the palm is done by the forearm's two bones, not by the wrist: half of the turn goes to
the lower arm, half stays in the hand, which spreads the twist over the sleeve."""

_HEAD_MAX_RAD = math.radians(85.0)
_WRIST_MAX_RAD = math.radians(85.0)
_TWIST_MAX_RAD = math.radians(105.0)


_ARMS_AND_LEGS = (*UPPER_ARMS, *LOWER_ARMS, *HANDS, *UPPER_LEGS, *LOWER_LEGS, *FEET)
_CHILDREN = np.array([SPINE, CHEST, HEAD, *_ARMS_AND_LEGS])
_PARENTS = np.array(
    [HIPS, SPINE, CHEST, *SHOULDERS, *UPPER_ARMS, *LOWER_ARMS, HIPS, HIPS, *UPPER_LEGS, *LOWER_LEGS]
)
"""Whose parent is whose, the head's neck and the optional `upperChest` left out."""


def neck_and_head(turn: F64) -> F64:
    """Local neck and head (2, 4) of a turn (4,) against the chest, within what a neck can do."""
    within = plain.bounded(turn_of(turn), _HEAD_MAX_RAD)
    return np.array([plain.power(within, share) for share in (NECK_SHARE, 1.0 - NECK_SHARE)])


def forearm_twist(hand: Turn) -> tuple[Turn, Turn]:
    """What of a hand's local turn the lower arm does, and the bounded turn itself."""
    x, _, _, w = hand
    size = math.hypot(x, w)
    whole = (x / size, 0.0, 0.0, w / size) if size > TINY else (0.0, 0.0, 0.0, 1.0)
    turned = 2.0 * math.atan2(abs(whole[0]), abs(whole[3]))
    # Half a turn one way is half a turn the other way: fade there, or the sleeve would jump.
    fade = _TWIST_MAX_RAD * (math.pi - turned) / (math.pi - _TWIST_MAX_RAD)
    half = math.copysign(0.5 * min(turned, fade), x * w)
    moved = FOREARM_TWIST_SHARE * half
    twist = (math.sin(half), 0.0, 0.0, math.cos(half))
    bend = plain.bounded(plain.mul(hand, plain.inv(whole)), _WRIST_MAX_RAD)
    return (math.sin(moved), 0.0, 0.0, math.cos(moved)), plain.mul(bend, twist)


def assemble(targets: F64, out: F64) -> F64:
    """Write the local rotations of all body bones into `out` (55, 4); fingers are left alone."""
    room = targets.copy()
    room[SHOULDERS] = mul(targets[CHEST], targets[SHOULDERS])
    out[HIPS], out[SHOULDERS] = targets[HIPS], targets[SHOULDERS]
    out[_CHILDREN] = mul(inv(room.take(_PARENTS, 0)), room.take(_CHILDREN, 0))
    out[NECK : HEAD + 1] = neck_and_head(out[HEAD])
    for forearm, hand in zip(LOWER_ARMS.tolist(), HANDS.tolist(), strict=True):
        moved, turned = forearm_twist(turn_of(out[hand]))
        # lower * moved * rest = lower * hand, so the hand itself stays where it was seen.
        out[forearm] = plain.mul(turn_of(out[forearm]), moved)
        out[hand] = plain.mul(plain.inv(moved), turned)
    return out
