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
from avatar.solve.rotations import F64, TINY, exp, inv, length, log, mul, twist_about
from flow.pose import BONE_INDEX

HIPS, SPINE, CHEST = BONE_INDEX["hips"], BONE_INDEX["spine"], BONE_INDEX["chest"]
UPPER_CHEST = BONE_INDEX["upperChest"]
NECK, HEAD = BONE_INDEX["neck"], BONE_INDEX["head"]
TRUNK = [HIPS, SPINE, CHEST]

NECK_SHARE = 0.4
_NECK_AND_HEAD = np.array([[NECK_SHARE], [1.0 - NECK_SHARE]])
FOREARM_TWIST_SHARE = 0.5
"""Turning the palm is done by the forearm's two bones, not by the wrist: half of the turn goes to
the lower arm, half stays in the hand, which spreads the twist over the sleeve."""

_X = np.array([1.0, 0.0, 0.0])
_HEAD_MAX_RAD = np.radians(85.0)
_WRIST_LIMIT = np.radians([[85.0], [85.0]])
_TWIST_MAX_RAD = np.radians(105.0)


_CHILDREN = [SPINE, CHEST, HEAD, *UPPER_ARMS, *LOWER_ARMS, *HANDS]
_CHILDREN += [*UPPER_LEGS, *LOWER_LEGS, *FEET]
_PARENTS = [HIPS, SPINE, CHEST, *SHOULDERS, *UPPER_ARMS, *LOWER_ARMS]
_PARENTS += [HIPS, HIPS, *UPPER_LEGS, *LOWER_LEGS]
"""Whose parent is whose, the head's neck and the optional `upperChest` left out."""


def neck_and_head(turn: F64) -> F64:
    """Local neck and head (2, 4) of a turn against the chest, bounded to what a neck can do."""
    vector = log(turn)
    vector = vector * np.minimum(1.0, _HEAD_MAX_RAD / (length(vector) + TINY))
    return exp(vector * _NECK_AND_HEAD)


def forearm_twist(hands: F64) -> tuple[F64, F64]:
    """What of the hands' local turn (2, 4) the lower arms do, and the bounded turn itself."""
    whole = twist_about(hands, _X)
    vectors = log(np.stack([whole, mul(hands, inv(whole))]))  # (twist and bend, hands, xyz)
    turned = length(vectors)
    # Half a turn one way is half a turn the other way: fade there, or the sleeve would jump.
    fade = _TWIST_MAX_RAD * (np.pi - turned[0]) / (np.pi - _TWIST_MAX_RAD)
    limit = np.stack([fade, _WRIST_LIMIT])
    vectors *= np.minimum(1.0, limit / (turned + TINY))
    moved, twist, bend = exp(np.concatenate([vectors[:1] * FOREARM_TWIST_SHARE, vectors]))
    return moved, mul(bend, twist)


def assemble(targets: F64, out: F64) -> F64:
    """Write the local rotations of all body bones into `out` (55, 4); fingers are left alone."""
    room = targets.copy()
    room[SHOULDERS] = mul(targets[CHEST], targets[SHOULDERS])
    out[HIPS], out[SHOULDERS] = targets[HIPS], targets[SHOULDERS]
    out[_CHILDREN] = mul(inv(room[_PARENTS]), room[_CHILDREN])
    out[[NECK, HEAD]] = neck_and_head(out[HEAD])
    moved, hands = forearm_twist(out[HANDS])
    # lower * moved * rest = lower * hands, so the hand itself stays where it was seen.
    out[LOWER_ARMS] = mul(out[LOWER_ARMS], moved)
    out[HANDS] = mul(inv(moved), hands)
    return out
