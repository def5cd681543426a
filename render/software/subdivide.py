"""Cuts a stage's large triangles into smaller ones.

The rasteriser interpolates depth and texture in fixed point, and loses its way over a floor that
runs under the camera.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from flow.mesh import Model, Primitive
from flow.spec import F32, U32

LONGEST_M = 0.9
ROUNDS = 14
MOST_TRIANGLES = 120_000


def subdivided(model: Model, longest_m: float = LONGEST_M) -> Model:
    """`model` with every edge of its rigid primitives at most `longest_m` (or nearly so)."""
    primitives = tuple(
        primitive if primitive.skin >= 0 or primitive.morphs else _cut(primitive, longest_m)
        for primitive in model.primitives
    )
    return replace(model, primitives=primitives)


def _cut(primitive: Primitive, longest_m: float) -> Primitive:
    columns = [primitive.positions, primitive.normals, primitive.uv]
    if primitive.color is not None:
        columns.append(primitive.color)
    vertices = np.concatenate(columns, axis=1).astype(np.float32)
    triangles = primitive.triangles.astype(np.uint32)
    for _ in range(ROUNDS):
        vertices, triangles, done = _halve(vertices, triangles, longest_m)
        if done or len(triangles) > MOST_TRIANGLES:
            break
    return replace(
        primitive,
        positions=np.ascontiguousarray(vertices[:, :3]),
        normals=np.ascontiguousarray(vertices[:, 3:6]),
        uv=np.ascontiguousarray(vertices[:, 6:8]),
        color=np.ascontiguousarray(vertices[:, 8:]) if primitive.color is not None else None,
        triangles=triangles,
    )


def _halve(vertices: F32, triangles: U32, longest_m: float) -> tuple[F32, U32, bool]:
    """Cut each triangle with a too long edge across its longest one.

    Both triangles at a long edge are cut at the same middle, if not in the same round then in a
    later one, so that no crack stays.
    """
    corners = vertices[triangles, :3]
    # Edge k runs from corner k to corner k + 1.
    lengths = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    edge = lengths.argmax(axis=1)
    long = np.flatnonzero(lengths.max(axis=1) > longest_m)
    if not len(long):
        return vertices, triangles, True
    row, k = triangles[long], edge[long]
    here = np.arange(len(long))
    a, b, c = row[here, k], row[here, (k + 1) % 3], row[here, (k + 2) % 3]
    middle = (vertices[a] + vertices[b]) * np.float32(0.5)
    new = (len(vertices) + here).astype(np.uint32)
    kept = np.delete(triangles, long, axis=0)
    pieces = (kept, np.stack([a, new, c], axis=1), np.stack([new, b, c], axis=1))
    return np.concatenate([vertices, middle]), np.concatenate(pieces).astype(np.uint32), False
