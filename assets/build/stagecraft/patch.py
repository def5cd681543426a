"""Surfaces as grids of points: everything in a stage is made of these, so all of it can be baked.

A patch is a grid (rows, columns, 3) in metres whose front is where columns x rows points
(right-handed): seen from the front, columns run right and rows run *up* when the builder says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Patch:
    """A grid of points with what covers it. `density` is texels a metre before the page is fitted.

    `size` is its length along columns and rows in metres, `seed` varies the paint.
    """

    points: Array
    normals: Array
    paint: str
    page: str
    density: float = 100.0
    seed: int = 0
    size: tuple[float, float] = (1.0, 1.0)
    least_px: int = 2

    @property
    def triangle_count(self) -> int:
        """Two per cell."""
        return 2 * int((self.points.shape[0] - 1) * (self.points.shape[1] - 1))


@dataclass(frozen=True, slots=True)
class Finish:
    """What a builder needs to know about the surface it makes."""

    paint: str
    page: str
    density: float = 100.0
    seed: int = 0
    least_px: int = 2


def patch(points: ArrayLike, finish: Finish, normals: Array | None = None) -> Patch:
    """A patch from a grid; normals from its own curvature unless given."""
    grid = np.asarray(points, np.float64)
    if normals is None:
        normals = grid_normals(grid)
    across = np.linalg.norm(np.diff(grid, axis=1), axis=2).sum(axis=1).max()
    along = np.linalg.norm(np.diff(grid, axis=0), axis=2).sum(axis=0).max()
    return Patch(
        grid, normals, finish.paint, finish.page, finish.density, finish.seed,
        (float(across), float(along)), finish.least_px,
    )  # fmt: skip


def grid_normals(grid: Array) -> Array:
    """Unit normals from central differences; degenerate corners take their neighbours'."""
    du, dv = np.gradient(grid, axis=1), np.gradient(grid, axis=0)
    n = np.cross(du, dv)
    length = np.linalg.norm(n, axis=2, keepdims=True)
    mean = n.reshape(-1, 3).sum(axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-12)
    unit: Array = np.where(length > 1e-12, n / np.maximum(length, 1e-12), mean)
    return unit


def moved(patches: list[Patch], turn: Array, shift: ArrayLike) -> list[Patch]:
    """The patches after a rotation (3, 3) and a translation."""
    at = np.asarray(shift, np.float64)
    return [replace(p, points=p.points @ turn.T + at, normals=p.normals @ turn.T) for p in patches]


def yaw(deg: float) -> Array:
    """Rotation about +y: from +z towards +x."""
    a = np.radians(deg)
    return np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])


def tilt(deg: float) -> Array:
    """Rotation about +x: from +y towards +z."""
    a = np.radians(deg)
    return np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])


def quad(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, finish: Finish, *,
    cells: tuple[int, int] = (1, 1),
) -> Patch:  # fmt: skip
    """A flat piece with corners counter-clockwise from the front's lower left.

    `cells` (columns, rows) keep textures straight in rasterisers of low precision.
    """
    low, right, high, left = (np.asarray(v, np.float64) for v in (a, b, c, d))
    s = np.linspace(0.0, 1.0, cells[0] + 1)[None, :, None]
    t = np.linspace(0.0, 1.0, cells[1] + 1)[:, None, None]
    return patch((low * (1 - s) + right * s) * (1 - t) + (left * (1 - s) + high * s) * t, finish)


