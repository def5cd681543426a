"""Matroska (RFC 9559): clusters of a second that are readable as they come, an index in the end.

Each cluster is appended whole, so a killed process or a full disk costs the last second only.
`finish` appends the index (Cues) and fills in duration, index position and segment length, for
which the head has room.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from flow.media import Packet, TrackInfo
from stream.append_file import AppendFile
from stream.h264 import avcc_from_annexb

CLUSTER_S = 1.0
_TICK_NS = 1_000_000  # times are in milliseconds, as every player expects
_UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_KEY = 0x80


def element(name: int, *parts: bytes) -> bytes:
    """An EBML element with an eight-byte size."""
    body = b"".join(parts)
    return _name(name) + _size(len(body)) + body


def _name(name: int) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8, "big")


def _size(count: int) -> bytes:
    return (1 << 56 | count).to_bytes(8, "big")


def number(name: int, value: int) -> bytes:
    """An unsigned integer element, always eight bytes long so that it can be patched."""
    return element(name, value.to_bytes(8, "big"))


def text(name: int, value: str) -> bytes:
    """A string element."""
    return element(name, value.encode())


def real(name: int, value: float) -> bytes:
    """A float element."""
    return element(name, struct.pack(">d", value))


class MkvWriter:
    """Writes packets that come from an `Interleaver`. One thread only; raises OSError."""

    def __init__(self, file: AppendFile, tracks: Sequence[TrackInfo]) -> None:
        self._file = file
        self._numbers = {info.track: i for i, info in enumerate(tracks, 1)}
        self._nominal_ms = {t.track: 1000 / t.fps if t.fps else 0.0 for t in tracks}
        self._blocks: list[bytes] = []
        self._cluster_ms = 0
        self._has_key = False
        self._end_ms = 0.0
        self._cues: list[tuple[int, int]] = []
        file.append(_ebml_head())
        self._segment = file.append(_name(0x18538067) + _UNKNOWN)
        self._body = file.size
        self._seek = file.append(element(0xEC, bytes(len(_seek_head(0)) - 9)))  # Void
        info = [
            number(0x2AD7B1, _TICK_NS),
            text(0x4D80, "Mirrorstage"),
            text(0x5741, "Mirrorstage"),
        ]
        before = element(0x1549A966, *info)
        self._duration = file.append(element(0x1549A966, *info, real(0x4489, 0.0))) + len(before)
        entries = [_track_entry(i, t) for i, t in enumerate(tracks, 1)]
        file.append(element(0x1654AE6B, *entries))

    def write(self, packet: Packet) -> None:
        """Take a packet; a key frame or a second of blocks ends the cluster."""
        is_video = packet.track == "video"
        at_ms = round(packet.dts * packet.time_base * 1000)
        key = is_video and packet.keyframe
        if self._blocks and (key or at_ms - self._cluster_ms >= 1000 * CLUSTER_S):
            self._cluster()
        if not self._blocks:
            self._cluster_ms, self._has_key = at_ms, False
        self._has_key |= key
        flags = _KEY if packet.keyframe else 0
        head = struct.pack(
            ">BhB", 0x80 | self._numbers[packet.track], at_ms - self._cluster_ms, flags
        )
        data = avcc_from_annexb(packet.data) if is_video else packet.data
        self._blocks.append(element(0xA3, head, data))
        self._end_ms = max(self._end_ms, at_ms + self._nominal_ms[packet.track])

    def finish(self) -> None:
        """Write what waits and the index."""
        if self._blocks:
            self._cluster()
        if not self._cues:
            return
        video = self._numbers.get("video", 1)
        points = [
            element(
                0xBB,
                number(0xB3, at_ms),
                element(0xB7, number(0xF7, video), number(0xF1, offset - self._body)),
            )
            for at_ms, offset in self._cues
        ]
        cues = self._file.append(element(0x1C53BB6B, *points))
        self._file.patch(self._duration, real(0x4489, self._end_ms))
        self._file.patch(self._seek, _seek_head(cues - self._body))
        self._file.sync()
        self._file.patch(self._segment + 4, _size(self._file.size - self._body))

    def _cluster(self) -> None:
        offset = self._file.append(
            element(0x1F43B675, number(0xE7, self._cluster_ms), *self._blocks)
        )
        self._blocks.clear()
        if self._has_key:
            self._cues.append((self._cluster_ms, offset))


def _ebml_head() -> bytes:
    return element(
        0x1A45DFA3,
        number(0x4286, 1),
        number(0x42F7, 1),
        number(0x42F2, 4),
        number(0x42F3, 8),
        text(0x4282, "matroska"),
        number(0x4287, 4),
        number(0x4285, 2),
    )


def _seek_head(cues: int) -> bytes:
    """Where the index lies, counted from the first byte of the segment's body."""
    target = element(0x53AB, _name(0x1C53BB6B))
    return element(0x114D9B74, element(0x4DBB, target, number(0x53AC, cues)))


def _track_entry(index: int, info: TrackInfo) -> bytes:
    shared = [number(0xD7, index), number(0x73C5, index), number(0x9C, 0)]
    if info.track == "video":
        # Matroska's numbers for matrix, range, transfer and primaries are those of ITU-T H.273.
        colour = [number(n, 1) for n in (0x55B1, 0x55B9, 0x55BA, 0x55BB)]
        return element(
            0xAE,
            *shared,
            number(0x83, 1),
            text(0x86, "V_MPEG4/ISO/AVC"),
            element(0x63A2, info.extradata),
            number(0x23E383, round(1e9 / info.fps)),
            element(
                0xE0, number(0xB0, info.width), number(0xBA, info.height), element(0x55B0, *colour)
            ),
        )
    return element(
        0xAE,
        *shared,
        number(0x83, 2),
        text(0x86, "A_AAC"),
        element(0x63A2, info.extradata),
        element(0xE1, real(0xB5, float(info.rate_hz)), number(0x9F, info.channels)),
    )
