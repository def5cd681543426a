"""A `flow.mesh.Model` laid out for drawing: one vertex array, contiguous parts by material.

The engine transforms the vertex range of every part it draws, so each part's vertices lie
together; primitives that share a material become one part (one draw call).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flow.mesh import Alpha, Map, Material, Model, Primitive, Shading
from flow.spec import F32, I32, U8, U32
from render.color import display_from_linear
from render.uv import transformed, uv_matrix

FIRST_PERSON_ONLY = "firstPersonOnly"
OPAQUE_TEXEL = 250
"""Alpha from which a sampled texel counts as opaque."""


@dataclass(frozen=True, slots=True)
class Part:
    """A contiguous run of vertices and the triangles over them, of one material."""

    material: int
    start: int
    stop: int
    triangles: U32
    """(t, 3) indices into the merged arrays."""
    alpha: Alpha
    """The mode to draw with: MASK and BLEND whose texels are all opaque become OPAQUE."""
    outlined: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The merged arrays. Positions and normals are in mesh space until skinned."""

    model: Model
    positions: F32
    normals: F32
    uv: F32
    color: F32
    """(v, 4) display-space vertex colours, ones where the file has none or MToon ignores them."""
    outline_width: F32
    """(v,) metres, or fraction of the picture's height in screen mode; 0 without outline."""
    outline_screen: NDArray[np.bool_]
    """(v,) whether the width counts in the picture's height."""
    material_of: I32
    """(v,) material index."""
    parts: tuple[Part, ...]
    """In drawing order: opaque, mask, blend by render queue offset."""
    sources: tuple[tuple[Primitive, int], ...]
    """Primitives and their first merged vertex."""

    @property
    def triangles(self) -> U32:
        """(t, 3) all triangles."""
        found = [part.triangles for part in self.parts]
        return np.concatenate(found) if found else np.zeros((0, 3), np.uint32)


def lay_out(model: Model) -> Layout:
    """Merge `model` for drawing. First-person-only primitives are left out."""
    by_material: dict[int, list[Primitive]] = {}
    for primitive in model.primitives:
        if primitive.first_person != FIRST_PERSON_ONLY and len(primitive.triangles):
            by_material.setdefault(primitive.material, []).append(primitive)
    modes = {
        index: _mode(material_at(model, index), model, members)
        for index, members in by_material.items()
    }
    order = sorted(by_material, key=lambda index: _rank(material_at(model, index), modes[index]))
    sources: list[tuple[Primitive, int]] = []
    parts: list[Part] = []
    count = 0
    for index in order:
        start, triangles = count, []
        for primitive in by_material[index]:
            sources.append((primitive, count))
            triangles.append(primitive.triangles.astype(np.uint32) + np.uint32(count))
            count += len(primitive.positions)
        mtoon = material_at(model, index).mtoon
        outlined = mtoon is not None and mtoon.outline_mode != "none" and mtoon.outline_width > 0.0
        parts.append(Part(index, start, count, np.concatenate(triangles), modes[index], outlined))
    members = [primitive for primitive, _ in sources]
    color = _stack([_display_color(p, material_at(model, p.material)) for p in members], 4)
    material_of = np.concatenate(
        [np.full(len(p.positions), p.material, np.int32) for p in members]
        or [np.zeros(0, np.int32)]
    )
    uv = _stack([p.uv for p in members], 2)
    width, screen = _outline(model, parts, uv)
    return Layout(
        model=model,
        positions=_stack([p.positions for p in members], 3),
        normals=_stack([p.normals for p in members], 3),
        uv=uv,
        color=color,
        outline_width=width,
        outline_screen=screen,
        material_of=material_of,
        parts=tuple(parts),
        sources=tuple(sources),
    )


def material_at(model: Model, index: int) -> Material:
    """The material, or glTF's default one for an index that names none."""
    if 0 <= index < len(model.materials):
        return model.materials[index]
    return Material("default")


def sample(model: Model, use: Map, uv: F32) -> U8 | None:
    """(v, 4) nearest texels of `use` at `uv`, or None when it names no texture."""
    if not 0 <= use.texture < len(model.textures):
        return None
    rgba = model.textures[use.texture].rgba
    at = transformed(uv, uv_matrix(use))
    at -= np.floor(at)
    height, width = rgba.shape[:2]
    column = np.minimum((at[:, 0] * width).astype(np.int64), width - 1)
    row = np.minimum((at[:, 1] * height).astype(np.int64), height - 1)
    return np.asarray(rgba[row, column])


def rest_uv(layout: Layout) -> F32:
    """(v, 2) texture coordinates with every material's own transform applied."""
    out = layout.uv.copy()
    for part in layout.parts:
        run = slice(part.start, part.stop)
        base = material_at(layout.model, part.material).base_map
        out[run] = transformed(layout.uv[run], uv_matrix(base))
    return out


def _stack(arrays: list[F32], columns: int) -> F32:
    if not arrays:
        return np.zeros((0, columns), np.float32)
    return np.ascontiguousarray(np.concatenate(arrays), np.float32)


def _display_color(primitive: Primitive, material: Material) -> F32:
    """Vertex colours as display values. MToon takes none (VRMC_materials_mtoon-1.0)."""
    out = np.ones((len(primitive.positions), 4), np.float32)
    if primitive.color is not None and material.shading is not Shading.MTOON:
        out[:, :3] = display_from_linear(primitive.color[:, :3])
        out[:, 3] = primitive.color[:, 3]
    return out


def _mode(material: Material, model: Model, members: list[Primitive]) -> Alpha:
    """`material`'s alpha mode, OPAQUE where nothing it shows is transparent."""
    if material.alpha is Alpha.OPAQUE or material.base_color[3] < 0.999:  # noqa: PLR2004
        return material.alpha
    if any(float(_display_color(p, material)[:, 3].min(initial=1.0)) < 1.0 for p in members):
        return material.alpha
    if not 0 <= material.base_map.texture < len(model.textures):
        return Alpha.OPAQUE
    alpha = model.textures[material.base_map.texture].rgba[..., 3]
    return Alpha.OPAQUE if int(alpha.min(initial=255)) >= OPAQUE_TEXEL else material.alpha


def _rank(material: Material, mode: Alpha) -> tuple[int, int]:
    """Where a material stands in the drawing order (VRMC_materials_mtoon, rendering order)."""
    mtoon = material.mtoon
    if mode is Alpha.OPAQUE:
        return 0, 0
    if mode is Alpha.MASK:
        return 1, 0
    if mtoon is not None and mtoon.transparent_with_z_write:
        return 2, mtoon.render_queue_offset
    return 3, mtoon.render_queue_offset if mtoon is not None else 0


def _outline(model: Model, parts: list[Part], uv: F32) -> tuple[F32, NDArray[np.bool_]]:
    width = np.zeros(len(uv), np.float32)
    screen = np.zeros(len(uv), np.bool_)
    for part in parts:
        mtoon = material_at(model, part.material).mtoon
        if mtoon is None or not part.outlined:
            continue
        run = slice(part.start, part.stop)
        width[run] = mtoon.outline_width
        screen[run] = mtoon.outline_mode == "screenCoordinates"
        texels = sample(model, mtoon.outline_width_map, uv[run])
        if texels is not None:
            width[run] *= texels[:, 1] / np.float32(255.0)
    return width, screen
