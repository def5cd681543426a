"""Pieces that lie on the face and move with it: the tools that lashes and lips are made with."""

from __future__ import annotations

import numpy as np

from assets.build.mira.features import move
from assets.build.mira.head import height, moved_to_world, to_world
from assets.build.mira.mesh import F64, I64, Piece, grid_triangles, mirror, swap_sides
from assets.build.mira.morphs import FACE_MORPHS
from assets.build.mira.texture import cell_uv


def flat(cell: str, p: F64, tri: I64, moved: dict[str, F64], uv: F64 | None = None) -> Piece:
    """A piece of the unlit `lines` material in one palette colour. Millimetres in."""
    place = cell_uv(cell, np.full((len(p), 2), 0.5) if uv is None else uv)
    return Piece(
        material="lines",
        positions=to_world(p),
        triangles=tri,
        normals=np.tile([0.0, 0.0, 1.0], (len(p), 1)),
        uv=place,
        weights={"head": np.ones(len(p))},
        morphs={k: moved_to_world(v) for k, v in moved.items() if np.abs(v).max() > 1e-5},
    )


def moves(p: F64, part: F64, share: F64 | float = 1.0, lids: bool = True) -> dict[str, F64]:
    still = move(p, part, {}, lids)
    s = np.broadcast_to(np.asarray(share, np.float64), (len(p),))[:, None]
    return {n: s * (move(p, part, {n: 1.0}, lids) - still) for n in FACE_MORPHS}


def on_face(xy: F64, lift: float) -> F64:
    return np.concatenate([xy, (height(xy[:, 0], xy[:, 1]) + lift)[:, None]], 1)


def ribbon(cell: str, edge: F64, outer: F64, lift: float, part: F64 | float = 0.0) -> Piece:
    """A strip between two lines on the face; all of it moves like its `edge`."""
    n = len(edge)
    root = on_face(edge, 0.0)
    root = np.concatenate([root, root])
    p = on_face(np.concatenate([edge, outer]), lift)
    # `move` needs to know on which lid a point lies, so it is asked about the edge itself.
    parts = np.tile(np.broadcast_to(np.asarray(part, np.float64), (n,)), 2)
    tri = grid_triangles(2, n)
    a, b, c = (p[tri[0, i]] for i in range(3))
    if np.cross(b - a, c - a)[2] < 0:
        tri = tri[:, ::-1].copy()
    return flat(cell, p, tri, moves(root, parts))


def pair(piece: Piece, own_uv: bool = False) -> list[Piece]:
    """A piece of the left side and its mirror image; `own_uv` keeps pictures unmirrored."""
    other = mirror(piece, swap_sides)
    if own_uv:
        uv = other.uv.copy()
        uv[:, 0] = np.where(uv[:, 0] < 0.5, 0.5 - uv[:, 0], uv[:, 0])
        other = Piece(other.material, other.positions, other.triangles, other.normals, uv,
                      other.weights, other.morphs)  # fmt: skip
    return [piece, other]
