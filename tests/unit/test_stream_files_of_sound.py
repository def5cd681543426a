from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from flow.clock import NS_PER_MS, NS_PER_S, ManualClock
from flow.errors import AssetError
from flow.media import AudioBlock
from flow.seams import SoundSource
from stream.file_sound import FileSound
from stream.silence import Silence


def tone(path: Path, seconds: float = 0.5, rate_hz: int = 44_100, channels: int = 1) -> Path:
    count = round(seconds * rate_hz)
    samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(count) / rate_hz)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((samples * 32767).astype("<i2").repeat(channels).tobytes())
    return path


def contiguous(blocks: list[AudioBlock]) -> bool:
    ends = [b.captured + len(b.samples) * NS_PER_S // b.rate_hz for b in blocks]
    return all(abs(e - b.captured) <= 1 for e, b in zip(ends, blocks[1:], strict=False))


@pytest.fixture
def source(tmp_path: Path, clock: ManualClock) -> FileSound:
    return FileSound(tone(tmp_path / "tone.wav"), clock)


def test_must_give_only_what_has_sounded_by_now(source: FileSound, clock: ManualClock) -> None:
    source.start()
    assert not source.read()
    clock.advance(19 * NS_PER_MS)
    assert not source.read()
    clock.advance(42 * NS_PER_MS)
    assert len(source.read()) == 3
    assert not source.read()


def test_must_be_48_khz_stereo_and_contiguous_across_the_loop(
    source: FileSound, clock: ManualClock
) -> None:
    source.start()
    blocks: list[AudioBlock] = []
    for _ in range(100):
        clock.advance(17 * NS_PER_MS)
        blocks += source.read()
    assert contiguous(blocks)
    assert {(b.samples.shape, b.rate_hz, b.samples.dtype.name) for b in blocks} == {
        ((960, 2), 48_000, "float32")
    }
    loud = [float(np.abs(b.samples).max()) for b in blocks]
    assert min(loud) > 0.3


def test_must_go_on_in_silence_when_it_does_not_repeat(tmp_path: Path, clock: ManualClock) -> None:
    source = FileSound(tone(tmp_path / "tone.wav"), clock, loop=False)
    source.start()
    clock.advance(NS_PER_S)
    blocks = list(source.read())
    assert len(blocks) == 50
    assert float(np.abs(blocks[10].samples).max()) > 0.3
    assert not blocks[-1].samples.any()
    assert source.status().state == "waiting"


def test_must_not_flood_a_reader_that_was_away(source: FileSound, clock: ManualClock) -> None:
    source.start()
    clock.advance(3600 * NS_PER_S)
    assert len(source.read()) < 110


def test_must_read_the_sound_of_a_file_of_another_shape(tmp_path: Path, clock: ManualClock) -> None:
    source = FileSound(tone(tmp_path / "t.wav", rate_hz=8000, channels=2), clock)
    source.start()
    clock.advance(200 * NS_PER_MS)
    samples = np.concatenate([b.samples for b in source.read()])[:, 0]
    crossings = np.count_nonzero(np.diff(np.signbit(samples)))
    assert crossings == pytest.approx(2 * 440 * 0.2, abs=3)
    source.stop()
    source.stop()


def broken(path: Path) -> Path:
    path.write_bytes(b"RIFF\0\0\0\0WAVEnonsense" * 3)
    return path


def test_must_say_what_is_wrong_with_a_file(tmp_path: Path, clock: ManualClock) -> None:
    empty = tone(tmp_path / "empty.wav", seconds=0)
    for path in (tmp_path / "missing.wav", broken(tmp_path / "broken.wav"), empty, tmp_path):
        with pytest.raises(AssetError) as caught:
            FileSound(path, clock)
        assert caught.value.code in ("asset.missing", "asset.unreadable_sound", "asset.no_sound")
        assert path.name in caught.value.message
        assert caught.value.hint


def test_must_be_silent_in_the_clocks_time(clock: ManualClock) -> None:
    source = Silence(clock)
    assert isinstance(source, SoundSource)
    source.start()
    clock.advance(NS_PER_S)
    blocks = list(source.read())
    assert len(blocks) == 50
    assert contiguous(blocks)
    assert not any(b.samples.any() for b in blocks)
    source.stop()
    clock.advance(NS_PER_S)
    assert not source.read()
