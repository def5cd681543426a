"""Which texture the rasteriser draws where the surface itself is black.

It knows one texture a surface, the base colour's. On black panels with glowing lines that is the
wrong one: whatever multiplies it stays black.
"""

from __future__ import annotations

from dataclasses import replace

from flow.mesh import Alpha, Map, Material, Model
from render.model import OPAQUE_TEXEL
from render.texels import brightest

BLACK = 0.01
BLACK_TEXEL = 8


def carried(model: Model) -> Model:
    """`model` with the emission's texture, or none, in place of base textures that show nothing."""
    materials = tuple(_carried(material, model) for material in model.materials)
    return replace(model, materials=materials)


def _carried(material: Material, model: Model) -> Material:
    if not _is_solid(material, model) or not _is_black(material, model):
        return material
    glows = max(material.emissive) > BLACK and material.emissive_map.texture >= 0
    return replace(
        material,
        base_color=(0.0, 0.0, 0.0, 1.0),
        base_map=material.emissive_map if glows else Map(),
        alpha=Alpha.OPAQUE,
    )


def _is_black(material: Material, model: Model) -> bool:
    index = material.base_map.texture
    if max(material.base_color[:3]) < BLACK:
        return True
    if not 0 <= index < len(model.textures):
        return False
    return brightest(model.textures[index].rgba, BLACK_TEXEL) < BLACK_TEXEL


def _is_solid(material: Material, model: Model) -> bool:
    """Whether nothing of it can be looked through."""
    index = material.base_map.texture
    if material.alpha is Alpha.OPAQUE or not 0 <= index < len(model.textures):
        return material.alpha is Alpha.OPAQUE
    return int(model.textures[index].rgba[..., 3].min(initial=255)) >= OPAQUE_TEXEL and (
        material.base_color[3] > 0.999  # noqa: PLR2004
    )
