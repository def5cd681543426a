"""Pictures from video files and image sequences, paced by their own times."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from capture.picture import Picture
from capture.settings import CaptureSettings, Origin
from capture.slices import Share
from flow.clock import NS_PER_MS, NS_PER_S, Clock
from flow.errors import AssetError
from flow.paths import is_file, user_path
from flow.spec import U8

Timed = tuple[U8 | None, int]
"""Pixels (None when this picture is skipped) and nanoseconds since the first picture."""

_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"}
_MAX_GAP_NS = 2 * NS_PER_S
_SHORTEST_ROUND_NS = NS_PER_S // 4
_LATE_NS = 20 * NS_PER_MS
_GIVE_UP_NS = NS_PER_S // 2


class Sequence:
    """What the pacing below needs of a recording: pictures in order, again and again."""

    def __init__(self, shown: str, begin: Callable[[], Iterator[Callable[[bool], Timed]]]) -> None:
        self.shown = shown
        self.begin = begin


class RecordedPictures:
    """Plays a recording: in its own time, skipping what is late, or every picture at once.

    Looping goes on with rising stamps. With a `share` only its pictures are given, stamped from
    its epoch on. Not thread-safe: one reader.
    """

    def __init__(
        self,
        sequence: Sequence,
        clock: Clock,
        *,
        loop: bool,
        realtime: bool,
        share: Share | None = None,
    ) -> None:
        self._sequence = sequence
        self._clock = clock
        self._loop = loop
        self._realtime = realtime
        self._share = share
        self._steps = sequence.begin()
        self._base: int | None = None
        self._gap = NS_PER_S // 30
        self._offset = 0
        self._last: int | None = None
        self._in_this_round = 0
        self._next: tuple[Callable[[bool], Timed], int] | None = None
        self.ended = False
        self.trouble = ""
        self.skipped = 0
        self._look_ahead()
        if self.ended:
            raise unreadable(sequence.shown)

    def read(self, timeout_s: float) -> Picture | None:
        """The picture that is due, waiting for it at most `timeout_s`."""
        now = self._clock.now()
        deadline = now + int(timeout_s * NS_PER_S)
        if self._base is None:
            self._base = now if self._share is None else self._share.epoch
        while True:
            self._look_ahead()
            if self._next is None:
                return None
            fetch, at = self._next
            due = self._base + at
            wanted = True
            if self._share is not None and not self._share.looks_at(due):
                self._next = None  # another process looks at it
                if self._clock.now() >= deadline:
                    return None
                continue
            if self._realtime:
                if due > deadline:
                    self._clock.sleep_until(deadline)
                    return None
                self._clock.sleep_until(due)
                late = self._clock.now() - due
                if late > _GIVE_UP_NS:  # the machine slept or is far too slow: start afresh here
                    self._base += late
                    due += late
                else:
                    wanted = late <= max(self._gap, _LATE_NS)
            pixels, _ = fetch(wanted)
            self._next = None
            if pixels is not None:
                return Picture(pixels, due)
            self.skipped += 1

    def _look_ahead(self) -> None:
        """Find the next picture and its time, beginning again at the end."""
        if self.ended or self._next is not None:
            return
        step = next(self._steps, None)
        if step is None and self._loop and self._in_this_round and self._last is not None:
            # Opening a recording costs more than reading it: a very short one is not begun again
            # thirty times a second.
            self._offset = max(self._last + self._gap, self._offset + _SHORTEST_ROUND_NS)
            self._in_this_round = 0
            self._steps = self._sequence.begin()
            step = next(self._steps, None)
        if step is None:
            self.ended = True
            return
        at = self._offset + step(False)[1]
        if self._last is not None:
            gap = at - self._last
            if not 0 < gap <= _MAX_GAP_NS:  # a broken or wildly jumping time stamp
                self._offset += self._gap - gap
                at = self._last + self._gap
            elif self._in_this_round:
                self._gap = gap
        self._in_this_round += 1
        self._last = at
        self._next = (step, at)

    def close(self) -> None:
        """Let the file go."""
        self.ended = True
        self._steps = iter(())
        self._next = None


def unreadable(shown: str) -> AssetError:
    """The error for a recording without a single readable picture."""
    return AssetError(
        f"No picture can be read from {shown}.",
        code="asset.unreadable_video",
        hint="Check that it plays elsewhere; MP4 (H.264), MKV, WebM and AVI work. An MP4 that was "
        "cut off before its end was written cannot be read.",
    )


def open_recorded(origin: Origin, settings: CaptureSettings, clock: Clock) -> RecordedPictures:
    """A video file or an image sequence."""
    sequence = _video(origin) if origin.kind == "file" else _images(origin, settings.fps)
    return RecordedPictures(
        sequence,
        clock,
        loop=settings.loop,
        realtime=settings.realtime,
        share=settings.share,
    )


def check_recorded(origin: Origin) -> None:
    """Raise what can be known about a recording without decoding it."""
    if origin.kind == "images":
        list_images(origin.target)
        return
    path = user_path(origin.target)
    if os.path.isdir(path):  # noqa: PTH112 - never raises, whatever the name
        raise AssetError(
            f"{path} is a folder, not a video.",
            code="asset.unreadable_video",
            hint=f"For a folder of pictures use images:{path}.",
        )
    if not is_file(path):
        raise AssetError(f"There is no file {path}.", code="asset.missing", hint="Check the path.")
    if path.stat().st_size == 0:
        raise unreadable(str(path))
    if not os.access(path, os.R_OK):
        raise AssetError(
            f"This user may not read {path}.",
            code="asset.unreadable_video",
            hint="Change its permissions (chmod +r) or copy it to a folder of yours.",
        )


def _video(origin: Origin) -> Sequence:
    import cv2

    check_recorded(origin)
    path = user_path(origin.target)
    # One decoding thread: more would take the core that the tracker needs.
    options = [cv2.CAP_PROP_N_THREADS, 1]

    def begin() -> Iterator[Callable[[bool], Timed]]:
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, options)
        try:
            fps = video.get(cv2.CAP_PROP_FPS)
            gap_ns = int(NS_PER_S / fps) if 1.0 <= fps <= 240.0 else NS_PER_S // 30  # noqa: PLR2004
            index = 0
            while video.isOpened() and video.grab():
                stamp = int(video.get(cv2.CAP_PROP_POS_MSEC) * NS_PER_MS)
                at = stamp if stamp > 0 or index == 0 else index * gap_ns
                yield _retriever(video, at)
                index += 1
        finally:
            video.release()

    return Sequence(str(path), begin)


def _retriever(video: Any, at: int) -> Callable[[bool], Timed]:
    def step(wanted: bool) -> Timed:
        if not wanted:
            return None, at
        ok, pixels = video.retrieve()
        return (pixels if ok else None), at

    return step


def _images(origin: Origin, fps: float) -> Sequence:
    paths = list_images(origin.target)
    gap_ns = int(NS_PER_S / fps)
    if all(_picture(p) is None for p in paths[:8]):
        raise AssetError(
            f"The pictures in {origin.target} cannot be read; {paths[0].name} is the first.",
            code="asset.unreadable_picture",
            hint="PNG, JPEG, BMP, WebP and TIFF work.",
        )

    def begin() -> Iterator[Callable[[bool], Timed]]:
        for index, path in enumerate(paths):

            def step(wanted: bool, path: Path = path, at: int = index * gap_ns) -> Timed:
                return (_picture(path) if wanted else None), at

            yield step

    return Sequence(origin.target, begin)


def _picture(path: Path) -> U8 | None:
    """The pixels of a picture file; None when it cannot be read.

    OpenCV is given bytes: on Windows its own reading knows no names outside the code page.
    """
    import cv2

    try:
        pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):  # gone meanwhile; empty
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)


def list_images(target: str) -> list[Path]:
    """The pictures of a folder or pattern, ``2.png`` before ``10.png``."""
    path = user_path(target)
    try:
        found = path.iterdir() if path.is_dir() else path.parent.glob(path.name)
        images = [p for p in found if p.suffix.lower() in _PICTURES and p.is_file()]
    except OSError as error:
        raise AssetError(
            f"The folder of {target} cannot be read: {error.strerror}.",
            code="asset.unreadable_picture",
            hint="Check its permissions.",
        ) from error
    except ValueError:  # a pattern that is none
        images = []
    if not images:
        raise AssetError(
            f"There are no pictures at {target}.",
            code="asset.missing",
            hint="Give a folder or a pattern such as frames/*.png.",
        )
    return sorted(images, key=lambda p: _natural(p.name))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(n or 0), text) for n, text in re.findall(r"(\d*)(\D*)", name)]
