"""What MToon adds to a lit vertex: parametric rim and matcap (VRMC_materials_mtoon-1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.mesh import MToon, Shading
from flow.spec import F32
from flow.stage import Light
from render.color import light_colors, linear_from_display
from render.model import Layout, Part, material_at
from render.texels import Texels, read

FLATTEST = 0.2
"""Powers under this leave no number small enough to matter."""


class Rim:
    """Parametric rim and matcap of one toon part, over the texels under its vertices."""

    def __init__(
        self, layout: Layout, part: Part, change: Mapping[str, Any], texels: Texels
    ) -> None:
        self.part = part
        model, uv = layout.model, layout.uv[part.start : part.stop]
        material = material_at(model, part.material)
        mtoon = material.mtoon or MToon()
        toon = material.shading is Shading.MTOON
        self._power, self._lift = max(mtoon.rim_fresnel_power, 1e-5), mtoon.rim_lift
        self._least = np.float32(10.0 ** (-6.0 / self._power)) if self._power > FLATTEST else 0.0
        self._mix = np.float32(mtoon.rim_lighting_mix)
        self._rim = np.asarray(change.get("rim_color", mtoon.rim_color), np.float32)
        self._rims = toon and bool(self._rim.max() > 0.0)
        self._cap: F32 | None = None
        self._cap_tint = np.asarray(change.get("matcap_color", mtoon.matcap_color), np.float32)
        if toon and texels.has(mtoon.matcap_map):
            self._cap = linear_from_display(texels.copy(mtoon.matcap_map))
        self.needed = self._cap is not None or self._rims
        self._mask: F32 | None = None
        if self.needed and mtoon.rim_map.texture >= 0:
            self._mask = linear_from_display(texels.at(mtoon.rim_map, uv)[:, :3])

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
            # Powers of tiny numbers are subnormal, and slow: what ends under a millionth is black.
            np.maximum(amount, self._least, out=amount)
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
