"""What the running show says: on terminals of any width, and on those that have gone."""

from __future__ import annotations

import io

import pytest

from flow.clock import ManualClock
from host import log
from host.log import Voice
from host.progress import Bar


class Gone(io.StringIO):
    """A terminal whose window was closed."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


class Terminal(io.StringIO):
    """One that remembers."""

    def isatty(self) -> bool:
        return True


class Progress:
    what, done, total = "Reading", 3.0, 9.0


def test_a_terminal_that_has_gone_must_end_no_show(clock: ManualClock) -> None:
    voice = Voice(clock, Gone())
    voice.say("On air.")
    voice.warn("The disk is full.")
    voice.status("30 fps")
    with Bar(Gone()) as bar:
        bar(Progress())


def test_a_status_line_must_never_wrap(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "terminal_columns", lambda _: 20)
    terminal = Terminal()
    voice = Voice(clock, terminal)
    for number in (1, 2):
        voice.status(f"{number} " + "x" * 70)
    lines = terminal.getvalue().split("\r")
    assert [line[:2] for line in lines] == ["", "1 ", "2 "]
    assert max(map(len, lines)) == 19
