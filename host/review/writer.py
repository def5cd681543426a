"""Finished pictures and the clip's sound as an MP4 at the clip's own times; nothing is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from flow.clock import NS_PER_S, ManualClock
from flow.errors import AssetError, OutputError
from flow.media import Packet, VideoFrame
from flow.meter import Meter
from flow.spec import U8
from render.convert import Converter
from stream.append_file import AppendFile, create
from stream.audio_encoder import AudioEncoder
from stream.file_sound import FileSound
from stream.interleave import Interleaver
from stream.mp4_writer import Mp4Writer
from stream.settings import EncodeSettings
from stream.video_encoder import VideoEncoder

_BEGIN = NS_PER_S
"""The film's clock at its first picture."""
_KBPS_FACTOR = 2
"""A review is looked at closely, and is kept on a disk."""


class FilmWriter:
    """Encodes RGB pictures into a file. Use as a context manager; leaving it completes the file.

    `sound` is a video or sound file, whose sound goes along as far as the pictures do; a file that
    has none makes a silent film.

    Raises:
        EngineError: ``engine.encoder``.
        OutputError: ``take.unwritable``, also while writing; what was written stays playable.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], fps: float, sound: Path | None = None
    ) -> None:
        self._path = path
        width, height = size
        plain = EncodeSettings.model_validate(
            {"width": width, "height": height, "fps": fps, "video_kbps": None}
        )
        kbps = min(plain.video_kbps * _KBPS_FACTOR, 100_000)
        settings = plain.model_copy(update={"video_kbps": kbps, "profile": "high"})
        self._encoder = VideoEncoder(settings, Meter())
        self._converter = Converter(width, height)
        self._bgra = np.zeros((height, width, 4), np.uint8)
        self._i420 = np.zeros((height * 3 // 2, width), np.uint8)
        self.pictures = 0
        self._clock = ManualClock(_BEGIN)
        self._sound = _opened(sound, self._clock)
        tracks = [self._encoder.track]
        self._audio = AudioEncoder(settings, Meter(), origin=_BEGIN)
        if self._sound is not None:
            tracks.append(self._audio.track)
            self._sound.start()
        self._order = Interleaver(tracks)
        try:
            self._file = AppendFile(create(path, overwrite=True))
            self._writer = Mp4Writer(self._file, tracks)
        except OSError as fault:
            raise self._unwritable(fault) from fault

    def add(self, picture: U8, at: int) -> None:
        """The next picture (h, w, 3), shown from `at` (nanoseconds since the first) on."""
        self._bgra[..., :3] = picture[..., ::-1]
        self._converter.convert(self._bgra, self._i420)
        height, width = picture.shape[:2]
        frame = VideoFrame(self.pictures, at, width, height, self._i420)
        try:
            self._put(self._encoder.encode(frame))
            self._hear(at)
        except OSError as fault:
            raise self._unwritable(fault) from fault
        self.pictures += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._put(self._encoder.flush())
            if self._sound is not None:
                self._put(self._audio.flush())
                self._sound.stop()
            for packet in self._order.flush():
                self._writer.write(packet)
            self._writer.finish()
        except OSError as fault:
            raise self._unwritable(fault) from (error or fault)
        finally:
            self._file.close()

    def _hear(self, at: int) -> None:
        """The sound until `at`."""
        if self._sound is not None:
            self._clock.sleep_until(_BEGIN + at)
            for block in self._sound.read():
                self._put(self._audio.encode(block))

    def _put(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            for ready in self._order.add(packet):
                self._writer.write(ready)

    def _unwritable(self, fault: OSError) -> OutputError:
        return OutputError(
            f"{self._path} cannot be written: {fault.strerror or fault}.",
            code="take.unwritable",
            hint="Check the folder, its rights and the free space.",
        )


def _opened(path: Path | None, clock: ManualClock) -> FileSound | None:
    if path is None:
        return None
    try:
        return FileSound(path, clock, loop=False)
    except AssetError:  # it has none, or none that can be read: the pictures are what counts
        return None


def rate(fps: float) -> float:
    """The nearest rate that an encoder likes: a fraction of small numbers, 1 to 120."""
    return float(Fraction(min(max(fps, 1.0), 120.0)).limit_denominator(1001))
