"""A weight on its way from one value to another, without a corner in its path or its speed."""

from __future__ import annotations


class Fade:
    """A number in 0..1 that eases to wherever it is sent, from wherever it is, at any moment.

    The way is a cubic Hermite curve that starts with the present value *and speed* and arrives at
    rest: once differentiable whatever happens when. From rest it is the smoothstep curve, whose
    steepest slope is 1.5 over its length (`STEEPEST`).
    """

    def __init__(self, value: float = 0.0) -> None:
        self.target = value
        self._start_s = 0.0
        self._length_s = 0.0
        self._from, self._slope = value, 0.0

    def to(self, target: float, now_s: float, seconds: float) -> None:
        """Be at `target` in `seconds`; sending it where it goes anyway changes nothing."""
        if target == self.target:
            return
        value, speed = self._at(now_s)
        self.target = target
        nearing = speed * (target - value)
        if nearing > 0.0:  # on its way there already: a longer curve would overshoot
            seconds = min(seconds, 3.0 * (target - value) / speed)
        self._start_s, self._length_s = now_s, max(seconds, 0.0)
        self._from, self._slope = value, speed * self._length_s

    def at(self, now_s: float) -> float:
        """The value at `now_s` (0..1)."""
        if self._length_s == 0.0:
            return self.target
        return min(max(self._at(now_s)[0], 0.0), 1.0)

    def moving(self, now_s: float) -> bool:
        """Whether it has not arrived yet."""
        return self._length_s > 0.0 and now_s < self._start_s + self._length_s

    def _at(self, now_s: float) -> tuple[float, float]:
        """Value and speed (per second)."""
        if self._length_s == 0.0 or now_s >= self._start_s + self._length_s:
            self._length_s = 0.0
            return self.target, 0.0
        u = max((now_s - self._start_s) / self._length_s, 0.0)
        away, slope = self._from - self.target, self._slope
        value = self.target + away * (1.0 + u * u * (2.0 * u - 3.0)) + slope * u * (1.0 - u) ** 2
        speed = away * 6.0 * u * (u - 1.0) + slope * (1.0 - u) * (1.0 - 3.0 * u)
        return value, speed / self._length_s


STEEPEST = 1.5
"""Of a fade from rest: so many times its length is the way at its greatest speed."""
