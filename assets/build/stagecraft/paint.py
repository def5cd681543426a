"""Procedural noise and the everyday materials of a set; all colours linear."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assets.build.stagecraft.atlas import Paint, Surface, Texels
from assets.build.stagecraft.patch import Array


def srgb(hex_color: str) -> Array:
    """``#rrggbb`` as linear colour (3,)."""
    c = np.array([int(hex_color[i : i + 2], 16) / 255.0 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _hash(i: NDArray[np.int64], j: NDArray[np.int64], seed: int) -> Array:
    """Lattice values 0..1: integer mixing after Wang, wrapped to 32 bits."""
    h = (i * 374761393 + j * 668265263 + seed * 2147483647) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return (h & 0xFFFFFF).astype(np.float64) / 0xFFFFFF


def noise(x: Array, y: Array, seed: int = 0) -> Array:
    """Value noise 0..1 on a unit lattice."""
    i, j = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = x - i, y - j
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    low = _hash(i, j, seed) * (1 - fx) + _hash(i + 1, j, seed) * fx
    high = _hash(i, j + 1, seed) * (1 - fx) + _hash(i + 1, j + 1, seed) * fx
    return low * (1 - fy) + high * fy


def clouds(x: Array, y: Array, seed: int = 0, octaves: int = 4) -> Array:
    """Summed octaves of noise, about 0..1."""
    out, weight, total = np.zeros_like(x), 1.0, 0.0
    for k in range(octaves):
        out += weight * noise(x * 2**k, y * 2**k, seed + 31 * k)
        total += weight
        weight *= 0.5
    return out / total


def mix(a: ArrayLike, b: ArrayLike, t: Array) -> Array:
    """Linear blend of two colours (3,) by (n,) to (n, 3)."""
    return np.asarray(a) * (1 - t[:, None]) + np.asarray(b) * t[:, None]


def random(seed: int, n: int) -> Array:
    """`n` fixed numbers 0..1 for a seed."""
    k = np.arange(n, dtype=np.int64)
    return _hash(k * 7 + 3, np.full(n, seed, np.int64), 99)


def wood(dark: ArrayLike, light: ArrayLike, *, upright: bool, shine: float = 0.03) -> Paint:
    """Streaked grain along the chart's rows (`upright`) or columns."""

    def paint(t: Texels) -> Surface:
        across, along = (t.across, t.along) if upright else (t.along, t.across)
        tone, shift, *_ = random(t.patch.seed, 3)
        bend = 0.012 * clouds(along * 1.1 + shift * 40, across * 4, t.patch.seed + 5, 2)
        rings = clouds(
            (across + bend) * 70 + shift * 300, along * 1.2 + shift * 17, t.patch.seed, 4
        )
        pores = noise(across * 420 + shift * 90, along * 9, t.patch.seed + 2)
        k = np.clip(0.15 + 0.75 * rings + 0.35 * (tone - 0.5), 0, 1)
        color = mix(dark, light, k) * (0.86 + 0.2 * pores)[:, None]
        return Surface(color, shine=(shine, 0.35))

    return paint


def plain(color: ArrayLike, grain: float = 0.08, shine: tuple[float, float] | None = None) -> Paint:
    """One colour with a faint unevenness."""
    base = np.asarray(color, np.float64)

    def paint(t: Texels) -> Surface:
        mottle = clouds(t.across * 9 + t.patch.seed * 3.7, t.along * 9, 11, 3) - 0.5
        fine = noise(t.across * 150, t.along * 150, 3) - 0.5
        k = 1.0 + grain * (1.6 * mottle + 0.5 * fine)
        return Surface(base * k[:, None], shine=shine)

    return paint


def glowing(color: ArrayLike, level: float) -> Paint:
    """A lamp's own surface."""
    glow = np.asarray(color, np.float64) * level

    def paint(t: Texels) -> Surface:
        return Surface(np.zeros((len(t.p), 3)), np.broadcast_to(glow, (len(t.p), 3)), light=0.0)

    return paint


def assorted(colors: list[Array], grain: float = 0.1) -> Paint:
    """One of several colours by the patch's seed: books, beads, fabrics."""

    def paint(t: Texels) -> Surface:
        base = colors[t.patch.seed % len(colors)] * (0.75 + 0.5 * random(t.patch.seed, 1)[0])
        fine = noise(t.across * 120, t.along * 25, t.patch.seed) - 0.5
        return Surface(base * (1 + grain * fine)[:, None])

    return paint
