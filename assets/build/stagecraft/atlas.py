"""Pages of painted, lit texture: patches are packed, every texel is shaded where it lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assets.build.stagecraft.light import Lamps
from assets.build.stagecraft.patch import Array, Patch
from assets.build.stagecraft.solid import Solids

PADDING_PX = 2
LIGHT_STEP_PX = 3
LIGHT_MOST_PX = 200


@dataclass(frozen=True, slots=True)
class Texels:
    """Where the texels of one chart lie. `across` and `along` are metres from the corner."""

    p: Array
    n: Array
    across: Array
    along: Array
    patch: Patch
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Surface:
    """What paint says of each texel: linear albedo and glow (n, 3); shine as (strength, spread)."""

    albedo: Array
    glow: Array | float = 0.0
    shine: tuple[float, float] | None = None
    light: float = 1.0


Paint = Callable[[Texels], Surface]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that decides the colour of a texel."""

    lamps: Lamps
    solids: Solids
    paints: dict[str, Paint]
    eye: Array
    """Where reflections are seen from."""
    exposure: float = 1.0


@dataclass(frozen=True, slots=True)
class Page:
    """A baked texture (h, w, 3) uint8 and, per patch, its uv grid (rows, columns, 2)."""

    rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    uv: list[Array]


def bake(patches: list[Patch], scene: Scene, side: int) -> Page:
    """Pack and shade one page of `side` x `side` texels."""
    sizes, corners = _packed(patches, side)
    linear = np.zeros((side, side, 3))
    uv: list[Array] = []
    for p, (w, h), (x, y) in zip(patches, sizes, corners, strict=True):
        color = _shade(p, w, h, scene)
        grown = np.pad(color, ((PADDING_PX,) * 2, (PADDING_PX,) * 2, (0, 0)), mode="edge")
        linear[y - PADDING_PX : y + h + PADDING_PX, x - PADDING_PX : x + w + PADDING_PX] = grown
        rows, columns = p.points.shape[:2]
        u = (x + 0.5 + np.linspace(0, 1, columns) * (w - 1)) / side
        v = (y + 0.5 + np.linspace(0, 1, rows) * (h - 1)) / side
        uv.append(np.stack(np.meshgrid(u, v), axis=2))
    return Page(developed(linear, scene.exposure), uv)


def developed(linear: Array, exposure: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Tone-mapped, sRGB-encoded and finely grained against banding."""
    x = np.maximum(linear, 0.0) * exposure
    peak = x.max(axis=-1, keepdims=True)
    white = np.clip((peak - 0.8) / 4.0, 0.0, 0.75)  # bright light bleaches, as film does
    x = x * (1 - white) + peak * white
    x = 1.0 - np.exp(-x * (1.0 + 0.35 * x))
    srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    grain = np.random.default_rng(7).normal(0.0, 0.6, (*x.shape[:2], 1))
    rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    rgb = np.clip(srgb * 255.0 + grain + 0.5, 0, 255).astype(np.uint8)
    return rgb


def _packed(patches: list[Patch], side: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Chart sizes and places: shelves, tallest first, at the largest scale that fits."""
    low, high = 0.0, 4.0
    best: tuple[list[tuple[int, int]], list[tuple[int, int]]] | None = None
    for _ in range(18):
        scale = (low + high) / 2
        sizes = [_chart(p, scale, side) for p in patches]
        places = _shelves(sizes, side)
        if places is None:
            high = scale
        else:
            low, best = scale, (sizes, places)
    if best is None:
        raise ValueError("the patches of a page do not fit at any scale")
    return best


def _chart(p: Patch, scale: float, side: int) -> tuple[int, int]:
    most = side - 2 * PADDING_PX
    w, h = (round(s * p.density * scale) for s in p.size)
    return min(max(w, p.least_px), most), min(max(h, p.least_px), most)


def _shelves(sizes: list[tuple[int, int]], side: int) -> list[tuple[int, int]] | None:
    order = sorted(range(len(sizes)), key=lambda i: (-sizes[i][1], -sizes[i][0], i))
    out = [(0, 0)] * len(sizes)
    x, y, shelf = 0, 0, 0
    for i in order:
        w, h = sizes[i][0] + 2 * PADDING_PX, sizes[i][1] + 2 * PADDING_PX
        if x + w > side:
            x, y, shelf = 0, y + shelf, 0
        shelf = max(shelf, h)
        if y + h > side:
            return None
        out[i] = (x + PADDING_PX, y + PADDING_PX)
        x += w
    return out


def _sampled(p: Patch, w: int, h: int) -> Texels:
    s, t = np.meshgrid(np.linspace(0, 1, w), np.linspace(0, 1, h))
    rows, columns = p.points.shape[:2]
    x, y = s.ravel() * (columns - 1), t.ravel() * (rows - 1)
    i, j = np.minimum(x.astype(int), columns - 2), np.minimum(y.astype(int), rows - 2)
    fx, fy = (x - i)[:, None], (y - j)[:, None]

    def mixed(grid: Array) -> Array:
        low = grid[j, i] * (1 - fx) + grid[j, i + 1] * fx
        high = grid[j + 1, i] * (1 - fx) + grid[j + 1, i + 1] * fx
        out: Array = low * (1 - fy) + high * fy
        return out

    n = mixed(p.normals)
    n /= np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)
    return Texels(mixed(p.points), n, s.ravel() * p.size[0], t.ravel() * p.size[1], p, (h, w))


