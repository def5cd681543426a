"""No joint darts while one driver hands it to another."""

from __future__ import annotations

import math

import numpy as np

from avatar.perform.smooth import Mask
from avatar.solve.rotations import F64, exp, inv, length, log, mul, normalise
from flow.clock import NS_PER_S
from flow.pose import HUMAN_BONES
from flow.spec import F32

MAX_TURN_RAD_S = np.radians(15.0) / 0.034
"""While a part is handed over no joint turns faster than this."""
MAX_HIPS_M_S = 2.0
"""Nor do the hips (of a body whose hips stand 1 m high) move faster."""
LONGEST_STEP_S = 0.034
"""After a stall, too, a joint turns by one picture's share only."""


class SpeedBound:
    """Bounds the joints that are being handed over, until they have caught up. Others pass."""

    def __init__(self) -> None:
        self._last: F32 | None = None
        self._last_ns = 0
        self._behind: Mask = np.zeros(len(HUMAN_BONES), np.bool_)
        self._any_behind = False
        self._hips: F32 | None = None
        self._hips_behind = False

    def step(self, rotations: F32, hips: F32, now: int, handed: Mask | None) -> tuple[F32, F32]:
        """(55, 4) rotations and (3,) hips to show at `now` for those wanted.

        The very arrays come back where nothing is slow. `handed` says which joints are in other
        hands since the last picture; None is none.
        """
        dt_s = min(max((now - self._last_ns) / NS_PER_S, 0.0), LONGEST_STEP_S)
        self._last_ns = now
        if self._last is not None and (handed is not None or self._any_behind):
            rotations = self._turn(rotations, self._last, dt_s, handed)
        if handed is not None or self._hips_behind:
            hips = self._carry(hips, dt_s, handed is not None)
        self._last, self._hips = rotations, hips
        return rotations, hips

    def _turn(self, wanted: F32, last: F32, dt_s: float, handed: Mask | None) -> F32:
        if handed is not None:
            self._behind |= handed
        most = MAX_TURN_RAD_S * dt_s
        before = last.astype(np.float64)
        step: F64 = log(mul(wanted.astype(np.float64), inv(before)))
        size = length(step)[:, 0]
        slow = self._behind & (size > most)
        self._behind &= slow | handed if handed is not None else slow
        self._any_behind = bool(self._behind.any())
        if not slow.any():
            return wanted
        share = np.where(slow, most / np.maximum(size, 1e-9), 1.0)
        turned = normalise(mul(exp(step * share[:, None]), before)).astype(np.float32)
        return np.where(slow[:, None], turned, wanted)

    def _carry(self, wanted: F32, dt_s: float, handed: bool) -> F32:
        if self._hips is None:
            return wanted
        way = wanted - self._hips
        size = math.sqrt(float(way @ way))
        most = MAX_HIPS_M_S * dt_s
        self._hips_behind = handed or size > most
        if size <= most:
            return wanted
        return (self._hips + way * (most / size)).astype(np.float32)
