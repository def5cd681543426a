"""A recording tracked by several processes is one recording: whole, in order, each picture once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import capture.batch
from capture.batch import BatchCapture, jobs_for
from capture.open import open_pictures
from capture.settings import CaptureSettings
from capture.slices import WARM_UP_NS, Share
from flow.clock import NS_PER_S, ManualClock
from flow.motion import MotionFrame
from flow.seams import Status

SLICE = 2 * NS_PER_S


@given(st.integers(1, 8), st.integers(0, 10**12), st.integers(0, 10**9))
def test_every_moment_must_be_told_by_exactly_one_process(of: int, at: int, epoch: int) -> None:
    shares = [Share(n, of, SLICE, epoch) for n in range(of)]
    telling = [share for share in shares if share.delivers(epoch + at)]
    assert len(telling) == 1
    assert telling[0].looks_at(epoch + at)
    begin = epoch + at // SLICE * SLICE
    if begin - WARM_UP_NS >= epoch:
        assert telling[0].looks_at(begin - WARM_UP_NS), "it has looked before it tells"


@pytest.fixture
def pictures(tmp_path: Path) -> str:
    for number in range(60):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8, 3), 4 * number, np.uint8))
    return f"images:{tmp_path}"


def seen(settings: CaptureSettings, clock: ManualClock) -> list[tuple[int, int]]:
    """Time since the begin and brightness of every picture that a process tracks."""
    source = open_pictures(settings, clock)
    begin = clock.now() if settings.share is None else settings.share.epoch
    out = []
    while not source.ended:
        picture = source.read(10.0)
        if picture is not None:
            out.append((picture.captured - begin, int(picture.pixels[0, 0, 0])))
    return out


def test_all_processes_together_must_see_every_picture_at_its_own_time(
    pictures: str, clock: ManualClock
) -> None:
    settings = CaptureSettings(pictures, fps=10.0, loop=False, realtime=False)  # six seconds
    alone = seen(settings, clock)
    assert len(alone) == 60
    told: list[tuple[int, int]] = []
    for number in range(2):
        share = Share(number, 2, SLICE, 77)
        mine = seen(replace(settings, share=share), clock)
        assert len(mine) < 60, "a process does not track what others do"
        told += [(at, what) for at, what in mine if share.delivers(77 + at)]
    assert sorted(told) == alone


class Worker:
    """A process whose motion comes when the test says so."""

    made: ClassVar[list[Worker]] = []

    def __init__(self, settings: CaptureSettings, _: object) -> None:
        assert settings.share is not None
        self.share = settings.share
        self.ready: list[MotionFrame] = []
        self.state = Status("running")
        self.stopped = False
        Worker.made.append(self)

    def start(self) -> None: ...

    def poll_all(self) -> list[MotionFrame]:
        out, self.ready = self.ready, []
        return out

    def status(self) -> Status:
        return Status("running") if self.ready else self.state

    def stop(self) -> None:
        self.stopped = True

    def see(self, *seconds: float) -> None:
        for second in seconds:
            at = self.share.epoch + round(second * NS_PER_S)
            assert self.share.delivers(at)
            self.ready.append(MotionFrame(0, at, 1.0))


@pytest.fixture
def batch(
    pictures: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[BatchCapture, list[Worker]]]:
    Worker.made = []
    monkeypatch.setattr(capture.batch, "CaptureProcess", Worker)
    monkeypatch.setattr(capture.batch, "_SLICE_S", (2.0, 2.0))
    made = BatchCapture(CaptureSettings(pictures, fps=10.0), clock, jobs=2)
    made.start()
    yield made, Worker.made


def times(frames: list[MotionFrame], clock: ManualClock) -> list[float]:
    return [(f.captured - clock.now()) / NS_PER_S for f in frames]


def test_what_comes_early_must_wait_for_what_is_before_it(
    batch: tuple[BatchCapture, list[Worker]], clock: ManualClock
) -> None:
    source, (first, second) = batch
    second.see(2.0, 3.0)
    assert source.poll_all() == []
    assert source.done_s == pytest.approx(0.2), "work that waits is work done"
    first.see(0.0, 1.0)
    assert times(source.poll_all(), clock) == [0.0, 1.0]
    first.see(4.0)
    second.see(3.5)
    out = source.poll_all()
    assert times(out, clock) == [2.0, 3.0, 3.5], "the first slice is over, the second is not"
    second.state = Status("stopped")
    out = source.poll_all()
    assert times(out, clock) == [4.0]
    assert [f.seq for f in out] == [5], "numbered through the whole recording"
    assert source.status().state != "stopped"
    first.state = Status("stopped")
    assert source.poll_all() == []
    assert source.status().state == "stopped"


def test_a_slice_without_any_picture_must_not_stop_the_rest(
    batch: tuple[BatchCapture, list[Worker]], clock: ManualClock
) -> None:
    source, (first, second) = batch
    first.see(0.0, 4.0)
    second.state = Status("stopped")
    first.state = Status("stopped")
    assert times(source.poll_all(), clock) == [0.0, 4.0]
    assert source.status().state == "stopped"


def test_what_is_whole_must_be_kept_when_it_is_ended_early(
    batch: tuple[BatchCapture, list[Worker]], clock: ManualClock
) -> None:
    source, (first, second) = batch
    first.see(1.7, 1.9)
    second.see(2.0, 2.2, 2.9, 3.0)
    out = source.rest()
    assert times(out, clock) == [1.7, 1.9, 2.0, 2.2], "2.2 to 2.9 may not have been seen yet"
    assert [f.seq for f in out] == [0, 1, 2, 3]


def test_a_process_far_ahead_must_wait(batch: tuple[BatchCapture, list[Worker]]) -> None:
    source, (_, second) = batch
    for early in (2.0, 6.0, 10.0, 14.0, 18.0):
        second.see(early)
        source.poll_all()
    assert second.ready, "what is not taken makes it wait"


def test_a_process_that_fails_must_fail_the_whole_and_all_must_be_ended(
    batch: tuple[BatchCapture, list[Worker]],
) -> None:
    source, (first, second) = batch
    first.see(0.0)
    second.state = Status("failed", "It broke.", "capture.died")
    assert len(source.poll_all()) == 1
    assert source.status().code == "capture.died"
    source.stop()
    assert first.stopped
    assert second.stopped


def test_a_short_recording_must_be_left_to_one_process() -> None:
    assert jobs_for(0.0) == 1
    assert jobs_for(5.0) == 1
    assert 1 <= jobs_for(3600.0) <= 8
