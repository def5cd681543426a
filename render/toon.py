"""Toon light per vertex, for the back end that has no shaders (VRMC_materials_mtoon-1.0 reduced).

The software rasteriser multiplies the texture with an interpolated vertex colour. Terms that MToon
adds (rim, matcap, emission) are therefore divided by the texture's mean colour first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.mesh import Alpha, Map, Material, Model, MToon, Shading
from flow.spec import F32, U8
from flow.stage import Light
from render.color import display_from_linear, light_tints, unit
from render.model import Layout, Part, material_at, uv_matrix

SOFTEST_EDGE = 0.16
"""Half width of the narrowest light edge: a narrower one shows the triangles it runs over."""
DARKEST_TEXTURE = 0.15


class ToonLight:
    """Vertex colours of one model, (v, 4) RGBA bytes in `out`. Allocates only when laid out."""

    def __init__(self, layout: Layout) -> None:
        count = len(layout.positions)
        self._layout = layout
        self._base = np.zeros((count, 3), np.float32)
        self._shade = np.zeros((count, 3), np.float32)
        self._shift = np.zeros(count, np.float32)
        self._slope = np.zeros(count, np.float32)
        self._plain = [
            slice(part.start, part.stop)
            for part in layout.parts
            if material_at(layout.model, part.material).shading is Shading.PBR
        ]
        self._difference = np.zeros((count, 3), np.float32)
        self._glow = np.zeros((count, 3), np.float32)
        self._any_glow = False
        self.normal_lengths = np.ones(count, np.float32)
        """(v,) lengths of the normals last shaded."""
        self._normal = np.zeros((count, 3), np.float32)
        self._eye = np.zeros((count, 3), np.float32)
        self._color = np.zeros((count, 3), np.float32)
        self._a, self._b = np.zeros(count, np.float32), np.zeros(count, np.float32)
        self.out: U8 = np.full((count, 4), 255, np.uint8)
        self._extras: list[_Extra] = []
        self._overridden: frozenset[int] = frozenset()
        for part in layout.parts:
            self._lay(part, None)

    def _lay(self, part: Part, override: Mapping[str, Any] | None) -> None:
        """Spread one part's material over its vertices."""
        model, run = self._layout.model, slice(part.start, part.stop)
        material = material_at(model, part.material)
        change = dict(override or {})
        mtoon = material.mtoon
        tint = self._layout.color[run, :3]
        base = np.asarray(change.get("base_color", material.base_color), np.float32)
        self._base[run] = display_from_linear(base[:3]) * tint
        alpha = self._layout.color[run, 3] * base[3]
        opaque = part.alpha is Alpha.OPAQUE
        self.out[run, 3] = 255 if opaque else np.clip(np.round(alpha * 255.0), 0, 255)
        toon = material.shading is Shading.MTOON
        self._glow[run] = self._base[run] ** 2 if toon else 0.0
        self._any_glow |= toon
        if material.shading is Shading.MTOON and mtoon is not None:
            shade = display_from_linear(change.get("shade_color", mtoon.shade_color))
            ratio = _shade_ratio(model, material, mtoon)
            self._shade[run] = shade * ratio * tint
            edge = max(1.0 - mtoon.shading_toony, SOFTEST_EDGE)
            self._shift[run] = mtoon.shading_shift + edge
            self._slope[run] = 0.5 / edge
        else:
            self._shade[run] = self._base[run]
            self._shift[run], self._slope[run] = 0.0, 1.0
        np.subtract(self._base[run], self._shade[run], out=self._difference[run])
        self._extras = [extra for extra in self._extras if extra.part is not part]
        extra = _Extra(model, part, material, change)
        if extra.needed:
            self._extras.append(extra)

    def recolor(self, overrides: Mapping[int, Mapping[str, Any]]) -> None:
        """Apply expressions' colours; free while there are none."""
        touched = self._overridden | frozenset(overrides)
        if not touched:
            return
        for part in self._layout.parts:
            if part.material in touched:
                self._lay(part, overrides.get(part.material))
        self._overridden = frozenset(overrides)

    def shade(self, positions: F32, normals: F32, eye: F32, light: Light) -> U8:
        """Light the posed vertices (v, 3), their normals of any length; returns `out`."""
        normal, to_eye, color = self._normal, self._eye, self._color
        facing, cosine = self._b, self._a
        _lengths(normals, out=self.normal_lengths)
        np.divide(normals, self.normal_lengths[:, None], out=normal)
        np.subtract(np.asarray(eye, np.float32), positions, out=to_eye)
        _lengths(to_eye, out=cosine)
        np.einsum("vi,vi->v", to_eye, normal, out=facing)
        np.divide(facing, cosine, out=facing)
        np.clip(facing, 0.0, 1.0, out=facing)
        lit, ambient = light_tints(light)
        np.matmul(normal, -unit(light.key_direction), out=cosine)
        np.add(cosine, self._shift, out=cosine)
        np.multiply(cosine, self._slope, out=cosine)
        np.clip(cosine, 0.0, 1.0, out=cosine)
        np.multiply(self._difference, cosine[:, None], out=color)
        np.add(color, self._shade, out=color)
        np.multiply(color, color, out=color)  # squares add as light does
        self._lambert(color, cosine, normal[:, 1], lit, ambient)
        for extra in self._extras:
            extra.add(color, facing, normal, to_eye)
        np.multiply(color, lit * lit, out=color)
        if self._any_glow:
            # The stage's rim light, from above and behind.
            back = np.subtract(1.0, facing, out=facing)
            np.multiply(back, back, out=cosine)
            np.multiply(back, cosine, out=back)
            np.multiply(normal[:, 1], 0.45, out=cosine)
            np.add(cosine, 0.55, out=cosine)
            np.multiply(back, cosine, out=back)
            np.multiply(back, back, out=back)
            glow = np.multiply(self._glow, back[:, None], out=normal)
            rim = display_from_linear(light.rim_color)
            np.multiply(glow, rim * rim, out=glow)
            np.add(color, glow, out=color)
        np.sqrt(color, out=color)
        np.minimum(color, 1.0, out=color)
        np.multiply(color, 255.0, out=color)
        np.add(color, 0.5, out=color)
        np.copyto(self.out[:, :3], color, casting="unsafe")
        return self.out

    def _lambert(self, squares: F32, cosine: F32, up: F32, lit: F32, ambient: F32) -> None:
        """Light the parts that are not toon: key by Lambert's law, the sky from above."""
        sky = ambient * ambient / np.maximum(lit * lit, 1e-4)
        for run in self._plain:
            key = cosine[run, None] * np.maximum(1.0 - sky, 0.0)
            height = 0.7 + 0.3 * up[run, None]
            squares[run] = self._base[run] ** 2 * (key + sky * height)


