"""What the running show says: sentences on standard error, the same one at most once a second.

Nothing here ever receives a secret, a picture or a person's name; outputs mask their addresses
before they speak.
"""

from __future__ import annotations

import sys
import threading
from typing import TextIO

from flow.clock import NS_PER_S, Clock


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
        with self._lock:
            self._stream.write("\r" + line.ljust(self._status_width))
            self._stream.flush()
            self._status_width = len(line)

    def _line(self, text: str) -> None:
        with self._lock:
            if self._status_width:
                self._stream.write("\r" + " " * self._status_width + "\r")
                self._status_width = 0
            self._stream.write(text + "\n")
            self._stream.flush()
