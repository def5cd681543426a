"""Toon light per vertex (VRMC_materials_mtoon-1.0), for the back end that has no shaders.

The light is worked out in linear colour as the shaders do it, maps included, for the texel under
each vertex. The rasteriser multiplies the texture with an interpolated vertex colour, both as
display values; so the vertex colour is the finished colour divided by its own texel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.mesh import Alpha, MToon, Shading
from flow.spec import F32, U8
from flow.stage import Light
from render.color import display_from_linear, light_colors, linear_from_display, unit
from render.model import Layout, Part, material_at
from render.surface import metal_rough
from render.texels import NOTHING, coarse, headroom, read, texels
from render.uv import UV_CHANGES, is_masked

SOFTEST_EDGE = 0.12
"""Half width of the narrowest light edge: a narrower one shows the triangles it runs over."""
DARKEST_TEXEL = 0.05
"""Texels are taken to be this bright at least where a colour is divided by them."""
STEPS = 1 << 16
_ENCODE = (display_from_linear(np.arange(STEPS) / (STEPS - 1.0)) * 255.0).astype(np.float32)
"""Linear 0..STEPS - 1 to display 0..255: a look-up costs a tenth of a power."""


class ToonLight:
    """Vertex colours of one model, (v, 4) RGBA bytes in `out`. Allocates only when laid out."""

    def __init__(self, layout: Layout) -> None:
        count = len(layout.positions)
        self._layout = layout
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
        self._extras: list[_Extra] = []
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
        stored = texels(model, material.base_map, uv, at)[:, :3]
        base = np.asarray(change.get("base_color", material.base_color), np.float32)
        tint = linear_from_display(self._layout.color[run, :3])
        self._base[run] = base[:3] * tint * linear_from_display(stored)
        bright = stored * np.float32(headroom(model, material))
        self._inverse[run] = 1.0 / np.maximum(bright, DARKEST_TEXEL)
        alpha = self._layout.color[run, 3] * base[3]
        opaque = part.alpha is Alpha.OPAQUE
        self.out[run, 3] = 255 if opaque else np.clip(np.round(alpha * 255.0), 0, 255)
        emissive = np.asarray(change.get("emissive", material.emissive), np.float32)
        self._own[run] = 0.0
        if emissive.any():
            glow = texels(model, material.emissive_map, uv, at)[:, :3]
            self._own[run] = emissive * linear_from_display(glow)
        mtoon = material.mtoon
        if material.shading is Shading.MTOON and mtoon is not None:
            shade = np.asarray(change.get("shade_color", mtoon.shade_color), np.float32)
            dark = texels(model, mtoon.shade_map, uv, at)[:, :3]
            self._shade[run] = shade * linear_from_display(dark)
            edge = max(1.0 - mtoon.shading_toony, SOFTEST_EDGE)
            self._shift[run] = mtoon.shading_shift + edge
            if mtoon.shading_shift_map.texture >= 0:
                more = texels(model, mtoon.shading_shift_map, uv, at)[:, 0]
                self._shift[run] += more * mtoon.shading_shift_map.strength
            self._slope[run] = 0.5 / edge
            self._uneven[run] = 1.0 - mtoon.gi_equalization
        elif material.shading is Shading.UNLIT:
            self._own[run] += self._base[run]
            self._base[run] = self._shade[run] = 0.0
        self._extras = [extra for extra in self._extras if extra.part is not part]
        extra = _Extra(self._layout, part, change)
        if extra.needed:
            self._extras.append(extra)
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
        if self._extras or self._any_glow or self._plain:
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
        for extra in self._extras:
            extra.add(color, facing, normal, to_eye, light)
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


class _Extra:
    """What a toon part adds to its light: parametric rim and matcap."""

    def __init__(self, layout: Layout, part: Part, change: Mapping[str, Any]) -> None:
        self.part = part
        model, uv = layout.model, layout.uv[part.start : part.stop]
        material = material_at(model, part.material)
        mtoon = material.mtoon or MToon()
        toon = material.shading is Shading.MTOON
        self._power, self._lift = max(mtoon.rim_fresnel_power, 1e-5), mtoon.rim_lift
        self._mix = np.float32(mtoon.rim_lighting_mix)
        self._rim = np.asarray(change.get("rim_color", mtoon.rim_color), np.float32)
        self._rims = toon and bool(self._rim.max() > 0.0)
        self._cap: F32 | None = None
        self._cap_tint = np.asarray(change.get("matcap_color", mtoon.matcap_color), np.float32)
        if toon and 0 <= mtoon.matcap_map.texture < len(model.textures):
            self._cap = linear_from_display(coarse(model.textures[mtoon.matcap_map.texture].rgba))
        self.needed = self._cap is not None or self._rims
        self._mask: F32 | None = None
        if self.needed and mtoon.rim_map.texture >= 0:
            self._mask = linear_from_display(texels(model, mtoon.rim_map, uv)[:, :3])

    def add(self, color: F32, facing: F32, normal: F32, to_eye: F32, light: Light) -> None:
        """Add to the linear colours (v, 3) of all vertices. `to_eye` and normals have length 1."""
        run = slice(self.part.start, self.part.stop)
        key, ambient = light_colors(light)
        # Equalised ambient light is the same all around, within a hundredth of the picture.
        lighting = key + ambient * np.float32(1.0 - light.sky)
        mixed = 1.0 - self._mix + self._mix * lighting
        more: F32 | None = None
        if self._rims:
            amount = np.clip(1.0 - facing[run] + self._lift, 0.0, 1.0)
            # Powers of tiny numbers are subnormal, slow and black.
            np.maximum(amount, 0.01, out=amount)
            np.power(amount, self._power, out=amount)
            more = amount[:, None] * (self._rim * mixed)
        if self._cap is not None:
            cap = _capped(self._cap, normal[run], to_eye[run]) * (self._cap_tint * mixed)
            more = cap if more is None else more + cap
        if more is not None:
            color[run] += more if self._mask is None else more * self._mask


def _capped(cap: F32, normal: F32, to_eye: F32) -> F32:
    """(v, 3) matcap texels for the normals as seen from the eye."""
    x = np.stack([to_eye[:, 2], np.zeros(len(to_eye), np.float32), -to_eye[:, 0]], axis=1)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-6)
    y = np.cross(to_eye, x)
    u = np.einsum("vi,vi->v", x, normal) * 0.495 + 0.5
    v = -np.einsum("vi,vi->v", y, normal) * 0.495 + 0.5
    return read(cap, np.stack([u, v], axis=1), repeat_u=False, repeat_v=False)[:, :3]


def _colors(count: int) -> F32:
    return np.zeros((count, 3), np.float32)


def _lengths(vectors: F32, out: F32) -> None:
    """(v,) lengths of (v, 3) vectors, never zero."""
    np.einsum("vi,vi->v", vectors, vectors, out=out)
    np.maximum(out, 1e-12, out=out)
    np.sqrt(out, out=out)
