"""The built-in performer's take: twelve seconds of our own computed performance, without a seam.

Run: python -m assets.build.greeting
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from assets import HOME
from assets.build.licences import record
from capture.synthetic import PERIOD_S, performance
from capture.take_file import TakeWriter
from flow.motion import FaceSample, MotionFrame
from flow.spec import F32

FPS = 30.0
CREATED = "2026-11-25T00:00:00+00:00"
"""Fixed, so that building it again gives the same bytes."""

_STEPS = 8192.0


def coarse(values: F32) -> F32:
    """Rounded to an eight-thousandth of the picture (a sixth of a pixel): packs well."""
    return np.asarray(np.round(values * _STEPS) / _STEPS, np.float32)


def compact(frame: MotionFrame) -> MotionFrame:
    """The frame with its face points rounded: five sixths of a frame, and its least used part."""
    face = frame.face
    if face is None:
        return frame
    return replace(frame, face=FaceSample(coarse(face.points), face.weights, face.camera_from_head))


def build(path: Path) -> int:
    """Write the take; returns its size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TakeWriter(
        path, source="synthetic", title="Greeting", licence="CC0-1.0", created=CREATED
    ) as take:
        for frame in performance(PERIOD_S, FPS):
            take.write(compact(frame))
    return path.stat().st_size


if __name__ == "__main__":
    out = HOME / "takes" / "greeting.take"
    print(f"{out}: {build(out)} bytes")
    record(out, "python -m assets.build.greeting")
