"""The small things at her neck and in her hair: shirt collar, bow, buttons, hair clip."""

# `array + [x, y, z]` adds vectors here; it joins no lists.
# ruff: noqa: RUF005, PLR0917
from __future__ import annotations

import numpy as np

from assets.build.mira.bell import bell, outward
from assets.build.mira.body import ellipsoid, jacket_surface
from assets.build.mira.head import to_world
from assets.build.mira.mesh import (
    F64,
    Piece,
    grid_triangles,
    hem,
    join,
    mirror,
    polygonise,
    smooth,
    smooth_min,
    step,
    swap_sides,
    unit,
    vertex_normals,
)
from assets.build.mira.texture import cloth_uv
from assets.build.mira.weights import trunk_weights


def plain(cloth: str, p: F64, tri: np.ndarray, n: F64, weights: dict[str, F64]) -> Piece:
    """A piece of one cloth colour."""
    return Piece("cloth", p, tri, n, cloth_uv(cloth, np.full((len(p), 2), 0.5)), weights)


def _ring(start: float, count: int, half: float, front: float, back: float, y: F64) -> F64:
    """Points around the neck from just left of the front to just right of it."""
    a = np.linspace(start, 2 * np.pi - start, count)
    c = np.cos(a)
    z = np.where(c > 0, -0.016 + (front + 0.016) * c, -0.016 - (back - 0.016) * -c)
    return np.stack([half * np.sin(a), y, z], 1)


def shirt_collar() -> Piece:
    """A folded collar with two points in front."""
    n = 27
    t = np.abs(np.linspace(-1, 1, n))  # 1 at the front, 0 at the nape
    top = 1.320 - 0.006 * smooth(t / 0.6) - 0.016 * smooth((t - 0.5) / 0.5)
    low = 1.293 - 0.004 * smooth(t / 0.5) - 0.032 * smooth((t - 0.45) / 0.5)
    low = low - 0.013 * smooth((t - 0.86) / 0.14)
    rows = [
        _ring(0.16, n, 0.0455, 0.038, 0.062, top - 0.016),
        _ring(0.20, n, 0.0490, 0.0425, 0.066, top),
        _ring(0.21, n, 0.0525, 0.0465, 0.069, top - 0.001),
        _ring(0.27, n, 0.0620, 0.0640, 0.079, 0.5 * (top + low) + 0.002),
        _ring(0.34, n, 0.0780, 0.0840, 0.091, low + 0.004 * np.sin(np.pi * t)),
    ]
    # The fold lies on the jacket, never in it; in front there are lapels under it, too.
    for row, back, front in ((rows[3], 0.003, 0.008), (rows[4], 0.005, 0.0125)):
        room = back + (front - back) * step(row[:, 2], -0.02, 0.02)
        for _ in range(3):
            row[:, 1] += 1.1 * np.maximum(room - jacket_surface(row), 0.0)
    p = np.concatenate(rows)
    tri = grid_triangles(len(rows), n)
    normals = vertex_normals(p, tri)
    if np.sum(normals[n:] * (unit(p[n:] * [1, 0, 1]) + [0, 1, 0])) < 0:
        tri, normals = tri[:, ::-1].copy(), -normals
    uv = np.zeros((len(p), 2))
    piece = hem(Piece("cloth", p, tri, normals, uv), 0.0035)
    return plain("blouse", piece.positions, piece.triangles, piece.normals,
                 trunk_weights(piece.positions * [1, 0, 1] + [0, 1.262, 0]))  # fmt: skip


def bow() -> list[Piece]:
    """A ribbon tied at the collar."""
    centre = np.array([0.0, 1.254, 0.0885])
    lean = np.array([[np.cos(0.30), np.sin(0.30)], [-np.sin(0.30), np.cos(0.30)]])

    def field(p: F64) -> F64:
        q = np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], 1) - centre
        r = q.copy()
        r[:, :2] = (q[:, :2] - [0.004, 0.001]) @ lean.T
        # A loop opens like a fan: thin at the knot, wide outside.
        fan = np.clip(r[:, 0] / 0.030, 0.18, 1.0)
        r[:, 1] = r[:, 1] / (0.35 + 0.75 * fan)
        lobe = 0.8 * ellipsoid(r, (0.018, 0.0, -0.001), (0.0185, 0.0150, 0.0078))
        dent = ellipsoid(q, (0.026, 0.004, 0.009), (0.009, 0.0055, 0.006))
        lobe = np.maximum(lobe, -dent)
        knot = ellipsoid(q, (0.0, 0.0, 0.003), (0.0066, 0.0080, 0.0075))
        tail = q.copy()
        tail[:, 0] -= 0.42 * np.clip(-q[:, 1], 0, 1)
        tails = np.maximum(
            ellipsoid(tail, (0.002, -0.026, -0.003), (0.0088, 0.040, 0.0042)),
            -(q[:, 1] + 0.046 + 0.5 * (q[:, 0] - 0.020)),
        )
        return smooth_min(smooth_min(lobe, tails, 0.002), knot, 0.002)

    low, high = centre - [0.05, 0.07, 0.016], centre + [0.05, 0.032, 0.018]
    p, tri, normals = polygonise(field, low, high, 0.0022, 620)
    anchor = np.tile(np.array([[0.0, 1.250, 0.085]]), (len(p), 1))
    return [plain("accent", p, tri, normals, trunk_weights(anchor))]


