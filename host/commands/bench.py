"""``mirrorstage bench``: every stage alone, then the whole show at two sizes."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from capture.recorded import check_recorded
from capture.settings import Origin
from flow.clock import MonotonicClock
from flow.errors import ShowFileError
from flow.paths import user_path
from host.bench.clip import record_clip
from host.bench.machine import machine
from host.bench.parts import PARTS, Setting
from host.bench.show import SIZES, run_show
from host.log import Voice


def run(arguments: argparse.Namespace) -> int:
    """Measure one part or all; numbers on standard output, progress on standard error."""
    part = arguments.part
    if part not in ("all", "show", *PARTS):
        raise ShowFileError(
            f"There is no bench '{part}'.",
            code="bench.unknown",
            hint=f"Known: all, show, {', '.join(PARTS)}.",
        )
    clock = MonotonicClock()
    voice = Voice(clock)
    data: dict[str, Any] = {"stages": {}, "show": {}, "machine": machine()}
    with tempfile.TemporaryDirectory(prefix="mirrorstage-bench-") as folder:
        video = _video(
            arguments, Path(folder), voice, clock, needed=part in ("all", "show", "capture")
        )
        data["source"] = arguments.source or "the built-in host, recorded by this program"
        setting = Setting(clock, video, arguments.avatar, arguments.backend, arguments.seconds)
        for name, measure in PARTS.items():
            if part in ("all", name):
                voice.say(f"Measuring {name} …")
                data["stages"].update(measure(setting))
        if part in ("all", "show"):
            for size in SIZES:
                voice.say(f"Measuring a whole show at {size} for {arguments.seconds:.0f} s …")
                data["show"][size] = run_show(setting, size)
    if arguments.json:
        sys.stdout.write(json.dumps(data, indent=2) + "\n")
    else:
        sys.stdout.write(_table(data) + "\n")
    return 0


def _video(
    arguments: argparse.Namespace,
    folder: Path,
    voice: Voice,
    clock: MonotonicClock,
    *,
    needed: bool,
) -> Path | None:
    if not needed:
        return None
    if arguments.source:
        video = user_path(arguments.source.removeprefix("file:"))
        check_recorded(Origin("file", str(video)))
        return video
    voice.say(
        "Recording a clip of the built-in host to track (or give a real one: --source file:…)"
    )
    return record_clip(folder, clock=clock, voice=Voice(clock, quiet=True))


def _table(data: dict[str, Any]) -> str:
    who = data["machine"]
    lines = [
        f"{who['processor']}, {who['cores']} cores, {who['system']}",
        f"source: {data['source']}",
    ]
    if data["stages"]:
        lines.append(f"{'stage':16} {'CPU ms':>8} {'p50 ms':>8} {'p95 ms':>8}")
        lines += [
            f"{name:16} {s['cpu_ms']:8.2f} {s['wall_ms']['p50']:8.2f} {s['wall_ms']['p95']:8.2f}"
            for name, s in data["stages"].items()
        ]
        lines += [
            f"{name} takes {s['times_alone']:.2f} times as long as one"
            for name, s in data["stages"].items()
            if "times_alone" in s
        ]
    for size, show in data["show"].items():
        lines.append(
            f"show {size}: {show['fps']:.1f} fps held, camera to encoder "
            f"{show['latency_ms']['p50']:.0f} ms median, {show['latency_ms']['p95']:.0f} ms p95, "
            f"{show['cpu_cores']:.2f} cores"
        )
    return "\n".join(lines)
