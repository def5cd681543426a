"""How much of the picture the avatars cover."""

from __future__ import annotations

import numpy as np

from flow.spec import F32
from render.camera import NEAR_M, Rect
from render.layers import NOWHERE

PAD_PX = 6
SNAP_PX = 8
"""Rectangles begin and end on multiples of this, so that every supersampling divides evenly."""


def covered(bodies: list[F32], clip: F32, width: int, height: int) -> tuple[Rect, float, float]:
    """The part of the picture that the points cover, and their nearest and farthest depth (m).

    Padded and snapped; all of the picture when a point is at or behind the eye.
    """
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    near, far = np.inf, -np.inf
    matrix = np.ascontiguousarray(clip[[0, 1, 3], :3].T)
    for body in bodies:
        at = body @ matrix
        at += clip[[0, 1, 3], 3]
        depth = at[:, 2]
        near, far = min(near, float(depth.min())), max(far, float(depth.max()))
        if near >= NEAR_M:
            flat = at[:, :2]
            flat /= at[:, 2:]
            low, high = np.minimum(low, flat.min(axis=0)), np.maximum(high, flat.max(axis=0))
    if not bodies or far < NEAR_M:
        return NOWHERE, near, far
    if near < NEAR_M:
        return Rect(0, 0, width, height), near, far
    x0, x1 = (np.array([low[0], high[0]]) * 0.5 + 0.5) * width
    y0, y1 = (0.5 - np.array([high[1], low[1]]) * 0.5) * height
    left, right = _snapped(x0, x1, width)
    top, bottom = _snapped(y0, y1, height)
    return Rect(left, top, right - left, bottom - top), near, far


def _snapped(low: float, high: float, size: int) -> tuple[int, int]:
    """`low`..`high` padded, on multiples of SNAP_PX, inside 0..`size`; empty when outside."""
    if high < -PAD_PX or low > size + PAD_PX:
        return 0, 0
    first = max(0, int(np.floor((low - PAD_PX) / SNAP_PX)) * SNAP_PX)
    last = min(size, int(np.ceil((high + PAD_PX) / SNAP_PX)) * SNAP_PX)
    return (first, last) if last > first else (0, 0)
