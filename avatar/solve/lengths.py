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

_DEPTH_RATIO = np.array([1.0, 1.0, 2.0])
_FROM, _TO = [11, 12, 23, 24, 13, 14, 25, 26], [13, 14, 25, 26, 15, 16, 27, 28]
"""Upper arms, thighs, forearms, shins. A back bends and shoulders roll: they have no one length."""
_UPPER_FROM, _UPPER_TO, _LOWER_TO = _FROM[:4], _TO[:4], _TO[4:]
_ENDS = ([17, 19, 21], [18, 20, 22], [29, 31], [30, 32])
_OTHER_SIDE = [1, 0, 3, 2, 5, 4, 7, 6]
_SURE = 0.6
_LEAST_RATE, _MOST_FRAMES = 0.004, 250
_NEWTON_STEPS = 3
_LEAST_LAMBDA, _MOST_LAMBDA = -0.8 / float(_DEPTH_RATIO.max()), 4.0


class Lengths:
    """The performer's limb lengths, learnt from every body that is well seen."""

    def __init__(self) -> None:
        self._mean: F64 = np.zeros(len(_TO))
        self._count: F64 = np.zeros(len(_TO))

    def corrected(self, points: F64, visibility: F64) -> F64:
        """`points` (33, 3) with every limb at its usual length."""
        limbs = _LIMBS_OF.dot(points)
        size = np.sqrt(np.vecdot(limbs, limbs))
        self._learn(size, visibility)
        limbs = fitted(limbs, np.where(self._count > 0, self._mean, size))
        return np.asarray(_POINTS_OF.dot(np.concatenate([points, limbs])))

    def _learn(self, size: F64, visibility: F64) -> None:
        seen = np.minimum(visibility[_FROM], visibility[_TO]) > _SURE
        self._count = np.minimum(self._count + seen, _MOST_FRAMES)
        rate = np.where(seen, np.maximum(1.0 / np.maximum(self._count, 1.0), _LEAST_RATE), 0.0)
        self._mean = self._mean + rate * (size - self._mean)
        # Left and right are one person's: what one side knows better, the other learns.
        total = self._count + self._count[_OTHER_SIDE]
        both = self._mean * self._count + self._mean[_OTHER_SIDE] * self._count[_OTHER_SIDE]
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
        step = value / np.minimum(slope, -1e-9)
        lam = within(lam - step, _LEAST_LAMBDA, _MOST_LAMBDA)
    return np.asarray(segments / (1.0 + lam[:, None] * _DEPTH_RATIO), np.float64)


def _limbs(p: F64) -> F64:
    return np.asarray(p[_TO] - p[_FROM])


def _rebuilt(p: F64, limbs: F64) -> F64:
    out = p.copy()
    out[_UPPER_TO] = out[_UPPER_FROM] + limbs[:4]
    out[_LOWER_TO] = out[_UPPER_TO] + limbs[4:]
    for end, rest in zip(_LOWER_TO, _ENDS, strict=True):
        out[rest] += out[end] - p[end]
    return out


def _matrices() -> tuple[F64, F64]:
    """Both functions are linear: (8, 33) and (33, 33 + 8), by what they do to one point each."""
    one, none = np.eye(33)[:, :, None] * np.ones(3), np.zeros((len(_TO), 3))
    limbs = np.array([_limbs(p)[:, 0] for p in one])
    by_points = np.array([_rebuilt(p, none)[:, 0] for p in one])
    by_limbs = np.array(
        [_rebuilt(np.zeros((33, 3)), s)[:, 0] for s in np.eye(len(_TO))[:, :, None] * np.ones(3)]
    )
    return limbs.T.copy(), np.concatenate([by_points, by_limbs]).T.copy()


_LIMBS_OF, _POINTS_OF = _matrices()
