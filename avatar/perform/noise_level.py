"""How much a tracker's points shake, measured while they move.

Second differences of a body's points are mostly the tracker's own noise: people cannot accelerate
by centimetres within a picture, and never with all their joints at once. The calmer joints
therefore say how far to trust a sample, whatever the lens, the light and the model.
"""

from __future__ import annotations

import numpy as np

from avatar.perform.smooth import Mask
from avatar.solve.rotations import F64

USUAL_M = (0.002, 0.0048)
"""Across the picture and in depth: the pose tracker on a person of usual size."""
_LEAST_M = 2e-4
_CALMER, _WHITE = 0.35, 0.4538 * 6.0**0.5
"""Of the joints this share shakes less than the second: second differences of white noise of
deviation one. Less than half, so that four moving limbs do not pass for noise."""
_FORGET_S, _TRUST_S = 1.5, 0.1
_LONGEST_S = 0.25
"""Over longer gaps people do accelerate."""
_QUIET, _USUAL = 0.6, 0.95
"""A camera's tracker shakes in bursts, and by their size it is to be judged. What is much quieter
than such a tracker moves in bursts: there it is the mean that counts."""
_FACE, _FEWEST = 11, 5
"""A face is found more exactly than a body, and moves as one: its points, the first, do not count.
With fewer others the level stays."""


class NoiseLevel:
    """Running deviation of (3, n) points, relative to `shares` (n,): some joints shake more."""

    def __init__(self, shares: F64) -> None:
        self.level_m: F64 = np.array([USUAL_M[0], USUAL_M[0], USUAL_M[1]])
        """(3,) standard deviation of a joint of share one, x, y and depth."""
        self._mean: F64 = self.level_m.copy()
        self._squares: F64 = self.level_m**2
        self._shares = shares
        self._last: F64 | None = None
        self._step: F64 | None = None
        self._gap_s = 0.0
        self._known_s = _TRUST_S

    def update(self, points: F64, gap_s: float, seen: Mask) -> F64:
        """Take the points `gap_s` after the ones before; returns `level_m`."""
        last, before, gap_before_s = self._last, self._step, self._gap_s
        self._last, self._step, self._gap_s = points, None, gap_s
        if last is None or gap_s > _LONGEST_S:
            return self.level_m
        self._step = points - last
        if before is None or gap_before_s <= 0.0:
            return self.level_m
        shaken = np.abs(self._step - before * (gap_s / gap_before_s)) / self._shares
        shaken = shaken[:, _FACE:][:, seen[_FACE:]]
        if shaken.shape[1] < _FEWEST:
            return self.level_m
        across = _calmer(shaken[:2].ravel()) / _WHITE
        now = np.array([across, across, _calmer(shaken[2]) / _WHITE])
        # A running mean at first, then a slow one.
        self._known_s = min(self._known_s + gap_s, _FORGET_S)
        share = gap_s / self._known_s
        self._mean += (now - self._mean) * share
        self._squares += (now**2 - self._squares) * share
        bursts = (self._mean[2] / USUAL_M[1] - _QUIET) / (_USUAL - _QUIET)
        level = self._mean + min(max(bursts, 0.0), 1.0) * (np.sqrt(self._squares) - self._mean)
        self.level_m = np.maximum(level, _LEAST_M)
        return self.level_m


def _calmer(values: F64) -> float:
    """A quantile; a tenth of the time of `np.quantile`."""
    place = int(_CALMER * len(values))
    return float(np.partition(values, place)[place])
