"""Takes: the same motion again, bit for bit; what is left of a broken one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assets
from capture.synthetic import performance
from capture.take_blocks import HEADER, pack_block, unpack_block
from capture.take_file import TakeReader, TakeWriter
from capture.take_replay import TakeSource
from flow import wire
from flow.clock import NS_PER_S, ManualClock
from flow.errors import AssetError
from flow.motion import LOOKED_FACE, MotionFrame

SECONDS = 3.0


@pytest.fixture(scope="module")
def frames() -> list[MotionFrame]:
    """Three seconds in which parts come and go."""
    out = []
    for frame in performance(SECONDS, 30.0):
        captured = frame.captured + 5_000_000_000
        kept = replace(frame, captured=captured)
        if frame.seq % 7 == 3:
            kept = replace(kept, face=None)
        if frame.seq % 3:
            kept = replace(kept, body=None, left_hand=None, looked_for=LOOKED_FACE)
        out.append(kept)
    return out


@pytest.fixture(scope="module")
def take(frames: list[MotionFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("take") / "a.take"
    with TakeWriter(path, source="synthetic", title="A", licence="CC0-1.0") as writer:
        for frame in frames:
            writer.write(frame)
    return path


def test_a_take_gives_back_every_bit(take: Path, frames: list[MotionFrame]) -> None:
    reader = TakeReader(take)
    assert [wire.pack(f) for f in reader] == [wire.pack(f) for f in frames]
    assert reader.frames == len(frames)
    assert reader.damage == ""
    assert reader.header["licence"] == "CC0-1.0"
    assert reader.header["created"].startswith("2")
    assert reader.duration_ns == frames[-1].captured - frames[0].captured


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 60), st.binary(max_size=90)), min_size=1))
def test_any_records_survive_a_block(records: list[tuple[int, bytes]]) -> None:
    block = pack_block(records)
    assert unpack_block(block[: HEADER.size], block[HEADER.size :]) == records


@pytest.mark.parametrize("share", [0.4, 0.7, 0.95, 0.999])
def test_a_take_that_was_cut_off_plays_up_to_the_cut(
    share: float, take: Path, frames: list[MotionFrame], tmp_path: Path
) -> None:
    whole = take.read_bytes()
    cut = tmp_path / "cut.take"
    cut.write_bytes(whole[: int(len(whole) * share)])
    reader = TakeReader(cut)
    packed = [wire.pack(f) for f in reader]
    assert 0 < len(packed) < len(frames)
    assert packed == [wire.pack(f) for f in frames[: len(packed)]]
    assert reader.cut_bytes > 0
    assert "cut off" in reader.damage


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda whole: _flip(whole, 0), "take.not_a_take"),
        (lambda whole: _flip(whole, 6), "take.version"),
        (lambda whole: _flip(whole, 24), "take.damaged"),
        (lambda whole: _flip(whole, len(whole) // 2), "take.damaged"),
        (lambda whole: _flip(whole, len(whole) - 3), "take.damaged"),
        (lambda whole: b"", "take.not_a_take"),
        (lambda whole: whole[:10], "take.not_a_take"),
        (lambda whole: whole[:60], "take.damaged"),
        (lambda whole: whole[:300], "take.empty"),
        (lambda whole: whole + b"rubbish at the end of the file!!", "take.damaged"),
    ],
)
def test_a_broken_take_is_refused_with_its_name(
    break_it: Callable[[bytes], bytes], code: str, take: Path, tmp_path: Path
) -> None:
    path = tmp_path / "broken.take"
    path.write_bytes(break_it(take.read_bytes()))
    with pytest.raises(AssetError, match=r"broken\.take") as caught:
        TakeReader(path)
    assert caught.value.code == code


def test_a_block_that_unpacks_to_too_much_is_refused() -> None:
    payload = zlib.compress(bytes(100 << 20), 9)
    head = HEADER.pack(b"MSTB", 1, len(payload), 0, 0)
    with pytest.raises(AssetError) as caught:
        unpack_block(head, payload)
    assert caught.value.code == "take.damaged"


def test_a_block_that_lies_about_its_frames_is_refused() -> None:
    payload = zlib.compress(struct.pack("<qI", 0, 4000) + b"abc")
    with pytest.raises(AssetError) as caught:
        unpack_block(HEADER.pack(b"MSTB", 1, len(payload), 0, 0), payload)
    assert caught.value.code == "take.damaged"


def test_a_recording_that_is_killed_keeps_its_whole_seconds(
    frames: list[MotionFrame], tmp_path: Path
) -> None:
    path = tmp_path / "killed.take"
    writer = TakeWriter(path)
    for frame in frames:
        writer.write(frame)
    on_disk = len(list(TakeReader(path)))  # nobody closed it
    writer.close()
    assert on_disk >= len(frames) - 31
    assert len(list(TakeReader(path))) == len(frames)


def test_a_take_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"no-folder") as caught:
        TakeWriter(tmp_path / "no-folder" / "a.take")
    assert caught.value.code == "take.unwritable"


def test_replay_keeps_its_times_and_stamps_frames_anew(
    take: Path, frames: list[MotionFrame], clock: ManualClock
) -> None:
    source = TakeSource(take, clock, loop=False)
    source.start()
    begin = clock.now()
    played = []
    for _ in range(200):
        frame = source.poll()
        if frame is not None:
            played.append(frame)
        clock.advance(NS_PER_S // 60)
    assert len(played) == len(frames)
    assert [f.seq for f in played] == list(range(len(frames)))
    for was, now in zip(frames, played, strict=True):
        assert now.captured - begin == was.captured - frames[0].captured
        same = replace(now, seq=was.seq, captured=was.captured)
        assert wire.pack(same) == wire.pack(was)
    assert source.status().state == "stopped"


def test_a_looping_take_never_ends_and_its_stamps_rise(take: Path, clock: ManualClock) -> None:
    source = TakeSource(take, clock, speed=2.0)
    source.start()
    stamps = []
    for _ in range(300):
        if (frame := source.poll()) is not None:
            stamps.append(frame.captured)
        clock.advance(NS_PER_S // 60)
    assert len(stamps) > 250, "5 s at double speed of 30 frames a second"
    gaps = np.diff(stamps)
    assert gaps.min() > 0
    assert gaps.max() < 20_000_000, "no pause at the seam"


def test_a_reader_that_slept_is_not_flooded(take: Path, clock: ManualClock) -> None:
    source = TakeSource(take, clock)
    source.start()
    clock.advance(3600 * NS_PER_S)
    assert source.poll() is not None
    assert source.poll() is None
    clock.advance(NS_PER_S // 30)
    assert source.poll() is not None


def test_the_built_in_greeting_is_whole_and_complete() -> None:
    reader = TakeReader(assets.locate("takes", "greeting"))
    assert 10 <= reader.duration_ns / NS_PER_S <= 20
    assert reader.header["licence"] == "CC0-1.0"
    for frame in reader:
        assert frame.face is not None
        assert frame.body is not None
        assert frame.left_hand is not None
        assert frame.right_hand is not None


def test_the_built_in_greeting_is_what_its_script_makes(tmp_path: Path) -> None:
    from assets.build.greeting import build

    build(tmp_path / "again.take")
    built = [wire.unpack(r) for _, r in TakeReader(tmp_path / "again.take").records()]
    kept = list(TakeReader(assets.locate("takes", "greeting")))
    assert len(built) == len(kept)
    for a, b in zip(built, kept, strict=True):
        assert a.face is not None
        assert b.face is not None
        assert a.face.points is not None
        assert b.face.points is not None
        assert np.allclose(a.face.points, b.face.points, atol=3e-4)
        assert np.allclose(a.face.weights, b.face.weights, atol=1e-5)
