"""Keeps to one performer when others walk into the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flow.clock import NS_PER_MS

_PATIENCE_NS = 700 * NS_PER_MS
_REACH = 1.5
"""How far, in own sizes, somebody may move between two looks and still be the same person."""

_CLEARLY_LARGER = 1.5


@dataclass(frozen=True, slots=True)
class Seen:
    """Where somebody was: middle and size in pixels."""

    x: float
    y: float
    size: float
    captured: int


class OnePerformer:
    """Decides whether a find is the performer or somebody else.

    Near the last place: the performer. Elsewhere: only when clearly larger (somebody stepped to
    the front), or when the performer has not been seen for `_PATIENCE_NS`.
    """

    def __init__(self) -> None:
        self._last: Seen | None = None
        self.refused = 0

    def accept(self, found: Seen) -> bool:
        """Whether `found` is the performer (and remember the place)."""
        last = self._last
        if last is not None and found.captured - last.captured < _PATIENCE_NS:
            away = math.hypot(found.x - last.x, found.y - last.y)
            larger = found.size > _CLEARLY_LARGER * last.size
            if away > _REACH * max(found.size, last.size) and not larger:
                self.refused += 1
                return False
        self._last = found
        return True
