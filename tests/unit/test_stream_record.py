from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import av
import pytest

from flow.errors import OutputError
from flow.media import Packet, TrackInfo
from stream.outputs.record import RecordOutput, RecordSettings
from tests.fixtures.flash_and_beep import FlashAndBeep, canned
from tests.fixtures.observe import observe

KINDS = [".mp4", ".mkv"]


@cache
def show() -> tuple[tuple[TrackInfo, ...], list[Packet]]:
    return canned(FlashAndBeep(320, 180), 3.2)


class SmallDisk(io.FileIO):
    """A file on a disk that has room for two seconds of the show, as the system reports it."""

    room = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]
        left = self.room - self.tell()
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(memoryview(data)[:left])


def record(path: Path, overwrite: bool = False, **more: object) -> RecordOutput:
    output = RecordOutput(RecordSettings(path=str(path), overwrite=overwrite), **more)  # type: ignore[arg-type]
    tracks, packets = show()
    output.start(tracks)
    for packet in packets:
        output.push(packet)
    output.stop()
    return output


def decoded(path: Path) -> tuple[list[int], list[float], list[float]]:
    """Picture numbers, times of flashes, times of beeps."""
    seen = observe(str(path))
    return seen.numbers, seen.flashes, seen.beeps


@pytest.mark.parametrize("kind", KINDS)
def test_must_keep_every_picture_and_flash_and_beep_together(tmp_path: Path, kind: str) -> None:
    output = record(tmp_path / f"show{kind}")
    assert output.status().state == "stopped", output.status()
    numbers, flashes, beeps = decoded(output.path)
    assert numbers == list(range(96))
    assert flashes == pytest.approx([1.0, 2.0, 3.0], abs=0.002)
    assert beeps == pytest.approx(flashes, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_must_leave_a_file_with_duration_that_can_be_searched(tmp_path: Path, kind: str) -> None:
    path = record(tmp_path / f"show{kind}").path
    with av.open(str(path)) as container:
        assert (container.duration or 0) / 1e6 == pytest.approx(3.2, abs=0.05)
        container.seek(2_500_000)
        frame = next(container.decode(video=0))
        assert frame.time == pytest.approx(2.0)
        video = container.streams.video[0]
        assert (video.width, video.height) == (320, 180)
        assert video.codec_context.colorspace == 1


def test_must_end_as_an_ordinary_mp4(tmp_path: Path) -> None:
    data = record(tmp_path / "show.mp4").path.read_bytes()
    kinds, at = [], 0
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        kinds.append(kind)
        at += int.from_bytes(data[at + 8 : at + 16], "big") if size == 1 else size
    assert kinds == [b"ftyp", b"mdat", b"moov"]
    assert at == len(data)


@pytest.mark.parametrize("kind", KINDS)
def test_must_stay_playable_when_the_disk_is_full(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = round(record(tmp_path / f"whole{kind}").path.stat().st_size * 0.75)
    monkeypatch.setattr(SmallDisk, "room", room)
    output = record(tmp_path / f"show{kind}", opener=lambda p, overwrite: SmallDisk(str(p), "xb"))
    status = output.status()
    assert (status.state, status.code) == ("failed", "output.disk_full")
    assert "playable" in status.sentence
    assert "Free some space" in status.sentence
    numbers, *_ = decoded(output.path)
    assert len(numbers) >= 30
    assert numbers == list(range(len(numbers)))
    output.push(show()[1][0])
    output.stop()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [0.35, 0.6, 0.95])
def test_must_stay_playable_wherever_the_process_dies(
    tmp_path: Path, kind: str, cut: float
) -> None:
    output = RecordOutput(RecordSettings(path=str(tmp_path / f"show{kind}")))
    tracks, packets = show()
    output.start(tracks)
    for packet in packets[: round(len(packets) * cut)]:
        output.push(packet)
    output._queue.close()
    thread = output._thread
    assert thread is not None
    thread.join(20)
    whole = output.path.read_bytes()
    died = tmp_path / f"died{kind}"
    died.write_bytes(unfinished(whole, kind))
    numbers, *_ = decoded(died)
    assert len(numbers) >= 96 * cut - 31
    assert numbers == list(range(len(numbers)))


def unfinished(data: bytes, kind: str) -> bytes:
    """What was on the disk before `finish`."""
    if kind == ".mp4":
        at = data.index(b"mdat") - 4
        end = at + int.from_bytes(data[at + 8 : at + 16], "big")
        return data[:at] + b"\0\0\0\x10free" + bytes(8) + data[at + 16 : end]
    cues = data.rindex(bytes.fromhex("1c53bb6b"))
    return data[:cues]


def test_must_never_touch_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "show.mp4").write_bytes(b"precious")
    (tmp_path / "show-2.mp4").write_bytes(b"too")
    output = record(tmp_path / "show.mp4")
    assert output.path.name == "show-3.mp4"
    assert "show-3.mp4" in output.status().sentence
    assert "show.mp4 existed" in output.status().sentence
    assert (tmp_path / "show.mp4").read_bytes() == b"precious"


def test_must_replace_a_file_when_asked(tmp_path: Path) -> None:
    (tmp_path / "show.mp4").write_bytes(b"x" * 10_000_000)
    output = record(tmp_path / "show.mp4", overwrite=True)
    assert output.path.name == "show.mp4"
    assert output.path.stat().st_size < 1_000_000


def test_must_make_missing_folders(tmp_path: Path) -> None:
    assert record(tmp_path / "a" / "b" / "show.mp4").path.is_file()


@pytest.mark.parametrize("name", ["file/show.mp4", "show.avi", "show"])
def test_must_say_clearly_what_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError) as caught:
        record(tmp_path / name)
    assert caught.value.code in ("output.unwritable", "output.format")
    assert name.rsplit("/", 1)[-1] in caught.value.message
    assert caught.value.hint


def test_must_start_at_zero_when_it_is_added_in_the_middle_of_a_show(tmp_path: Path) -> None:
    tracks, packets = canned(FlashAndBeep(320, 180), 5.0)
    output = RecordOutput(RecordSettings(path=str(tmp_path / "late.mp4")))
    output.start(tracks)
    for packet in packets[len(packets) // 4 :]:
        output.push(packet)
    output.stop()
    numbers, flashes, beeps = decoded(output.path)
    assert numbers[0] == 60  # the key frame at two seconds
    assert flashes[1] == pytest.approx(2.0, abs=0.002)
    assert beeps[-1] == pytest.approx(flashes[-1], abs=0.02)


def test_must_leave_nothing_odd_when_nothing_came(tmp_path: Path) -> None:
    output = RecordOutput(RecordSettings(path=str(tmp_path / "empty.mp4")))
    output.start(show()[0])
    output.stop()
    output.stop()
    assert output.status().state == "stopped"


@pytest.fixture(autouse=True)
def _no_thread_survives() -> Iterator[None]:
    import threading

    yield
    assert not [t for t in threading.enumerate() if t.name == "record"]
