"""From samples at 5 to 60 Hz, late and uneven, to a smooth value at any render time.

A sample is first carried on with its own speed (a little, and less the longer ago it was: a
prediction must not overshoot). When a new sample disagrees with what is being shown, the
difference is faded out over one sample interval. When samples come as often as pictures, the
fade is over at once, so that a quick source costs no delay at all.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from avatar.solve.rotations import (
    IDENTITY,
    exp,
    inv,
    length,
    log,
    mul,
    normalise,
    same_side,
    within,
)

F64: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

AHEAD_S = 0.06
"""The most that a value is carried on beyond its sample."""
_QUIET_RAD_S = 0.6
"""Slower turns than about this are noise and are hardly carried on."""
_FADE_SHARE = 1.0
"""Of the usual gap between samples: shorter is quicker, longer is rounder."""
_MIN_GAP_S, _MAX_GAP_S = 1.0 / 120.0, 0.2


class Pace:
    """How often samples come (n,): a running mean of their gaps, in seconds."""

    def __init__(self, n: int) -> None:
        self.gap_s: F64 = np.full(n, 1.0 / 30.0)
        self.time_s: F64 = np.full(n, -np.inf)

    def sample(self, time_s: float, mask: Mask) -> None:
        """Note that the elements in `mask` were sampled at `time_s`."""
        gap = time_s - self.time_s
        usual = mask & (gap < 2.0 * _MAX_GAP_S)
        clipped = within(gap, _MIN_GAP_S, _MAX_GAP_S)
        self.gap_s = np.where(usual, self.gap_s + 0.4 * (clipped - self.gap_s), self.gap_s)
        self.time_s = np.where(mask, time_s, self.time_s)


def _ahead(age_s: F64) -> F64:
    """Seconds to carry on a sample of this age: all of it at first, never more than AHEAD_S."""
    age = within(age_s, 0.0, 1.0)
    return np.asarray(AHEAD_S * (1.0 - np.exp(-age / AHEAD_S)), np.float64)


class RotationFollower:
    """Shows (n, 4) rotations at any time from samples at their own times."""

    def __init__(self, n: int) -> None:
        self._pace = Pace(n)
        self._value: F64 = np.tile(IDENTITY, (n, 1))
        self._drive: F64 = np.zeros((n, 3))
        """Speeds by which the values are carried on, those that may be noise damped."""
        self._shown: F64 = np.tile(IDENTITY, (n, 1))
        self._off: F64 = np.zeros((n, 3))
        self._off_from: F64 = np.full(n, -np.inf)
        self._now = -np.inf

    def sample(self, value: F64, speed: F64, time_s: float, mask: Mask) -> None:
        """Take filtered rotations and their speed (rad/s) for the rows in `mask`."""
        first = ~np.isfinite(self._pace.time_s)
        self._pace.sample(time_s, mask)
        where = mask[:, None]
        self._value = np.where(where, value, self._value)
        magnitude = length(speed)
        drive = speed * (magnitude / (magnitude + _QUIET_RAD_S))
        self._drive = np.where(where, drive, self._drive)
        if np.isfinite(self._now):
            off = log(mul(self._shown, inv(self._carried(self._now))))
            off[first] = 0.0
            self._off = np.where(where, off, self._off)
            self._off_from = np.where(mask, self._now, self._off_from)

    def _carried(self, now_s: float) -> F64:
        # What was never sampled has no drive, whatever its age.
        return mul(exp(self._drive * _ahead(now_s - self._pace.time_s)[:, None]), self._value)

    def at(self, now_s: float) -> F64:
        """The rotations to show at `now_s` (n, 4); times must not go back."""
        faded = (now_s - self._off_from) / (_FADE_SHARE * self._pace.gap_s)
        left = 1.0 - within(faded, 0.0, 1.0)
        shown = normalise(mul(exp(self._off * left[:, None]), self._carried(now_s)))
        self._shown = same_side(shown, self._shown)
        self._now = now_s
        return self._shown


class ValueFollower:
    """Shows (n,) plain values at any time: only the fade, no carrying on."""

    def __init__(self, n: int) -> None:
        self._pace = Pace(1)
        self._value: F64 = np.zeros(n)
        self._shown: F64 = np.zeros(n)
        self._off: F64 = np.zeros(n)
        self._off_from = -np.inf
        self._now = -np.inf

    def sample(self, value: F64, time_s: float) -> None:
        """Take filtered values."""
        self._pace.sample(time_s, np.ones(1, np.bool_))
        self._off = self._shown - value if np.isfinite(self._now) else np.zeros_like(value)
        self._off_from = self._now
        self._value = value.copy()

    def at(self, now_s: float) -> F64:
        """The values to show at `now_s` (n,)."""
        left = 0.0
        if np.isfinite(self._off_from):
            fade_s = _FADE_SHARE * float(self._pace.gap_s[0])
            left = 1.0 - min(max((now_s - self._off_from) / fade_s, 0.0), 1.0)
        self._shown = self._value + self._off * left
        self._now = now_s
        return self._shown
