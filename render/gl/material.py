"""A material as the shaders see it: eleven vectors, a program and textures.

The vectors live in one array that the engine reads in place, so an expression that changes a
colour writes a few floats and touches no render state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.mesh import Alpha, Map, Material, Model, MToon, Shading
from flow.spec import F32
from render.color import display_from_linear
from render.gl.shader import program
from render.model import Part, material_at, uv_matrix
from render.panda import core
from render.textures import TextureBook

ROWS = 11


def vectors(material: Material, override: Mapping[str, Any] | None = None) -> F32:
    """(11, 4) u_material of `material`, with an expression's `override` applied (linear)."""
    change = dict(override or {})
    mtoon = material.mtoon or MToon()
    base = np.asarray(change.get("base_color", material.base_color), np.float32)
    out = np.zeros((ROWS, 4), np.float32)
    out[0, :3], out[0, 3] = display_from_linear(base[:3]), base[3]
    out[1, :3] = display_from_linear(change.get("shade_color", mtoon.shade_color))
    out[1, 3] = mtoon.shading_toony
    out[2] = mtoon.shading_shift, material.cutoff, mtoon.rim_fresnel_power, mtoon.rim_lift
    out[3, :3] = display_from_linear(change.get("rim_color", mtoon.rim_color))
    out[3, 3] = mtoon.rim_lighting_mix
    out[4, :3] = display_from_linear(change.get("emissive", material.emissive))
    out[4, 3] = material.normal_map.strength
    out[5, :3] = display_from_linear(change.get("matcap_color", mtoon.matcap_color))
    out[5, 3] = mtoon.shading_shift_map.strength
    scale = change.get("uv_scale", (1.0, 1.0))
    matrix = uv_matrix(material.base_map, tuple(change.get("uv_offset", (0.0, 0.0))))
    matrix[:, :2] *= np.asarray(scale, np.float32)
    out[6, :3], out[7, :3] = matrix
    out[8, :3] = display_from_linear(change.get("outline_color", mtoon.outline_color))
    out[8, 3] = mtoon.outline_lighting_mix
    out[9, :2] = material.metallic, material.roughness
    return out


class MaterialState:
    """One part's material on the engine's side."""

    def __init__(self, model: Model, part: Part, book: TextureBook) -> None:
        panda = core()
        self.material = material_at(model, part.material)
        self._part = part
        self._book = book
        self.rows = panda.PTA_LVecBase4f.empty_array(ROWS)
        self._changed = False
        self.write(None)

    def write(self, override: Mapping[str, Any] | None) -> None:
        """Put the material's values, changed by `override`, where the engine reads them."""
        panda = core()
        for row, values in enumerate(vectors(self.material, override)):
            self.rows.set_element(row, panda.LVecBase4f(*map(float, values)))
        self._changed = bool(override)

    def update(self, override: Mapping[str, Any] | None) -> None:
        """Apply this frame's override; costs nothing while there is none."""
        if override or self._changed:
            self.write(override)

    def dress(self, path: Any, *, of_stage: bool, hardware: bool) -> None:
        """Give the node `path` this material's program, textures and blending.

        Unlit parts of an avatar (eyes, labels) take no shadow; those of a stage do.
        """
        panda = core()
        material, mode = self.material, self._part.alpha
        toon = material.shading is Shading.MTOON and material.mtoon is not None
        unlit = material.shading is Shading.UNLIT
        switches = self._switches(shadowed=of_stage or not unlit)
        if hardware:
            switches.add("FINE_SHADOW")
        path.set_shader(program("mtoon", "mtoon" if toon else "surface", frozenset(switches)))
        path.set_shader_input("u_material", self.rows)
        path.set_shader_input("u_base", self._texture(material.base_map, mode))
        mtoon = material.mtoon
        uses: dict[str, tuple[str, Map]] = {
            "HAS_NORMAL_MAP": ("u_normal_map", material.normal_map),
            "HAS_EMISSIVE": ("u_emissive", material.emissive_map),
        }
        if toon and mtoon is not None:
            uses |= {
                "HAS_SHADE_MAP": ("u_shade", mtoon.shade_map),
                "HAS_SHIFT_MAP": ("u_shift_map", mtoon.shading_shift_map),
                "HAS_MATCAP": ("u_matcap", mtoon.matcap_map),
                "HAS_RIM_MAP": ("u_rim_map", mtoon.rim_map),
            }
        for switch, (name, use) in uses.items():
            if switch in switches:
                path.set_shader_input(name, self._texture(use, Alpha.OPAQUE))
        if material.double_sided:
            path.set_two_sided(True)
        if mode is Alpha.BLEND:
            path.set_attrib(
                panda.ColorBlendAttrib.make(
                    panda.ColorBlendAttrib.M_add,
                    panda.ColorBlendAttrib.O_one,
                    panda.ColorBlendAttrib.O_one_minus_incoming_alpha,
                )
            )
            path.set_depth_write(mtoon is not None and mtoon.transparent_with_z_write)
            path.set_depth_offset(1)

    def _texture(self, use: Map, mode: Alpha) -> Any:
        return self._book.get(use.texture, mode if mode is Alpha.OPAQUE else Alpha.BLEND)

    def _switches(self, *, shadowed: bool) -> set[str]:
        material, mode = self.material, self._part.alpha
        out: set[str] = set()
        if shadowed:
            out.add("SHADOWED")
        if mode is Alpha.OPAQUE:
            out.add("OPAQUE")
        if mode is Alpha.MASK:
            out.add("MASK")
        if material.normal_map.texture >= 0:
            out.add("HAS_NORMAL_MAP")
        if max(material.emissive) > 0.0 or material.emissive_map.texture >= 0:
            out.add("HAS_EMISSIVE")
        if material.shading is Shading.UNLIT:
            out.add("UNLIT")
        mtoon = material.mtoon
        if mtoon is not None:
            has = {
                "HAS_SHADE_MAP": mtoon.shade_map.texture >= 0,
                "HAS_SHIFT_MAP": mtoon.shading_shift_map.texture >= 0,
                "HAS_MATCAP": mtoon.matcap_map.texture >= 0,
                "HAS_RIM_MAP": mtoon.rim_map.texture >= 0,
                "HAS_RIM": max(mtoon.rim_color) > 0.0,
            }
            out |= {name for name, present in has.items() if present}
        return out
