"""The whole show, measured: real tracking in its own process, all on, packets thrown away."""

from __future__ import annotations

from typing import Any

from host.bench.parts import Setting
from host.live import LiveShow
from host.log import Voice
from host.showfile import validate

SIZES = ("1280x720", "1920x1080")
WARM_UP_S = 8.0
"""The tracker takes this long at most to wake up; the show's counters include it."""


def run_show(setting: Setting, size: str, voice: Voice) -> dict[str, Any]:
    """One show of `setting.seconds` at `size`: what was held and what it cost."""
    show = validate(
        {
            "duration_s": setting.seconds + WARM_UP_S,
            "motion": {"source": f"file:{setting.video}"},
            "sound": {"source": "silence"},
            "avatar": {"model": setting.avatar},
            "picture": {"size": size, "fps": 30, "backend": setting.backend},
            "output": [{"kind": "null"}],
        },
        "the bench",
    )
    live = LiveShow(show, clock=setting.clock, voice=voice, started=setting.clock.now())
    data = live.run()
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
