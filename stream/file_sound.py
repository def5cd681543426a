"""A sound file, or the sound of a video, as a sound source."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flow.clock import Clock
from flow.errors import AssetError
from flow.media import AudioBlock
from flow.paths import is_file
from flow.seams import Status
from flow.spec import F32
from stream.silence import CHANNELS, RATE_HZ
from stream.sound_pace import Pace

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer


class FileSound:
    """Decodes as it goes: 48 kHz stereo blocks of 20 ms, in the clock's time. One thread.

    At the end it begins again, or goes on with silence. What cannot be decoded on the way is
    left out; the stamps stay contiguous.

    Raises:
        AssetError: ``asset.missing``, ``asset.unreadable_sound`` or ``asset.no_sound``, when made.
    """

    def __init__(self, path: Path | str, clock: Clock, loop: bool = True) -> None:
        self._path = Path(path)
        self._clock = clock
        self._loop = loop
        self._pace = Pace(RATE_HZ)
        self._decoded = self._decode()
        self._rest: F32 = next(self._decoded, np.zeros((0, CHANNELS), np.float32))
        if not len(self._rest):
            raise AssetError(
                f"{self._path} holds no sound.",
                code="asset.no_sound",
                hint="Choose a file with a sound track.",
            )
        self._over = False
        self._status = Status("starting", f"Sound from {self._path.name}.")

    def start(self) -> None:
        """Begin now."""
        self._pace.begin(self._clock.now())
        self._status = Status("running", f"Sound from {self._path.name}.")

    def read(self) -> Sequence[AudioBlock]:
        """The blocks that are over by now."""
        return [
            AudioBlock(at, self._take(count), RATE_HZ)
            for at, count in self._pace.due(self._clock.now())
        ]

    def status(self) -> Status:
        """Running, or waiting after the end of a file that is not repeated."""
        return self._status

    def stop(self) -> None:
        """End and close the file."""
        self._pace.end()
        self._decoded.close()
        self._status = Status("stopped", f"Sound from {self._path.name}.")

    def _take(self, count: int) -> F32:
        """The next `count` samples; silence when there are no more."""
        parts: list[F32] = []
        missing = count
        restarted = False
        while missing and not self._over:
            if not len(self._rest):
                more = next(self._decoded, None)
                if more is None and self._loop and not restarted:
                    self._decoded = self._decode()
                    restarted = True
                    continue
                if more is None:
                    self._over = True
                    self._status = Status("waiting", f"{self._path.name} is over.")
                    break
                self._rest = more
            parts.append(self._rest[:missing])
            self._rest = self._rest[missing:]
            missing -= len(parts[-1])
        if missing:
            parts.append(np.zeros((missing, CHANNELS), np.float32))
        return np.concatenate(parts)

    def _decode(self) -> Generator[F32, None, None]:
        """(n, 2) float32 pieces at 48 kHz, from the beginning."""
        import av

        if not is_file(self._path):
            raise AssetError(
                f"There is no sound file at {self._path}.",
                code="asset.missing",
                hint="Check the path; folders are not searched.",
            )
        try:
            with av.open(str(self._path)) as container:
                if not container.streams.audio:
                    return
                resampler = av.AudioResampler("flt", "stereo", RATE_HZ)
                for frame in _frames(container):
                    for piece in resampler.resample(frame):
                        yield _samples(piece)
                for piece in resampler.resample(None):
                    yield _samples(piece)
        except (av.FFmpegError, OSError) as error:
            raise self._unreadable(getattr(error, "strerror", "") or "it is damaged") from error

    def _unreadable(self, why: str) -> AssetError:
        return AssetError(
            f"The sound of {self._path} cannot be read: {why}.",
            code="asset.unreadable_sound",
            hint="Choose a WAV, MP3, FLAC, Ogg or video file that plays elsewhere.",
        )


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    """Decoded frames; packets that are damaged are passed over."""
    import av

    for packet in container.demux(audio=0):
        with contextlib.suppress(av.error.InvalidDataError):
            yield from packet.decode()


def _samples(frame: AudioFrame) -> F32:
    return np.asarray(frame.to_ndarray(), np.float32).reshape(-1, CHANNELS)
