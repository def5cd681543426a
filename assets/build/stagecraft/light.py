"""Lamps as clouds of small emitters, and what reaches a surface from them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from assets.build.stagecraft.patch import Array
from assets.build.stagecraft.solid import Solids


@dataclass
class Lamps:
    """Emitters (structure of lists) and the few lamps that cast marched shadows."""

    at: list[Array] = field(default_factory=list)
    power: list[Array] = field(default_factory=list)
    facing: list[Array] = field(default_factory=list)
    shine: list[float] = field(default_factory=list)
    spots: list[tuple[Array, Array, Array, float, float]] = field(default_factory=list)
    ambient_up: Array = field(default_factory=lambda: np.array([0.05, 0.06, 0.1]))
    ambient_down: Array = field(default_factory=lambda: np.array([0.03, 0.03, 0.04]))

    def line(
        self,
        path: ArrayLike,
        color: ArrayLike,
        power: float,
        facing: ArrayLike = (0, 0, 0),
        shine: float = 1.0,
    ) -> None:
        """Equal emitters along points (n, 3); `power` is shared among them.

        `facing` (zero: all round) dims emission by the cosine; `shine` scales reflections.
        """
        points = np.asarray(path, np.float64).reshape(-1, 3)
        for p in points:
            self.at.append(p)
            self.power.append(np.asarray(color, np.float64) * power / len(points))
            self.facing.append(np.asarray(facing, np.float64))
            self.shine.append(shine)

    def spot(
        self,
        at: ArrayLike,
        aim: ArrayLike,
        color: ArrayLike,
        power: float,
        *,
        cone_deg: float = 40.0,
        softness: float = 0.15,
    ) -> None:
        """A soft-edged spot with a marched shadow."""
        place, way = np.asarray(at, np.float64), np.asarray(aim, np.float64)
        way = (way - place) / np.linalg.norm(way - place)
        self.spots.append((place, way, np.asarray(color, np.float64) * power,
                           float(np.cos(np.radians(cone_deg))), softness))  # fmt: skip

    def irradiance(self, p: Array, n: Array, solids: Solids, open_: Array) -> Array:
        """Diffuse light (n, 3) at points with unit normals; `open_` is their openness."""
        sky = 0.5 + 0.5 * n[:, 1:2]
        out = (self.ambient_up * sky + self.ambient_down * (1 - sky)) * open_[:, None]
        soft = (0.35 + 0.65 * open_)[:, None]
        for at, power, facing in zip(self.at, self.power, self.facing, strict=True):
            way = at - p
            far = np.sum(way * way, axis=1) + 0.004
            way /= np.sqrt(far)[:, None]
            wrap = np.maximum((np.sum(n * way, axis=1) + 0.12) / 1.12, 0.0)
            if np.any(facing):
                wrap = wrap * np.maximum(-(way @ facing), 0.0)
            out += (wrap / far)[:, None] * power * soft
        for at, aim, power, edge, softness in self.spots:
            way = at - p
            far = np.linalg.norm(way, axis=1)
            way /= far[:, None]
            cone = np.clip((-(way @ aim) - edge) / (1 - edge), 0.0, 1.0)
            cone = cone * cone * (3 - 2 * cone)
            wrap = np.maximum(np.sum(n * way, axis=1), 0.0) * cone / (far * far)
            some = wrap > 1e-5
            if some.any():
                wrap[some] *= solids.lit(p[some], n[some], at, softness)
            out += wrap[:, None] * power
        return out

    def reflection(self, p: Array, n: Array, eye: Array, spread: float) -> Array:
        """Blurred mirror image (n, 3) of the emitters as seen from `eye`; `spread` in radians."""
        view = p - eye
        view /= np.linalg.norm(view, axis=1, keepdims=True)
        mirror = view - 2 * np.sum(view * n, axis=1, keepdims=True) * n
        out = np.zeros_like(p)
        for at, power, shine in zip(self.at, self.power, self.shine, strict=True):
            if shine <= 0:
                continue
            way = at - p
            far = np.linalg.norm(way, axis=1)
            miss = 1.0 - np.sum(mirror * way, axis=1) / far
            blob = np.exp(-np.maximum(miss, 0.0) * 2 / (spread * spread))
            out += (shine * blob / (np.pi * spread * spread * (far * far + 0.05)))[:, None] * power
        return out
