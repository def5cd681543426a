"""A progress bar for long work: one line on a terminal, a few lines in a log."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TextIO

from flow.clock import NS_PER_S, MonotonicClock
from host.log import terminal_columns

WIDTH = 28


class Bar:
    """Call it with anything that has ``what``, ``done`` and ``total`` (0: unknown).

    Work that ends within `patience_s` shows nothing.
    """

    def __init__(
        self, stream: TextIO, unit: str = "MB", scale: float = 1e6, patience_s: float = 0.0
    ) -> None:
        self._stream = stream
        self._unit, self._scale = unit, scale
        self._clock = MonotonicClock()
        self._silent_until = self._clock.now() + round(patience_s * NS_PER_S)
        self._terminal = stream.isatty()
        self._what = ""
        self._began = 0
        self._next = 0
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._width:
            self._write("\n")

    def __call__(self, progress: Any) -> None:
        """Show `progress`; cheap enough to call for every block."""
        now = self._clock.now()
        if now < self._silent_until:
            return
        fresh = progress.what != self._what
        if fresh:
            self._what, self._began, self._next = progress.what, now, now
        finished = bool(progress.total) and progress.done >= progress.total
        if now < self._next and not (finished and self._terminal):
            return
        self._next = now + (NS_PER_S // 10 if self._terminal else 5 * NS_PER_S)
        line = self._line(progress.done, progress.total, (now - self._began) / NS_PER_S)
        if self._terminal:
            start = "\n" if fresh and self._width else "\r"
            line = line[: terminal_columns(self._stream) - 1]
            self._write(start + line.ljust(self._width))
            self._width = len(line)
        else:
            self._write(line + "\n")

    def _write(self, text: str) -> None:
        """Write at once; work goes on where nobody can be told of it."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()

    def _line(self, done: float, total: float, seconds: float) -> str:
        if not total:
            amount = f" {done / self._scale:.1f} {self._unit}" if done else ""
            return f"{self._what}{amount}"
        share = min(done / total, 1.0)
        filled = round(share * WIDTH)
        left = f", {seconds * (1 - share) / share:.0f} s left" if share > 0 and seconds > 1 else ""
        return (
            f"{self._what} [{'█' * filled}{'·' * (WIDTH - filled)}] "
            f"{done / self._scale:.1f} of {total / self._scale:.1f} {self._unit}{left}"
        )
