"""``mirrorstage live``: build the show, run it, report."""

from __future__ import annotations

import argparse
import json
import sys

from flow.clock import MonotonicClock
from flow.paths import user_path
from host.commands.options import show_of
from host.keys import keyboard
from host.log import Voice
from host.performance import has_keys
from host.signals import ending_on_signals

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

    from host import report
    from host.live import LiveShow

    live = LiveShow(show, clock=clock, voice=voice, started=started, open_page=arguments.open_page)
    if arguments.report:
        report.check_writable(user_path(arguments.report))
    with ending_on_signals(live.stop):
        with keyboard(wanted=has_keys(show)) as live.keys:
            data = live.run()
        if arguments.json:
            sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
        else:
            voice.say(report.words(data))
        if arguments.report:
            report.write(user_path(arguments.report), data)
    return live.exit_status
