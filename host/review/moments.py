"""The moments of a clip or a take: what the camera saw, and what was seen in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from capture.film import length_of, pictures_of
from capture.merge import merge
from capture.process import CaptureProcess, CaptureSettings
from capture.settings import origin_of
from capture.take_file import TakeReader
from flow.clock import NS_PER_S, Clock
from flow.motion import MotionFrame
from flow.paths import user_path
from flow.spec import U8
from host.whole_clip import batches

_USUAL_FPS = 30.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture's time."""

    at: int
    """Nanoseconds since the first picture."""
    frame: MotionFrame
    pixels: U8 | None
    """(h, w, 3) BGR; None for a take."""


class Material(Protocol):
    """Something to be reviewed."""

    fps: float
    seconds: float
    """0: unknown."""
    damage: str
    sound: Path | None
    """A file with the sound of it."""

    def moments(self) -> Iterator[Moment]:
        """In order."""
        ...


class TakeMaterial:
    """A take: motion without pictures.

    Raises:
        AssetError: As `TakeReader`.
    """

    def __init__(self, path: Path) -> None:
        self._take = TakeReader(path)
        self.seconds = self._take.duration_ns / NS_PER_S
        stamps = len({frame.captured for frame in self._take})
        self.fps = min((stamps - 1) / self.seconds, 120.0) if self.seconds else _USUAL_FPS
        self.damage = self._take.damage
        self.sound: Path | None = None

    def moments(self) -> Iterator[Moment]:
        """In order."""
        begin = None
        for frame in _whole(iter(self._take)):
            begin = frame.captured if begin is None else begin
            yield Moment(frame.captured - begin, frame, None)


class ClipMaterial:
    """A video or picture sequence, tracked picture by picture: nothing is skipped.

    Raises:
        AssetError: As `CaptureProcess.start`.
    """

    def __init__(
        self, settings: CaptureSettings, clock: Clock, stopped: Callable[[], bool]
    ) -> None:
        self._settings = replace(
            settings, loop=False, realtime=False, schedule="every", landmarks=True
        )
        self._clock = clock
        self._stopped = stopped
        self._source = CaptureProcess(self._settings, clock)
        self._length = length_of(settings)
        self.seconds = self._length.seconds
        self.fps = self._length.fps or _USUAL_FPS
        self.damage = ""
        origin = origin_of(settings.source)
        self.sound = user_path(origin.target) if origin.kind == "file" else None

    def moments(self) -> Iterator[Moment]:
        """In order."""
        self._source.start()
        try:
            pictures = pictures_of(self._settings, self._clock)
            begin, at = None, 0
            for frame, picture in zip(_whole(self._frames()), pictures, strict=False):
                begin = picture.captured if begin is None else begin
                at = picture.captured - begin
                yield Moment(at, frame, picture.pixels)
            if not self._stopped():
                self.damage = self._length.missing(at / NS_PER_S)
        finally:
            self._source.stop()

    def _frames(self) -> Iterator[MotionFrame]:
        for frames in batches(self._source, self._clock, self._stopped, what="clip"):
            yield from frames


def _whole(frames: Iterator[MotionFrame]) -> Iterator[MotionFrame]:
    """One frame a picture: the parts of a picture may have come one after the other."""
    whole: MotionFrame | None = None
    for frame in frames:
        if whole is not None and frame.captured != whole.captured:
            yield whole
            whole = None
        whole = merge(whole, frame)
    if whole is not None:
        yield whole
