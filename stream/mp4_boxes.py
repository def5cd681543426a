"""ISO base media boxes (ISO/IEC 14496-12, -14, -15): bytes only, no files, no state."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from flow.media import TrackInfo

MOVIE_TIMESCALE = 90_000
_UNITY = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_72_DPI = 0x480000  # 16.16 fixed point
_SYNC = 0x02000000  # sample_depends_on = 2: a key frame
_DELTA = 0x01010000  # depends on others, not a sync sample


def box(name: bytes, *parts: bytes) -> bytes:
    """A box with its length."""
    size = 8 + sum(map(len, parts))
    return b"".join((struct.pack(">I", size), name, *parts))


def full(name: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with version and flags."""
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


@dataclass(frozen=True, slots=True)
class Sample:
    """One access unit as it lies in a file. Times are in the track's timescale."""

    dts: int
    duration: int
    size: int
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Where every sample of a track is, for a movie box that stands alone.

    `durations`, `sizes` per sample; `keyframes` one-based sample numbers; `chunks` are
    (file offset, samples in it). `first` is the first sample's time.
    """

    first: int
    durations: Sequence[int]
    sizes: Sequence[int]
    keyframes: Sequence[int]
    chunks: Sequence[tuple[int, int]]

    @property
    def length(self) -> int:
        """Duration of all samples."""
        return sum(self.durations)


EMPTY = Table(0, (), (), (), ())


def file_type() -> bytes:
    """The ftyp box, for fragmented and whole files alike."""
    return box(b"ftyp", b"iso6", struct.pack(">I", 512), b"iso6iso2avc1mp41")


def movie(tracks: Sequence[TrackInfo], tables: Sequence[Table] | None = None) -> bytes:
    """The moov box: without `tables` the head of a fragmented file, with them a whole one."""
    filled = tables or [EMPTY] * len(tracks)
    ends = [_movie_time(t.first + t.length, k) for t, k in zip(filled, tracks, strict=True)]
    length = max(ends, default=0)
    header = full(
        b"mvhd", 1, 0,
        struct.pack(">QQIQ", 0, 0, MOVIE_TIMESCALE, length),
        struct.pack(">IH10x", 0x10000, 0x100), _UNITY, bytes(24),
        struct.pack(">I", len(tracks) + 1),
    )  # fmt: skip
    traks = [
        _track(i, info, table)
        for i, (info, table) in enumerate(zip(tracks, filled, strict=True), 1)
    ]
    extends = b"" if tables else box(b"mvex", *(_extends(i) for i in range(1, len(tracks) + 1)))
    return box(b"moov", header, *traks, extends)


def fragment(number: int, runs: Sequence[tuple[int, Sequence[Sample]]]) -> tuple[bytes, list[int]]:
    """A moof box for (track id, samples) `runs` whose data follows in one mdat in that order.

    Returns the box with the mdat's head behind it, and per run the offset of its data counted
    from the first byte of the moof.
    """
    runs = [run for run in runs if run[1]]
    size = len(_moof(number, runs, [0] * len(runs)))
    offsets: list[int] = []
    at = size + 8
    for _, samples in runs:
        offsets.append(at)
        at += sum(s.size for s in samples)
    return _moof(number, runs, offsets) + struct.pack(">I", at - size) + b"mdat", offsets


def _moof(
    number: int, runs: Sequence[tuple[int, Sequence[Sample]]], offsets: Sequence[int]
) -> bytes:
    parts = [full(b"mfhd", 0, 0, struct.pack(">I", number))]
    for (track, samples), offset in zip(runs, offsets, strict=True):
        rows = b"".join(
            struct.pack(">III", s.duration, s.size, _SYNC if s.keyframe else _DELTA)
            for s in samples
        )
        parts.append(
            box(
                b"traf",
                full(b"tfhd", 0, 0x020000, struct.pack(">I", track)),
                full(b"tfdt", 1, 0, struct.pack(">Q", samples[0].dts)),
                full(b"trun", 0, 0x000701, struct.pack(">Ii", len(samples), offset), rows),
            )
        )
    return box(b"moof", *parts)


def _movie_time(value: int, info: TrackInfo) -> int:
    return int(value * info.time_base * MOVIE_TIMESCALE)


def _extends(track: int) -> bytes:
    return full(b"trex", 0, 0, struct.pack(">IIIII", track, 1, 0, 0, 0))


def _track(number: int, info: TrackInfo, table: Table) -> bytes:
    video = info.track == "video"
    length = _movie_time(table.length, info)
    delay = _movie_time(table.first, info)
    header = full(
        b"tkhd", 1, 3,
        struct.pack(">QQI4xQ8xhhH2x", 0, 0, number, delay + length, 0, 0, 0 if video else 0x100),
        _UNITY,
        struct.pack(">II", info.width << 16, info.height << 16),
    )  # fmt: skip
    edit = b""
    if delay:  # the track begins late: an empty edit, then all of it
        rows = struct.pack(">Qqhh", delay, -1, 1, 0) + struct.pack(">Qqhh", length, 0, 1, 0)
        edit = box(b"edts", full(b"elst", 1, 0, struct.pack(">I", 2), rows))
    scale = info.time_base.denominator
    media = box(
        b"mdia",
        full(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, scale, table.length, 0x55C4, 0)),
        _handler(video=video),
        box(b"minf", _media_header(video=video), _DATA_HERE, _sample_table(info, table)),
    )
    return box(b"trak", header, edit, media)


_DATA_HERE = box(b"dinf", full(b"dref", 0, 0, struct.pack(">I", 1), full(b"url ", 0, 1)))


def _handler(*, video: bool) -> bytes:
    kind, name = (b"vide", b"Video\0") if video else (b"soun", b"Sound\0")
    return full(b"hdlr", 0, 0, bytes(4), kind, bytes(12), name)


def _media_header(*, video: bool) -> bytes:
    return full(b"vmhd", 0, 1, bytes(8)) if video else full(b"smhd", 0, 0, bytes(4))


def _sample_table(info: TrackInfo, table: Table) -> bytes:
    runs = _run_lengths(table.durations)
    chunks = _run_lengths([count for _, count in table.chunks])
    first, rows = 1, []
    for many, per_chunk in chunks:
        rows.append(struct.pack(">III", first, per_chunk, 1))
        first += many
    sync = b""
    if info.track == "video":
        sync = full(b"stss", 0, 0, _array("I", table.keyframes))
    return box(
        b"stbl",
        full(b"stsd", 0, 0, struct.pack(">I", 1), sample_entry(info)),
        full(b"stts", 0, 0, struct.pack(">I", len(runs)), *(struct.pack(">II", *r) for r in runs)),
        sync,
        full(b"stsc", 0, 0, struct.pack(">I", len(rows)), *rows),
        full(b"stsz", 0, 0, bytes(4), _array("I", table.sizes)),
        full(b"co64", 0, 0, _array("Q", [offset for offset, _ in table.chunks])),
    )


def _array(code: str, values: Sequence[int]) -> bytes:
    return struct.pack(f">I{len(values)}{code}", len(values), *values)


def _run_lengths(values: Sequence[int]) -> list[tuple[int, int]]:
    """(how many, value) for each run of equal values."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value:
            runs[-1] = (runs[-1][0] + 1, value)
        else:
            runs.append((1, value))
    return runs


