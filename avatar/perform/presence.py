"""Who is there: per body part, how much the performer drives it and how much the idle pose does.

Seen: driven. Lost: held for a quarter of a second, then eased into the idle pose over a second.
Found again: eased back in half a second. A part that was not searched is unknown, not lost.
A body without a face that comes out of nowhere must stay a moment before it is believed: in an
empty room a tracker takes a table for a person now and then, and a host must not jump at it.
"""

from __future__ import annotations

import numpy as np

from avatar.solve.rotations import F64, within
from avatar.solve.solution import PART_INDEX, PARTS, Solution
from flow.pose import Part

HOLD_S = 0.25
"""How long a lost part keeps its last pose."""
UNSEARCHED_HOLD_S = 1.0
"""The same for a part that nobody has looked for since (its turn in the schedule will come)."""
AWAY_S = 1.5
"""After this long a body or a face counts as gone."""
BELIEVE_S = 0.35
"""A new body is believed when it was seen for this long, with no gap longer than `_GAP_S`."""
_GAP_S = 0.45
EASE_OUT_S = 1.0
EASE_IN_S = 0.45

_N = len(PARTS)
_BODY = frozenset({Part.TORSO, Part.LEFT_ARM, Part.RIGHT_ARM, Part.LEGS})
_VOUCHERS = [PART_INDEX[p] for p in (*_BODY, Part.FACE)]


class Presence:
    """Weights (8,) in `PARTS` order: 1 driven by the performer, 0 idle.

    Without `hand_over` whatever was seen once stays (for files, where nobody waits).
    """

    def __init__(self, *, hand_over: bool = True) -> None:
        self._hand_over = hand_over
        self.seen_s: F64 = np.full(_N, -np.inf)
        self._missed: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.ones(_N, np.bool_)
        self._frame_s = -np.inf
        self._came_s = self._stayed_s = -np.inf
        self._way: F64 = np.zeros(_N)
        self._now: float | None = None
        self.held: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.zeros(_N, np.bool_)
        """Which parts are being driven (or held) now."""

    @property
    def nobody_yet(self) -> bool:
        """Whether nothing was ever seen."""
        return not bool(np.isfinite(self.seen_s).any())

    def note(self, solution: Solution, time_s: float) -> None:
        """Take what one frame saw."""
        self._frame_s = max(self._frame_s, time_s)
        believed = self._believes(solution, time_s)
        for i, part in enumerate(PARTS):
            if solution.seen[part] and (believed or part not in _BODY):
                self.seen_s[i] = time_s
                self._missed[i] = False
            elif solution.searched[part]:
                self._missed[i] = True

    def _believes(self, solution: Solution, time_s: float) -> bool:
        """Whether the body in this frame is somebody who is there."""
        if not self._hand_over or not any(solution.seen[p] for p in _BODY):
            return True
        if time_s - self._stayed_s > _GAP_S:
            self._came_s = time_s
        self._stayed_s = time_s
        latest = self.seen_s[_VOUCHERS].max()
        known = solution.seen[Part.FACE] or time_s - latest <= AWAY_S
        return bool(known or time_s - self._came_s >= BELIEVE_S)

    def at(self, now_s: float) -> F64:
        """The weights at `now_s`: eased, so that their speed is bounded."""
        if not self._hand_over:
            self.held = np.isfinite(self.seen_s)
            return self.held.astype(np.float64)
        dt = 0.0 if self._now is None else min(max(now_s - self._now, 0.0), 0.1)
        self._now = now_s
        silent = now_s - self._frame_s > HOLD_S
        hold = np.where(self._missed | silent, HOLD_S, UNSEARCHED_HOLD_S)
        self.held = now_s - self.seen_s <= hold
        rate = np.where(self.held, 1.0 / EASE_IN_S, -1.0 / EASE_OUT_S)
        self._way = within(self._way + rate * dt, 0.0, 1.0)
        return self._way * self._way * (3.0 - 2.0 * self._way)
