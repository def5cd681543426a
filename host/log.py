"""What the running show says: sentences on standard error, the same one at most once a second.

Nothing here ever receives a secret or a picture; outputs mask their addresses before they speak.
Of names only those of a credit line and of a permission that the show file states are said.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TextIO

from flow.clock import NS_PER_S, Clock


def terminal_columns(stream: TextIO) -> int:
    """How many characters fit into a line of the terminal behind `stream`; 80 where none is."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


class Voice:
    """Speaks to the person at the terminal.

    Args:
        clock: For rate limiting.
        stream: Where to speak; standard error by default, so that ``--json`` output stays clean.
        quiet: Say nothing but errors.
    """

    def __init__(self, clock: Clock, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._clock = clock
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._said: dict[str, tuple[int, int]] = {}
        self._status_width = 0
        self._lock = threading.Lock()
        self.live_line = not quiet and self._stream.isatty()

    def say(self, sentence: str) -> None:
        """Say `sentence`."""
        if not self._quiet:
            self._line(sentence)

    def warn(self, sentence: str, *, key: str = "") -> None:
        """Say `sentence`; repeats of `key` within a second are counted, not said."""
        key = key or sentence
        now = self._clock.now()
        last, held_back = self._said.get(key, (-NS_PER_S, 0))
        if now - last < NS_PER_S:
            self._said[key] = (last, held_back + 1)
            return
        self._said[key] = (now, 0)
        self._line(f"! {sentence}" + (f" ({held_back} more like it)" if held_back else ""))

    def status(self, line: str) -> None:
        """Replace the live status line (terminals only)."""
        if not self.live_line:
            return
        line = line[: terminal_columns(self._stream) - 1]  # a line that wraps cannot be replaced
        with self._lock:
            self._write("\r" + line.ljust(self._status_width))
            self._status_width = len(line)

    def _line(self, text: str) -> None:
        with self._lock:
            erased = "\r" + " " * self._status_width + "\r" if self._status_width else ""
            self._status_width = 0
            self._write(f"{erased}{text}\n")

    def _write(self, text: str) -> None:
        """Write at once. A terminal that has gone ends no show: nobody is there to be told."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
