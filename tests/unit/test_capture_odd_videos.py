"""Videos as they come: uneven times, changing sizes, cut in the middle, far too large."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from capture.film import Length, length_of, pictures_of
from capture.picture import Picture
from capture.settings import CaptureSettings
from capture.tracker import LARGEST_PX, bounded
from flow.clock import NS_PER_MS, ManualClock
from flow.errors import AssetError

UNEVEN_MS = (0, 20, 120, 160, 163, 400, 433, 466, 1000, 1040)


def film(
    path: Path, stamps_ms: list[int], size: tuple[int, int] = (64, 48), **options: str
) -> Path:
    with av.open(str(path), "w", options=options) as out:
        stream = out.add_stream("libx264", rate=30, options={"g": "5", "bf": "0"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        noise = np.random.default_rng(1)
        for number, stamp in enumerate(stamps_ms):
            pixels = noise.integers(0, 60, (size[1], size[0], 3), np.uint8) + 15 * (number % 10)
            picture = av.VideoFrame.from_ndarray(pixels.astype(np.uint8), format="rgb24")
            picture.pts, picture.time_base = stamp, Fraction(1, 1000)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


def pictures(path: Path) -> list[Picture]:
    return list(pictures_of(CaptureSettings(f"file:{path}", loop=False, realtime=False),
                            ManualClock(0)))  # fmt: skip


@pytest.mark.parametrize("name", ["uneven.mp4", "uneven.mkv"])
def test_pictures_at_uneven_times_must_keep_them(tmp_path: Path, name: str) -> None:
    seen = pictures(film(tmp_path / name, list(UNEVEN_MS)))
    stamps = [(p.captured - seen[0].captured) / NS_PER_MS for p in seen]
    assert stamps == pytest.approx(UNEVEN_MS, abs=1.0)


def test_a_size_that_changes_in_the_middle_must_not_end_the_recording(tmp_path: Path) -> None:
    first = film(tmp_path / "a.h264", [33 * n for n in range(10)], (64, 48))
    second = film(tmp_path / "b.h264", [33 * n for n in range(10)], (96, 64))
    both = tmp_path / "both.h264"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    seen = pictures(both)
    assert len(seen) >= 19
    assert all(p.pixels.ndim == 3 and p.pixels.shape[2] == 3 for p in seen)
    assert seen[-1].pixels.std() > 5, "a picture, not an empty one"


def test_a_video_cut_in_half_must_give_its_half_and_say_so(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4", [33 * n for n in range(90)], movflags="faststart")
    length = length_of(CaptureSettings(f"file:{whole}"))
    assert length.pictures == 90
    assert length.seconds == pytest.approx(3.0, abs=0.1)
    data = whole.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) // 2])
    seen = pictures(cut)
    assert 30 < len(seen) < 60
    until_s = (seen[-1].captured - seen[0].captured) / 1e9
    told = length_of(CaptureSettings(f"file:{cut}")).missing(until_s)
    assert "cut off" in told
    assert f"{until_s:.1f} s" in told
    assert length.missing(2.97) == ""
    assert Length().missing(5.0) == "", "nothing is said where nothing is known"


def test_a_video_whose_index_was_cut_off_must_be_refused_by_name(tmp_path: Path) -> None:
    data = film(tmp_path / "whole.mp4", [33 * n for n in range(30)]).read_bytes()
    cut = tmp_path / "headless.mp4"
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(AssetError, match=r"headless\.mp4") as caught:
        pictures(cut)
    assert caught.value.code == "asset.unreadable_video"
    assert "cut off" in caught.value.hint


@pytest.mark.parametrize("size", [(3840, 2160), (2160, 3840), (7680, 4320)])
def test_a_huge_picture_must_be_made_smaller_before_it_is_looked_at(size: tuple[int, int]) -> None:
    huge = np.zeros((size[1], size[0], 3), np.uint8)
    huge[: size[1] // 2] = 200
    small = bounded(huge)
    assert max(small.shape) <= LARGEST_PX
    assert small.shape[0] / small.shape[1] == pytest.approx(size[1] / size[0], rel=1e-3)
    assert small[small.shape[0] // 4, 5, 0] == 200
    assert small[3 * small.shape[0] // 4, 5, 0] == 0


def test_an_ordinary_picture_must_be_left_as_it_is() -> None:
    picture = np.zeros((1080, 1920, 3), np.uint8)
    assert bounded(picture) is picture
