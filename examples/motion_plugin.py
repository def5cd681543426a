"""A motion source of your own in thirty lines: the host nods twice a second.

A package announces it with an entry point:

    [project.entry-points."mirrorstage.plugins"]
    "motion.nod" = "motion_plugin:PLUGIN"

Only `flow` is imported; `mirrorstage describe nod` shows its settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from flow.clock import NS_PER_S, Clock
from flow.motion import FaceSample, MotionFrame
from flow.seams import Plugin, Status


class NodSettings(BaseModel):
    """How fast and how far."""

    model_config = ConfigDict(strict=True, extra="forbid")

    per_second: float = 2.0
    degrees: float = 8.0


@dataclass
class Nod:
    """A `flow.seams.MotionSource`."""

    settings: NodSettings
    clock: Clock
    seq: int = 0

    def start(self) -> None:
        """Nothing to wake up."""

    def poll(self) -> MotionFrame:
        """A face that looks ahead, pitched by a sine."""
        now = self.clock.now()
        angle = np.radians(self.settings.degrees) * np.sin(
            2 * np.pi * self.settings.per_second * now / NS_PER_S
        )
        camera_from_head = np.eye(4, dtype=np.float32)
        camera_from_head[1:3, 1:3] = [
            [np.cos(angle), -np.sin(angle)],
            [np.sin(angle), np.cos(angle)],
        ]
        camera_from_head[2, 3] = -0.6
        self.seq += 1
        face = FaceSample(None, np.zeros(52, np.float32), camera_from_head)
        return MotionFrame(self.seq, now, 16 / 9, face=face)

    def status(self) -> Status:
        """Always running."""
        return Status("running", "Nodding.")

    def stop(self) -> None:
        """Nothing to end."""


def make(settings: NodSettings, *, clock: Clock, **_: Any) -> Nod:
    """The source."""
    return Nod(settings, clock)


PLUGIN = Plugin("motion", "nod", "Nods", NodSettings, make)
