"""What a running show says of its motion, and how long it says it was on air."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from flow.clock import NS_PER_S, ManualClock
from flow.meter import Meter
from flow.seams import Status
from host.live import LiveShow
from host.log import Voice
from host.loop import Loop
from host.showfile import Show


def test_a_loss_of_motion_and_its_return_must_each_be_said_once(clock: ManualClock) -> None:
    said = io.StringIO()
    show = LiveShow(Show(), clock=clock, voice=Voice(clock, said), started=0)
    lost = Status("reconnecting", "The tracker died.")
    for status in (
        Status("starting", "Loading the tracker."), Status("running"),
        lost, lost, Status("starting", "Loading the tracker."), Status("running"),
        Status("running"),
    ):  # fmt: skip
        clock.advance(NS_PER_S)
        show._say_motion(status)
    assert said.getvalue() == "! Motion: The tracker died.\nMotion: running again.\n"


def test_saying_goodbye_must_not_count_as_time_on_air(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = SimpleNamespace(start=lambda _: None)
    session: Any = SimpleNamespace(clock=clock, meter=Meter(), hub=hub, show=Show(duration_s=2.0))
    monkeypatch.setattr(Loop, "_guarded_tick", lambda *_: None)
    loop = Loop(session)
    assert loop.seconds == 0.0
    loop.run()
    clock.advance(10 * NS_PER_S)
    assert loop.seconds == pytest.approx(2.0, abs=0.04)
