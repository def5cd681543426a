"""Toon light per vertex (VRMC_materials_mtoon-1.0), for the back end that has no shaders.

The light is worked out in linear colour as the shaders do it, maps included, for the texel under
each vertex. The rasteriser multiplies the texture with an interpolated vertex colour, both as
display values; so the vertex colour is the finished colour divided by its own texel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.mesh import Alpha, Shading
from flow.spec import F32, U8
from flow.stage import Light
from render.color import display_from_linear, light_colors, linear_from_display, unit
from render.model import Layout, Part, material_at
from render.rim import Rim
from render.surface import metal_rough
from render.texels import NOTHING, Texels
from render.uv import UV_CHANGES, is_masked

SOFTEST_EDGE = 0.12
"""Half width of the narrowest light edge: a narrower one shows the triangles it runs over."""
DARKEST_TEXEL = 0.12
"""Texels under vertices are taken to be this bright at least: colours are divided by them."""
STEPS = 1 << 16
_ENCODE = (display_from_linear(np.arange(STEPS) / (STEPS - 1.0)) * 255.0).astype(np.float32)
"""Linear 0..STEPS - 1 to display 0..255: a look-up costs a tenth of a power."""


class ToonLight:
    """Vertex colours of one model, (v, 4) RGBA bytes in `out`. Allocates only when laid out."""

    def __init__(self, layout: Layout) -> None:
        count = len(layout.positions)
        self._layout = layout
        self.texels = Texels(layout.model)
        self._base, self._shade, self._own = (_colors(count) for _ in range(3))
        self._shift, self._slope, self._uneven = (np.zeros(count, np.float32) for _ in range(3))
        self._inverse = np.ones((count, 3), np.float32)
        # What the light makes of the materials; anew when either changes.
        self._toward, self._still, self._upward, self._glow = (_colors(count) for _ in range(4))
        self._lit: tuple[float, ...] = ()
        self._any_glow = self._any_upward = False
        self.normal_lengths = np.ones(count, np.float32)
        """(v,) lengths of the normals last shaded."""
        self.color = _colors(count)
        """(v, 3) linear colours last shaded."""
        self._normal, self._eye, self._more = (_colors(count) for _ in range(3))
        self._a, self._b = np.zeros(count, np.float32), np.zeros(count, np.float32)
        self._index = np.zeros((count, 3), np.int32)
        self.out: U8 = np.full((count, 4), 255, np.uint8)
        self._rims: list[Rim] = []
        self._changes: dict[int, Mapping[str, Any]] = {}
        self._plain: list[Part] = []
        for part in layout.parts:
            self._lay(part, NOTHING)
            if material_at(layout.model, part.material).shading is Shading.PBR:
                self._plain.append(part)

    def _lay(self, part: Part, change: Mapping[str, Any]) -> None:
        """Spread one part's material over its vertices."""
        model, run = self._layout.model, slice(part.start, part.stop)
        uv = self._layout.uv[run]
        material = material_at(model, part.material)
        # Under a mask every vertex has gone its own way, which `software.moving` knows.
        at = {k: v for k, v in change.items() if k in UV_CHANGES and not is_masked(material)}
        # A black texel says nothing of what its neighbours are multiplied by.
        stored = np.maximum(self.texels.at(material.base_map, uv, at)[:, :3], DARKEST_TEXEL)
        base = np.asarray(change.get("base_color", material.base_color), np.float32)
        tint = linear_from_display(self._layout.color[run, :3])
        self._base[run] = base[:3] * tint * linear_from_display(stored)
        self._inverse[run] = 1.0 / (stored * np.float32(self.texels.headroom(material)))
        alpha = self._layout.color[run, 3] * base[3]
        opaque = part.alpha is Alpha.OPAQUE
        self.out[run, 3] = 255 if opaque else np.clip(np.round(alpha * 255.0), 0, 255)
        emissive = np.asarray(change.get("emissive", material.emissive), np.float32)
        self._own[run] = 0.0
        if emissive.any():
            glow = self.texels.at(material.emissive_map, uv, at)[:, :3]
            self._own[run] = emissive * linear_from_display(glow)
        mtoon = material.mtoon
        if material.shading is Shading.MTOON and mtoon is not None:
            shade = np.asarray(change.get("shade_color", mtoon.shade_color), np.float32)
            dark = np.maximum(self.texels.at(mtoon.shade_map, uv, at)[:, :3], DARKEST_TEXEL)
            self._shade[run] = shade * linear_from_display(dark)
            edge = max(1.0 - mtoon.shading_toony, SOFTEST_EDGE)
            self._shift[run] = mtoon.shading_shift + edge
            if mtoon.shading_shift_map.texture >= 0:
                more = self.texels.at(mtoon.shading_shift_map, uv, at)[:, 0]
                self._shift[run] += more * mtoon.shading_shift_map.strength
            self._slope[run] = 0.5 / edge
            self._uneven[run] = 1.0 - mtoon.gi_equalization
        elif material.shading is Shading.UNLIT:
            self._own[run] += self._base[run]
            self._base[run] = self._shade[run] = 0.0
        self._rims = [rim for rim in self._rims if rim.part is not part]
        rim = Rim(self._layout, part, change, self.texels)
        if rim.needed:
            self._rims.append(rim)
        self._lit = ()

    def recolor(self, overrides: Mapping[int, Mapping[str, Any]]) -> None:
        """Apply expressions' colours and moved textures; free while nothing changes."""
        if not overrides and not self._changes:
            return
        for part in self._layout.parts:
            now = overrides.get(part.material, NOTHING)
            if now != self._changes.get(part.material, NOTHING):
                self._lay(part, now)
        self._changes = {index: dict(change) for index, change in overrides.items()}

    def _relight(self, light: Light) -> None:
        """Multiply the materials with the light, when either is a new one."""
        key, ambient = light_colors(light)
        now = (*map(float, key), *map(float, ambient), *light.rim_color, light.sky)
        if now == self._lit:
            return
        self._lit = now
        np.subtract(self._base, self._shade, out=self._toward)
        np.multiply(self._toward, key, out=self._toward)
        np.multiply(self._base, ambient * np.float32(1.0 - light.sky), out=self._still)
        self._still += self._shade * key
        self._still += self._own
        self._upward[:] = self._base * (ambient * np.float32(light.sky)) * self._uneven[:, None]
        self._any_upward = bool(self._upward.any())
        np.multiply(self._base, np.asarray(light.rim_color, np.float32), out=self._glow)
        for part in self._plain:
            self._glow[part.start : part.stop] = 0.0
        self._any_glow = bool(self._glow.any())

    def shade(self, positions: F32, normals: F32, eye: F32, light: Light) -> U8:
        """Light the posed vertices (v, 3), their normals of any length; returns `out`."""
        self._relight(light)
        normal, to_eye, color = self._normal, self._eye, self.color
        facing, cosine = self._b, self._a
        _lengths(normals, out=self.normal_lengths)
        np.divide(normals, self.normal_lengths[:, None], out=normal)
        if self._rims or self._any_glow or self._plain:
            np.subtract(np.asarray(eye, np.float32), positions, out=to_eye)
            _lengths(to_eye, out=cosine)
            np.divide(to_eye, cosine[:, None], out=to_eye)
            np.einsum("vi,vi->v", to_eye, normal, out=facing)
        np.matmul(normal, -unit(light.key_direction), out=cosine)
        np.add(cosine, self._shift, out=cosine)
        np.multiply(cosine, self._slope, out=cosine)
        np.clip(cosine, 0.0, 1.0, out=cosine)
        np.multiply(self._toward, cosine[:, None], out=color)
        np.add(color, self._still, out=color)
        if self._any_upward:
            np.multiply(self._upward, normal[:, 1:2], out=self._more)
            np.add(color, self._more, out=color)
        for part in self._plain:
            self._add_plain(part, light)
        for rim in self._rims:
            rim.add(color, facing, normal, to_eye, light)
        if self._any_glow:
            self._add_glow()
        return self._encode()

    def _add_plain(self, part: Part, light: Light) -> None:
        """Light a part that is not toon."""
        run = slice(part.start, part.stop)
        material = material_at(self._layout.model, part.material)
        lit = metal_rough(self._base[run], material, self._normal[run], self._eye[run], light)
        np.add(lit, self._own[run], out=self.color[run])

    def _add_glow(self) -> None:
        """The stage's rim light, from above and behind."""
        back, up = self._b, self._a
        np.clip(back, 0.0, 1.0, out=back)
        np.subtract(1.0, back, out=back)
        np.multiply(back, back, out=up)
        np.multiply(back, up, out=back)
        np.multiply(self._normal[:, 1], 0.45, out=up)
        np.add(up, 0.55, out=up)
        np.multiply(back, up, out=back)
        np.multiply(back, back, out=back)
        np.multiply(self._glow, back[:, None], out=self._more)
        np.add(self.color, self._more, out=self.color)

    def _encode(self) -> U8:
        """Display bytes of the colours over their texels."""
        more = self._more
        np.multiply(self.color, STEPS - 1.0, out=more)
        np.clip(more, 0.0, STEPS - 1.0, out=more)
        np.copyto(self._index, more, casting="unsafe")
        np.take(_ENCODE, self._index, out=more, mode="clip")
        np.multiply(more, self._inverse, out=more)
        np.add(more, 0.5, out=more)
        np.minimum(more, 255.0, out=more)
        np.copyto(self.out[:, :3], more, casting="unsafe")
        return self.out


def _colors(count: int) -> F32:
    return np.zeros((count, 3), np.float32)


def _lengths(vectors: F32, out: F32) -> None:
    """(v,) lengths of (v, 3) vectors, never zero."""
    np.einsum("vi,vi->v", vectors, vectors, out=out)
    np.maximum(out, 1e-12, out=out)
    np.sqrt(out, out=out)
