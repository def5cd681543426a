"""Pieces of surface and the few operations that make clothes out of them."""

# Coordinates and radii read best in the order of a drawing.
# ruff: noqa: PLR0917
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Field = Callable[[F64], F64]
"""(n, 3) points in metres to (n,) values; for solids: signed distance, negative inside."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A surface of one material in the T-pose, metres, +Y up, facing +Z."""

    material: str
    positions: F64
    triangles: I64
    normals: F64
    uv: F64
    weights: dict[str, F64] = field(default_factory=dict)
    """Bone name to (n,) share; normalised when the file is written."""
    morphs: dict[str, F64] = field(default_factory=dict)
    """Morph name to (n, 3) displacement in metres."""


def unit(vectors: F64) -> F64:
    """Rows scaled to length 1 (a zero row stays zero)."""
    out: F64 = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return out


def smooth(x: F64 | float) -> F64:
    """Hermite step from 0 to 1 between x = 0 and x = 1."""
    t = np.clip(np.asarray(x, np.float64), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def step(x: F64, low: float | F64, high: float | F64) -> F64:
    """Hermite step from 0 at `low` to 1 at `high` (`low` may be the larger)."""
    return smooth((x - low) / (high - low))


def smooth_min(a: F64, b: F64, k: float) -> F64:
    """Union of two distance fields with a fillet of about `k` metres (polynomial)."""
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0.0, 1.0)
    return b + (a - b) * h - k * h * (1.0 - h)


def gradient(distance: Field, points: F64, h: float = 5e-4) -> F64:
    """Central differences of a field."""
    return np.stack(
        [(distance(points + e) - distance(points - e)) / (2 * h) for e in np.eye(3) * h], axis=1
    )


