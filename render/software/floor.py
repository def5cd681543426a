"""The avatar's shadow on the floor and the props in front of the avatar, in the software scene."""

from __future__ import annotations

from typing import Any

import numpy as np

from flow.spec import F32, U8
from render.geometry import fill, geom_node, triangles, vertex_data, vertex_format
from render.model import Layout
from render.panda import core
from render.software.shadow import GRID

LIFT_M = 0.004
"""How far the shadow lies above the floor."""
FLAT_M = 0.02
"""Stage geometry lower than this is floor and hides nothing."""


class FloorShadow:
    """A quad on the floor with a small dark texture."""

    def __init__(self, root: Any) -> None:
        panda = core()
        form = vertex_format((("vertex", 3, "point"),), (("texcoord", 2, "uv"),))
        self._data = vertex_data("shadow", form, 4, dynamic=True)
        fill(self._data, 1, np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32))
        quad = triangles(np.array([[0, 1, 2], [0, 2, 3]], np.uint32))
        self._path = root.attach_new_node(geom_node("shadow", self._data, quad))
        self._texture = panda.Texture("shadow")
        self._texture.setup_2d_texture(
            GRID, GRID, panda.Texture.T_unsigned_byte, panda.Texture.F_rgba
        )
        self._texture.set_minfilter(panda.SamplerState.FT_linear)
        self._texture.set_magfilter(panda.SamplerState.FT_linear)
        self._texture.set_wrap_u(panda.SamplerState.WM_clamp)
        self._texture.set_wrap_v(panda.SamplerState.WM_clamp)
        self._pixels = np.zeros((GRID, GRID, 4), np.uint8)
        self._path.set_texture(self._texture)
        self._path.set_color(1.0, 1.0, 1.0, 1.0)
        self._path.set_two_sided(True)
        self._path.set_transparency(panda.TransparencyAttrib.M_alpha)
        self._path.set_depth_write(False)
        self._path.set_bin("fixed", 5)

    def show(self, darkness: U8, strength: float, low: F32, high: F32, floor_m: float) -> None:
        """Lay `darkness` (GRID, GRID), times `strength`, between the floor corners."""
        y = floor_m + LIFT_M
        corners = [
            [low[0], y, low[1]],
            [high[0], y, low[1]],
            [high[0], y, high[1]],
            [low[0], y, high[1]],
        ]
        fill(self._data, 0, np.array(corners, np.float32))
        self._pixels[..., 3] = darkness * np.float32(np.clip(strength, 0.0, 1.0))
        handle = memoryview(self._texture.modify_ram_image()).cast("B")
        np.copyto(np.frombuffer(handle, np.uint8), self._pixels.reshape(-1))
        self._path.show()

    def hide(self) -> None:
        """Draw none."""
        self._path.hide()


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
        used, compact = np.unique(chosen, return_inverse=True)
        data = vertex_data("holdout", vertex_format((("vertex", 3, "point"),)), len(used), dynamic=False)
        fill(data, 0, np.ascontiguousarray(positions[used], np.float32))
        indices = compact.reshape(-1, 3).astype(np.uint32)
        self._path = self._root.attach_new_node(geom_node("holdout", data, triangles(indices)))
        self._path.set_color(0.0, 0.0, 0.0, 0.0)
        self._path.set_two_sided(True)
        self._path.set_bin("fixed", 1)


def occluders(layout: Layout, positions: F32, clip: F32, reach_m: float) -> np.ndarray[Any, Any]:
    """(t, 3) opaque stage triangles that may lie before an avatar no farther than `reach_m`."""
    opaque = [p.triangles for p in layout.parts if p.alpha.value == "OPAQUE"]
    if not opaque:
        return np.zeros((0, 3), np.uint32)
    found = np.concatenate(opaque)
    at = positions @ clip[:, :3].T + clip[:, 3]
    depth = at[:, 3]
    x, y = at[:, 0], at[:, 1]
    corner = depth[found]
    near = (corner.min(axis=1) < reach_m) & (corner.max(axis=1) > 0.0)
    high = positions[found, 1].max(axis=1) > FLAT_M
    # Outside one side of the picture with all three corners: never seen.
    seen = np.ones(len(found), np.bool_)
    for side in (x - depth, -x - depth, y - depth, -y - depth):
        seen &= ~(side[found] > 0.0).all(axis=1)
    return np.asarray(found[near & high & seen])
