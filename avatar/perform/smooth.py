"""One-Euro filters for values and for rotations, whole arrays at a time.

Casiez, Roussel, Vogel: "1 Euro Filter", CHI 2012: an exponential filter whose cut-off frequency
rises with speed, so that a still signal is calm and a fast one is not late. Every element has its
own settings, its own clock and may be updated alone (parts arrive at different rates).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
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

_WHITE = 6.0**0.5
"""Second differences of white noise are this much wider than the noise."""
_NOISE_S = 0.7
_SMALLEST_RAD = 0.02
FORGET_S = 0.4
"""After this long without a sample the next one is taken as it is."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Cut-offs in Hz; `beta` in Hz per unit of speed (rad/s for rotations, 1/s for weights)."""

    min_cutoff_hz: F64
    beta: F64
    speed_cutoff_hz: F64
    quiet: F64
    """Speeds below this are the tracker's noise and do not raise the cut-off."""
    noise_gain: F64
    """How much of the measured noise (as a speed) counts as quiet as well, so that a bad picture
    is calmed more; 0 for a fixed `quiet`."""


def settings(
    count: int,
    min_cutoff_hz: float,
    beta: float,
    speed_cutoff_hz: float = 1.5,
    quiet: float = 0.0,
) -> Settings:
    """The same settings for `count` elements, writable one by one."""
    return Settings(
        np.full(count, min_cutoff_hz),
        np.full(count, beta),
        np.full(count, speed_cutoff_hz),
        np.full(count, quiet),
        np.zeros(count),
    )


def joined(*parts: Settings) -> Settings:
    """The settings of several groups of elements, one after the other."""
    return Settings(
        *(np.concatenate([getattr(s, f.name) for s in parts]) for f in fields(Settings))
    )


def alpha(cutoff_hz: F64, dt_s: F64) -> F64:
    """The share of the new value in an exponential filter with this cut-off."""
    x = 2.0 * np.pi * cutoff_hz * dt_s
    return np.asarray(x / (1.0 + x), np.float64)


class OneEuro:
    """Filters (n,) values. Read `value` and `speed` (per second) after each `update`."""

    def __init__(self, s: Settings) -> None:
        n = len(s.beta)
        self._s = s
        self._state: F64 = np.zeros((6, n))
        """Value, speed, last sample, its step from the one before, noise, time: one array, because
        that many small ones would cost more to keep than all the arithmetic."""
        self._state[5] = -np.inf

    @property
    def value(self) -> F64:
        """(n,) filtered values."""
        row: F64 = self._state[0]
        return row

    @property
    def speed(self) -> F64:
        """(n,) filtered speeds, per second."""
        row: F64 = self._state[1]
        return row

    def update(self, value: F64, time_s: float, mask: Mask | None = None) -> F64:
        """Take one sample of the elements in `mask` (all when None); returns `value` itself.

        The noise is a running mean of second differences, each bounded by thrice the mean, so
        that a gesture does not pass for noise.
        """
        last, speed, raw, last_step, last_noise, time = self._state
        gap = time_s - time
        dt = within(gap, 1e-3, FORGET_S)
        known = gap <= FORGET_S
        step = np.where(known, value - raw, 0.0)
        speed = speed + alpha(self._s.speed_cutoff_hz, dt) * (step / dt - speed)
        speed = np.where(known, speed, 0.0)
        jump = np.minimum(np.abs(step - last_step) / _WHITE, 3.0 * last_noise + 1e-3)
        noise = last_noise + np.minimum(dt / _NOISE_S, 1.0) * (jump - last_noise)
        quiet = np.maximum(self._s.quiet, self._s.noise_gain * noise / dt)
        fast = np.maximum(np.abs(speed) - quiet, 0.0)
        a = alpha(self._s.min_cutoff_hz + self._s.beta * fast, dt)
        smooth = last + np.where(known, a, 1.0) * (value - last)
        noise = np.where(known, noise, last_noise)
        state = np.array([smooth, speed, value, step, noise, np.full(len(smooth), time_s)])
        self._state = state if mask is None else np.where(mask, state, self._state)
        return self.value


class OneEuroRotations:
    """Filters (n, 4) rotations along the shortest arc; speed is a vector (n, 3) in rad/s.

    Working on the arc between two quaternions makes their sign irrelevant; the output's sign
    is kept continuous all the same, for consumers that interpolate by component.
    """

    def __init__(self, s: Settings) -> None:
        n = len(s.beta)
        self._s = s
        self.value: F64 = np.tile(IDENTITY, (n, 1))
        self.speed: F64 = np.zeros((n, 3))
        self.ease: F64 = np.ones(n)
        """(n,) by which the cut-offs are multiplied, for the caller to set."""
        self._raw: F64 = np.tile(IDENTITY, (n, 1))
        self._moved: F64 = np.zeros((n, 3))
        self._noise: F64 = np.zeros(n)
        self._time: F64 = np.full(n, -np.inf)

    def update(self, value: F64, time_s: float, mask: Mask) -> F64:
        """Take one sample of the rows in `mask`; returns all rows of `value`."""
        rows = np.flatnonzero(mask)
        if not len(rows):
            return self.value
        new, last = value[rows], self.value[rows]
        gap = time_s - self._time[rows]
        dt = within(gap, 1e-3, FORGET_S)
        known = gap <= FORGET_S
        # The ways from the last sample and from the last output, in one product.
        moved, away = log(mul(new, inv(np.stack([self._raw[rows], last]))))
        moved /= dt[:, None]
        jump = length(moved - self._moved[rows])[:, 0] * dt / _WHITE
        noise = self._noise[rows]
        jump = np.where(known, np.minimum(jump, 3.0 * noise + _SMALLEST_RAD), noise)
        noise = noise + np.minimum(dt / _NOISE_S, 1.0) * (jump - noise)
        quiet = np.maximum(self._s.quiet[rows], self._s.noise_gain[rows] * noise / dt)
        speed = self.speed[rows]
        speed = speed + alpha(self._s.speed_cutoff_hz[rows], dt)[:, None] * (moved - speed)
        speed = np.where(known[:, None], speed, 0.0)
        fast = np.maximum(length(speed)[:, 0] - quiet, 0.0)
        cutoff = self._s.min_cutoff_hz[rows] + self._s.beta[rows] * fast
        a = np.where(known, alpha(self.ease[rows] * cutoff, dt), 1.0)
        smooth = normalise(mul(exp(away * a[:, None]), last))
        self.value[rows] = same_side(smooth, last)
        self.speed[rows] = speed
        self._raw[rows] = new
        self._moved[rows] = np.where(known[:, None], moved, 0.0)
        self._noise[rows] = noise
        self._time[rows] = time_s
        return self.value
