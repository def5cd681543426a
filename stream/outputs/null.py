"""Counts packets and forgets them: for benches, and for a show that nobody sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from flow.media import Packet, TrackInfo
from flow.seams import Plugin, Status


class NullSettings(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NullOutput:
    """Takes everything and keeps two numbers."""

    def __init__(self) -> None:
        self._state = Status("starting", "Waiting for the show to begin.")
        self.sent = 0
        self.bytes = 0

    def start(self, tracks: Sequence[TrackInfo]) -> None:
        """Begin."""
        self._state = Status("running", f"Counting {len(tracks)} tracks and keeping nothing.")

    def push(self, packet: Packet) -> None:
        """Count a packet."""
        self.sent += 1
        self.bytes += len(packet.data)

    def status(self) -> Status:
        """Running, with what was counted."""
        numbers = {"sent": self.sent, "bytes": self.bytes, "dropped": 0, "reconnects": 0}
        return Status(self._state.state, self._state.sentence, numbers=dict(numbers))

    def stop(self, timeout_s: float = 3.0) -> None:  # noqa: ARG002
        """End."""
        self._state = Status("stopped", "Counted the show to its end.")


def _make(settings: NullSettings, **_: Any) -> NullOutput:  # noqa: ARG001
    return NullOutput()


PLUGIN = Plugin("output", "null", "Counts packets and keeps nothing.", NullSettings, _make)
