"""A take as a source of motion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from capture.merge import merge
from capture.take_blocks import Record
from capture.take_file import TakeReader
from flow import wire
from flow.clock import Clock
from flow.motion import MotionFrame
from flow.seams import Status


class TakeSource:
    """A `flow.seams.MotionSource` that replays a take in its own time (times `speed`).

    Everything that was seen is as recorded; `captured` and `seq` are of now. A looping take goes on
    after a pause of one frame.
    """

    def __init__(
        self, path: Path | str, clock: Clock, *, loop: bool = True, speed: float = 1.0
    ) -> None:
        self._path = Path(path)
        self._clock = clock
        self._loop = loop
        self._speed = speed
        self._reader: TakeReader | None = None
        self._records: Iterator[Record] = iter(())
        self._next: Record | None = None
        self._begin = 0
        self._seq = 0
        self._state = Status("stopped")

    def start(self) -> None:
        """Open the take.

        Raises:
            AssetError: As `TakeReader`.
        """
        self._reader = TakeReader(self._path)
        self._begin = self._clock.now()
        self._rewind()
        self._state = Status("running", self._reader.damage)

    def poll(self) -> MotionFrame | None:
        """The frame that is due now, with the parts of those since the last call."""
        now = self._clock.now()
        newest: MotionFrame | None = None
        while self._next is not None:
            due = self._begin + int(self._next[0] / self._speed)
            if due > now:
                break
            frame = replace(wire.unpack(self._next[1]), captured=due, seq=self._seq)
            newest = merge(newest, frame)
            self._seq += 1
            self._advance(now)
        return newest

    def status(self) -> Status:
        """Running until a take that does not loop has ended."""
        return self._state

    def stop(self) -> None:
        """Stop replaying."""
        self._next, self._records = None, iter(())
        self._state = Status("stopped")

    def _rewind(self) -> None:
        if self._reader is not None:
            self._records = self._reader.records()
            self._next = next(self._records, None)

    def _advance(self, now: int) -> None:
        self._next = next(self._records, None)
        if self._next is not None or self._reader is None:
            return
        if not self._loop:
            self._state = Status("stopped", "The take has ended.")
            return
        mean_gap = self._reader.duration_ns // max(self._reader.frames - 1, 1)
        length = int(max(self._reader.duration_ns + mean_gap, 1_000_000) / self._speed)
        self._begin += length
        if now - self._begin > length:  # the machine slept: do not replay what was missed
            self._begin = now
        self._rewind()
