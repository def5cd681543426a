"""What stands in the way of light: a few boxes and drums whose distance is known everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from assets.build.stagecraft.patch import Array

OCCLUSION_TAPS_M = (0.02, 0.06, 0.14, 0.32, 0.7)
SHADOW_STEPS = 14


@dataclass(frozen=True, slots=True)
class Solids:
    """Upright boxes and drums (structure of arrays), a floor and a round wall seen from inside."""

    centre: Array
    half: Array
    turn: Array
    """(n, 3, 3) world-from-box."""
    drum_centre: Array
    drum: Array
    """(m, 2) radius, half height."""
    floor_y: float
    wall: tuple[float, float]
    """(centre z, radius) of the round wall about x = 0."""

    def distance(self, p: Array) -> Array:
        """Signed distance (n,) of points (n, 3) to the nearest solid, metres."""
        out = p[:, 1] - self.floor_y
        cz, r = self.wall
        across = np.hypot(p[:, 0], p[:, 2] - cz)
        out = np.minimum(out, np.where(p[:, 2] < cz, r - across, r - np.abs(p[:, 0])))
        for c, h, t in zip(self.centre, self.half, self.turn, strict=True):
            q = np.abs((p - c) @ t) - h
            outside = np.sqrt((np.maximum(q, 0.0) ** 2).sum(axis=1))
            out = np.minimum(out, outside + np.minimum(q.max(axis=1), 0.0))
        for c, (r, h) in zip(self.drum_centre, self.drum, strict=True):
            d = p - c
            q0, q1 = np.hypot(d[:, 0], d[:, 2]) - r, np.abs(d[:, 1]) - h
            outside = np.hypot(np.maximum(q0, 0.0), np.maximum(q1, 0.0))
            out = np.minimum(out, outside + np.minimum(np.maximum(q0, q1), 0.0))
        return out

    def near(self, low: Array, high: Array, reach: float) -> Solids:
        """Only what can matter within `reach` of a box."""
        ball = np.linalg.norm(self.half, axis=1)
        gap = np.linalg.norm(
            np.maximum(np.maximum(low - self.centre, self.centre - high), 0), axis=1
        )
        keep = gap < ball + reach
        dball = np.linalg.norm(self.drum, axis=1)
        dgap = np.linalg.norm(
            np.maximum(np.maximum(low - self.drum_centre, self.drum_centre - high), 0), axis=1
        )
        dkeep = dgap < dball + reach
        boxes = (self.centre[keep], self.half[keep], self.turn[keep])
        drums = (self.drum_centre[dkeep], self.drum[dkeep])
        return Solids(*boxes, *drums, self.floor_y, self.wall)

    def openness(self, p: Array, n: Array) -> Array:
        """Ambient visibility 0..1 (n,) from distances along the normal (after Evans, 2006)."""
        blocked = np.zeros(len(p))
        weight, total = 1.0, 0.0
        for tap in OCCLUSION_TAPS_M:
            d = self.distance(p + n * tap)
            blocked += weight * np.clip(1.0 - d / tap, 0.0, 1.0)
            total += weight
            weight *= 0.85
        return np.clip(1.0 - 1.15 * blocked / total, 0.05, 1.0)

    def lit(self, p: Array, n: Array, lamp: ArrayLike, softness: float) -> Array:
        """Share of a round lamp at a point that is seen from each p, by sphere marching."""
        at = np.asarray(lamp, np.float64)
        start = p + n * 0.03
        way = at - start
        far = np.linalg.norm(way, axis=1)
        way /= np.maximum(far, 1e-9)[:, None]
        seen, t = np.ones(len(p)), np.full(len(p), 0.03)
        for _ in range(SHADOW_STEPS):
            d = self.distance(start + way * t[:, None])
            open_ = t < far - 0.05
            seen = np.where(open_, np.minimum(seen, 0.5 + d / (2 * softness * t)), seen)
            t = np.minimum(t + np.clip(d, 0.03, 0.5), far)
        s = np.clip(seen, 0.0, 1.0)
        return s * s * (3 - 2 * s)


class Workshop:
    """Collects solids while the set is being built."""

    def __init__(self, floor_y: float, wall: tuple[float, float]) -> None:
        self._floor_y, self._wall = floor_y, wall
        self._boxes: list[tuple[Array, Array, Array]] = []
        self._drums: list[tuple[Array, tuple[float, float]]] = []

    def box(self, centre: ArrayLike, size: ArrayLike, turn: Array | None = None) -> None:
        """A box by its middle and full size."""
        half = np.asarray(size, np.float64) / 2
        self._boxes.append((np.asarray(centre, np.float64), half,
                            np.eye(3) if turn is None else turn))  # fmt: skip

    def drum(self, centre: ArrayLike, radius: float, height: float) -> None:
        """An upright drum by its middle."""
        self._drums.append((np.asarray(centre, np.float64), (radius, height / 2)))

    def solids(self) -> Solids:
        """All of it as arrays."""
        return Solids(
            np.array([b[0] for b in self._boxes]).reshape(-1, 3),
            np.array([b[1] for b in self._boxes]).reshape(-1, 3),
            np.array([b[2] for b in self._boxes]).reshape(-1, 3, 3),
            np.array([d[0] for d in self._drums]).reshape(-1, 3),
            np.array([d[1] for d in self._drums], np.float64).reshape(-1, 2),
            self._floor_y,
            self._wall,
        )
