"""A video for the benches where the user gives none: our own host, recorded by our own show.

The product ships no person's picture. The tracker works on it as on any video (whether it finds a
face in a drawn one is reported with the numbers).
"""

from __future__ import annotations

from pathlib import Path

from flow.clock import Clock
from host.live import LiveShow
from host.log import Voice
from host.showfile import Show, validate

SECONDS = 8.0


def record_clip(folder: Path, *, clock: Clock, voice: Voice) -> Path:
    """Record the built-in performance into `folder`; returns the file."""
    path = folder / "performer.mp4"
    show: Show = validate(
        {
            "duration_s": SECONDS,
            "motion": {"source": "take:greeting"},
            "sound": {"source": "silence"},
            "picture": {"size": "1280x720", "fps": 30},
            "output": [{"kind": "record", "path": str(path)}],
        },
        "the bench",
    )
    LiveShow(show, clock=clock, voice=voice, started=clock.now()).run()
    return path
