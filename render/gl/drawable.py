"""A model in the GL scene: shared vertex memory, one node per part, outline hulls."""

from __future__ import annotations

from typing import Any

import numpy as np

from flow.mesh import Alpha
from flow.spec import F32
from render.animate import Mover, Overrides
from render.geometry import fill, geom_node, triangles, vertex_data, vertex_format
from render.gl.material import MaterialState
from render.model import Layout
from render.panda import core
from render.textures import TextureBook

MAIN_BIT, SHADOW_BIT = 0, 1
AVATAR_BIN, STAGE_BIN, BLEND_BIN = 10_000, 30_000, 60_000
"""Three places a material. Avatars first: what they hide of the stage is then never shaded."""


class Drawable:
    """One model under `root`.

    `casts`: whether it throws the key light's shadow (the avatars do, the stage takes it).
    `hardware`: whether a graphics processor draws, which affords more samples.
    """

    def __init__(
        self, layout: Layout, root: Any, name: str, *, casts: bool, hardware: bool
    ) -> None:
        panda = core()
        self.layout = layout
        count = len(layout.positions)
        form = vertex_format(
            (("vertex", 3, "point"), ("normal", 3, "normal")),
            (("texcoord", 2, "uv"), ("color", 4, "color"), ("outline", 2, "other")),
        )
        self._data = vertex_data(name, form, count, dynamic=True)
        fill(self._data, 1, _static_rows(layout))
        self.path = root.attach_new_node(name)
        self.outlines = self.path.attach_new_node("outlines")
        self.outlines.hide(panda.BitMask32.bit(SHADOW_BIT))
        book = TextureBook(
            layout.model, filters="sharp" if hardware else "file" if casts else "cheap"
        )
        self._materials: list[tuple[int, MaterialState]] = []
        solid = AVATAR_BIN if casts else STAGE_BIN
        for rank, part in enumerate(layout.parts):
            state = MaterialState(layout.model, part, book)
            self._materials.append((part.material, state))
            primitive = triangles(part.triangles)
            path = self.path.attach_new_node(geom_node(state.material.name, self._data, primitive))
            state.dress(path, of_stage=not casts, hardware=hardware)
            blends = part.alpha is Alpha.BLEND
            place = (BLEND_BIN if blends else solid) + 2 * rank
            path.set_bin("fixed", place)
            if not casts or blends:
                path.hide(panda.BitMask32.bit(SHADOW_BIT))
            if part.outlined:
                hull = self.outlines.attach_new_node(
                    geom_node(f"{state.material.name} outline", self._data, primitive)
                )
                state.dress_outline(hull, hardware=hardware)
                # After the surfaces, which hide most of it.
                solid_hulls = solid + 2 * len(layout.parts)
                hull.set_bin("fixed", place + 1 if blends else solid_hulls + rank)
        self._mover = Mover(layout.model)
        self._overridden = False

    def upload(self, posed: F32) -> None:
        """Show the posed vertices (v, 6)."""
        fill(self._data, 0, posed)

    def recolor(self, overrides: Overrides, due: int) -> None:
        """Apply expressions' material overrides and what moves by itself at `due` (ns)."""
        overrides = self._mover.at(overrides, due)
        if overrides or self._overridden:
            for index, state in self._materials:
                state.update(overrides.get(index))
        self._overridden = bool(overrides)

    def remove(self) -> None:
        """Take it out of the scene."""
        self.path.remove_node()


def _static_rows(layout: Layout) -> F32:
    """(v, 5) float32 rows whose third number holds four colour bytes."""
    rows = np.zeros((len(layout.positions), 5), np.float32)
    rows[:, :2] = layout.uv
    color = np.ascontiguousarray(np.round(np.clip(layout.color, 0.0, 1.0) * 255.0), np.float32)
    rows[:, 2] = color.astype(np.uint8).view(np.uint32).view(np.float32)[:, 0]
    rows[:, 3] = layout.outline_width
    rows[:, 4] = layout.outline_screen
    return rows
