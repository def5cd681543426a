"""Silence as a sound source: a show without a microphone still has an audio track."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flow.clock import Clock
from flow.media import AudioBlock
from flow.seams import Status
from stream.sound_pace import Pace

RATE_HZ = 48_000
CHANNELS = 2


class Silence:
    """Blocks of 20 ms of nothing, in the clock's time. One thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pace = Pace(RATE_HZ)
        self._status = Status("starting", "Silence.")

    def start(self) -> None:
        """Begin now."""
        self._pace.begin(self._clock.now())
        self._status = Status("running", "Silence.")

    def read(self) -> Sequence[AudioBlock]:
        """The blocks that are over by now."""
        return [
            AudioBlock(at, np.zeros((count, CHANNELS), np.float32), RATE_HZ)
            for at, count in self._pace.due(self._clock.now())
        ]

    def status(self) -> Status:
        """Running, once started."""
        return self._status

    def stop(self) -> None:
        """End."""
        self._pace.end()
        self._status = Status("stopped", "Silence.")
