"""No joint darts while one driver hands it to another."""

from __future__ import annotations

import numpy as np

from avatar.perform.smooth import Mask
from avatar.solve.rotations import F64, exp, inv, length, log, mul, normalise
from flow.clock import NS_PER_S
from flow.pose import HUMAN_BONES
from flow.spec import F32

MAX_TURN_RAD_S = np.radians(15.0) / 0.034
"""While a part is handed over no joint turns faster than this."""
LONGEST_STEP_S = 0.034
"""After a stall, too, a joint turns by one picture's share only."""


class SpeedBound:
    """Bounds the joints that are being handed over, until they have caught up. Others pass."""

    def __init__(self) -> None:
        self._last: F32 | None = None
        self._last_ns = 0
        self._behind: Mask = np.zeros(len(HUMAN_BONES), np.bool_)
        self._any_behind = False

    def step(self, rotations: F32, now: int, handed: Mask | None) -> F32:
        """(55, 4) to show at `now` for the wanted `rotations`; the very array when nothing is slow.

        `handed` says which joints are in other hands since the last picture; None is none.
        """
        last, dt_s = self._last, (now - self._last_ns) / NS_PER_S
        self._last_ns = now
        if last is None or (handed is None and not self._any_behind):
            self._last = rotations
            return rotations
        if handed is not None:
            self._behind |= handed
        most = MAX_TURN_RAD_S * min(max(dt_s, 0.0), LONGEST_STEP_S)
        before = last.astype(np.float64)
        step: F64 = log(mul(rotations.astype(np.float64), inv(before)))
        size = length(step)[:, 0]
        slow = self._behind & (size > most)
        self._behind &= slow | handed if handed is not None else slow
        self._any_behind = bool(self._behind.any())
        if slow.any():
            share = np.where(slow, most / np.maximum(size, 1e-9), 1.0)
            turned = normalise(mul(exp(step * share[:, None]), before)).astype(np.float32)
            rotations = np.where(slow[:, None], turned, rotations)
        self._last = rotations
        return rotations