def vertex_normals(positions: F64, triangles: I64) -> F64:
    """Area-weighted normals."""
    a, b, c = (positions[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    out = np.zeros_like(positions)
    for i in range(3):
        np.add.at(out, triangles[:, i], face)
    return unit(out)


def polygonise(
    distance: Field, low: F64, high: F64, cell: float, triangles: int, calm: float = 0.0
) -> tuple[F64, I64, F64]:
    """The level set of a field as about `triangles` triangles: positions, triangles, normals.

    Marching cubes, edge collapse, then Newton steps back onto the surface along the gradient.
    `calm` (metres) widens the differences that normals are taken from: light falls softer.
    """
    from meshoptimizer import simplify
    from skimage.measure import marching_cubes

    axes = [np.arange(a, b + cell, cell) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = distance(grid.reshape(-1, 3)).reshape(grid.shape[:3])
    points, faces, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
        values.astype(np.float32), 0.0, spacing=(cell,) * 3
    )
    points = (points + np.asarray(low)).astype(np.float32)
    faces = np.ascontiguousarray(faces, np.uint32)
    if len(faces) > triangles:
        out = np.zeros(faces.size, np.uint32)
        count = simplify(
            out, faces.ravel(), points, target_index_count=3 * triangles, target_error=1.0
        )
        faces = out[:count].reshape(-1, 3)
    pts, tris = compact(points.astype(np.float64), faces.astype(np.int64))
    h = 0.1 * cell
    for _ in range(4):
        g = gradient(distance, pts, h)
        pts = pts - (distance(pts) / np.maximum((g * g).sum(1), 0.05))[:, None] * g
    normals = unit(gradient(distance, pts, max(h, calm)))
    a, b, c = (pts[tris[:, i]] for i in range(3))
    if np.sum(np.cross(b - a, c - a) * normals[tris[:, 0]]) < 0:
        tris = tris[:, ::-1].copy()
    return pts, tris, normals


def compact(positions: F64, triangles: I64) -> tuple[F64, I64]:
    """Drop vertices that no triangle uses."""
    used, inverse = np.unique(triangles, return_inverse=True)
    return positions[used], inverse.reshape(-1, 3)


def keep(piece: Piece, triangles: I64) -> Piece:
    """The piece with only these triangles and the vertices they use."""
    used, inverse = np.unique(triangles, return_inverse=True)
    return replace(
        piece,
        positions=piece.positions[used],
        triangles=inverse.reshape(-1, 3),
        normals=piece.normals[used],
        uv=piece.uv[used],
        weights={k: v[used] for k, v in piece.weights.items()},
        morphs={k: v[used] for k, v in piece.morphs.items()},
    )


def clip(piece: Piece, value: Field) -> Piece:
    """The part where ``value >= 0``; the cut runs exactly along ``value = 0``.

    For pieces without weights and morphs yet.
    """
    f = value(piece.positions)
    f = np.where(np.abs(f) < 1e-6, 1e-6, f)
    positions, normals, uv = list(piece.positions), list(piece.normals), list(piece.uv)
    made: dict[tuple[int, int], int] = {}

    def cut(i: int, j: int) -> int:
        key = (min(i, j), max(i, j))
        if key not in made:
            a, b = key
            t = f[a] / (f[a] - f[b])
            made[key] = len(positions)
            positions.append(piece.positions[a] + t * (piece.positions[b] - piece.positions[a]))
            normals.append(piece.normals[a] + t * (piece.normals[b] - piece.normals[a]))
            uv.append(piece.uv[a] + t * (piece.uv[b] - piece.uv[a]))
        return made[key]

    out: list[list[int]] = []
    for tri in piece.triangles.tolist():
        inside = [f[i] > 0 for i in tri]
        if all(inside):
            out.append(tri)
        elif any(inside):
            loop: list[int] = []
            for k in range(3):
                i, j = tri[k], tri[(k + 1) % 3]
                if f[i] > 0:
                    loop.append(i)
                if (f[i] > 0) != (f[j] > 0):
                    loop.append(cut(i, j))
            out += [[loop[0], loop[k], loop[k + 1]] for k in range(1, len(loop) - 1)]
    cutpiece = replace(
        piece, positions=np.array(positions), normals=unit(np.array(normals)), uv=np.array(uv)
    )
    return keep(cutpiece, np.array(out, np.int64).reshape(-1, 3))


def boundary(triangles: I64) -> I64:
    """(e, 2) directed edges that belong to one triangle only."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    key = np.sort(edges, axis=1)
    _, inverse, counts = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    once: I64 = edges[counts[inverse.ravel()] == 1]
    return once


def hem(piece: Piece, depth: float) -> Piece:
    """Turn every open edge inwards by `depth` metres, so that cloth looks thick."""
    edges = boundary(piece.triangles)
    rim = np.unique(edges)
    n = len(piece.positions)
    place = {int(v): n + k for k, v in enumerate(rim)}
    inner = piece.positions[rim] - depth * piece.normals[rim]
    quads: list[list[int]] = []
    for i, j in edges.tolist():
        quads += [[j, i, place[i]], [j, place[i], place[j]]]
    return replace(
        piece,
        positions=np.concatenate([piece.positions, inner]),
        normals=np.concatenate([piece.normals, piece.normals[rim]]),
        uv=np.concatenate([piece.uv, piece.uv[rim]]),
        triangles=np.concatenate([piece.triangles, np.array(quads, np.int64)]),
    )


def join(pieces: list[Piece]) -> Piece:
    """Pieces of one material as one piece."""
    bones = sorted({b for p in pieces for b in p.weights})
    names = sorted({m for p in pieces for m in p.morphs})
    starts = np.cumsum([0] + [len(p.positions) for p in pieces])
    return Piece(
        material=pieces[0].material,
        positions=np.concatenate([p.positions for p in pieces]),
        triangles=np.concatenate([p.triangles + s for p, s in zip(pieces, starts, strict=False)]),
        normals=np.concatenate([p.normals for p in pieces]),
        uv=np.concatenate([p.uv for p in pieces]),
        weights={
            b: np.concatenate([p.weights.get(b, np.zeros(len(p.positions))) for p in pieces])
            for b in bones
        },
        morphs={
            m: np.concatenate([p.morphs.get(m, np.zeros_like(p.positions)) for p in pieces])
            for m in names
        },
    )


def mirror(piece: Piece, swap: Callable[[str], str]) -> Piece:
    """The piece reflected in x; `swap` exchanges left and right in bone and morph names."""
    flip = np.array([-1.0, 1.0, 1.0])
    return replace(
        piece,
        positions=piece.positions * flip,
        normals=piece.normals * flip,
        triangles=piece.triangles[:, ::-1].copy(),
        weights={swap(k): v for k, v in piece.weights.items()},
        morphs={swap(k): v * flip for k, v in piece.morphs.items()},
    )


def swap_sides(name: str) -> str:
    """Exchange left and right in a bone or morph name."""
    for a, b in (("left", "right"), ("Left", "Right")):
        if a in name:
            return name.replace(a, b)
        if b in name:
            return name.replace(b, a)
    return name


def grid_triangles(rows: int, columns: int, closed: bool = False) -> I64:
    """Triangles of a (rows, columns) grid of vertices; `closed` joins last column to first.

    Counter-clockwise when rows go down and columns go right, seen from the front.
    """
    out: list[list[int]] = []
    for r in range(rows - 1):
        for c in range(columns if closed else columns - 1):
            a, b = r * columns + c, r * columns + (c + 1) % columns
            d, e = a + columns, b + columns
            out += [[a, d, b], [b, d, e]]
    return np.array(out, np.int64)
