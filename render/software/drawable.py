"""An avatar for the software rasteriser: textured parts with vertex colours, flat outline hulls."""

from __future__ import annotations

from typing import Any

import numpy as np

from flow.mesh import Alpha
from flow.spec import F32
from flow.stage import Light
from render.animate import Overrides
from render.geometry import fill, geom_node, triangles, vertex_data, vertex_format
from render.model import Layout, Part, material_at
from render.panda import core
from render.skin import Skinner
from render.software.hull import Hull
from render.software.moving import Moving
from render.texels import Texels
from render.textures import TextureBook
from render.toon import ToonLight

TEXTURE_LIMIT = 1024
FINE_M2 = 0.03
"""Parts smaller than this (eyes, brows, lips) get smooth textures, which cost twice the time."""


class SoftDrawable:
    """One model under `root`, whose projection flips the picture top to bottom."""

    def __init__(self, layout: Layout, root: Any, name: str) -> None:
        panda = core()
        self.layout = layout
        self.light = ToonLight(layout)
        count = len(layout.positions)
        form = vertex_format(
            (("vertex", 3, "point"),), (("color", 4, "color"),), (("texcoord", 2, "uv"),)
        )
        self._data = vertex_data(name, form, count, dynamic=True)
        self.path = root.attach_new_node(name)
        book = TextureBook(layout.model, power_of_two=True, limit=TEXTURE_LIMIT, filters="cheap")
        self._paths: dict[int, Any] = {}
        for rank, part in enumerate(layout.parts):
            primitive = triangles(part.triangles)
            path = self.path.attach_new_node(geom_node(f"part {rank}", self._data, primitive))
            path.set_attrib(panda.ColorAttrib.make_vertex())
            _dress(
                path, layout, part, book, self.light.texels, fine=area_m2(layout, part) < FINE_M2
            )
            path.set_bin("fixed", (30 if part.alpha is Alpha.BLEND else 10) + rank)
            self._paths[part.material] = path
        self.outlines = self.path.attach_new_node("outlines")
        self._hull = Hull(layout, self.outlines)
        self._moving = Moving(layout, self._data, self._paths, self.light.texels)
        self._fine = False

    def show(self, skinner: Skinner, overrides: Overrides, eye: F32, light: Light) -> None:
        """Light and upload the posed vertices, with `overrides` of materials."""
        self.light.recolor(overrides)
        fill(self._data, 0, skinner.positions)
        fill(self._data, 1, self.light.shade(skinner.positions, skinner.normals, eye, light))
        self._moving.update(overrides)

    def outline(self, skinner: Skinner, depth: F32, view_scale: float) -> None:
        """Upload the outline hulls of what was last shown; see `Hull.upload`."""
        self._hull.upload(skinner, self.light, depth, view_scale)

    def set_fine(self, on: bool) -> None:
        """Smooth textures everywhere, for what is not drawn in every frame."""
        if on == self._fine:
            return
        self._fine = on
        texture = core().Texture
        for found in self.path.find_all_textures():
            found.set_quality_level(texture.QL_best if on else texture.QL_default)

    def remove(self) -> None:
        """Take it out of the scene."""
        self.path.remove_node()


def _dress(
    path: Any, layout: Layout, part: Part, book: TextureBook, texels: Texels, *, fine: bool
) -> None:
    """Texture, culling and blending of one part. Culling is reversed: the picture is flipped."""
    panda = core()
    material = material_at(layout.model, part.material)
    if 0 <= material.base_map.texture < len(layout.model.textures):
        gain = texels.headroom(material)
        texture = book.get(material.base_map.texture, part.alpha, material.cutoff, gain=gain)
        if fine:
            texture.set_quality_level(panda.Texture.QL_best)
        path.set_texture(texture)
    mode = panda.CullFaceAttrib.M_cull_counter_clockwise
    if material.double_sided:
        mode = panda.CullFaceAttrib.M_cull_none
    path.set_attrib(panda.CullFaceAttrib.make(mode))
    if part.alpha is Alpha.OPAQUE:
        return
    # The rasteriser keeps alpha as drawn; blending makes it premultiplied, which the composite
    # needs, also where a masked texture is smoothed.
    path.set_transparency(panda.TransparencyAttrib.M_alpha)
    if part.alpha is Alpha.MASK:
        test = panda.AlphaTestAttrib.make(panda.AlphaTestAttrib.M_greater_equal, 0.5)
        path.set_attrib(test)
    else:
        mtoon = material.mtoon
        path.set_depth_write(mtoon is not None and mtoon.transparent_with_z_write)


def area_m2(layout: Layout, part: Part) -> float:
    """Surface of one part as modelled."""
    corners = layout.positions[part.triangles]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(cross, axis=1).sum()) / 2.0
