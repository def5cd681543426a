"""How a garment is cut out of the surface around a body."""

# Coordinates and radii read best in the order of a drawing.
# ruff: noqa: PLR0917
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assets.build.mira.body import torso, trunk
from assets.build.mira.mesh import (
    F64,
    I64,
    Field,
    Piece,
    clip,
    gradient,
    hem,
    smooth_min,
    unit,
)
from assets.build.mira.texture import cloth_uv
from assets.build.mira.weights import trunk_weights

Surface = tuple[F64, I64, F64]
"""Positions, triangles, normals."""


def dressed(
    cloth: str, p: F64, tri: I64, normals: F64, weigh: Callable[[F64], dict[str, F64]]
) -> Piece:
    uv = cloth_uv(cloth, np.full((len(p), 2), 0.5))
    return Piece("cloth", p, tri, normals, uv, weigh(p))


def cut_out(
    cloth: str, base: Surface, regions: tuple[Field, ...], lift: float, depth: float,
    weigh: Callable[[F64], dict[str, F64]] = trunk_weights,
) -> Piece:  # fmt: skip
    """A part of a garment's surface, lifted along its normals and hemmed."""
    p, tri, normals = base
    piece = Piece("cloth", p, tri, normals, np.zeros((len(p), 2)))
    for region in regions:  # one after the other: a band may be narrower than a triangle
        piece = clip(piece, region)
    piece = replace(piece, positions=piece.positions + lift * piece.normals)
    if depth:
        piece = hem(piece, depth)
    uv = cloth_uv(cloth, np.full((len(piece.positions), 2), 0.5))
    return replace(piece, uv=uv, weights=weigh(piece.positions))


def neckline(p: F64) -> F64:
    """Positive below the blouse's round neckline."""
    z = np.clip(p[:, 2], -0.06, 0.06)
    x = np.abs(p[:, 0])
    return (1.306 - 0.38 * np.clip(z + 0.02, 0, 1)) - p[:, 1] + 2.0 * np.clip(x - 0.058, 0, None)


def on_cloth(distance: Field, x: float, y: float) -> tuple[F64, F64]:
    """The front point of a surface at (x, y) and the direction it faces."""
    line = np.stack([np.full(400, x), np.full(400, y), np.linspace(0.03, 0.16, 400)], 1)
    at = line[int(np.flatnonzero(distance(line) < 0).max())]
    n = unit(gradient(distance, at[None], 2e-3))[0]
    return at + 0.001 * n, n


def blouse_field(p: F64) -> F64:
    return smooth_min(torso(p) - 0.006, trunk(p) - 0.004, 0.01)
