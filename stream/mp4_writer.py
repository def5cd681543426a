"""MP4 that is playable at every moment, and an ordinary file in the end.

While the show runs the file is fragmented: after each second a moof and mdat are appended in one
piece, so a killed process or a full disk costs the last second only. `finish` appends one movie
box with the tables of all samples and then turns sixteen spare bytes near the beginning into
the head of an mdat that swallows everything up to it. Nothing is copied; that last write is atomic:
before it the file is fragmented, after it an ordinary MP4 with a duration that every
player can seek in.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from flow.media import Packet, TrackInfo
from stream.append_file import AppendFile
from stream.h264 import avcc_from_annexb
from stream.mp4_boxes import Sample, Table, file_type, fragment, movie

FRAGMENT_S = 1.0
_AAC_FRAME = 1024


@dataclass(slots=True)
class _Track:
    """Samples that wait for their fragment and the numbers of those written."""

    number: int
    info: TrackInfo
    nominal: int
    waiting: list[tuple[int, bytes, bool]] = field(default_factory=list)
    times: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    keyframes: array[int] = field(default_factory=lambda: array("I"))
    chunks: list[tuple[int, int]] = field(default_factory=list)

    def samples(self, next_dts: int | None) -> list[Sample]:
        """The waiting samples; a duration is the time to the next one."""
        times = [dts for dts, _, _ in self.waiting]
        after = next_dts if next_dts is not None else times[-1] + self.nominal
        return [
            Sample(dts, max(1, following - dts), len(data), key)
            for (dts, data, key), following in zip(self.waiting, [*times[1:], after], strict=True)
        ]

    def wrote(self, offset: int) -> None:
        """Note the waiting samples as written from `offset` on."""
        for dts, data, key in self.waiting:
            self.times.append(dts)
            self.sizes.append(len(data))
            if key:
                self.keyframes.append(len(self.times))
        self.chunks.append((offset, len(self.waiting)))
        self.waiting.clear()

    def table(self) -> Table:
        """All written samples."""
        times = self.times
        durations = [b - a for a, b in pairwise(times)]
        return Table(
            times[0] if times else 0,
            [*durations, self.nominal] if times else [],
            self.sizes,
            self.keyframes,
            self.chunks,
        )


class Mp4Writer:
    """Writes packets that come from an `Interleaver`. One thread only; raises OSError."""

    def __init__(self, file: AppendFile, tracks: Sequence[TrackInfo]) -> None:
        self._file = file
        self._tracks = {t.track: _Track(i, t, _nominal(t)) for i, t in enumerate(tracks, 1)}
        self._number = 0
        file.append(file_type())
        self._spare = file.append(struct.pack(">I4s8x", 16, b"free"))
        file.append(movie(tracks))

    def write(self, packet: Packet) -> None:
        """Take a packet; writes a fragment when a second of it is there."""
        track = self._tracks[packet.track]
        if track.waiting and self._full(packet, track):
            self._fragment(track, packet.dts)
        is_video = packet.track == "video"
        data = avcc_from_annexb(packet.data) if is_video else packet.data
        track.waiting.append((packet.dts, data, packet.keyframe))

    def finish(self) -> None:
        """Write what waits and make the file an ordinary one."""
        self._fragment(None, None)
        if not self._number:
            return
        tables = [track.table() for track in self._tracks.values()]
        end = self._file.append(movie([t.info for t in self._tracks.values()], tables))
        self._file.sync()
        self._file.patch(self._spare, struct.pack(">I4sQ", 1, b"mdat", end - self._spare))

    def _full(self, packet: Packet, track: _Track) -> bool:
        length = float((packet.dts - track.waiting[0][0]) * packet.time_base)
        if packet.track == "video":
            return packet.keyframe or length >= FRAGMENT_S
        return length >= 2 * FRAGMENT_S  # no pictures any more: sound alone

    def _fragment(self, closing: _Track | None, next_dts: int | None) -> None:
        """Append everything that waits; `next_dts` follows in the track `closing`."""
        tracks = [t for t in self._tracks.values() if t.waiting]
        if not tracks:
            return
        runs = [(t.number, t.samples(next_dts if t is closing else None)) for t in tracks]
        head, offsets = fragment(self._number + 1, runs)
        data = b"".join(data for t in tracks for _, data, _ in t.waiting)
        begin = self._file.append(head + data)
        self._number += 1
        for track, offset in zip(tracks, offsets, strict=True):
            track.wrote(begin + offset)


def _nominal(info: TrackInfo) -> int:
    if info.track == "video":
        return round(1 / (info.fps * info.time_base))
    return _AAC_FRAME
