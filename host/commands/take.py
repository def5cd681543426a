"""``mirrorstage take``: a performance as a file, to be replayed bit for bit, and exported.

Files are worked through as fast as the tracker can, no picture left out; cameras in their own time.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import math
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import assets
from capture.process import CaptureProcess, CaptureSettings
from capture.supervise import fresh
from capture.synthetic import SyntheticSource
from capture.take_file import TakeReader, TakeWriter
from flow.clock import NS_PER_MS, NS_PER_S, Clock, MonotonicClock
from flow.errors import AssetError, DeviceError, OutputError
from flow.motion import MotionFrame
from flow.paths import check_writable, is_file, user_path
from flow.seams import MotionSource, Status
from host.progress import Bar
from host.signals import ending_on_signals

POLL_NS = 5 * NS_PER_MS


@dataclass(slots=True)
class _Progress:
    what: str
    done: float
    total: float


class _Copy:
    """A take as a source that gives every frame as it was recorded, as fast as it is read."""

    BATCH = 256

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames: Iterator[MotionFrame] = iter(())
        self._state = Status("starting")

    def start(self) -> None:
        self._frames = iter(TakeReader(self._path))
        self._state = Status("running")

    def poll_all(self) -> list[MotionFrame]:
        frames = list(itertools.islice(self._frames, self.BATCH))
        if not frames:
            self._state = Status("stopped")
        return frames

    def poll(self) -> MotionFrame | None:
        return next(self._frames, None)

    def status(self) -> Status:
        return self._state

    def stop(self) -> None:
        self._frames = iter(())


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked with takes."""
    if arguments.action == "export":
        from host.take_export import run as export

        return export(arguments)
    if arguments.action == "review":
        from host.take_review import run as review

        return review(arguments)
    return _run_record(arguments)


def _run_record(arguments: argparse.Namespace) -> int:
    """Record until the source's end, `--duration` or Ctrl-C; what was recorded is kept."""
    out = user_path(arguments.out)
    if is_file(out) and not arguments.force:
        raise OutputError(
            f"{out} exists already and is left as it is.",
            code="take.exists",
            hint="Choose another name or add --force.",
        )
    try:
        check_writable(out)
    except OSError as fault:
        raise AssetError(
            f"Take {out} cannot be written: {fault.strerror}.",
            code="take.unwritable",
            hint="Check the folder, its rights and the free space.",
        ) from fault
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
            f"Play it with: mirrorstage live --source take:{shlex.quote(str(out))}\n"
        )
    return 0


def _source(arguments: argparse.Namespace, clock: Clock) -> MotionSource:
    text = arguments.source
    if text == "synthetic":
        return SyntheticSource(clock)
    if text.startswith("take:"):
        return _Copy(assets.locate("takes", text.removeprefix("take:")))
    from_file = text.startswith(("file:", "images:"))
    settings = CaptureSettings(
        source=text,
        loop=False,
        realtime=not from_file,
        profile=arguments.profile,
        landmarks=arguments.landmarks,
    )
    return CaptureProcess(settings, clock)


def _record(
    source: MotionSource, out: Path, arguments: argparse.Namespace, clock: Clock, bar: Bar
) -> tuple[int, float]:
    """Record; frames and seconds.

    The file is made with the first frame: a source that gives none leaves an older take alone.
    """
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True

    first = last = -1
    limit_ns = arguments.duration * NS_PER_S or math.inf
    take: TakeWriter | None = None
    with contextlib.ExitStack() as closers:
        closers.enter_context(ending_on_signals(stop))
        source.start()
        closers.callback(source.stop)
        while not stopped:
            unread = fresh(source)
            for frame in unread:
                if take is None:
                    take = TakeWriter(out, source=arguments.source.partition(":")[0])
                    closers.enter_context(take)
                    first = frame.captured
                if frame.captured - first > limit_ns:
                    stopped = True
                    break
                take.write(frame)
                last = frame.captured
            status = source.status()
            if not unread:
                if status.state == "stopped":
                    break
                if status.state == "failed":
                    raise _failed(status, out, take.frames if take else 0)
                clock.sleep_until(clock.now() + POLL_NS)
            bar(_Progress("Recording", max(last - first, 0) / NS_PER_S, arguments.duration))
    if take is None:
        raise DeviceError(
            f"'{arguments.source}' gave no motion, so nothing was recorded.",
            code="take.empty",
            hint="Let it run longer, or look at the source with: mirrorstage live --source …",
        )
    return take.frames, max(last - first, 0) / NS_PER_S


def _failed(status: Status, out: Path, frames: int) -> DeviceError:
    kept = f" The {frames} frames until then are in {out}." if frames else ""
    return DeviceError(
        (status.sentence or "The source failed.") + kept, code=status.code or "device.failed"
    )