def _shade(p: Patch, w: int, h: int, scene: Scene) -> Array:
    """Linear colour (h, w, 3). Light changes slowly: it is computed on a coarser grid."""
    fine = _sampled(p, w, h)
    surface = scene.paints[p.paint](fine)
    color = np.broadcast_to(np.asarray(surface.glow, np.float64), (w * h, 3)).copy()
    if surface.light > 0:
        cw = min(w, max(2, min(-(-w // LIGHT_STEP_PX), LIGHT_MOST_PX)))
        ch = min(h, max(2, min(-(-h // LIGHT_STEP_PX), LIGHT_MOST_PX)))
        if w * h <= 900:
            cw, ch = w, h
        at = _sampled(p, cw, ch)
        near = scene.solids.near(p.points.min(axis=(0, 1)), p.points.max(axis=(0, 1)), 1.5)
        open_ = near.openness(at.p, at.n)
        light = scene.lamps.irradiance(at.p, at.n, scene.solids, open_) * surface.light
        color += surface.albedo * _enlarged(light, (ch, cw), (h, w))
        if surface.shine is not None:
            strength, spread = surface.shine
            mirror = scene.lamps.reflection(at.p, at.n, scene.eye, spread)
            view = scene.eye - at.p
            view /= np.linalg.norm(view, axis=1, keepdims=True)
            graze = 1.0 - np.clip(np.sum(view * at.n, axis=1), 0.0, 1.0)
            fresnel = strength + (1.0 - strength) * graze**5 * min(1.0, strength * 8)
            mirror *= (fresnel * (0.4 + 0.6 * open_))[:, None]
            color += _enlarged(mirror, (ch, cw), (h, w))
    return color.reshape(h, w, 3)


def _enlarged(values: Array, shape: tuple[int, int], to: tuple[int, int]) -> Array:
    """Bilinear, corners on corners: (h*w, 3) to (H*W, 3)."""
    if shape == to:
        return values
    grid = values.reshape(*shape, 3)
    y, x = np.linspace(0, shape[0] - 1, to[0]), np.linspace(0, shape[1] - 1, to[1])
    j, i = (
        np.minimum(y.astype(int), max(shape[0] - 2, 0)),
        np.minimum(x.astype(int), max(shape[1] - 2, 0)),
    )
    j1, i1 = np.minimum(j + 1, shape[0] - 1), np.minimum(i + 1, shape[1] - 1)
    fy, fx = (y - j)[:, None, None], (x - i)[None, :, None]
    rows = grid[j] * (1 - fy) + grid[j1] * fy
    out: Array = (rows[:, i] * (1 - fx) + rows[:, i1] * fx).reshape(-1, 3)
    return out
