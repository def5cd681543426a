"""A recording tracked by several processes at once, as one source of motion."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace

from capture.film import length_of
from capture.process import CaptureProcess
from capture.settings import CaptureSettings
from capture.slices import Share
from flow.clock import NS_PER_S, Clock
from flow.motion import MotionFrame
from flow.seams import Status

_SLICE_S = (10.0, 30.0)
_ROUNDS = 4
"""Slices that every process has at least, so that none waits long for the last."""
_WORTH_S = 20.0
"""A recording that is shorter is done before a second process has loaded its networks."""
_MOST = 8
"""Processes: each decodes the whole recording, and that is soon all they do."""
_GAP_NS = NS_PER_S // 4
"""Pictures that are further apart may have others between them that are still being tracked."""
_AHEAD = 2
"""Slices that a process may be ahead of what is delivered, times the number of processes."""


def jobs_for(seconds: float) -> int:
    """How many processes a recording of this length is worth on this machine."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(min(cores, _MOST, int(seconds / _WORTH_S) + 1), 1)


class BatchCapture:
    """A `flow.seams.MotionSource` that gives every picture of a recording, in order.

    `poll_all` gives what is ready without a gap: when it is stopped, what was given is whole.
    An instance is started once, and used from one thread.

    Args:
        settings: What is tracked; a file or a picture sequence.
        clock: Stamps the first picture.
        jobs: How many processes; as many as it is worth when 0.
    """

    def __init__(self, settings: CaptureSettings, clock: Clock, jobs: int = 0) -> None:
        self.length = length_of(settings)
        self.jobs = jobs or jobs_for(self.length.seconds)
        least, most = _SLICE_S
        slice_s = min(max(self.length.seconds / (self.jobs * _ROUNDS), least), most)
        base = replace(settings, loop=False, realtime=False)
        epoch = clock.now()
        self._shares = [
            Share(number, self.jobs, round(slice_s * NS_PER_S), epoch)
            for number in range(self.jobs)
        ]
        self._workers = [
            CaptureProcess(replace(base, share=share), clock) for share in self._shares
        ]
        self._waiting: dict[int, list[MotionFrame]] = defaultdict(list)
        self._reached = [-1] * self.jobs
        """The last slice that each process has told of."""
        self._slice = 0
        self._tracked = 0
        self._seq = -1
        self._stamp: int | None = None
        self._ended = False

    @property
    def done_s(self) -> float:
        """Seconds of the recording that are tracked, also those that still wait."""
        return self._tracked / self.length.fps if self.length.fps else 0.0

    def start(self) -> None:
        """Start all processes; errors as `CaptureProcess.start`."""
        try:
            for worker in self._workers:
                worker.start()
        except BaseException:
            self.stop()
            raise

    def poll_all(self) -> list[MotionFrame]:
        """Every frame that follows those given before."""
        for number, worker in enumerate(self._workers):
            if self._reached[number] - self._slice > _AHEAD * self.jobs:
                continue  # it waits until the others have caught up
            for frame in worker.poll_all():
                part = self._shares[number].slice_at(frame.captured)
                self._waiting[part].append(frame)
                self._tracked += 1
                self._reached[number] = part
        out: list[MotionFrame] = []
        while True:
            out += self._waiting.pop(self._slice, [])
            if not self._is_over(self._slice):
                return [self._numbered(frame) for frame in out]
            self._slice += 1

    def rest(self) -> list[MotionFrame]:
        """When it is ended early: what waits and continues what was given without a gap.

        A slice counts as over only when its process tells of a later one, and until then that one
        is warming up; by the stamps it can be seen earlier.
        """
        out = self.poll_all()
        waiting = sorted(
            (frame for part in self._waiting.values() for frame in part), key=lambda f: f.captured
        )
        self._waiting.clear()
        for frame in waiting:
            if self._stamp is None or frame.captured - self._stamp > _GAP_NS:
                break
            out.append(self._numbered(frame))
        return out

    def poll(self) -> MotionFrame | None:
        """The newest of them."""
        frames = self.poll_all()
        return frames[-1] if frames else None

    def status(self) -> Status:
        """Failed when one process has; stopped when all was given."""
        states = [worker.status() for worker in self._workers]
        for state in states:
            if state.state == "failed":
                return state
        if all(state.state == "stopped" for state in states) and not self._waiting:
            return Status("stopped", states[0].sentence)
        return next((s for s in states if s.state != "stopped"), Status("running"))

    def stop(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.stop()

    def _is_over(self, part: int) -> bool:
        """Whether nothing of a slice will come any more."""
        number = part % self.jobs
        if self._reached[number] > part:
            return True
        return self._workers[number].status().state == "stopped" and part <= max(self._reached)

    def _numbered(self, frame: MotionFrame) -> MotionFrame:
        """With the number of its picture in the whole recording."""
        if frame.captured != self._stamp:
            self._stamp = frame.captured
            self._seq += 1
        return replace(frame, seq=self._seq)
