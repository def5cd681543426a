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
from capture.batch import BatchCapture
from capture.process import CaptureProcess, CaptureSettings
from capture.supervise import fresh
from capture.synthetic import SyntheticSource
from capture.take_file import TakeReader, TakeWriter
from flow.clock import NS_PER_MS, NS_PER_S, Clock, MonotonicClock
from flow.errors import AssetError, DeviceError
from flow.motion import MotionFrame
from flow.paths import check_writable, user_path
from flow.seams import MotionSource, Status
from host.progress import Bar
from host.signals import ending_on_signals
from host.targets import keep_existing

POLL_NS = 5 * NS_PER_MS


@dataclass(slots=True)
class _Progress:
    what: str
    done: float
    total: float


@dataclass(frozen=True, slots=True)
class _Made:
    """What was recorded, and whether somebody ended it."""

    frames: int
    seconds: float
    stopped: bool


class _Copy:
    """A take as a source that gives every frame as it was recorded, as fast as it is read."""

    BATCH = 256

    def __init__(self, path: Path) -> None:
        self._path = path
        self._take: TakeReader | None = None
        self._frames: Iterator[MotionFrame] = iter(())
        self._state = Status("starting")

    def start(self) -> None:
        self._take = TakeReader(self._path)
        self._frames = iter(self._take)
        self._state = Status("running")

    def poll_all(self) -> list[MotionFrame]:
        frames = list(itertools.islice(self._frames, self.BATCH))
        if not frames:
            self._state = Status("stopped")
        return frames

    @property
    def damage(self) -> str:
        return self._take.damage if self._take else ""

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
    keep_existing(out, force=arguments.force)
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
    begun = clock.now()
    with Bar(sys.stderr, unit="s", scale=1.0) as bar:
        made = _record(source, out, arguments, clock, bar)
    _tell(arguments, out, made, source, (clock.now() - begun) / NS_PER_S)
    return 0


def _source(arguments: argparse.Namespace, clock: Clock) -> MotionSource:
    text = arguments.source
    if text == "synthetic":
        return SyntheticSource(clock)
    if text.startswith("take:"):
        return _Copy(assets.locate("takes", text.removeprefix("take:")))
    settings = CaptureSettings(
        source=text, loop=False, profile=arguments.profile, landmarks=arguments.landmarks
    )
    if text.startswith(("file:", "images:")):
        return BatchCapture(settings, clock, arguments.jobs)
    return CaptureProcess(settings, clock)


def _tell(
    arguments: argparse.Namespace, out: Path, made: _Made, source: MotionSource, spent_s: float
) -> None:
    """What came of it: how much, how fast, and what is missing."""
    damage = ""
    factor = made.seconds / spent_s if spent_s else 0.0
    if isinstance(source, _Copy):
        damage = source.damage
    if isinstance(source, BatchCapture) and not made.stopped:
        damage = source.length.missing(made.seconds)
    if arguments.json:
        data: dict[str, object] = {
            "file": str(out),
            "frames": made.frames,
            "seconds": round(made.seconds, 3),
            "spent_s": round(spent_s, 3),
            "stopped": made.stopped,
            "damage": damage,
        }
        if isinstance(source, BatchCapture):
            data |= {"jobs": source.jobs, "times_real_time": round(factor, 2)}
        sys.stdout.write(json.dumps(data) + "\n")
        return
    if damage:
        sys.stderr.write(f"{damage} The rest was used.\n")
    speed = ""
    if isinstance(source, BatchCapture):
        many = "1 process" if source.jobs == 1 else f"{source.jobs} processes"
        speed = f" ({factor:.1f} times real time, {many})"
    sys.stderr.write(
        f"Wrote {out}: {made.frames} frames, {made.seconds:.1f} s{speed}. "
        f"Play it with: mirrorstage live --source take:{shlex.quote(str(out))}\n"
    )


def _record(
    source: MotionSource, out: Path, arguments: argparse.Namespace, clock: Clock, bar: Bar
) -> _Made:
    """Record.

    The file is made with the first frame: a source that gives none leaves an older take alone.
    """
    stopped = asked = False

    def stop() -> None:
        nonlocal stopped, asked
        stopped = asked = True

    first = last = -1
    total = arguments.duration
    if isinstance(source, BatchCapture):
        total = min(filter(None, (total, source.length.seconds)), default=0.0)
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
            done = max(last - first, 0) / NS_PER_S
            if isinstance(source, BatchCapture):
                done = max(done, source.done_s)
            bar(_Progress("Recording", done, total))
        if asked and take is not None and isinstance(source, BatchCapture):
            for frame in source.rest():
                take.write(frame)
                last = frame.captured
    if take is None:
        raise DeviceError(
            f"'{arguments.source}' gave no motion, so nothing was recorded.",
            code="take.empty",
            hint="Let it run longer, or look at the source with: mirrorstage live --source …",
        )
    return _Made(take.frames, max(last - first, 0) / NS_PER_S, asked)


def _failed(status: Status, out: Path, frames: int) -> DeviceError:
    kept = f" The {frames} frames until then are in {out}." if frames else ""
    return DeviceError(
        (status.sentence or "The source failed.") + kept, code=status.code or "device.failed"
    )
