"""The whole show, measured: real tracking in its own process, all on, packets thrown away.

It runs as its user runs it, as a program of its own, so that nothing measured before weighs on it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from flow.errors import EngineError
from host.bench.parts import Setting

SIZES = ("1280x720", "1920x1080")
WARM_UP_S = 8.0
"""The tracker takes this long at most to wake up; the show's counters include it."""


def run_show(setting: Setting, size: str) -> dict[str, Any]:
    """One show of `setting.seconds` at `size`: what was held and what it cost.

    Raises:
        EngineError: ``bench.show`` when the show ended with a fault.
    """
    command = [
        *(sys.executable, "-m", "host.cli", "live", "--quiet", "--json"),
        *("--source", f"file:{setting.video}", "--sound", "silence", "--output", "null"),
        *("--avatar", setting.avatar, "--size", size, "--fps", "30"),
        *("--backend", setting.backend, "--duration", str(setting.seconds + WARM_UP_S)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(
            f"The show at {size} ended with a fault: {done.stderr.strip()}", code="bench.show"
        )
    data = json.loads(done.stdout)
    cpu = data["cpu_ms_per_frame"]
    return {
        "fps": data["fps"]["held"],
        "latency_ms": data["latency_ms"]["captured_to_encoded"],
        "frames": data["frames"],
        "motion": data["motion"],
        "cpu_ms_per_frame": cpu,
        "cpu_cores": round((cpu["capture"] + cpu["process"]) * data["fps"]["held"] / 1000, 3),
        "memory_mb": data["memory_mb"],
        "renderer": data["renderer"],
        "first_picture_s": data["first_picture_s"],
    }
