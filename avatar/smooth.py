"""One-Euro filters for values and for rotations, whole arrays at a time.

Casiez, Roussel, Vogel: "1 Euro Filter", CHI 2012: an exponential filter whose cut-off frequency
rises with speed, so that a still signal is calm and a fast one is not late. Every element has its
own settings, its own clock and may be updated alone (parts arrive at different rates).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from avatar.solve.rotations import IDENTITY, exp, inv, log, mul, normalise, same_side

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


def alpha(cutoff_hz: F64, dt_s: F64) -> F64:
    """The share of the new value in an exponential filter with this cut-off."""
    x = 2.0 * np.pi * cutoff_hz * dt_s
    return np.asarray(x / (1.0 + x), np.float64)


class OneEuro:
    """Filters (n,) values. Read `value` and `speed` (per second) after each `update`."""

    def __init__(self, s: Settings) -> None:
        n = len(s.beta)
        self._s = s
        self.value: F64 = np.zeros(n)
        self.speed: F64 = np.zeros(n)
        self._raw: F64 = np.zeros(n)
        self._step: F64 = np.zeros(n)
        self._noise: F64 = np.zeros(n)
        self._time: F64 = np.full(n, -np.inf)

    def update(self, value: F64, time_s: float, mask: Mask | None = None) -> F64:
        """Take one sample of the elements in `mask` (all when None); returns `value` itself.

        The noise is a running mean of second differences, each bounded by thrice the mean, so
        that a gesture does not pass for noise.
        """
        gap = time_s - self._time
        dt = np.clip(gap, 1e-3, FORGET_S)
        known = gap <= FORGET_S
        speed = np.where(known, (value - self._raw) / dt, 0.0)
        speed = self.speed + alpha(self._s.speed_cutoff_hz, dt) * (speed - self.speed)
        speed = np.where(known, speed, 0.0)
        step = np.where(known, value - self._raw, 0.0)
        jump = np.minimum(np.abs(step - self._step) / _WHITE, 3.0 * self._noise + 1e-3)
        noise = self._noise + np.minimum(dt / _NOISE_S, 1.0) * (jump - self._noise)
        quiet = np.maximum(self._s.quiet, self._s.noise_gain * noise / dt)
        fast = np.maximum(np.abs(speed) - quiet, 0.0)
        a = alpha(self._s.min_cutoff_hz + self._s.beta * fast, dt)
        smooth = self.value + np.where(known, a, 1.0) * (value - self.value)
        use = np.ones(len(self.value), np.bool_) if mask is None else mask
        self.value = np.where(use, smooth, self.value)
        self.speed = np.where(use, speed, self.speed)
        self._raw = np.where(use, value, self._raw)
        self._step = np.where(use, step, self._step)
        self._noise = np.where(use & known, noise, self._noise)
        self._time = np.where(use, time_s, self._time)
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
        dt = np.clip(gap, 1e-3, FORGET_S)
        known = gap <= FORGET_S
        moved = log(mul(new, inv(self._raw[rows]))) / dt[:, None]
        bend = moved - self._moved[rows]
        jump = np.sqrt((bend * bend).sum(axis=-1)) * dt / _WHITE
        noise = self._noise[rows]
        jump = np.where(known, np.minimum(jump, 3.0 * noise + _SMALLEST_RAD), noise)
        noise = noise + np.minimum(dt / _NOISE_S, 1.0) * (jump - noise)
        quiet = np.maximum(self._s.quiet[rows], self._s.noise_gain[rows] * noise / dt)
        speed = self.speed[rows]
        speed = speed + alpha(self._s.speed_cutoff_hz[rows], dt)[:, None] * (moved - speed)
        speed = np.where(known[:, None], speed, 0.0)
        magnitude = np.sqrt((speed * speed).sum(axis=-1))
        fast = np.maximum(magnitude - quiet, 0.0)
        a = alpha(self._s.min_cutoff_hz[rows] + self._s.beta[rows] * fast, dt)
        a = np.where(known, a, 1.0)
        smooth = normalise(mul(exp(log(mul(new, inv(last))) * a[:, None]), last))
        self.value[rows] = same_side(smooth, last)
        self.speed[rows] = speed
        self._raw[rows] = new
        self._moved[rows] = np.where(known[:, None], moved, 0.0)
        self._noise[rows] = noise
        self._time[rows] = time_s
        return self.value
