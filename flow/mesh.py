"""A model as plain arrays: what avatars and stages are made of and what render draws.

`avatar.read.gltf` fills it from GLB/VRM, `scenes` from stage files; `render` turns it into
whatever its back end wants. Axes: right-handed, +Y up, metres; colours linear unless said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from flow.spec import F32, I32, U8, U16, U32


class Shading(StrEnum):
    """How a material answers light."""

    MTOON = "mtoon"
    PBR = "pbr"
    UNLIT = "unlit"


class Alpha(StrEnum):
    """glTF alpha modes."""

    OPAQUE = "OPAQUE"
    MASK = "MASK"
    BLEND = "BLEND"


@dataclass(frozen=True, slots=True)
class Texture:
    """An image, already decoded. `rgba` is (h, w, 4), top row first, straight alpha.

    Colour textures are sRGB-encoded; normal and data textures are linear (by use, not by flag).
    """

    name: str
    rgba: U8
    repeat_u: bool = True
    repeat_v: bool = True
    mirror_u: bool = False
    """Whether every other repetition is turned round (glTF's MIRRORED_REPEAT)."""
    mirror_v: bool = False
    magnified: str = "linear"
    """glTF's ``magFilter``: ``linear``, or ``nearest`` where texels shall stay squares."""
    minified: str = "linear_mipmap_linear"
    """glTF's ``minFilter`` in small letters; without ``mipmap`` in it, far texels are skipped."""


@dataclass(frozen=True, slots=True)
class Map:
    """A use of a texture: index into `Model.textures` (-1: none) and its KHR_texture_transform."""

    texture: int = -1
    offset: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    rotation: float = 0.0
    strength: float = 1.0


RGB = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class MToon:
    """The toon half of a material, VRMC_materials_mtoon-1.0 names and defaults."""

    shade_color: RGB = (1.0, 1.0, 1.0)
    shade_map: Map = Map()
    shading_shift: float = 0.0
    shading_shift_map: Map = Map()
    shading_toony: float = 0.9
    gi_equalization: float = 0.9
    matcap_color: RGB = (1.0, 1.0, 1.0)
    matcap_map: Map = Map()
    rim_color: RGB = (0.0, 0.0, 0.0)
    rim_map: Map = Map()
    rim_fresnel_power: float = 5.0
    rim_lift: float = 0.0
    rim_lighting_mix: float = 1.0
    outline_mode: str = "none"
    """``none``, ``worldCoordinates`` or ``screenCoordinates``."""
    outline_width: float = 0.0
    outline_width_map: Map = Map()
    outline_color: RGB = (0.0, 0.0, 0.0)
    outline_lighting_mix: float = 1.0
    uv_mask: Map = Map()
    uv_scroll: tuple[float, float] = (0.0, 0.0)
    uv_rotation: float = 0.0
    transparent_with_z_write: bool = False
    render_queue_offset: int = 0


@dataclass(frozen=True, slots=True)
class Material:
    """One surface. Factors are linear colour."""

    name: str
    shading: Shading = Shading.PBR
    base_color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    base_map: Map = Map()
    emissive: RGB = (0.0, 0.0, 0.0)
    emissive_map: Map = Map()
    normal_map: Map = Map()
    metallic: float = 1.0
    roughness: float = 1.0
    metallic_roughness_map: Map = Map()
    occlusion_map: Map = Map()
    alpha: Alpha = Alpha.OPAQUE
    cutoff: float = 0.5
    double_sided: bool = False
    mtoon: MToon | None = None


@dataclass(frozen=True, slots=True)
class Morph:
    """One morph target, sparse: only the vertices that move.

    `vertices` (m,) indices, `positions` (m, 3) metres, `normals` (m, 3) or zeros.
    """

    vertices: U32
    positions: F32
    normals: F32


@dataclass(frozen=True, slots=True)
class Primitive:
    """One drawable piece, in its mesh's own space (bind space when skinned)."""

    name: str
    node: int
    """The node that carries the mesh; its world transform applies when `skin` is -1."""
    material: int
    positions: F32
    normals: F32
    uv: F32
    triangles: U32
    """(t, 3) vertex indices, counter-clockwise is the front."""
    color: F32 | None = None
    """(v, 4) linear vertex colours or None."""
    skin: int = -1
    joints: U16 | None = None
    """(v, 4) indices into the skin's joints."""
    weights: F32 | None = None
    """(v, 4), each row sums to 1."""
    morphs: tuple[Morph, ...] = ()
    morph_offset: int = 0
    """This primitive's first slot in `RigState.morph_weights`; primitives of one mesh share it."""
    first_person: str = "auto"


@dataclass(frozen=True, slots=True)
class Skin:
    """A joint palette: `joints` (k,) node indices, `inverse_bind` (k, 4, 4)."""

    joints: I32
    inverse_bind: F32


@dataclass(frozen=True, slots=True)
class Model:
    """A node tree with meshes. Nodes are in an order where parents come before children."""

    name: str
    node_names: tuple[str, ...]
    parents: I32
    """(n,) parent index or -1."""
    rest_translation: F32
    rest_rotation: F32
    rest_scale: F32
    primitives: tuple[Primitive, ...]
    materials: tuple[Material, ...]
    textures: tuple[Texture, ...]
    skins: tuple[Skin, ...]
    morph_names: tuple[str, ...]
    """One name per morph slot (``mesh/target``)."""
    morph_defaults: F32 = field(default_factory=lambda: np.zeros(0, np.float32))
    """(slots,) the file's own starting weights."""
    root: F32 = field(default_factory=lambda: np.eye(4, dtype=np.float32))
    """World transform above the root nodes (VRM 0.x models are turned to face +Z here)."""

    @property
    def triangle_count(self) -> int:
        """Triangles over all primitives."""
        return sum(len(p.triangles) for p in self.primitives)

    @property
    def vertex_count(self) -> int:
        """Vertices over all primitives."""
        return sum(len(p.positions) for p in self.primitives)
