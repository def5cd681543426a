"""Where sound belongs: blocks with birth times become one unbroken run of samples.

A sound card's crystal is not the machine's clock: 100 ppm are 2.9 s in eight hours. The sample
count alone must therefore never be the clock. Each block says when it was born; its error against
the samples written so far is smoothed and worked off by stretching at most 0.3 % (5 cents, below
what can be heard). What is too far off to be drift is a gap (silence is written) or an overlap (the
beginning of the block is cut off).
"""

from __future__ import annotations

import numpy as np

from flow.spec import F32

JUMP_S = 0.06
"""An error beyond this is a gap or an overlap, not drift or scheduling jitter."""
CORRECT_ABOVE_S = 0.004
STOP_BELOW_S = 0.0005
MAX_STRETCH = 0.003
_SMOOTHING = 0.05


class SoundTimeline:
    """Places blocks; `written` samples have left so far. State of one show, one thread."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self.rate_hz = rate_hz
        self.channels = channels
        self.written = 0
        self.silence = 0
        """Samples of silence that stood in for missing sound."""
        self.cut = 0
        """Samples dropped because they came twice or before the start."""
        self._error = 0.0
        self._correcting = False
        self._carry = 0.0

    def add(self, position: int, samples: F32) -> F32:
        """What has to be appended for (n, channels) `samples` born at `position` (samples).

        The result may be longer (silence in front, stretched) or shorter (cut, shrunk, empty).
        """
        error = position - self.written
        if abs(error) > JUMP_S * self.rate_hz:
            self._error, self._correcting = 0.0, False
            early = min(max(0, -error), len(samples))
            self.cut += early
            out = np.concatenate([self._silence(max(0, error)), samples[early:]])
        else:
            out = self._follow(samples, error)
        self.written += len(out)
        return out

    def fill_to(self, position: int) -> F32:
        """Silence up to `position`, because nothing came; empty when sound is further along."""
        missing = position - self.written
        if missing <= 0:
            return np.zeros((0, self.channels), np.float32)
        self._error = 0.0
        out = self._silence(missing)
        self.written += len(out)
        return out

    def _silence(self, count: int) -> F32:
        self.silence += count
        return np.zeros((count, self.channels), np.float32)

    def _follow(self, samples: F32, error: float) -> F32:
        """Stretch a block so that the smoothed error goes to zero."""
        self._error += _SMOOTHING * (error - self._error)
        size = abs(self._error)
        if size > CORRECT_ABOVE_S * self.rate_hz:
            self._correcting = True
        elif size < STOP_BELOW_S * self.rate_hz:
            self._correcting = False
        if not self._correcting or len(samples) < 2:  # noqa: PLR2004
            return samples
        limit = MAX_STRETCH * len(samples)
        self._carry += float(np.clip(self._error, -limit, limit))
        extra = int(self._carry)
        self._carry -= extra
        self._error -= extra  # the stretch takes effect now; do not wait for the smoothing
        return stretch(samples, len(samples) + extra) if extra else samples


def stretch(samples: F32, count: int) -> F32:
    """(n, channels) `samples` as `count` samples, by linear interpolation."""
    at = np.linspace(0.0, len(samples) - 1.0, count, dtype=np.float64)
    index = np.arange(len(samples))
    columns = [np.interp(at, index, samples[:, c]) for c in range(samples.shape[1])]
    return np.stack(columns, axis=1).astype(np.float32)
