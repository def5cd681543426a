"""Where arms usually are, for as much of them as the camera cannot tell.

One camera sees an arm's depth badly, but forearms hang and work in front of the chest, and no
elbow lets the forearm point further back than the upper arm does. Each forearm is drawn towards
that by the share that its depth is unknown: a well-seen arm goes where it goes.
"""

from __future__ import annotations

import numpy as np

from avatar.solve.plain import (
    Vector,
    cross,
    dot,
    length,
    minus,
    plus,
    scaled,
    unit,
)
from avatar.solve.rotations import F64

_ARMS = ((11, 13, (15, 17, 19, 21)), (12, 14, (16, 18, 20, 22)))
_MEAN, _SPREAD = 0.45, 0.55
"""Of its length: how far a forearm points to the front, and how differently."""
_BACK = 0.1
"""By this share of its length a forearm may point further back than the upper arm."""
_HIPS_SEEN = 0.5


def plausible(points: F64, depth_variance: F64, visibility: F64) -> F64:
    """(33, 3) points in camera axes with likelier arms; (33,) variances of their depth, m²."""
    p: list[Vector] = [(x, y, z) for x, y, z in points.tolist()]
    doubt: list[float] = depth_variance.tolist()
    up = (0.0, -1.0, 0.0)
    if min(visibility[23], visibility[24]) > _HIPS_SEEN:
        up = unit(minus(plus(p[11], p[12]), plus(p[23], p[24])))
    front = unit(cross(unit(minus(p[11], p[12])), up))
    in_depth = front[2] * front[2]
    out = points.copy()
    for shoulder, elbow, hand in _ARMS:
        wrist = hand[0]
        upper, fore = minus(p[elbow], p[shoulder]), minus(p[wrist], p[elbow])
        fore = _drawn(fore, front, (doubt[elbow] + doubt[wrist]) * in_depth)
        fore = _not_behind(fore, front, min(dot(unit(upper), front), 0.0) - _BACK)
        out[list(hand)] += np.array(minus(plus(p[elbow], fore), p[wrist]))
    return out


def _drawn(limb: Vector, front: Vector, variance: float) -> Vector:
    """`limb` with its share of what is usual, its length kept."""
    size = length(limb)
    if size <= 0.0:
        return limb
    share = variance / (variance + (_SPREAD * size) ** 2)
    moved = plus(limb, scaled(front, share * (_MEAN * size - dot(limb, front))))
    return scaled(unit(moved), size)


def _not_behind(limb: Vector, front: Vector, furthest: float) -> Vector:
    size = length(limb)
    short = furthest * size - dot(limb, front)
    if short <= 0.0:
        return limb
    return scaled(unit(plus(limb, scaled(front, short))), size)
