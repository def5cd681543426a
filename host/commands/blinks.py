"""``mirrorstage blinks``: how closed the eyes are in every picture of a video."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

from avatar.perform.performer import Performer
from capture.process import CaptureProcess, CaptureSettings
from flow.clock import MonotonicClock
from flow.errors import DeviceError, OutputError
from flow.motion import MotionFrame
from flow.paths import check_writable, user_path
from host.progress import Bar
from host.signals import ending_on_signals
from host.whole_clip import batches

_LIDS = ("blinkLeft", "blinkRight")
_COVERS = 0.7
"""A lid that is this far down covers the pupil: the eye is closed, whatever the lid does yet."""


@dataclass(slots=True)
class _Progress:
    what: str
    done: float
    total: float


class Lids:
    """The more closed eye of each picture, 0..1, from 0.5 on closed; 0 where no face is seen.

    The whole video is there: what the performer's open and closed eyes are like is learnt in a
    first pass, so that the first blink counts as much as the last.
    """

    def __init__(self) -> None:
        self._frames: list[MotionFrame] = []

    def feed(self, frame: MotionFrame) -> None:
        """Take the next picture's frame."""
        self._frames.append(frame)

    @property
    def faces(self) -> int:
        """In how many pictures a face was seen."""
        return sum(frame.face is not None for frame in self._frames)

    @property
    def pictures(self) -> int:
        """How many pictures there were."""
        return self._frames[-1].seq + 1 if self._frames else 0

    def weights(self) -> list[float]:
        """One for each picture; pictures that were left out have that of the one before."""
        learnt = Performer(hand_over=False)
        for frame in self._frames:
            learnt.feed(frame)
        performer = Performer(hand_over=False)
        performer.solver.neutral = learnt.solver.neutral
        out: list[float] = []
        for frame in self._frames:
            out += [out[-1] if out else 0.0] * (frame.seq - len(out))
            performer.feed(frame)
            closed = 0.0
            if frame.face is not None:
                names = performer.pose(frame.captured).expressions
                closed = min(max(names[lid] for lid in _LIDS) / _COVERS, 1.0)
            out[frame.seq :] = [round(float(closed), 4)]
        return out


def run(arguments: argparse.Namespace) -> int:
    """Track the video's face, picture by picture, and write a list of weights."""
    out = user_path(arguments.out)
    try:
        check_writable(out)
    except OSError as fault:
        raise OutputError(
            f"{out} cannot be written: {fault.strerror}.",
            code="blinks.unwritable",
            hint="Check the folder, its rights and the free space.",
        ) from fault
    lids = _watched(arguments.video)
    if not lids.faces:
        raise DeviceError(
            f"No face was seen in {arguments.video}.",
            code="blinks.no_face",
            hint="A face must be larger than a tenth of the picture's longer side.",
        )
    out.write_text(json.dumps(lids.weights()) + "\n", encoding="utf-8")
    if arguments.json:
        data = {"file": str(out), "pictures": lids.pictures, "with_face": lids.faces}
        sys.stdout.write(json.dumps(data) + "\n")
    else:
        sys.stderr.write(
            f"Wrote {out}: {lids.pictures} pictures, a face in {lids.faces} of them.\n"
        )
    return 0


def _watched(video: str) -> Lids:
    clock = MonotonicClock()
    settings = CaptureSettings(source=f"file:{video}", loop=False, realtime=False, profile="face")
    source = CaptureProcess(settings, clock)
    lids, stopped = Lids(), False

    def stop() -> None:
        nonlocal stopped
        stopped = True

    with Bar(sys.stderr, unit=" pictures", scale=1.0) as bar, ending_on_signals(stop):
        source.start()
        try:
            for frames in batches(source, clock, lambda: stopped, what="video"):
                for frame in frames:
                    lids.feed(frame)
                bar(_Progress("Watching", lids.pictures, 0))
        finally:
            source.stop()
    return lids