class _Extra:
    """What a part adds to its light: parametric rim, matcap, emission."""

    def __init__(
        self, model: Model, part: Part, material: Material, change: Mapping[str, Any]
    ) -> None:
        self.part = part
        mtoon = material.mtoon or MToon()
        self._power, self._lift = mtoon.rim_fresnel_power, mtoon.rim_lift
        mean = np.maximum(mean_color(model, material.base_map), DARKEST_TEXTURE)
        toon = material.shading is Shading.MTOON
        rim = display_from_linear(change.get("rim_color", mtoon.rim_color)) if toon else 0.0
        self._rim = np.asarray(rim * mean_color(model, mtoon.rim_map) / mean, np.float32)
        emissive = display_from_linear(change.get("emissive", material.emissive))
        self._emissive = emissive * mean_color(model, material.emissive_map) / mean
        self._matcap: U8 | None = None
        if toon and 0 <= mtoon.matcap_map.texture < len(model.textures):
            self._matcap = model.textures[mtoon.matcap_map.texture].rgba
            tint = display_from_linear(change.get("matcap_color", mtoon.matcap_color))
            self._matcap_tint = np.asarray(tint / mean / 255.0, np.float32)
        self._rims = bool(self._rim.max() > 0.0)
        self._shines = bool(self._emissive.max() > 0.0)
        self.needed = self._matcap is not None or self._rims or self._shines

    def add(self, squares: F32, facing: F32, normal: F32, to_eye: F32) -> None:
        """Add to the squared colours `squares` (v, 3) of all vertices."""
        out = squares[self.part.start : self.part.stop]
        run = slice(self.part.start, self.part.stop)
        if self._shines:
            out += self._emissive * self._emissive
        if self._rims:
            amount = np.clip(1.0 - facing[run] + self._lift, 0.0, 1.0)
            np.power(amount, 2.0 * max(self._power, 0.01), out=amount)
            out += amount[:, None] * (self._rim * self._rim)
        if self._matcap is not None:
            cap = self._capped(normal[run], to_eye[run]) * self._matcap_tint
            out += cap * cap

    def _capped(self, normal: F32, to_eye: F32) -> F32:
        """(v, 3) 0..255 matcap texels for the normals as seen from the eye."""
        assert self._matcap is not None
        view = to_eye / np.maximum(np.linalg.norm(to_eye, axis=1, keepdims=True), 1e-6)
        x = np.stack([view[:, 2], np.zeros(len(view), np.float32), -view[:, 0]], axis=1)
        x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-6)
        y = np.cross(view, x)
        u = np.einsum("vi,vi->v", x, normal) * 0.495 + 0.5
        v = -np.einsum("vi,vi->v", y, normal) * 0.495 + 0.5
        height, width = self._matcap.shape[:2]
        column = np.clip((u * width).astype(np.int64), 0, width - 1)
        row = np.clip((v * height).astype(np.int64), 0, height - 1)
        return np.asarray(self._matcap[row, column, :3], np.float32)


def _lengths(vectors: F32, out: F32) -> None:
    """(v,) lengths of (v, 3) vectors, never zero."""
    np.einsum("vi,vi->v", vectors, vectors, out=out)
    np.maximum(out, 1e-12, out=out)
    np.sqrt(out, out=out)


def mean_color(model: Model, use: Map) -> F32:
    """(3,) mean of a texture's visible texels, 0..1; white when there is none."""
    if not 0 <= use.texture < len(model.textures):
        return np.ones(3, np.float32)
    rgba = model.textures[use.texture].rgba
    small = rgba[:: max(1, rgba.shape[0] // 64), :: max(1, rgba.shape[1] // 64)].reshape(-1, 4)
    return np.asarray(small[:, :3].mean(axis=0) / 255.0, np.float32)


def _shade_ratio(model: Model, material: Material, mtoon: MToon) -> F32:
    """(3,) what turns the base texture into the shade texture, on average."""
    if mtoon.shade_map.texture == material.base_map.texture:
        return np.ones(3, np.float32)
    base = np.maximum(mean_color(model, material.base_map), DARKEST_TEXTURE)
    return np.asarray(np.minimum(mean_color(model, mtoon.shade_map) / base, 2.0), np.float32)


def transformed_uv(layout: Layout) -> F32:
    """(v, 2) texture coordinates with every material's own transform applied."""
    out = layout.uv.copy()
    for part in layout.parts:
        run = slice(part.start, part.stop)
        matrix = uv_matrix(material_at(layout.model, part.material).base_map)
        out[run] = layout.uv[run] @ matrix[:, :2].T + matrix[:, 2]
    return out
