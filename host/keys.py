"""Keys typed in the terminal in which a show runs, one by one, without waiting for Enter.

Only where standard input is a terminal; the terminal is as it was when the show has ended, is
stopped (Ctrl-Z), killed or broken. A show in the background (``mirrorstage live &``) neither
changes nor reads the terminal: the system would stop it for that.
"""

from __future__ import annotations

import atexit
import codecs
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Protocol

from host.signals import handled

_MOST = 64
"""Bytes read at a time: nobody types faster, and whoever holds a key down loses nothing."""
_SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
"""What arrows and function keys send (ECMA-48, control sequences)."""


class Keyboard(Protocol):
    """Somebody who types."""

    def pressed(self) -> str:
        """The characters typed since the last call, oldest first. Never blocks or raises."""
        ...


class NoKeyboard:
    """Nobody types."""

    def pressed(self) -> str:
        """Nothing."""
        return ""


class Keyboards:
    """Several at once: the terminal's and the window's."""

    def __init__(self, *all_: Keyboard) -> None:
        self._all = all_

    def pressed(self) -> str:
        """What was typed on any of them."""
        return "".join(one.pressed() for one in self._all)


@contextmanager
def keyboard(wanted: bool = True) -> Iterator[Keyboard]:
    """The keys of this terminal while the context lasts; `NoKeyboard` where there is none."""
    if not wanted or sys.stdin is None or not _is_terminal():
        yield NoKeyboard()
    elif sys.platform == "win32":
        yield _Console()
    else:
        terminal = Terminal(sys.stdin.fileno())
        with terminal.held():
            yield terminal


def _is_terminal() -> bool:
    try:
        return sys.stdin.isatty()
    except ValueError:  # closed
        return False


class Terminal:
    """A POSIX terminal, read character by character (termios "cbreak": Ctrl-C still works)."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._before: list[Any] | None = None
        self._text = codecs.getincrementaldecoder("utf-8")("ignore")
        self._ended = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Read keys until the context ends; whatever ends it, the terminal is put back."""
        atexit.register(self._restore)
        try:
            with _around_stops(self._take, self._restore):
                self._take()
                yield
        finally:
            self._restore()
            atexit.unregister(self._restore)

    def pressed(self) -> str:
        """The characters typed since the last call."""
        import select

        if self._ended or not self._in_front():
            return ""
        if self._before is None:
            self._take()  # it was in the background until now
        try:
            if not select.select([self._fd], [], [], 0)[0]:
                return ""
            data = os.read(self._fd, _MOST)
        except (OSError, ValueError):
            data = b""
        self._ended = not data  # the terminal has gone
        return typed(self._text.decode(data))

    def _in_front(self) -> bool:
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:
            return False

    def _take(self) -> None:
        import termios
        import tty

        if self._before is None and self._in_front():
            with suppress(termios.error):
                self._before = termios.tcgetattr(self._fd)
                tty.setcbreak(self._fd, termios.TCSANOW)

    def _restore(self) -> None:
        import termios

        before, self._before = self._before, None
        if before is not None and self._in_front():
            with suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, before)


@contextmanager
def _around_stops(take: Callable[[], None], restore: Callable[[], None]) -> Iterator[None]:
    r"""Call `restore` before Ctrl-Z stops or Ctrl-\ kills this process, `take` when it goes on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # stops here until somebody says go on
        signal.signal(number, on_signal)
        take()

    with handled((signal.SIGTSTP, signal.SIGQUIT), on_signal):
        yield


class _Console:
    """A Windows console."""

    def pressed(self) -> str:
        """The characters typed since the last call."""
        import msvcrt

        out = ""
        for _ in range(_MOST):
            if not msvcrt.kbhit():  # type: ignore[attr-defined, unused-ignore]
                break
            key = msvcrt.getwch()  # type: ignore[attr-defined, unused-ignore]
            if key in ("\0", "\xe0"):
                msvcrt.getwch()  # type: ignore[attr-defined, unused-ignore]  # an arrow or F key
            else:
                out += key
        return out


def typed(text: str) -> str:
    """Printable characters of what a terminal sends; arrows and function keys are left out."""
    return "".join(c for c in _SEQUENCE.sub("", text) if c.isprintable())