def box(
    size: tuple[float, float, float], finish: Finish, bevel: float = 0.008, faces: str = "frlt"
) -> list[Patch]:
    """A box on the floor (y from 0 up, centred in x and z) with chamfered edges between its faces.

    `faces`: any of front (+z), back, right (+x), left, top, underside.
    """
    w, h, d = (size[0] / 2, size[1], size[2] / 2)
    b = min(bevel, w * 0.45, h * 0.45, d * 0.45)

    def at(end: tuple[int, int, int], axis: int) -> Array:
        """A corner of the face that looks along `axis`: pulled in along the other two."""
        inset = np.array([b, b, b])
        inset[axis] = 0.0
        low, high = np.array([-w, 0, -d]) + inset, np.array([w, h, d]) - inset
        place: Array = np.where(np.array(end) > 0, high, low)
        return place

    sides: dict[str, tuple[Any, Any, Any, Any, int]] = {
        "f": ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1), 2),
        "k": ((1, 0, 0), (0, 0, 0), (0, 1, 0), (1, 1, 0), 2),
        "r": ((1, 0, 1), (1, 0, 0), (1, 1, 0), (1, 1, 1), 0),
        "l": ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0), 0),
        "t": ((0, 1, 1), (1, 1, 1), (1, 1, 0), (0, 1, 0), 1),
        "u": ((0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1), 1),
    }
    out: list[Patch] = []
    for key in faces:
        *corners, axis = sides[key]
        p, q, r, s = (at(c, axis) for c in corners)
        out.append(quad(p, q, r, s, finish))
    if b <= 0:
        return out
    edges: dict[str, tuple[Any, Any, int, int]] = {
        "fr": ((1, 0, 1), (1, 1, 1), 2, 0), "fl": ((0, 1, 1), (0, 0, 1), 2, 0),
        "ft": ((1, 1, 1), (0, 1, 1), 2, 1), "rt": ((1, 1, 0), (1, 1, 1), 0, 1),
        "lt": ((0, 1, 1), (0, 1, 0), 0, 1), "fu": ((0, 0, 1), (1, 0, 1), 2, 1),
        "ru": ((1, 0, 1), (1, 0, 0), 0, 1), "lu": ((0, 0, 0), (0, 0, 1), 0, 1),
    }  # fmt: skip
    for key, (c0, c1, first, second) in edges.items():
        if all(k in faces for k in key):
            out.append(quad(at(c0, first), at(c0, second), at(c1, second), at(c1, first),
                            finish))  # fmt: skip
    return out


def lathe(
    profile: list[tuple[float, float]],
    finish: Finish,
    around: int = 32,
    arc_deg: tuple[float, float] = (0.0, 360.0),
) -> Patch:
    """A profile of (radius, y) from bottom to top, turned about +y; the front looks outward."""
    a = np.radians(np.linspace(arc_deg[0], arc_deg[1], around + 1))
    r, y = np.array(profile, np.float64).T
    grid = np.stack([r[:, None] * np.sin(a), np.broadcast_to(y[:, None], (len(r), len(a))),
                     r[:, None] * np.cos(a)], axis=2)  # fmt: skip
    slope = np.stack([np.gradient(r), np.gradient(y)])
    slope /= np.maximum(np.linalg.norm(slope, axis=0), 1e-12)
    normals = np.stack([slope[1][:, None] * np.sin(a),
                        np.broadcast_to(-slope[0][:, None], (len(r), len(a))),
                        slope[1][:, None] * np.cos(a)], axis=2)  # fmt: skip
    return patch(grid, finish, normals)


def turned(
    profile: list[tuple[float, float]], finish: Finish, around: int = 32, *,
    sharp: bool = True, arc_deg: tuple[float, float] = (0.0, 360.0),
) -> list[Patch]:  # fmt: skip
    """A lathe with a crease at every point of the profile, or smooth all along."""
    runs = [list(pair) for pair in pairwise(profile)] if sharp else [profile]
    return [lathe(run, finish, around, arc_deg) for run in runs]


def tube(path: ArrayLike, radius: float, finish: Finish, sides: int = 8) -> Patch:
    """A round bar along a path (n, 3)."""
    line = np.asarray(path, np.float64)
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    spread = along.max(axis=0) - along.min(axis=0)
    up = np.eye(3)[int(np.argmin(np.abs(along).max(axis=0) + 1e-3 * spread))]
    side = np.cross(along, up)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    top = np.cross(side, along)
    a = np.linspace(0.0, 2 * np.pi, sides + 1)
    normals = side[:, None] * np.cos(a)[None, :, None] + top[:, None] * np.sin(a)[None, :, None]
    grid = line[:, None] + radius * normals
    made = patch(grid, finish, normals)
    # keep the front outward whatever the path's direction
    if (
        float(np.sum(np.cross(grid[0, 1] - grid[0, 0], grid[1, 0] - grid[0, 0]) * normals[0, 0]))
        < 0
    ):
        made = patch(grid[:, ::-1], finish, normals[:, ::-1])
    return made