def sample_entry(info: TrackInfo) -> bytes:
    """The avc1 or mp4a entry of a track."""
    if info.track == "video":
        colour = box(b"colr", b"nclx", struct.pack(">HHHB", 1, 1, 1, 0))
        return box(
            b"avc1",
            struct.pack(
                ">6xH16xHHIIIH32xHh", 1, info.width, info.height, _72_DPI, _72_DPI, 0, 1, 24, -1
            ),
            box(b"avcC", info.extradata),
            colour,
        )
    return box(
        b"mp4a",
        struct.pack(">6xH8xHH4xI", 1, info.channels, 16, info.rate_hz << 16),
        _elementary_stream(info),
    )


def _elementary_stream(info: TrackInfo) -> bytes:
    """The esds box (ISO/IEC 14496-1, 7.2.6) of an AAC track."""
    specific = _descriptor(5, info.extradata)
    rate = struct.pack(">II", info.bit_rate, info.bit_rate)
    config = _descriptor(4, bytes((0x40, 0x15, 0, 0, 0)) + rate + specific)
    return full(b"esds", 0, 0, _descriptor(3, bytes((0, 0, 0)) + config + _descriptor(6, b"\x02")))


def _descriptor(tag: int, body: bytes) -> bytes:
    lengths = [len(body) >> shift & 0x7F for shift in (21, 14, 7, 0)]
    return bytes((tag, *(v | 0x80 for v in lengths[:-1]), lengths[-1])) + body
