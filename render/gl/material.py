"""A material as the shaders see it: a block of vectors, a program and textures.

The vectors live in one array that the engine reads in place, so an expression that changes a
colour writes a few floats and touches no render state. Colours are linear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from flow.mesh import Alpha, Map, Material, Model, MToon, Shading
from flow.spec import F32
from render.gl.shader import MAP_ROWS, ROWS, program
from render.model import Part, material_at
from render.panda import core
from render.textures import TextureBook
from render.uv import STILL, changed, is_masked, is_uniform, surface_maps

_WHITE = (1.0, 1.0, 1.0)
_GLOWS = {"HAS_RIM": "rim_color", "HAS_EMISSIVE": "emissive"}
"""Switches that an expression's colour may need, and that colour."""


def vectors(material: Material, override: Mapping[str, Any] | None = None) -> F32:
    """(ROWS, 4) u_material of `material`, with an expression's `override` applied."""
    change = dict(override or {})
    mtoon = material.mtoon or MToon()
    out = np.zeros((ROWS, 4), np.float32)
    out[0] = change.get("base_color", material.base_color)
    out[1, :3] = change.get("shade_color", mtoon.shade_color)
    out[1, 3] = mtoon.shading_toony
    out[2] = mtoon.shading_shift, material.cutoff, mtoon.rim_fresnel_power, mtoon.rim_lift
    out[3, :3] = change.get("rim_color", mtoon.rim_color)
    out[3, 3] = mtoon.rim_lighting_mix
    out[4, :3] = change.get("emissive", material.emissive)
    out[4, 3] = material.normal_map.strength
    out[5, :3] = change.get("matcap_color", mtoon.matcap_color)
    out[5, 3] = mtoon.shading_shift_map.strength
    out[6, :3] = change.get("outline_color", mtoon.outline_color)
    out[6, 3] = mtoon.outline_lighting_mix
    out[7, :3] = material.metallic, material.roughness, material.occlusion_map.strength
    out[7, 3] = mtoon.gi_equalization
    masked = is_masked(material)
    out[8, :3] = change.get("uv_move", STILL)
    for name, use in surface_maps(material).items():
        row = MAP_ROWS[name]
        # With a mask every pixel moves its own way: the fragment program does it.
        out[row : row + 2, :3] = changed(use, change, moves=not masked)
    for name, use in (("uv_mask", mtoon.uv_mask), ("matcap", mtoon.matcap_map)):
        row = MAP_ROWS[name]
        at_rest = change if name == "uv_mask" else {}
        out[row : row + 2, :3] = changed(use, at_rest, moves=False)
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
        self._glows: set[str] = set()
        self._redress: list[Callable[[], None]] = []
        self.write(None)

    def write(self, override: Mapping[str, Any] | None) -> None:
        """Put the material's values, changed by `override`, where the engine reads them."""
        panda = core()
        for row, values in enumerate(vectors(self.material, override)):
            self.rows.set_element(row, panda.LVecBase4f(*map(float, values)))
        self._changed = bool(override)

    def update(self, override: Mapping[str, Any] | None) -> None:
        """Apply this frame's override; costs nothing while there is none."""
        if not override and not self._changed:
            return
        self.write(override)
        wanted = {
            switch for switch, name in _GLOWS.items() if max((override or {}).get(name, (0,)))
        }
        if not wanted <= self._glows:
            # An expression lights up what is dark at rest, and left out of the program.
            self._glows |= wanted
            for redress in self._redress:
                redress()

    def dress(self, path: Any, *, of_stage: bool, hardware: bool) -> None:
        """Give the node `path` this material's program, textures and blending.

        Unlit parts of an avatar (eyes, labels) take no shadow; those of a stage do.
        """
        self._dress(path, of_stage=of_stage, hardware=hardware)
        self._redress.append(lambda: self._dress(path, of_stage=of_stage, hardware=hardware))
        if self.material.double_sided:
            path.set_two_sided(True)
        self._blend(path)

    def _dress(self, path: Any, *, of_stage: bool, hardware: bool) -> None:
        material = self.material
        toon = material.shading is Shading.MTOON and material.mtoon is not None
        unlit = material.shading is Shading.UNLIT
        switches = self._switches()
        if of_stage or not unlit:
            switches.add("SHADOWED")
        if hardware:
            switches.add("FINE_SHADOW")
        # A stage whose light is baked in passes through as stored: nothing to decode or encode.
        stored = of_stage and unlit and material.base_color[:3] == _WHITE
        if stored and not max(material.emissive):
            switches.add("STORED")
        self._program(path, "mtoon" if toon else "surface", switches)

    def dress_outline(self, path: Any, *, hardware: bool) -> None:
        """Give the node `path` the program of this material's outline hull."""
        panda = core()
        switches = self._switches() | {"OUTLINE"}
        if hardware:  # software GL pays more for a shadow on a line than one sees of it
            switches |= {"SHADOWED", "FINE_SHADOW"}
        mtoon = self.material.mtoon
        if mtoon is None or mtoon.outline_lighting_mix <= 0.0:
            switches.add("OUTLINE_FLAT")
        self._program(path, "mtoon", switches)
        path.set_attrib(panda.CullFaceAttrib.make(panda.CullFaceAttrib.M_cull_counter_clockwise), 1)
        self._blend(path)

    def _program(self, path: Any, name: str, switches: set[str]) -> None:
        path.set_shader(program("mtoon", name, frozenset(switches)))
        path.set_shader_input("u_material", self.rows)
        mode = self._part.alpha
        alpha = mode if mode is Alpha.OPAQUE else Alpha.BLEND
        decoded = "STORED" not in switches
        base = self._book.get(self.material.base_map.texture, alpha, decoded=decoded)
        path.set_shader_input("u_base", base)
        for switch, (sampler, use, is_color) in self._uses().items():
            if switch in switches:
                texture = self._book.get(use.texture, Alpha.OPAQUE, decoded=is_color)
                path.set_shader_input(sampler, texture)

    def _blend(self, path: Any) -> None:
        if self._part.alpha is not Alpha.BLEND:
            return
        panda = core()
        mtoon = self.material.mtoon
        path.set_attrib(
            panda.ColorBlendAttrib.make(
                panda.ColorBlendAttrib.M_add,
                panda.ColorBlendAttrib.O_one,
                panda.ColorBlendAttrib.O_one_minus_incoming_alpha,
            )
        )
        path.set_depth_write(mtoon is not None and mtoon.transparent_with_z_write)
        # Of sheets at the same depth the later one lies on top.
        path.set_attrib(panda.DepthTestAttrib.make(panda.RenderAttrib.M_less_equal))
        path.set_depth_offset(1)

    def _uses(self) -> dict[str, tuple[str, Map, bool]]:
        """Per switch: sampler, map, and whether it holds colours rather than data."""
        material = self.material
        out = {
            "HAS_NORMAL_MAP": ("u_normal_map", material.normal_map, False),
            "HAS_EMISSIVE": ("u_emissive", material.emissive_map, True),
            "HAS_METAL_ROUGH": ("u_metal_rough", material.metallic_roughness_map, False),
            "HAS_OCCLUSION": ("u_occlusion", material.occlusion_map, False),
        }
        mtoon = material.mtoon
        if mtoon is not None:
            out |= {
                "HAS_SHADE_MAP": ("u_shade", mtoon.shade_map, True),
                "HAS_SHIFT_MAP": ("u_shift_map", mtoon.shading_shift_map, False),
                "HAS_MATCAP": ("u_matcap", mtoon.matcap_map, True),
                "HAS_RIM_MAP": ("u_rim_map", mtoon.rim_map, True),
                "UV_MASK": ("u_uv_mask", mtoon.uv_mask, False),
            }
        return out

    def _switches(self) -> set[str]:
        """What the material has, as preprocessor names."""
        material, mode = self.material, self._part.alpha
        out = {switch for switch, (_, use, _) in self._uses().items() if use.texture >= 0}
        if mode is not Alpha.BLEND:
            out.add(mode.value)
        if material.shading is Shading.UNLIT:
            out.add("UNLIT")
        # An emissive map without a factor is black, unless an expression lights it up.
        out.discard("HAS_EMISSIVE")
        if max(material.emissive) > 0.0:
            out.add("HAS_EMISSIVE")
        if not is_masked(material):
            out.discard("UV_MASK")
        if not is_uniform(material):
            out.add("MANY_UVS")
        if material.mtoon is not None and max(material.mtoon.rim_color) > 0.0:
            out.add("HAS_RIM")
        return out | self._glows
