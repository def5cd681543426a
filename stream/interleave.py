"""The beginning of a recording or connection, and sound and picture in one order of time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from flow.media import Packet, TrackInfo

WINDOW_S = 0.25
"""How far one track may run ahead before it no longer waits for the other."""
_EARLY = 256


class Interleaver:
    """Starts at a key frame with time 0 and orders what follows by decoding time.

    Pictures before the first key frame and sound before its time are left out. A packet is
    released when every track has come as far, or when one is `window_s` of media time ahead: a
    track that falls silent holds the other up no longer than that. One thread only.
    """

    def __init__(self, tracks: Sequence[TrackInfo], window_s: float = WINDOW_S) -> None:
        self._window = window_s
        self._newest = {t.track: -1.0 for t in tracks}
        self._needs_video = "video" in self._newest
        self._base: Fraction | None = None
        self._early: deque[Packet] = deque(maxlen=_EARLY)
        self._heap: list[tuple[float, int, Packet]] = []
        self._count = 0

    @property
    def started(self) -> bool:
        """Whether the first key frame was seen."""
        return self._base is not None

    def add(self, packet: Packet) -> list[Packet]:
        """What may leave now, oldest first, times counted from the first key frame."""
        if self._base is None:
            if self._needs_video and packet.track != "video":
                self._early.append(packet)
                return []
            if not packet.keyframe:
                return []
            self._base = packet.dts * packet.time_base
            for early in self._early:
                self._enter(early)
            self._early.clear()
        self._enter(packet)
        return self._leave()

    def flush(self) -> list[Packet]:
        """Everything that still waits, in order."""
        out = [packet for _, _, packet in sorted(self._heap)]
        self._heap.clear()
        return out

    def _enter(self, packet: Packet) -> None:
        assert self._base is not None
        shift = round(self._base / packet.time_base)
        if packet.dts < shift:
            return
        moved = replace(packet, pts=packet.pts - shift, dts=packet.dts - shift)
        at = float(moved.dts * moved.time_base)
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, moved))
        self._newest[packet.track] = max(self._newest.get(packet.track, -1.0), at)

    def _leave(self) -> list[Packet]:
        everyone = min(self._newest.values())
        limit = max(everyone, max(self._newest.values()) - self._window)
        out: list[Packet] = []
        while self._heap and self._heap[0][0] <= limit:
            out.append(heapq.heappop(self._heap)[2])
        return out
