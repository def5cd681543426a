"""``mirrorstage blinks``: how closed the eyes are in every picture of a video."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

from avatar.perform.performer import Performer
from capture.process import CaptureProcess, CaptureSettings
from flow.clock import NS_PER_MS, MonotonicClock
from flow.errors import DeviceError, OutputError
from flow.motion import MotionFrame
from flow.paths import check_writable, user_path
from host.progress import Bar
from host.signals import ending_on_signals

_POLL_NS = 5 * NS_PER_MS
_LIDS = ("blinkLeft", "blinkRight")


@dataclass(slots=True)
class _Progress:
    what: str
    done: float
    total: float


class Lids:
    """The more closed eye of each picture, 0..1; 0 where no face is seen."""

    def __init__(self) -> None:
        self.weights: list[float] = []
        self.faces = 0
        self._performer = Performer(hand_over=False)

    def feed(self, frame: MotionFrame) -> None:
        """Take the next picture's frame; pictures that were left out keep the last weight."""
        while len(self.weights) < frame.seq:
            self.weights.append(self.weights[-1] if self.weights else 0.0)
        del self.weights[frame.seq :]
        self._performer.feed(frame)
        closed = 0.0
        if frame.face is not None:
            self.faces += 1
            names = self._performer.pose(frame.captured).expressions
            closed = max(names[lid] for lid in _LIDS)
        self.weights.append(round(float(closed), 4))


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
    out.write_text(json.dumps(lids.weights) + "\n", encoding="utf-8")
    if arguments.json:
        data = {"file": str(out), "pictures": len(lids.weights), "with_face": lids.faces}
        sys.stdout.write(json.dumps(data) + "\n")
    else:
        sys.stderr.write(
            f"Wrote {out}: {len(lids.weights)} pictures, a face in {lids.faces} of them.\n"
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
            while not stopped:
                fresh = source.poll_all()
                for frame in fresh:
                    lids.feed(frame)
                status = source.status()
                if not fresh:
                    if status.state == "stopped":
                        break
                    if status.state == "failed":
                        raise DeviceError(
                            status.sentence or "The video could not be read.",
                            code=status.code or "device.failed",
                        )
                    clock.sleep_until(clock.now() + _POLL_NS)
                bar(_Progress("Watching", len(lids.weights), 0))
        finally:
            source.stop()
    return lids
