"""Where the stage meets the avatar: a shadow on its floor, props in front."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flow.mesh import Alpha
from flow.spec import F32, U8, U32
from render.camera import NEAR_M, Rect
from render.geometry import fill, geom_node, triangles, vertex_data, vertex_format
from render.model import Layout
from render.panda import core

FLAT_M = 0.02
"""Stage geometry lower than this is floor: it takes the shadow and hides nothing."""


def is_floor(positions: F32, found: U32) -> NDArray[np.bool_]:
    """(t,) whether all corners of the triangles `found` (t, 3) lie on the floor."""
    return np.asarray((np.abs(positions[found, 1]) < FLAT_M).all(axis=1))


def solid(layout: Layout) -> U32:
    """(t, 3) the triangles of opaque parts."""
    found = [part.triangles for part in layout.parts if part.alpha is Alpha.OPAQUE]
    return np.concatenate(found) if found else np.zeros((0, 3), np.uint32)


def flat_node(name: str, positions: F32, found: U32) -> Any:
    """A node drawing triangles `found` of `positions` without texture or colour."""
    used, compact = np.unique(found, return_inverse=True)
    form = vertex_format((("vertex", 3, "point"),))
    data = vertex_data(name, form, len(used), dynamic=False)
    fill(data, 0, np.ascontiguousarray(positions[used], np.float32))
    return geom_node(name, data, triangles(compact.reshape(-1, 3).astype(np.uint32)))


class Holdout:
    """Stage triangles nearer than the avatar, drawn as nothing: the plate shows through there."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._path: Any = None
        self._key: tuple[Any, ...] = ()

    def update(
        self, layout: Layout | None, positions: F32, key: tuple[Any, ...], clip: F32, far_m: float
    ) -> None:
        """Choose the triangles for a camera; `far_m` is the avatar's farthest depth."""
        # A generous, rounded depth, so that a moving avatar rarely makes a new choice.
        reach = float(np.ceil((far_m + 0.25) * 2.0) / 2.0)
        if (*key, reach, id(layout)) == self._key:
            return
        self._key = (*key, reach, id(layout))
        if self._path is not None:
            self._path.remove_node()
            self._path = None
        if layout is None or not len(positions):
            return
        chosen = occluders(layout, positions, clip, reach)
        if not len(chosen):
            return
        self._path = self._root.attach_new_node(flat_node("holdout", positions, chosen))
        self._path.set_color(0.0, 0.0, 0.0, 0.0)
        self._path.set_two_sided(True)
        self._path.set_bin("fixed", 1)

    @property
    def present(self) -> bool:
        """Whether anything stands in front."""
        return self._path is not None


def occluders(layout: Layout, positions: F32, clip: F32, reach_m: float) -> U32:
    """(t, 3) solid stage triangles that may lie before an avatar no farther than `reach_m`."""
    found = solid(layout)
    at = positions @ clip[:, :3].T + clip[:, 3]
    depth, x, y = at[:, 3], at[:, 0], at[:, 1]
    corner = depth[found]
    chosen = (corner.min(axis=1) < reach_m) & (corner.max(axis=1) > 0.0)
    chosen &= ~is_floor(positions, found)
    # Outside one side of the picture with all three corners: never seen.
    for side in (x - depth, -x - depth, y - depth, -y - depth):
        chosen &= ~(side[found] > 0.0).all(axis=1)
    return np.asarray(found[chosen])


def floor_shade(
    darkness: U8, corners: tuple[F32, F32], clip: F32, mask: U8, *, strength: float
) -> tuple[U8, Rect] | None:
    """The picture's rectangle that the floor shadow covers and what light it leaves there.

    `darkness` (n, n) lies between the floor `corners` (x, z, m); `mask` (h, w) is
    255 where the picture shows floor. None when the shadow is not in the picture.
    """
    import cv2

    height, width = mask.shape
    low, high = corners
    floor = np.array(
        [[low[0], 0, low[1]], [high[0], 0, low[1]], [high[0], 0, high[1]], [low[0], 0, high[1]]],
        np.float32,
    )
    at = floor @ clip[:, :3].T + clip[:, 3]
    if float(at[:, 3].min()) < NEAR_M:
        return None
    flat = at[:, :2] / at[:, 3:4] * [0.5, -0.5] + 0.5
    pixels = (flat * [width, height]).astype(np.float32)
    x0, y0 = np.floor(np.maximum(pixels.min(axis=0), 0.0)).astype(int)
    x1, y1 = np.ceil(np.minimum(pixels.max(axis=0), [width, height])).astype(int)
    if x1 <= x0 or y1 <= y0:
        return None
    rect = Rect(int(x0), int(y0), int(x1 - x0), int(y1 - y0))
    side = float(len(darkness))
    texels = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32) - 0.5
    warp = cv2.getPerspectiveTransform(texels, pixels - np.array([x0, y0], np.float32) - 0.5)
    warped = cv2.warpPerspective(darkness, warp, (rect.width, rect.height), flags=cv2.INTER_LINEAR)
    seen = cv2.multiply(warped, mask[rect.slices], scale=min(max(strength, 0.0), 1.0) / 255.0)
    return np.asarray(cv2.bitwise_not(seen)), rect


class FloorMask:
    """Draws which pixels show floor: floor white, everything else of the stage black."""

    def __init__(self) -> None:
        self.root = core().NodePath("floor mask")
        self._paths: list[Any] = []

    def set_stage(self, layout: Layout | None, positions: F32) -> None:
        """Show another stage, or none."""
        for path in self._paths:
            path.remove_node()
        self._paths = []
        if layout is None:
            return
        found = solid(layout)
        low = is_floor(positions, found)
        for name, chosen, value in (("floor", found[low], 1.0), ("rest", found[~low], 0.0)):
            if len(chosen):
                path = self.root.attach_new_node(flat_node(name, positions, chosen))
                path.set_color(value, value, value, 1.0)
                path.set_two_sided(True)
                self._paths.append(path)
