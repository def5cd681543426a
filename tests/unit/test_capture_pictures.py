"""Where pictures come from: files in their own time, sequences, cameras that fail."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from capture import live
from capture.live import Camera, LivePictures
from capture.open import open_pictures
from capture.picture import Picture, PictureSource
from capture.recorded import RecordedPictures, Sequence
from capture.settings import CaptureSettings, origin_of
from flow.clock import NS_PER_MS, NS_PER_S, ManualClock, MonotonicClock
from flow.errors import AssetError, DeviceError, ShowFileError
from flow.spec import U8

cv2 = pytest.importorskip("cv2")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures, 0.4 s; each is as bright as its number times 20."""
    path = tmp_path_factory.mktemp("video") / "ten.avi"
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for number in range(10):
        out.write(np.full((48, 64, 3), 20 * number, np.uint8))
    out.release()
    return path


def _all(source: PictureSource, limit: int) -> list[Picture]:
    out: list[Picture] = []
    while len(out) < limit and not source.ended:
        picture = source.read(1.0)
        if picture is not None:
            out.append(picture)
    source.close()
    return out


def _numbers(pictures: list[Picture]) -> list[int]:
    return [round(float(p.pixels.mean()) / 20) for p in pictures]


def test_a_file_worked_through_gives_every_picture_at_the_files_own_times(
    video: Path, clock: ManualClock
) -> None:
    settings = CaptureSettings(f"file:{video}", loop=False, realtime=False)
    pictures = _all(open_pictures(settings, clock), 100)
    assert _numbers(pictures) == list(range(10))
    gaps = np.diff([p.captured for p in pictures]) / NS_PER_MS
    assert np.allclose(gaps, 40.0, atol=1.0)


def test_a_file_that_loops_goes_on_with_rising_stamps(video: Path, clock: ManualClock) -> None:
    settings = CaptureSettings(f"file:{video}", realtime=False)
    pictures = _all(open_pictures(settings, clock), 25)
    assert _numbers(pictures) == [n % 10 for n in range(25)]
    gaps = np.diff([p.captured for p in pictures]) / NS_PER_MS
    assert np.allclose(gaps, 40.0, atol=1.0), "the seam is one picture long"


def test_a_file_in_its_own_time_waits_and_skips_what_is_late(
    video: Path, clock: ManualClock
) -> None:
    source = open_pictures(CaptureSettings(f"file:{video}", loop=False), clock)
    first = source.read(0.0)
    assert first is not None
    assert source.read(0.0) is None, "the second is not due"
    clock.advance(210 * NS_PER_MS)
    late = source.read(0.0)
    assert late is not None
    assert _numbers([late]) == [4] or _numbers([late]) == [5]
    assert source.skipped >= 3
    assert late.captured - first.captured == pytest.approx(
        40 * NS_PER_MS * _numbers([late])[0], abs=NS_PER_MS
    )


def test_after_a_long_sleep_a_file_goes_on_where_it_was(video: Path, clock: ManualClock) -> None:
    source = open_pictures(CaptureSettings(f"file:{video}"), clock)
    assert source.read(0.0) is not None
    clock.advance(60 * NS_PER_S)
    picture = source.read(0.0)
    assert picture is not None
    assert _numbers([picture]) == [1]
    assert picture.captured == clock.now()


def test_times_that_stand_still_or_jump_are_evened_out(clock: ManualClock) -> None:
    times = [0, 40, 40, 20, 90_000, 90_040]

    def begin():  # type: ignore[no-untyped-def]
        for t in times:
            yield lambda wanted, t=t: (np.zeros((2, 2, 3), np.uint8), t * NS_PER_MS)

    source = RecordedPictures(Sequence("x", begin), clock, loop=False, realtime=False)
    gaps = np.diff([p.captured for p in _all(source, 10)]) / NS_PER_MS
    assert np.allclose(gaps, 40.0)


def test_a_recording_of_one_picture_is_not_opened_thirty_times_a_second(
    clock: ManualClock,
) -> None:
    begun = 0

    def begin():  # type: ignore[no-untyped-def]
        nonlocal begun
        begun += 1
        yield lambda wanted: (np.zeros((2, 2, 3), np.uint8), 0)

    source = RecordedPictures(Sequence("x", begin), clock, loop=True, realtime=False)
    pictures = _all(source, 9)
    assert begun == 9
    assert np.allclose(np.diff([p.captured for p in pictures]) / NS_PER_MS, 250.0)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda whole: b"", "asset.unreadable_video"),
        (lambda whole: whole[:200], "asset.unreadable_video"),
        (lambda whole: b"\0" * len(whole), "asset.unreadable_video"),
        (lambda whole: b"this is not a video\n" * 50, "asset.unreadable_video"),
    ],
)
def test_a_broken_video_is_named(
    make: Callable[[bytes], bytes], code: str, video: Path, tmp_path: Path, clock: ManualClock
) -> None:
    path = tmp_path / "broken.avi"
    path.write_bytes(make(video.read_bytes()))
    with pytest.raises(AssetError, match=r"broken\.avi") as caught:
        open_pictures(CaptureSettings(f"file:{path}"), clock)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_video_cut_in_the_middle_plays_what_is_there(
    video: Path, tmp_path: Path, clock: ManualClock
) -> None:
    whole = video.read_bytes()
    at = whole.index(b"movi")
    for _ in range(7):
        at = whole.index(b"00dc", at + 4)
    path = tmp_path / "cut.avi"
    path.write_bytes(whole[: at + 20])
    settings = CaptureSettings(f"file:{path}", loop=False, realtime=False)
    assert _numbers(_all(open_pictures(settings, clock), 100))[:6] == list(range(6))


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(AssetError) as missing:
        open_pictures(CaptureSettings(f"file:{tmp_path / 'no.mp4'}"), clock)
    assert missing.value.code == "asset.missing"
    with pytest.raises(AssetError, match="images:") as folder:
        open_pictures(CaptureSettings(f"file:{tmp_path}"), clock)
    assert folder.value.code == "asset.unreadable_video"


