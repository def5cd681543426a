"""A long recording in slices, so that several processes track it at once.

A tracker remembers: windows, who the performer is, what its networks smooth. Each slice is
therefore begun a little earlier, and what is seen in that warm-up is thrown away. Who works on
which slice depends on times alone, so all agree without talking.
"""

from __future__ import annotations

from dataclasses import dataclass

from flow.clock import NS_PER_S

WARM_UP_NS = NS_PER_S


@dataclass(frozen=True, slots=True)
class Share:
    """The slices that one of several processes works on: every `of`-th, from `number` on.

    Attributes:
        number: Which process this is, from 0.
        of: How many there are.
        slice_ns: Length of a slice.
        epoch: Stamp of the recording's first picture, the same for all.
    """

    number: int
    of: int
    slice_ns: int
    epoch: int

    def slice_at(self, captured: int) -> int:
        """The number of the slice that a picture belongs to."""
        return (captured - self.epoch) // self.slice_ns

    def delivers(self, captured: int) -> bool:
        """Whether this process tells what it sees in a picture."""
        return self.slice_at(captured) % self.of == self.number

    def looks_at(self, captured: int) -> bool:
        """Whether this process tracks a picture: it delivers it, or warms up for what it will."""
        return self.delivers(captured) or self.delivers(captured + WARM_UP_NS)
