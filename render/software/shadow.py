"""A soft shadow on the floor for the software back end: points of the skin splatted along the key.

Points are spread evenly over the surface once; each frame they are carried by the skinned vertices,
projected along the light onto the floor, counted in a small grid and blurred.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from flow.spec import F32, U8
from render.model import Layout

POINTS = 2400
GRID = 64
REACH_M = 1.3
"""Height above which a body throws no shadow that one could see: its edge is too soft."""


@dataclass(frozen=True, slots=True)
class Splatter:
    """Points of one model's skin: `carry` @ vertices gives them; each stands for `area_m2`."""

    carry: csr_matrix
    area_m2: float


def splatter(layout: Layout, positions: F32, count: int = POINTS) -> Splatter:
    """Points evenly spread over the skin as it lies at `positions` (v, 3)."""
    triangles = layout.triangles.astype(np.int64)
    corners = positions[triangles].astype(np.float64)
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    total = np.cumsum(area / 2.0)
    if not len(total) or total[-1] <= 0.0:
        return Splatter(csr_matrix((0, len(positions)), dtype=np.float32), 0.0)
    rng = np.random.default_rng(20)  # always the same points: pictures must be reproducible
    chosen = np.searchsorted(total, (np.arange(count) + 0.5) / count * total[-1])
    u, v = rng.random(count), rng.random(count)
    flip = u + v > 1.0
    u[flip], v[flip] = 1.0 - u[flip], 1.0 - v[flip]
    weights = np.stack([1.0 - u - v, u, v], axis=1).astype(np.float32)
    rows = np.repeat(np.arange(count), 3)
    carry = csr_matrix(
        (weights.ravel(), (rows, triangles[chosen].ravel())), shape=(count, len(positions))
    )
    return Splatter(carry, float(total[-1]) / count)


def splat(points: F32, area_m2: float, direction: F32, low: F32, high: F32) -> U8:
    """(GRID, GRID) darkness of the floor between corners `low` and `high` ((2,), x and z, m).

    `points` are (n, 3), each standing for `area_m2` of skin; `direction` from the light.
    """
    import cv2

    down = min(float(direction[1]), -0.2)
    heights = np.maximum(points[:, 1], 0.0)
    at = points[:, [0, 2]] - (heights / down)[:, None] * direction[[0, 2]] - low
    cell = at / np.maximum(high - low, 1e-6) * GRID
    inside = ((cell >= 1.0) & (cell < GRID - 1.0)).all(axis=1)
    column, row = cell[inside].astype(np.int64).T
    # What is near the floor darkens it most: the sky lights the rest from the side.
    fade = np.clip(1.0 - heights[inside] / REACH_M, 0.0, 1.0)
    weight = (np.exp(heights[inside] / -0.25) * 1.6 + 0.8) * fade
    grid = np.bincount(row * GRID + column, weights=weight, minlength=GRID * GRID)
    blurred = cv2.GaussianBlur(grid.reshape(GRID, GRID).astype(np.float32), (0, 0), 1.6)
    blurred[[0, -1], :] = 0.0
    blurred[:, [0, -1]] = 0.0
    cell_m2 = float(np.prod(np.maximum(high - low, 0.1))) / (GRID * GRID)
    return np.asarray((1.0 - np.exp(blurred * (-area_m2 / cell_m2))) * 255.0, np.uint8)


def footprint(low: F32, high: F32, direction: F32) -> tuple[F32, F32]:
    """(2,), (2,) floor corners (x, z) that hold the shadow of the box `low`..`high` (3,)."""
    down = min(float(direction[1]), -0.2)
    slide = direction[[0, 2]] * (-min(float(high[1]), REACH_M) / down)
    near = np.minimum(low[[0, 2]], low[[0, 2]] + slide) - 0.15
    far = np.maximum(high[[0, 2]], high[[0, 2]] + slide) + 0.15
    return near.astype(np.float32), far.astype(np.float32)
