"""The end-of-show report: the same facts as plain data and as words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flow import paths
from flow.errors import OutputError
from host.loop import Loop
from host.processes import Usage


def report(loop: Loop, usage: Usage) -> dict[str, Any]:
    """What happened, as plain data.

    ``fps.held`` is pictures drawn per second on air. ``latency_ms.captured_to_encoded`` counts from
    the birth of the newest motion in a picture (in a picture without motion, from when it was due).
    ``cpu_ms_per_frame`` divides each stage's CPU time by the pictures drawn; "capture" is the
    capture process as a whole.
    """
    session = loop.session
    meter, counters = session.meter, session.meter.counters
    drawn = max(counters.drawn, 1)
    seconds = max(loop.seconds, 1e-9)
    meter.series("latency.captured_to_encoded")  # is in every report, even an empty one
    cpu = {
        name: round(series.cpu_ns / 1e6 / drawn, 3)
        for name, series in sorted(meter.stages.items())
        if not name.startswith("latency.")
    }
    cpu["capture"] = round(usage.children_cpu_s * 1000 / drawn, 3)
    cpu["process"] = round(usage.own_cpu_s * 1000 / drawn, 3)
    outputs: dict[str, dict[str, Any]] = {
        name: {"state": s.state, "sentence": s.sentence, "code": s.code, **(s.numbers or {})}
        for name, s in session.output_status().items()
    }
    return {
        "show": session.show.name,
        "seconds": round(seconds, 3),
        "size": f"{session.show.picture.width}x{session.show.picture.height}",
        "renderer": session.renderer.info(),
        "licence": session.licence.as_dict(),
        "motion": {
            "source": session.motion.sentence,
            "frames": loop.motion_frames,
            **(session.motion.source.status().numbers or {}),
        },
        "drivers": {
            driver.label: driver.source.status().numbers or {} for driver in session.drivers
        },
        "fps": {"held": round(counters.drawn / seconds, 2), "wanted": session.show.picture.fps},
        "latency_ms": {
            name.removeprefix("latency."): {
                "p50": round(series.percentile_ms(50), 2),
                "p95": round(series.percentile_ms(95), 2),
            }
            for name, series in sorted(meter.stages.items())
            if name.startswith("latency.")
        },
        "frames": {
            "drawn": counters.drawn,
            "lagged": counters.lagged,
            "skipped": counters.skipped,
            "dropped": counters.dropped,  # as the outputs' status above just summed it
            "failed": counters.errors,
        },
        "mixer": {"poses_skipped": dict(session.mixer.faults), "actions": session.prompter.done},
        "memory_mb": usage.memory_mb(),
        "cpu_ms_per_frame": cpu,
        "outputs": outputs,
    }


def words(data: dict[str, Any]) -> str:
    """The report as a short text."""
    frames, latency = data["frames"], data["latency_ms"]["captured_to_encoded"]
    minutes, seconds = divmod(round(data["seconds"]), 60)
    lines = [
        (
            f"On air for {minutes}:{seconds:02d} at {data['size']}: {data['fps']['held']:.1f} of "
            f"{data['fps']['wanted']} frames per second."
        ),
        (
            f"Frames: {frames['drawn']} drawn, {frames['lagged']} lagged (drawing late), "
            f"{frames['skipped']} skipped (encoder late), "
            f"{frames['dropped']} dropped (output late)."
        ),
        f"From camera to encoder: {latency['p50']:.0f} ms median, {latency['p95']:.0f} p95.",
        (
            f"Memory: {data['memory_mb']['start']:.0f} MB at the start, "
            f"{data['memory_mb']['end']:.0f} MB at the end."
        ),
    ]
    lines += [f"{name}: {o['sentence'] or o['state']}" for name, o in data["outputs"].items()]
    return "\n".join(lines)


def check_writable(path: Path) -> None:
    """Find out before the show whether the report can be written after it.

    Raises:
        OutputError: ``report.unwritable``.
    """
    try:
        paths.check_writable(path)
    except OSError as fault:
        raise _unwritable(path, fault) from fault


def write(path: Path, data: dict[str, Any]) -> None:
    """Write the report as JSON.

    Raises:
        OutputError: ``report.unwritable``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as fault:
        raise _unwritable(path, fault) from fault


def _unwritable(path: Path, fault: OSError) -> OutputError:
    return OutputError(
        f"The report cannot be written to {path}: {fault.strerror}.",
        code="report.unwritable",
        hint="Choose another file with --report.",
    )
