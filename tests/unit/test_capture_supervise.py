"""Coming back: pauses that grow, errors that cross the pipe, lanes that keep what matters."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest

from capture import messages
from capture.lane import MotionLane
from capture.messages import Failure, Report
from capture.supervise import BACK_OFF_S, Supervised
from capture.synthetic import frame_at
from flow import wire
from flow.clock import NS_PER_MS, NS_PER_S, ManualClock
from flow.errors import AssetError, DeviceError, EngineError, LostError, MirrorstageError
from flow.motion import MotionFrame
from flow.seams import MotionSource, Status


class Mortal:
    """A source that can be killed; `refuse` makes its start raise."""

    def __init__(self, refuse: MirrorstageError | None = None) -> None:
        self.refuse = refuse
        self.state = Status("stopped")
        self.stopped = False

    def start(self) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.state = Status("running")

    def poll(self) -> MotionFrame | None:
        return frame_at(1.0) if self.state.state == "running" else None

    def status(self) -> Status:
        return self.state

    def stop(self) -> None:
        self.stopped = True

    def die(self) -> None:
        self.state = Status("failed", "It died.", "capture.died")


class Nursery:
    """Makes sources; the next ones may refuse to start."""

    def __init__(self) -> None:
        self.made: list[Mortal] = []
        self.refusals: list[MirrorstageError | None] = []

    def __call__(self) -> MotionSource:
        self.made.append(Mortal(self.refusals.pop(0) if self.refusals else None))
        return self.made[-1]


def _supervised(clock: ManualClock) -> tuple[Supervised, Nursery]:
    nursery = Nursery()
    source = Supervised(nursery, clock, run=lambda work: work())
    assert isinstance(source, MotionSource)
    source.start()
    return source, nursery


def _wait(source: Supervised, clock: ManualClock, seconds: float) -> None:
    for _ in range(round(seconds * 100)):
        clock.advance(10 * NS_PER_MS)
        source.poll()


def test_a_source_that_dies_comes_back_after_half_a_second(clock: ManualClock) -> None:
    source, nursery = _supervised(clock)
    assert source.poll() is not None
    nursery.made[0].die()
    assert source.poll() is None
    assert source.status().state == "reconnecting"
    assert source.status().code == "capture.died"
    _wait(source, clock, 0.45)
    assert len(nursery.made) == 1
    _wait(source, clock, 0.1)
    assert len(nursery.made) == 2
    assert nursery.made[0].stopped
    assert source.poll() is not None
    assert (source.status().numbers or {})["restarts"] == 1


def test_pauses_grow_to_eight_seconds_and_begin_anew_after_health(clock: ManualClock) -> None:
    source, nursery = _supervised(clock)
    for pause in (*BACK_OFF_S, 8.0):
        nursery.made[-1].die()
        count = len(nursery.made)
        _wait(source, clock, pause - 0.05)
        assert len(nursery.made) == count
        _wait(source, clock, 0.1)
        assert len(nursery.made) == count + 1
    _wait(source, clock, 11.0)
    nursery.made[-1].die()
    count = len(nursery.made)
    _wait(source, clock, 0.6)
    assert len(nursery.made) == count + 1


def test_a_source_that_cannot_start_again_is_tried_again(clock: ManualClock) -> None:
    source, nursery = _supervised(clock)
    busy = DeviceError("Busy.", code="device.camera_busy", retryable=True)
    nursery.refusals = [busy, busy, None]
    nursery.made[0].die()
    _wait(source, clock, 1.0)
    assert source.status().state == "reconnecting"
    assert source.status().code == "device.camera_busy"
    _wait(source, clock, 3.0)
    assert source.status().state == "running"
    assert len(nursery.made) == 4


def test_the_first_start_raises(clock: ManualClock) -> None:
    def make() -> MotionSource:
        return Mortal(AssetError("No picture can be read.", code="asset.unreadable_video"))

    with pytest.raises(AssetError):
        Supervised(make, clock).start()


def test_a_recording_that_has_ended_is_not_started_again(clock: ManualClock) -> None:
    source, nursery = _supervised(clock)
    nursery.made[0].state = Status("stopped", "The recording has ended.")
    _wait(source, clock, 5.0)
    assert len(nursery.made) == 1
    assert source.status().state == "stopped"


def test_stopping_leaves_nothing_running(clock: ManualClock) -> None:
    source, nursery = _supervised(clock)
    nursery.made[0].die()
    _wait(source, clock, 1.0)
    source.stop()
    source.stop()
    _wait(source, clock, 20.0)
    assert len(nursery.made) == 2
    assert all(m.stopped for m in nursery.made)
    assert source.status().state == "stopped"


def test_errors_cross_the_pipe_whole() -> None:
    error = LostError("Lost.", code="x.y", hint="Do this.", retryable=True)
    back = messages.unpack(messages.pack_failure(error))
    assert isinstance(back, Failure)
    assert type(back.error) is LostError
    assert back.error.as_dict() == error.as_dict()


@pytest.mark.parametrize("kind", ["os", "annotations", "MirrorstageError", "Nothing", ""])
def test_an_error_of_an_unknown_kind_is_still_an_error(kind: str) -> None:
    data = {"kind": kind, "message": "m", "code": "c", "hint": "", "retryable": False}
    back = messages.unpack(messages.FAILURE + json.dumps(data).encode())
    assert isinstance(back, Failure)
    assert isinstance(back.error, MirrorstageError)
    assert back.error.code == "c"


def test_messages_are_small_and_rubbish_is_refused() -> None:
    longest = EngineError("x" * 100_000, code="engine.capture")
    assert len(messages.pack_failure(longest)) < messages.LIMIT
    assert len(wire.pack(frame_at(1.0))) < messages.LIMIT
    report = messages.unpack(messages.pack_report(Report("running", "", {"face_hz": 30.0})))
    assert report == Report("running", "", {"face_hz": 30.0})
    for rubbish in (b"", b"MSST", b"MSST{", b'MSST{"x": 1}', b"MSER[1]", b"\x89PNG....", b"MSMF"):
        with pytest.raises(AssetError):
            messages.unpack(rubbish)


def test_a_lane_for_shows_loses_its_oldest_and_one_for_recording_waits() -> None:
    frames = [replace(frame_at(1.0), seq=n) for n in range(10)]
    show = MotionLane(4)
    for frame in frames:
        show.put(frame)
    assert [f.seq for f in show.take_all()] == [6, 7, 8, 9]
    assert show.lost == 6

    recording = MotionLane(4, lossless=True)

    def write() -> None:
        for frame in frames:
            recording.put(frame)

    writer = threading.Thread(target=write)
    writer.start()
    got: list[int] = []
    while len(got) < 10:
        got += [f.seq for f in recording.take_all()]
    writer.join(5.0)
    assert got == list(range(10))
    assert recording.lost == 0


def test_the_newest_frame_is_taken_once(clock: ManualClock) -> None:
    lane = MotionLane()
    for n in range(3):
        lane.put(replace(frame_at(1.0), seq=n, captured=n * NS_PER_S // 30))
    newest = lane.take()
    assert newest is not None
    assert newest.seq == 2
    assert lane.take() is None
