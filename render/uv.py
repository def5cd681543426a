"""Where a material's maps are sampled: KHR_texture_transform, expressions, moving textures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.mesh import Map, Material
from flow.spec import F32

STILL = (0.0, 0.0, 0.0)
UV_CHANGES = ("uv_offset", "uv_scale", "uv_move")
"""What of an override moves textures."""


def uv_matrix(
    use: Map, offset: tuple[float, float] = (0.0, 0.0), scale: tuple[float, float] = (1.0, 1.0)
) -> F32:
    """(2, 3) KHR_texture_transform of `use`, moved by `offset` and its scale times `scale`."""
    cos, sin = np.cos(use.rotation), np.sin(use.rotation)
    sx, sy = use.scale[0] * scale[0], use.scale[1] * scale[1]
    return np.array(
        [
            [cos * sx, sin * sy, use.offset[0] + offset[0]],
            [-sin * sx, cos * sy, use.offset[1] + offset[1]],
        ],
        np.float32,
    )


def moved(move: tuple[float, float, float]) -> F32:
    """(3, 3) MToon's UV animation: a turn about the texture's middle, then a way (u, v).

    VRMC_materials_mtoon-1.0, "Transform Order"; it comes before KHR_texture_transform.
    """
    u, v, turn = move
    cos, sin = np.cos(turn), np.sin(turn)
    return np.array(
        [
            [cos, sin, 0.5 - 0.5 * cos - 0.5 * sin + u],
            [-sin, cos, 0.5 + 0.5 * sin - 0.5 * cos + v],
            [0.0, 0.0, 1.0],
        ],
        np.float32,
    )


def changed(use: Map, change: Mapping[str, Any], *, moves: bool = True) -> F32:
    """(2, 3) transform of `use` under an expression's `change`, and of its own movement."""
    matrix = uv_matrix(use, change.get("uv_offset", (0.0, 0.0)), change.get("uv_scale", (1.0, 1.0)))
    move = change.get("uv_move", STILL)
    if not moves or move == STILL:
        return matrix
    return np.asarray(matrix @ moved(move), np.float32)


def transformed(uv: F32, matrix: F32) -> F32:
    """(v, 2) coordinates `uv` through a (2, 3) `matrix`."""
    return np.asarray(uv @ matrix[:, :2].T + matrix[:, 2], np.float32)


def surface_maps(material: Material) -> dict[str, Map]:
    """The maps that follow the surface's coordinates, by name; also those without a texture."""
    maps = {
        "base": material.base_map,
        "emissive": material.emissive_map,
        "normal": material.normal_map,
        "metal_rough": material.metallic_roughness_map,
        "occlusion": material.occlusion_map,
    }
    mtoon = material.mtoon
    if mtoon is not None:
        maps |= {"shade": mtoon.shade_map, "shift": mtoon.shading_shift_map, "rim": mtoon.rim_map}
    return maps


def is_masked(material: Material) -> bool:
    """Whether a texture says where the material's textures move."""
    mtoon = material.mtoon
    return mtoon is not None and mtoon.uv_mask.texture >= 0 and moves(material)


def moves(material: Material) -> bool:
    """Whether the material's textures move by themselves."""
    mtoon = material.mtoon
    return mtoon is not None and bool(any(mtoon.uv_scroll) or mtoon.uv_rotation)


def is_uniform(material: Material) -> bool:
    """Whether one set of coordinates serves all of the material's maps."""
    base = material.base_map
    used = [use for use in surface_maps(material).values() if use.texture >= 0]
    if base.texture < 0 and used:
        base = used[0]
    place = (base.offset, base.scale, base.rotation)
    alike = all((use.offset, use.scale, use.rotation) == place for use in used)
    return alike and not is_masked(material) and (material.base_map.texture >= 0 or not used)
