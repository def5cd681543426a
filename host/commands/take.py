"""``mirrorstage take record``: a performance as a file, to be replayed bit for bit.

Files are worked through as fast as the tracker can, no picture left out; cameras in their own time.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from capture.process import CaptureProcess, CaptureSettings
from capture.synthetic import SyntheticSource
from capture.take import TakeWriter
from flow.clock import NS_PER_MS, NS_PER_S, Clock, MonotonicClock
from flow.errors import DeviceError, OutputError
from flow.motion import MotionFrame
from flow.seams import MotionSource
from host.progress import Bar

POLL_NS = 5 * NS_PER_MS


@dataclass(slots=True)
class _Progress:
    what: str
    done: float
    total: float


def run(arguments: argparse.Namespace) -> int:
    """Record until the source's end, `--duration` or Ctrl-C; what was recorded is kept."""
    out = Path(arguments.out).expanduser()
    if out.exists() and not arguments.force:
        raise OutputError(
            f"{out} exists already and is left as it is.",
            code="take.exists",
            hint="Choose another name or add --force.",
        )
    clock = MonotonicClock()
    source = _source(arguments, clock)
    with Bar(sys.stderr, unit="s", scale=1.0) as bar:
        frames, seconds = _record(source, out, arguments, clock, bar)
    if arguments.json:
        data = {"file": str(out), "frames": frames, "seconds": round(seconds, 3)}
        sys.stdout.write(json.dumps(data) + "\n")
    else:
        sys.stderr.write(
            f"Wrote {out}: {frames} frames, {seconds:.1f} s. "
            f"Play it with: mirrorstage live --source take:{out}\n"
        )
    return 0


def _source(arguments: argparse.Namespace, clock: Clock) -> MotionSource:
    text = arguments.source
    if text == "synthetic":
        return SyntheticSource(clock)
    from_file = text.startswith(("file:", "images:"))
    settings = CaptureSettings(
        source=text, loop=False, realtime=not from_file, profile=arguments.profile
    )
    return CaptureProcess(settings, clock)


def _record(
    source: MotionSource, out: Path, arguments: argparse.Namespace, clock: Clock, bar: Bar
) -> tuple[int, float]:
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        del number, frame
        stopped = True

    before = signal.signal(signal.SIGINT, stop)
    frames = 0
    first = last = -1
    source.start()
    try:
        with TakeWriter(out, source=arguments.source.partition(":")[0]) as take:
            while not stopped:
                fresh = _fresh(source)
                for frame in fresh:
                    first = frame.captured if first < 0 else first
                    if (
                        arguments.duration
                        and frame.captured - first > arguments.duration * NS_PER_S
                    ):
                        stopped = True
                        break
                    take.write(frame)
                    frames += 1
                    last = frame.captured
                status = source.status()
                if not fresh:
                    if status.state == "stopped":
                        break
                    if status.state == "failed":
                        raise DeviceError(
                            status.sentence or "The source failed.",
                            code=status.code or "device.failed",
                        )
                    clock.sleep_until(clock.now() + POLL_NS)
                bar(_Progress("Recording", max(last - first, 0) / NS_PER_S, arguments.duration))
    finally:
        source.stop()
        signal.signal(signal.SIGINT, before)
    if frames == 0:
        raise DeviceError(
            f"'{arguments.source}' gave no motion, so the take is empty.", code="take.empty"
        )
    return frames, max(last - first, 0) / NS_PER_S


def _fresh(source: MotionSource) -> list[MotionFrame]:
    poll_all = getattr(source, "poll_all", None)
    if poll_all is not None:
        return list(poll_all())
    frame = source.poll()
    return [frame] if frame is not None else []
