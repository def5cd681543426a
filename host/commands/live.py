"""``mirrorstage live``: build the show, run it, report."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from flow.clock import MonotonicClock
from host.commands.options import show_of
from host.log import Voice

SWITCH_INTERVAL_S = 0.0005
"""How long a Python thread may keep the interpreter: the tick waits for the encode thread's Python
at most this long (p99 of a tick fell from 15.7 to 9.7 ms)."""


def run(arguments: argparse.Namespace) -> int:
    """Go live; returns when the show has ended."""
    clock = MonotonicClock()
    started = clock.now()
    show = show_of(arguments)
    voice = Voice(clock, quiet=arguments.quiet)
    sys.setswitchinterval(SWITCH_INTERVAL_S)

    from host.live import LiveShow

    live = LiveShow(show, clock=clock, voice=voice, started=started, open_page=arguments.open_page)
    _stop_on_signals(live)
    data = live.run()
    from host import report

    if arguments.report:
        report.write(Path(arguments.report), data)
    if arguments.json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    else:
        voice.say(report.words(data))
    return live.exit_status


def _stop_on_signals(live: Any) -> None:
    """First signal: end the show in order. Second: at once."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        live.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, on_signal)
        signal.signal(signal.SIGTERM, on_signal)