def test_an_image_sequence_plays_in_natural_order_at_the_asked_pace(
    tmp_path: Path, clock: ManualClock
) -> None:
    for number in (1, 2, 10):
        cv2.imwrite(str(tmp_path / f"f{number}.png"), np.full((8, 8, 3), 20 * number, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture")
    for target in (str(tmp_path), str(tmp_path / "f*.png")):
        settings = CaptureSettings(f"images:{target}", fps=10, loop=False, realtime=False)
        pictures = _all(open_pictures(settings, clock), 9)
        assert _numbers(pictures) == [1, 2, 10]
        assert pictures[1].captured - pictures[0].captured == 100 * NS_PER_MS


def test_pictures_that_cannot_be_read_are_skipped_or_named(
    tmp_path: Path, clock: ManualClock
) -> None:
    with pytest.raises(AssetError) as none:
        open_pictures(CaptureSettings(f"images:{tmp_path}"), clock)
    assert none.value.code == "asset.missing"
    (tmp_path / "a.png").write_bytes(b"broken")
    with pytest.raises(AssetError) as broken:
        open_pictures(CaptureSettings(f"images:{tmp_path}"), clock)
    assert broken.value.code == "asset.unreadable_picture"
    cv2.imwrite(str(tmp_path / "b.png"), np.full((8, 8, 3), 100, np.uint8))
    settings = CaptureSettings(f"images:{tmp_path}", loop=False, realtime=False)
    source = open_pictures(settings, clock)
    assert _numbers(_all(source, 9)) == [5]
    assert source.skipped == 1


@pytest.mark.parametrize("source", ["", "file:", "images:", "camera", "ftp://x/y"])
def test_a_source_that_is_none_is_refused(source: str) -> None:
    with pytest.raises(ShowFileError) as caught:
        origin_of(source)
    assert caught.value.code == "show.source"


def test_passwords_of_cameras_are_never_shown() -> None:
    origin = origin_of("rtsp://admin:secret@10.0.0.7/live")
    assert "secret" not in origin.shown
    assert origin.shown == "rtsp://10.0.0.7/live"
    assert origin.target.count("secret") == 1


class FakeCamera:
    """A camera that gives `good` pictures and then fails; counts what happens to it."""

    def __init__(self, good: int) -> None:
        self.left = good
        self.released = threading.Event()

    def read(self) -> tuple[bool, U8 | None]:
        threading.Event().wait(0.002)
        if self.left <= 0:
            return False, None
        self.left -= 1
        return True, np.full((4, 4, 3), self.left % 256, np.uint8)

    def release(self) -> None:
        self.released.set()


def test_a_camera_gives_its_newest_picture_only() -> None:
    source = LivePictures("0", lambda: FakeCamera(1_000_000), MonotonicClock())
    first = source.read(2.0)
    assert first is not None
    while source.skipped < 5:
        threading.Event().wait(0.002)
    second = source.read(2.0)
    source.close()
    assert second is not None
    behind = (int(first.pixels[0, 0, 0]) - int(second.pixels[0, 0, 0])) % 256
    assert behind >= 6, "the five between were forgotten"


def test_a_camera_that_vanishes_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_REOPEN_S", (0.0,))
    cameras = [FakeCamera(2), FakeCamera(0), FakeCamera(1_000_000)]
    made: list[FakeCamera] = []

    def open_camera() -> Camera:
        made.append(cameras[len(made)])
        return made[-1]

    source = LivePictures("0", open_camera, MonotonicClock())
    cameras[1].released.wait(5.0)
    while source.reopened < 2:
        source.read(0.05)
    assert source.read(2.0) is not None
    source.close()
    assert cameras[0].released.is_set()
    assert cameras[2].released.is_set(), "the device is given back"


def test_a_camera_that_stays_away_is_lost_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_REOPEN_S", (0.0,))
    opened: list[FakeCamera] = []

    def open_camera() -> Camera:
        if opened:
            raise DeviceError("There is no camera 0.", code="device.no_camera")
        opened.append(FakeCamera(0))
        return opened[0]

    source = LivePictures("0", open_camera, MonotonicClock(), give_up_s=0.05)
    with pytest.raises(DeviceError) as caught:
        for _ in range(100):
            source.read(0.1)
    assert caught.value.code == "device.camera_lost"
    assert caught.value.retryable
    source.close()


def test_a_camera_that_is_not_there_is_named_with_a_way_out() -> None:
    with pytest.raises(DeviceError) as caught:
        open_pictures(CaptureSettings("webcam:/dev/video-that-is-not-there"))
    assert caught.value.code == "device.no_camera"
    assert caught.value.hint
