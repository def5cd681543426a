"""Reads back what `stream.testsource` put into a stream: losses, and sound against picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stream.testsource import is_flash, number_of, onsets

_LOUD = 0.1
_SMOOTH_S = 0.002


@dataclass(frozen=True, slots=True)
class Observed:
    """Bar codes in order, and when flashes and beeps begin (s)."""

    numbers: list[int]
    flashes: list[float]
    beeps: list[float]
    key_times: list[float]

    @property
    def offsets_ms(self) -> list[float]:
        """Beep after flash, for each flash that has a beep within half a second."""
        pairs = [(f, b) for f in self.flashes for b in self.beeps if abs(f - b) < 0.5]  # noqa: PLR2004
        return [1000 * (b - f) for f, b in pairs]


def observe(path: str) -> Observed:
    """Decode a recording of the test source."""
    import av

    numbers: list[int] = []
    times: list[float] = []
    lit: list[bool] = []
    keys: list[float] = []
    heard: list[tuple[float, np.ndarray]] = []
    with av.open(path) as container:
        for packet in container.demux(video=0, audio=0):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    at = float(frame.time or 0.0)
                    luma = np.asarray(frame.to_ndarray(format="gray"), np.uint8)
                    numbers.append(number_of(luma))
                    times.append(at)
                    lit.append(is_flash(luma))
                    if frame.key_frame:
                        keys.append(at)
                elif isinstance(frame, av.AudioFrame):
                    at = float(frame.time or 0.0)
                    heard.append((at, np.abs(np.asarray(frame.to_ndarray())[0])))
    return Observed(numbers, onsets(np.array(lit), np.array(times)), _beeps(heard), keys)


def _beeps(heard: list[tuple[float, np.ndarray]]) -> list[float]:
    """Where the sound becomes loud; each frame is placed by its own time stamp."""
    if not heard:
        return []
    level = np.concatenate([wave for _, wave in heard])
    seconds = np.concatenate([at + np.arange(len(wave)) / 48_000 for at, wave in heard])
    width = round(_SMOOTH_S * 48_000)
    loud = np.convolve(level > _LOUD, np.ones(width), "full")[: len(level)] > 0
    return onsets(loud, seconds)
