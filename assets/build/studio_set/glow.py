"""The haze of light around lamps: soft, see-through cards, since no renderer here blooms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from assets.build.stagecraft.glb import Part, encoded
from assets.build.stagecraft.patch import Array
from assets.build.studio_set.fittings import PENDANTS
from assets.build.studio_set.halo import DISC_Z, TUBE_ENDS
from assets.build.studio_set.plan import EYE, HALO_R, HALO_Y

CELL_PX = 64
TINTS = {"halo": "#ffd9b4", "teal": "#4fe3f0", "rose": "#d77bff", "bulb": "#ffe2ba"}
STRENGTH = {"halo": 0.5, "teal": 0.5, "rose": 0.5, "bulb": 0.42}


class _Cards:
    """Collects grids of points with places in one tint's cell (0..1 across and along)."""

    def __init__(self) -> None:
        self.points: list[Array] = []
        self.coords: list[Array] = []
        self.triangles: list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = []
        self._count = 0

    def add(self, grid: Array, place: Array, tint: str) -> None:
        rows, columns = grid.shape[:2]
        cell = list(TINTS).index(tint)
        # half a texel inside the cell, so that neighbours do not bleed
        inner = (0.5 + place * (CELL_PX - 1)) / CELL_PX
        v = (cell + inner[..., 1]) / len(TINTS)
        index = np.arange(rows * columns).reshape(rows, columns) + self._count
        a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
        self.triangles.append(np.stack([a, b, c, a, c, d], axis=2).reshape(-1, 3))
        self.points.append(grid.reshape(-1, 3))
        self.coords.append(np.stack([inner[..., 0], v], axis=2).reshape(-1, 2))
        self._count += rows * columns


def glow() -> Part:
    """All cards as one blended part."""
    cards = _Cards()
    _ring(cards)
    for tint, ends in TUBE_ENDS.items():
        _bar(cards, ends, 0.19, tint)
    for x, y, z, r in PENDANTS:
        _ball(cards, (x, y, z), r * 2.7, "bulb")
    points = np.concatenate(cards.points)
    picture, mime = encoded(_picture())
    return Part(
        "glow", points, np.broadcast_to((0.0, 0.0, 1.0), points.shape),
        np.concatenate(cards.coords), np.concatenate(cards.triangles).astype(np.uint16),
        picture, mime, blend=True, double_sided=True,
    )  # fmt: skip


def _ring(cards: _Cards) -> None:
    a = np.linspace(0, 2 * np.pi, 49) + 0.031  # no edge exactly level: it would be drawn twice
    r = HALO_R + np.array([-0.24, 0.0, 0.24])[:, None]
    grid = np.stack([r * np.sin(a), HALO_Y + r * np.cos(a), np.full((3, 49), DISC_Z + 0.1)], axis=2)
    place = np.stack(
        np.broadcast_arrays(np.array([0.0, 0.5, 1.0])[:, None], np.full((3, 49), 0.5)), 2
    )
    cards.add(grid, place, "halo")


def _bar(cards: _Cards, ends: tuple[Array, Array], wide: float, tint: str) -> None:
    low, high = ends
    toward = EYE - (low + high) / 2
    side = np.cross(high - low, toward)
    side *= wide / np.linalg.norm(side)
    up = (high - low) / np.linalg.norm(high - low)
    front = toward / np.linalg.norm(toward) * 0.04
    rows = [low - up * wide, low, high, high + up * wide]
    grid = np.array([[p + front - side, p + front, p + front + side] for p in rows])
    place = np.array([[[u, v] for u in (0.0, 0.5, 1.0)] for v in (0.0, 0.5, 0.5, 1.0)])
    cards.add(grid, place, tint)


def _ball(cards: _Cards, at: ArrayLike, r: float, tint: str) -> None:
    centre = np.asarray(at, np.float64)
    front = (EYE - centre) / np.linalg.norm(EYE - centre)
    right = np.cross((0.0, 1.0, 0.0), front)
    right *= r / np.linalg.norm(right)
    up = np.cross(front, right)
    middle = centre + front * 0.12
    grid = np.array([[middle + u * right + v * up for u in (-1, 1)] for v in (-1, 1)])
    cards.add(grid, np.array([[[0, 0], [1, 0]], [[0, 1], [1, 1]]], np.float64), tint)


def _picture() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """One round falloff per tint, (cells * 64, 64, 4)."""
    axis = np.linspace(-1.0, 1.0, CELL_PX)
    d = np.hypot(axis[None, :], axis[:, None])
    fall = 0.62 * np.exp(-((d / 0.2) ** 2)) + 0.38 * np.exp(-((d / 0.5) ** 2))
    fall *= np.clip((1.0 - d) / 0.35, 0.0, 1.0)
    out = np.zeros((CELL_PX * len(TINTS), CELL_PX, 4), np.uint8)
    for k, (name, tint) in enumerate(TINTS.items()):
        rows = slice(k * CELL_PX, (k + 1) * CELL_PX)
        out[rows, :, :3] = [int(tint[i : i + 2], 16) for i in (1, 3, 5)]
        out[rows, :, 3] = np.round(255 * STRENGTH[name] * fall)
    return out
