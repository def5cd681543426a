"""Where arms usually are, for as much of them as the camera cannot tell.

One camera sees an arm's depth badly, and people have habits: upper arms lie in the plane of the
chest as often before it as behind it, forearms hang and work in front of it, and no elbow lets the
forearm point further back than the upper arm does. Each arm is drawn towards that by the share
that its depth is unknown: a well-seen arm goes where it goes.
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
_UPPER_MEAN, _UPPER_SPREAD = 0.0, 0.7
_FORE_MEAN, _FORE_SPREAD = 0.4, 0.5
"""Of a limb's length: how far it points to the front, and how differently."""
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
        upper = minus(p[elbow], p[shoulder])
        variance = (doubt[shoulder] + doubt[elbow]) * in_depth
        upper = _drawn(upper, front, variance, _UPPER_MEAN, _UPPER_SPREAD)
        fore = minus(p[wrist], p[elbow])
        variance = (doubt[elbow] + doubt[wrist]) * in_depth
        fore = _drawn(fore, front, variance, _FORE_MEAN, _FORE_SPREAD)
        furthest = min(dot(unit(upper), front), 0.0) - _BACK
        fore = _not_behind(fore, front, furthest)
        at = plus(p[shoulder], upper)
        out[elbow] = at
        moved = minus(plus(at, fore), p[wrist])
        out[list(hand)] += np.array(moved)
    return out


def _drawn(limb: Vector, front: Vector, variance: float, mean: float, spread: float) -> Vector:
    """`limb` with its share of what is usual, its length kept."""
    size = length(limb)
    if size <= 0.0:
        return limb
    share = variance / (variance + (spread * size) ** 2)
    moved = plus(limb, scaled(front, share * (mean * size - dot(limb, front))))
    return scaled(unit(moved), size)


def _not_behind(limb: Vector, front: Vector, furthest: float) -> Vector:
    size = length(limb)
    short = furthest * size - dot(limb, front)
    if short <= 0.0:
        return limb
    return scaled(unit(plus(limb, scaled(front, short))), size)
