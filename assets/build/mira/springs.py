"""What swings: chains of joints for hair and skirt, and the spheres and capsules they avoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.build.mira.mesh import F64
from assets.build.mira.skeleton import CHIN_Y, HEAD_Z, PLACES


@dataclass(frozen=True, slots=True)
class Chain:
    """One spring: joint positions from root to tail (the tail only ends the last bone)."""

    name: str
    parent: str
    points: tuple[tuple[float, float, float], ...]
    stiffness: float
    drag: float
    gravity: float
    radius: float
    groups: tuple[str, ...]

    def bones(self) -> list[str]:
        """Node names of the joints, tail included."""
        return [f"{self.name}_{i}" for i in range(len(self.points))]


@dataclass(frozen=True, slots=True)
class Collider:
    """A sphere, or a capsule when `tail` is given; model metres in the T-pose."""

    bone: str
    group: str
    centre: tuple[float, float, float]
    radius: float
    tail: tuple[float, float, float] | None = None


def _at(bone: str, dx: float = 0, dy: float = 0, dz: float = 0) -> tuple[float, float, float]:
    x, y, z = PLACES[bone]
    return (float(x) + dx, float(y) + dy, float(z) + dz)


def colliders() -> list[Collider]:
    """Head, neck, shoulders, chest and thighs."""
    out = [
        Collider("head", "head", (0.0, CHIN_Y + 0.125, HEAD_Z - 0.010), 0.088),
        Collider("head", "head", (0.0, CHIN_Y + 0.065, HEAD_Z + 0.010), 0.066),
        Collider("neck", "torso", _at("neck"), 0.046, _at("neck", dy=0.06)),
        Collider("upperChest", "torso", (0.0, 1.20, -0.012), 0.098, (0.0, 1.10, -0.008)),
        Collider("hips", "hips", (0.0, 0.90, -0.012), 0.118),
    ]
    for side, s in (("left", 1.0), ("right", -1.0)):
        out.append(
            Collider(f"{side}Shoulder", "torso", (s * 0.05, 1.250, -0.02), 0.052,
                     (s * 0.120, 1.258, -0.016))
        )  # fmt: skip
        out.append(
            Collider(f"{side}UpperArm", "torso", _at(f"{side}UpperArm", s * 0.03), 0.048,
                     _at(f"{side}LowerArm"))
        )  # fmt: skip
        out.append(
            Collider(f"{side}UpperLeg", "legs", _at(f"{side}UpperLeg", dy=-0.02), 0.082,
                     _at(f"{side}LowerLeg", dy=0.06))
        )  # fmt: skip
    return out


def along(points: F64, heights: F64) -> list[F64]:
    """Shares of a chain's bones for points whose place along the chain is `heights`.

    `points` are the chain's own joint heights, descending; bone i runs from joint i to i + 1.
    Returns one share per bone plus, first, the share of what the chain hangs on.
    """
    n = len(points) - 1
    shares = [np.zeros_like(heights) for _ in range(n + 1)]
    marks = points[:-1]
    left = np.ones_like(heights)
    for i in range(n):
        span = abs(points[i] - points[i + 1])
        low, high = marks[i] + 0.30 * span, marks[i] - 0.45 * span
        on = np.clip((low - heights) / (low - high), 0, 1)
        on = on * on * (3 - 2 * on)
        shares[i] += left * (1 - on)
        left = left * on
    shares[n] += left
    return shares
