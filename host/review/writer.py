"""Finished pictures as an MP4 at the clip's own times; nothing is dropped."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from flow.errors import OutputError
from flow.media import VideoFrame
from flow.meter import Meter
from flow.spec import U8
from render.convert import Converter
from stream.append_file import AppendFile, create
from stream.mp4_writer import Mp4Writer
from stream.settings import EncodeSettings
from stream.video_encoder import VideoEncoder

_KBPS_FACTOR = 2
"""A review is looked at closely, and is kept on a disk."""


class FilmWriter:
    """Encodes RGB pictures into a file. Use as a context manager; leaving it completes the file.

    Raises:
        EngineError: ``engine.encoder``.
        OutputError: ``take.unwritable``, also while writing; what was written stays playable.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
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
        try:
            self._file = AppendFile(create(path, overwrite=True))
            self._writer = Mp4Writer(self._file, [self._encoder.track])
        except OSError as fault:
            raise self._unwritable(fault) from fault

    def add(self, picture: U8, at: int) -> None:
        """The next picture (h, w, 3), shown from `at` (nanoseconds since the first) on."""
        self._bgra[..., :3] = picture[..., ::-1]
        self._converter.convert(self._bgra, self._i420)
        height, width = picture.shape[:2]
        frame = VideoFrame(self.pictures, at, width, height, self._i420)
        try:
            for packet in self._encoder.encode(frame):
                self._writer.write(packet)
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
            for packet in self._encoder.flush():
                self._writer.write(packet)
            self._writer.finish()
        except OSError as fault:
            raise self._unwritable(fault) from (error or fault)
        finally:
            self._file.close()

    def _unwritable(self, fault: OSError) -> OutputError:
        return OutputError(
            f"{self._path} cannot be written: {fault.strerror or fault}.",
            code="take.unwritable",
            hint="Check the folder, its rights and the free space.",
        )


def rate(fps: float) -> float:
    """The nearest rate that an encoder likes: a fraction of small numbers, 1 to 120."""
    return float(Fraction(min(max(fps, 1.0), 120.0)).limit_denominator(1001))
