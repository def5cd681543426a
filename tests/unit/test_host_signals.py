"""Signals that ask for an end: once in order, twice at once, and nothing left behind."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from host.signals import ending_on_signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals to oneself there")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_first_signal_must_ask_and_the_second_must_interrupt(name: str) -> None:
    number = getattr(signal, name)
    asked: list[str] = []
    with ending_on_signals(lambda: asked.append(name)):
        os.kill(os.getpid(), number)
        assert asked == [name]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert asked == [name]


def test_handlers_must_be_as_before_afterwards() -> None:
    before = [signal.getsignal(getattr(signal, n)) for n in ("SIGINT", "SIGTERM", "SIGHUP")]
    with pytest.raises(RuntimeError), ending_on_signals(lambda: None):
        raise RuntimeError
    after = [signal.getsignal(getattr(signal, n)) for n in ("SIGINT", "SIGTERM", "SIGHUP")]
    assert after == before


def test_outside_the_main_thread_nothing_must_change() -> None:
    reached: list[bool] = []

    def work() -> None:
        with ending_on_signals(lambda: None):
            reached.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert reached == [True]
