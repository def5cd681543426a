"""When blocks of a made-up sound source are due."""

from __future__ import annotations

from flow.clock import NS_PER_S

BLOCK_S = 0.02
MOST_LATE_S = 2.0
"""A reader that stayed away longer gets a gap instead of a flood."""


class Pace:
    """Counts samples against a clock: a block is due when its last sample would have sounded."""

    def __init__(self, rate_hz: int) -> None:
        self._rate = rate_hz
        self._block = round(rate_hz * BLOCK_S)
        self._begin: int | None = None
        self._count = 0

    def begin(self, now: int) -> None:
        """The first sample sounds at `now` (ns)."""
        self._begin, self._count = now, 0

    def end(self) -> None:
        """Nothing is due any more."""
        self._begin = None

    def due(self, now: int) -> list[tuple[int, int]]:
        """(birth in ns, samples) of each block that is over at `now` and was not given yet."""
        if self._begin is None:
            return []
        over = (now - self._begin) * self._rate // NS_PER_S
        if over - self._count > MOST_LATE_S * self._rate:
            self._count = over // self._block * self._block - self._block
        out: list[tuple[int, int]] = []
        while self._count + self._block <= over:
            out.append((self._begin + self._count * NS_PER_S // self._rate, self._block))
            self._count += self._block
        return out
