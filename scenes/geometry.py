"""Small geometry for places: how a thing stands, how big it is, how a move eases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from flow.spec import F32


def standing(position: ArrayLike, yaw_deg: float = 0.0) -> F32:
    """World-from-anchor of something upright: yaw > 0 turns from +z towards +x, (4, 4)."""
    yaw = np.radians(yaw_deg)
    out = np.eye(4)
    out[:3, :3] = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    out[:3, 3] = np.asarray(position, np.float64)
    return out.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Bounds:
    """An axis-aligned box, metres."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @property
    def size(self) -> tuple[float, float, float]:
        """Width, height, depth."""
        x, y, z = (high - low for low, high in zip(self.low, self.high, strict=True))
        return (x, y, z)


def bounds_of(points: F32) -> Bounds:
    """The box around (n, 3) points; n must be at least 1."""
    low, high = points.min(axis=0), points.max(axis=0)
    return Bounds(
        (float(low[0]), float(low[1]), float(low[2])),
        (float(high[0]), float(high[1]), float(high[2])),
    )


def ease(t: float) -> float:
    """Smootherstep: 0 to 1 with zero speed and acceleration at both ends (Perlin 2002)."""
    t = min(max(t, 0.0), 1.0)
    return min(t * t * t * (t * (t * 6.0 - 15.0) + 10.0), 1.0)
