"""Where forearms usually are, for as much of them as the camera cannot tell.

One camera sees an arm's depth badly and a hidden hand not at all, but elbows are alike: a forearm
goes on from the upper arm, bent to the front, and never points further back than the upper arm
does. Each forearm is drawn towards that by the share that its place is unknown: a well-seen arm
goes where it goes.
"""

from __future__ import annotations

import numpy as np

from avatar.solve.plain import Vector, cross, dot, length, minus, plus, scaled, unit
from avatar.solve.rotations import F64

_ARMS = ((11, 13, (15, 17, 19, 21)), (12, 14, (16, 18, 20, 22)))
_ALONG, _FRONT, _SPREAD = 0.75, 0.25, 0.5
"""Of its length: how far a forearm points along the upper arm and to the front, and how far it
is from that (regression over motion capture of everyday and stage movement)."""
_BACK = 0.1
"""By this share of its length a forearm may point further back than the upper arm."""
_NEEDED, _ENDS = [11, 12, 13, 14, 15, 16, 23, 24], [13, 14, 15, 16]
_HIPS_SEEN = 0.5


def plausible(points: F64, variance: F64, visibility: F64) -> F64:
    """(33, 3) points in camera axes with likelier forearms; (33, 3) variances, m²."""
    p: dict[int, Vector] = dict(zip(_NEEDED, points[_NEEDED].tolist(), strict=True))
    doubt: dict[int, Vector] = dict(zip(_ENDS, variance[_ENDS].tolist(), strict=True))
    up = (0.0, -1.0, 0.0)
    if min(visibility[23], visibility[24]) > _HIPS_SEEN:
        up = unit(minus(plus(p[11], p[12]), plus(p[23], p[24])))
    front = unit(cross(unit(minus(p[11], p[12])), up))
    out = points.copy()
    for shoulder, elbow, hand in _ARMS:
        wrist = hand[0]
        upper, fore = unit(minus(p[elbow], p[shoulder])), minus(p[wrist], p[elbow])
        usual = plus(scaled(upper, _ALONG), scaled(front, _FRONT))
        fore = _drawn(fore, usual, plus(doubt[elbow], doubt[wrist]))
        fore = _not_behind(fore, front, min(dot(upper, front), 0.0) - _BACK)
        out[list(hand)] += np.array(minus(plus(p[elbow], fore), p[wrist]))
    return out


def _drawn(limb: Vector, usual: Vector, variance: Vector) -> Vector:
    """`limb` with its share of what is usual, axis by axis, its length kept."""
    size = length(limb)
    if size <= 0.0:
        return limb
    spread = (_SPREAD * size) ** 2
    x, y, z = (
        at + v / (v + spread) * (size * mean - at)
        for at, mean, v in zip(limb, usual, variance, strict=True)
    )
    return scaled(unit((x, y, z)), size)


def _not_behind(limb: Vector, front: Vector, furthest: float) -> Vector:
    size = length(limb)
    short = furthest * size - dot(limb, front)
    if short <= 0.0:
        return limb
    return scaled(unit(plus(limb, scaled(front, short))), size)
