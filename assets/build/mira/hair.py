"""Her hair: a cap on the skull that hangs down behind, and the locks over it."""

from __future__ import annotations

import numpy as np

from assets.build.mira import hairstyle
from assets.build.mira.bell import bell, outward, strand_v
from assets.build.mira.hair_springs import hair_weights
from assets.build.mira.head import to_world
from assets.build.mira.lock import sweep
from assets.build.mira.mesh import F64, Piece, grid_triangles, join, smooth, unit, vertex_normals
from assets.build.mira.texture import cell_uv


def _hairline(angle: F64) -> F64:
    """Lower edge of the cap: above the face, then a curtain behind the ears."""
    a = np.abs((np.degrees(angle) + 180.0) % 360.0 - 180.0)
    return np.interp(
        a, [0, 35, 56, 70, 82, 99, 112, 128, 180], [178, 170, 146, 114, 98, 92, -30, -70, -84]
    )


def _cap() -> Piece:
    """Skull cap and curtain in one smooth sheet with a relief of strands."""
    rows, cols = 15, 56
    angle = np.arange(cols) * 2 * np.pi / cols
    t = np.linspace(0.0, 1.0, rows)[:, None]
    line = _hairline(angle)[None, :]
    # Rows crowd at the crown, where the sheet bends most.
    y = 235.6 + (0.35 * t + 0.65 * t**1.9) * (line - 235.6)
    aa = np.broadcast_to(angle, y.shape)
    relief = 1.1 * np.sin(aa * 13.0 + 0.8 * np.sin(aa * 3)) * smooth((230.0 - y) / 60.0)
    edge = np.where(t > 0.999, -4.0, 0.0)
    lift = 8.0 + 5.0 * smooth((250.0 - y) / 60.0) * (np.abs(np.sin(aa / 2)) > 0.3) + relief + edge
    p = bell(aa.reshape(-1), y.reshape(-1), lift.reshape(-1))
    tri = grid_triangles(rows, cols, closed=True)
    top = len(p)
    p = np.concatenate([p, p[:cols].mean(0)[None] + [[0, 0.8, 0]]])
    lid = np.array([[top, i, (i + 1) % cols] for i in range(cols)])
    tri = np.concatenate([tri, lid])
    n = vertex_normals(p, tri)
    if np.sum(n * outward(p)) < 0:
        tri, n = tri[:, ::-1].copy(), -n
    n = unit(0.35 * n + 0.8 * outward(p))
    ang = np.concatenate([aa.reshape(-1), [0.0]])
    uv = np.stack([np.abs((ang / np.pi) % 2.0 - 1.0) * 2.4, strand_v(p[:, 1])], 1)
    return Piece("hair", to_world(p), tri, n, uv, hair_weights("back", p))


def _curtain_inside() -> Piece:
    """The curtain seen from the front, behind the neck."""
    rows, cols = 7, 19
    angle = np.radians(np.linspace(100, 260, cols))[None, :]
    t = np.linspace(0, 1, rows)[:, None]
    line = _hairline(angle)
    y = 165.0 + t * (line - 3.0 - 165.0)
    aa = np.broadcast_to(angle, y.shape)
    p = bell(aa.reshape(-1), y.reshape(-1), np.where(y > 60, 0.0, -3.0).reshape(-1))
    tri = grid_triangles(rows, cols)
    n = vertex_normals(p, tri)
    if np.sum(n * outward(p)) > 0:
        tri = tri[:, ::-1].copy()
    # Unlit and dark: it lies in the shade of the head whatever the light.
    uv = cell_uv("nape", np.stack([np.full(len(p), 0.5), (165.0 - p[:, 1]) / 250.0], 1))
    return Piece("lines", to_world(p), tri, -outward(p), uv, hair_weights("back", p))


def build_hair() -> list[Piece]:
    """Everything that swings around her head."""
    parts = [_cap()]
    parts += [sweep(lock, 10) for lock in hairstyle.fringe()]
    parts += [sweep(lock, 14) for lock in hairstyle.sides()]
    parts += [sweep(lock, 9) for lock in hairstyle.back()]
    parts += [sweep(lock, 10) for lock in hairstyle.stray()]
    return [join(parts), _curtain_inside()]
