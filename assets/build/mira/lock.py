"""One lock of hair: a curve on the bell, swept with a lens-shaped section."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from assets.build.mira.bell import bell, outward, strand_v
from assets.build.mira.hair_springs import hair_weights
from assets.build.mira.head import to_world
from assets.build.mira.mesh import Piece, grid_triangles, smooth, unit, vertex_normals


@dataclass(frozen=True, slots=True)
class Lock:
    """Control points (angle in degrees, height, lift) from root to tip."""

    group: str
    points: tuple[tuple[float, float, float], ...]
    width: float
    thick: float = 6.0
    seed: float = 0.0
    taper: float = 0.62
    """The share of its length over which it narrows to a point."""


_SECTION = np.array([(-1, -0.1), (-0.62, 0.62), (0, 1.0), (0.62, 0.62), (1, -0.1), (0, -0.55)])


def sweep(lock: Lock, steps: int) -> Piece:
    ctrl = np.array(lock.points, np.float64)
    t = np.linspace(0, 1, len(ctrl))
    fine = np.linspace(0, 1, 160)
    angle, y, lift = (PchipInterpolator(t, ctrl[:, i])(fine) for i in range(3))
    line = bell(np.radians(angle), y, lift)
    # Even steps along the curve, not along its parameter.
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    s = np.linspace(0, 1, steps)
    line = np.stack([np.interp(s * run[-1], run, line[:, i]) for i in range(3)], 1)
    tangent = unit(np.gradient(line, axis=0))
    normal = outward(line)
    side = unit(np.cross(tangent, normal))
    normal = unit(np.cross(side, tangent))
    grow = 0.55 + 0.45 * smooth(s / 0.35)
    taper = np.clip((1 - s) / lock.taper, 0, 1) ** 0.75
    w = 0.5 * lock.width * grow * taper
    h = lock.thick * grow * np.maximum(taper, 0.12)
    rows = (
        line[:, None]
        + _SECTION[None, :, :1] * w[:, None, None] * side[:, None]
        + _SECTION[None, :, 1:] * h[:, None, None] * normal[:, None]
    )
    # Locks hug the bell: their edges bend with it.
    bend = (_SECTION[None, :, 0] * w[:, None]) ** 2 / 190.0
    rows = rows - bend[..., None] * normal[:, None]
    p = rows.reshape(-1, 3)
    k = len(_SECTION)
    tri = grid_triangles(steps, k, closed=True)
    n = vertex_normals(p, tri)
    away = (rows - line[:, None]).reshape(-1, 3)
    if np.sum(n * away) < 0:
        tri, n = tri[:, ::-1].copy(), -n
    out = outward(p)
    facing = np.sum(n * out, 1) > -0.2
    n = np.where(facing[:, None], unit(0.28 * n + 0.85 * out), n)
    u = lock.seed + np.tile(0.5 + 0.5 * _SECTION[:, 0], steps) * lock.width / 140.0
    return Piece("hair", to_world(p), tri, n, np.stack([u, strand_v(p[:, 1])], 1),
                 hair_weights(lock.group, p))  # fmt: skip
