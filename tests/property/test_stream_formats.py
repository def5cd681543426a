from __future__ import annotations

import asyncio
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.media import Packet, TrackInfo
from stream.h264 import split_annexb, with_lengths
from stream.interleave import Interleaver
from stream.rtmp.amf0 import Value, decode, encode
from stream.rtmp.chunks import ChunkReader, Message, pack
from stream.sound_timeline import SoundTimeline

VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
UNITS = st.lists(
    st.binary(min_size=1, max_size=40).map(lambda b: b"\x41" + b.replace(b"\0", b"\1") + b"\x80"),
    max_size=6,
)


@given(st.lists(VALUES, max_size=5))
def test_must_read_back_every_amf0_value(values: list[Value]) -> None:
    assert list(decode(encode(*values))) == values


@given(st.binary(max_size=200))
def test_must_answer_any_bytes_with_values_or_a_value_error(data: bytes) -> None:
    try:
        decode(data)
    except ValueError as error:
        assert "AMF0" in str(error)


async def _read_all(data: bytes, count: int, chunk_bytes: int) -> list[Message]:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    reader = ChunkReader(stream)
    reader.chunk_bytes = chunk_bytes
    return [await reader.read() for _ in range(count)]


MESSAGES = st.builds(
    Message,
    st.sampled_from([8, 9, 18, 20]),
    st.binary(max_size=700),
    st.integers(0, 5),
    st.integers(0, 0xFFFFFFFF),
)


@given(st.lists(MESSAGES, max_size=6), st.integers(1, 400), st.integers(2, 63))
def test_must_put_chunks_together_at_any_size_and_time(
    messages: list[Message], chunk_bytes: int, channel: int
) -> None:
    data = b"".join(b"".join(pack(m, channel, chunk_bytes)) for m in messages)
    assert asyncio.run(_read_all(data, len(messages), chunk_bytes)) == messages


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_must_end_on_any_bytes_of_a_hostile_server(data: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        asyncio.run(_read_all(data, 500, 128))


@given(UNITS, st.data())
def test_must_split_what_start_codes_join(units: list[bytes], data: st.DataObject) -> None:
    codes = [data.draw(st.sampled_from([b"\0\0\1", b"\0\0\0\1"])) for _ in units]
    joined = b"".join(c + u for c, u in zip(codes, units, strict=True))
    assert split_annexb(joined) == units
    assert len(with_lengths(units)) == sum(len(u) + 4 for u in units)


TRACKS = (
    TrackInfo("video", "h264", Fraction(1, 90_000), fps=30.0),
    TrackInfo("audio", "aac", Fraction(1, 48_000), rate_hz=48_000),
)


def _packet(track: str, number: int) -> Packet:
    if track == "video":
        stamp = number * 3000
        return Packet("video", b"v", stamp, stamp, Fraction(1, 90_000), number % 10 == 0)
    stamp = number * 1024
    return Packet("audio", b"a", stamp, stamp, Fraction(1, 48_000), True, False)


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(0, 20))
def test_must_interleave_without_loss_beginning_at_a_key_frame(
    order: list[bool], begin: int
) -> None:
    counts = {True: begin, False: 0}
    line = Interleaver(TRACKS)
    given_in: list[Packet] = []
    out: list[Packet] = []
    for is_video in order:
        packet = _packet("video" if is_video else "audio", counts[is_video])
        counts[is_video] += 1
        given_in.append(packet)
        out += line.add(packet)
    out += line.flush()
    keys = [p.seconds for p in given_in if p.track == "video" and p.keyframe]
    if not keys:
        assert not out
        return
    wanted = [p for p in given_in if p.seconds >= keys[0] - 1e-6]
    assert len(out) == len(wanted)
    for track in ("video", "audio"):
        stamps = [p.dts for p in out if p.track == track]
        assert stamps == sorted(set(stamps))
    first = next(p for p in out if p.track == "video")
    assert first.keyframe
    assert first.dts == 0


@given(
    st.lists(st.tuples(st.integers(-20_000, 20_000), st.integers(0, 3000)), max_size=40),
    st.integers(1, 2),
)
def test_must_never_lose_count_of_what_it_wrote(
    blocks: list[tuple[int, int]], channels: int
) -> None:
    line = SoundTimeline(48_000, channels)
    born, total = 0, 0
    for jump, count in blocks:
        born += jump
        out = line.add(born, np.ones((count, channels), np.float32))
        total += len(out)
        born += count
        assert out.shape[1] == channels
        assert out.dtype == np.float32
        assert line.written == total
    assert len(line.fill_to(total + 7)) == 7
    assert len(line.fill_to(total)) == 0
