"""Limbs have one length: what one camera sees badly (depth) follows from what it sees well.

A tracker's limb grows and shrinks by a tenth as its depth wanders. The performer's proportions
are learnt as a running mean, and every limb is then moved to the nearest place where its length
is right, "nearest" counting depth as the weaker axis. With errors of variance s² across the
picture and r·s² in depth this is the most probable limb: minimise (x²+y²+z²/r) of the change on
the sphere |v| = L. The stationary points are v = o / (1 + λ·(1, 1, r)); λ by Newton's method.
"""

from __future__ import annotations

import numpy as np

from avatar.solve.rotations import F64, within

_DEPTH_RATIO = np.array([1.0, 1.0, 6.0])
_UPPER_FROM, _UPPER_TO = [11, 12, 23, 24], [13, 14, 25, 26]
_LOWER_TO = [15, 16, 27, 28]
_ENDS = ([17, 19, 21], [18, 20, 22], [29, 31], [30, 32])
_HEAD = slice(0, 11)
_PAIR = np.array([0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9])
"""The other side's segment: trunk, shoulders, hips, upper arms, thighs, forearms, shins."""
_SEEN_BY = np.array(
    [
        [11, 12, 23, 24], [11, 12, 11, 12], [23, 24, 23, 24],
        [11, 13, 11, 13], [12, 14, 12, 14], [23, 25, 23, 25], [24, 26, 24, 26],
        [13, 15, 13, 15], [14, 16, 14, 16], [25, 27, 25, 27], [26, 28, 26, 28],
    ]
)  # fmt: skip
_SURE = 0.6
_LEAST_RATE, _MOST_FRAMES = 0.004, 250
_NEWTON_STEPS = 3


class Lengths:
    """The performer's limb lengths, learnt from every body that is well seen."""

    def __init__(self) -> None:
        self._mean: F64 = np.zeros(11)
        self._count: F64 = np.zeros(11)

    def corrected(self, points: F64, visibility: F64) -> F64:
        """`points` (33, 3), mid-hip at the origin, with every limb at its usual length."""
        segments = _SEGMENTS_OF.dot(points)
        size = np.sqrt((segments * segments).sum(axis=-1))
        self._learn(size, visibility)
        usual = np.where(self._count > 0, self._mean, size)
        return np.asarray(_POINTS_OF @ np.concatenate([points, fitted(segments, usual)]))

    def _learn(self, size: F64, visibility: F64) -> None:
        seen = visibility[_SEEN_BY].min(axis=-1) > _SURE
        self._count = np.minimum(self._count + seen, _MOST_FRAMES)
        rate = np.where(seen, np.maximum(1.0 / np.maximum(self._count, 1.0), _LEAST_RATE), 0.0)
        self._mean = self._mean + rate * (size - self._mean)
        # Left and right are one person's: what one side knows better, the other learns.
        total = self._count + self._count[_PAIR]
        both = self._mean * self._count + self._mean[_PAIR] * self._count[_PAIR]
        self._mean = np.where(total > 0, both / np.maximum(total, 1.0), 0.0)


def fitted(segments: F64, usual: F64) -> F64:
    """Segments (n, 3) moved to lengths `usual` (n,), depth moving most."""
    goal = np.maximum(usual, 1e-3) ** 2
    squares = segments * segments
    size = np.maximum(squares.sum(axis=-1), 1e-8)
    # A limb that is much too short or long is a mistake, not depth: meet it half-way at most.
    goal = within(goal, 0.5 * size, 2.0 * size)
    lam = np.zeros(len(segments))
    for _ in range(_NEWTON_STEPS):
        w = 1.0 / (1.0 + lam[:, None] * _DEPTH_RATIO)
        terms = squares * w * w
        value = terms.sum(axis=-1) - goal
        slope = -2.0 * (terms * w * _DEPTH_RATIO).sum(axis=-1)
        lam = within(lam - value / np.minimum(slope, -1e-9), -0.12, 4.0)
    return np.asarray(segments / (1.0 + lam[:, None] * _DEPTH_RATIO), np.float64)


def _segments(p: F64) -> F64:
    trunk = 0.5 * (p[11] + p[12] - p[23] - p[24])
    out = np.zeros((11, 3))
    out[0], out[1], out[2] = trunk, p[11] - p[12], p[23] - p[24]
    out[3:7] = p[_UPPER_TO] - p[_UPPER_FROM]
    out[7:11] = p[_LOWER_TO] - p[_UPPER_TO]
    return out


def _rebuilt(p: F64, s: F64) -> F64:
    out = p.copy()
    hips = 0.5 * (p[23] + p[24])
    top = hips + s[0]
    out[11], out[12] = top + 0.5 * s[1], top - 0.5 * s[1]
    out[23], out[24] = hips + 0.5 * s[2], hips - 0.5 * s[2]
    out[_UPPER_TO] = out[_UPPER_FROM] + s[3:7]
    out[_LOWER_TO] = out[_UPPER_TO] + s[7:11]
    out[_HEAD] += top - 0.5 * (p[11] + p[12])
    for end, rest in zip(_LOWER_TO, _ENDS, strict=True):
        out[rest] += out[end] - p[end]
    return out


def _matrices() -> tuple[F64, F64]:
    """Both functions are linear: (11, 33) and (33, 33 + 11), by what they do to one point each."""
    one, none = np.eye(33)[:, :, None] * np.ones(3), np.zeros((11, 3))
    segments = np.array([_segments(p)[:, 0] for p in one])
    by_points = np.array([_rebuilt(p, none)[:, 0] for p in one])
    by_segments = np.array(
        [_rebuilt(np.zeros((33, 3)), s)[:, 0] for s in np.eye(11)[:, :, None] * np.ones(3)]
    )
    return segments.T.copy(), np.concatenate([by_points, by_segments]).T.copy()


_SEGMENTS_OF, _POINTS_OF = _matrices()