def button(at: F64, outwards: F64, radius: float, cloth: str = "metal") -> Piece:
    """A small dome on cloth; moves with the trunk below it."""
    n, z = 8, unit(outwards[None])[0]
    x = unit(np.cross([0.0, 1.0, 0.0], z)[None])[0]
    y = np.cross(z, x)
    a = np.arange(n) * 2 * np.pi / n
    disc = np.cos(a)[:, None] * x + np.sin(a)[:, None] * y
    p = np.concatenate([at + radius * disc, at + 0.7 * radius * disc + 0.4 * radius * z,
                        (at + 0.5 * radius * z)[None]])  # fmt: skip
    tri = [t for i in range(n) for t in
           ([i, (i + 1) % n, n + i], [(i + 1) % n, n + (i + 1) % n, n + i],
            [n + i, n + (i + 1) % n, 2 * n])]  # fmt: skip
    normals = np.concatenate([unit(disc + 0.5 * z), unit(disc + 1.5 * z), z[None]])
    anchor = np.tile(at, (len(p), 1))
    return plain(cloth, p, np.array(tri, np.int64), normals, trunk_weights(anchor))


def hair_clip() -> list[Piece]:
    """Two crossed bars in her hair, over her left temple."""
    out = []
    for (a0, y0), (a1, y1), cloth in (
        ((31.0, 177.0), (47.0, 161.0), "accent"), ((33.0, 160.0), (45.0, 178.0), "trim"),
    ):  # fmt: skip
        t = np.linspace(0, 1, 6)
        line = bell(np.radians(a0 + (a1 - a0) * t), y0 + (y1 - y0) * t, np.full(6, 25.0))
        n = outward(line)
        side = unit(np.cross(unit(np.gradient(line, axis=0)), n))
        w = 3.6 * np.sqrt(np.clip(1.0 - (2 * t - 1) ** 6, 0.15, 1))[:, None]
        high = line + 2.6 * n
        rows = np.stack([line - w * side, high - 0.8 * w * side, high + 0.8 * w * side,
                         line + w * side], 1)  # fmt: skip
        p = rows.reshape(-1, 3)
        tri = grid_triangles(6, 4)
        normals = vertex_normals(p, tri)
        if np.sum(normals * np.repeat(n, 4, axis=0)) < 0:
            tri, normals = tri[:, ::-1].copy(), -normals
        out.append(plain(cloth, to_world(p), tri, normals, {"head": np.ones(len(p))}))
    return out


def ears() -> Piece:
    """Both ears, mostly under the hair."""

    def field(p: F64) -> F64:
        q = p - np.array([0.0, 86.0, -12.0])
        lean = 0.22 * q[:, 1]
        r = np.stack([p[:, 0] - 73.5 - 0.25 * (-q[:, 2]), q[:, 1], q[:, 2] + lean], 1)
        shell = ellipsoid(r, (0.0, 2.0, -3.0), (5.0, 21.0, 13.0))
        bowl = ellipsoid(r, (4.5, 3.0, -1.0), (4.0, 14.0, 8.0))
        return np.maximum(shell, -bowl)

    p, tri, normals = polygonise(field, np.array([60.0, 56.0, -42.0]),
                                 np.array([90.0, 116.0, 14.0]), 2.2, 220)  # fmt: skip
    left = Piece("skin", to_world(p), tri, normals, np.tile([[0.045, 0.45]], (len(p), 1)),
                 {"head": np.ones(len(p))})  # fmt: skip
    return join([left, mirror(left, swap_sides)])
