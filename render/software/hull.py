"""Outline hulls for the software rasteriser: vertices pushed along their normals, insides drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from flow.spec import F32
from render.color import display_from_linear
from render.geometry import fill, geom_node, triangles, vertex_data, vertex_format
from render.model import Layout, material_at
from render.panda import core
from render.skin import Skinner
from render.toon import ToonLight

SAME = 0.01
"""Colours nearer than this, of 1, are the same outline."""


class Hull:
    """The hulls of one model, one flat colour a part: the lit surface's mean decides it."""

    def __init__(self, layout: Layout, root: Any) -> None:
        panda = core()
        self._width = layout.outline_width[:, None]
        self._screen = layout.outline_screen
        self._any_screen = bool(self._screen.any())
        self._layout = layout
        count = len(layout.positions)
        self._positions = np.zeros((count, 3), np.float32)
        self._length = np.zeros((count, 1), np.float32)
        form = vertex_format((("vertex", 3, "point"),))
        self._data = vertex_data("hull", form, count, dynamic=True)
        self._paths: list[tuple[Any, Any]] = []
        self._colors: list[F32] = []
        for rank, part in enumerate(layout.parts):
            if not part.outlined:
                continue
            drawn = part.triangles
            wide = (layout.outline_width[drawn] > 0.0).any(axis=1)
            node = geom_node(f"hull {rank}", self._data, triangles(drawn[wide]))
            path = root.attach_new_node(node)
            path.set_attrib(panda.CullFaceAttrib.make(panda.CullFaceAttrib.M_cull_clockwise))
            path.set_bin("fixed", 9)
            self._paths.append((part, path))
            self._colors.append(np.full(3, -1.0, np.float32))

    def upload(self, skinner: Skinner, light: ToonLight, depth: F32, view_scale: float) -> None:
        """Push the posed vertices out.

        `light` has shaded them; `depth` (4,) gives the distance before the camera of a world
        point; `view_scale` is 2 tan(fov / 2).
        """
        if not self._paths:
            return
        np.divide(self._width, light.normal_lengths[:, None], out=self._length)
        if self._any_screen:
            away = skinner.positions[self._screen] @ depth[:3] + depth[3]
            self._length[self._screen, 0] *= np.maximum(away, 0.0) * view_scale
        np.multiply(skinner.normals, self._length, out=self._positions)
        np.add(self._positions, skinner.positions, out=self._positions)
        fill(self._data, 0, self._positions)
        self._color(light)

    def _color(self, light: ToonLight) -> None:
        for place, (part, path) in enumerate(self._paths):
            mtoon = material_at(self._layout.model, part.material).mtoon
            if mtoon is None:
                continue
            mix = mtoon.outline_lighting_mix
            color = np.asarray(mtoon.outline_color, np.float32)
            if mix > 0.0:
                surface = light.color[part.start : part.stop : 16].mean(axis=0)
                color = color * (1.0 - mix + mix * surface)
            color = display_from_linear(color)
            # The engine pays for every change of state.
            if np.abs(color - self._colors[place]).max() > SAME:
                self._colors[place] = color
                path.set_color(*(float(v) for v in color), 1.0)
