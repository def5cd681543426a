"""Materials: metallic-roughness, unlit and MToon 1.0. MToon 0 arrives here already migrated.

Specifications: glTF 2.0 section 3.9, KHR_materials_unlit, KHR_materials_emissive_strength,
KHR_texture_transform, VRMC_materials_mtoon-1.0.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from avatar.read.document import Document
from avatar.read.images import Textures
from avatar.read.jsonat import At
from flow.errors import AssetError
from flow.mesh import RGB, Alpha, Map, Material, MToon, Shading

MOST_MATERIALS = 4096
_OUTLINES = ("none", "worldCoordinates", "screenCoordinates")


class Materials:
    """The materials of one document; index as in the file, then one plain default."""

    def __init__(self, document: Document, textures: Textures) -> None:
        self._document = document
        self._textures = textures
        self.sources = document.root.get("materials").items(MOST_MATERIALS)
        self.all: tuple[Material, ...] = (
            *(self._tolerant(at, i) for i, at in enumerate(self.sources)),
            Material("default", metallic=0.0),
        )

    def index(self, ref: At) -> int:
        """Model material index for a primitive's reference; the default one when it has none."""
        return len(self.sources) if ref.absent else ref.index(len(self.sources), "material")

    def uv_set(self, index: int) -> int:
        """Which TEXCOORD set the material's maps want (a primitive carries only one)."""
        with suppress(AssetError):
            return uv_set_of(self.sources[index]) if index < len(self.sources) else 0
        return 0

    def _tolerant(self, at: At, i: int) -> Material:
        material = Material(f"material_{i}", metallic=0.0)
        with self._document.problems.tolerate(at, "A plain white material stands in."):
            return self._material(at, i)
        return material

    def _material(self, at: At, i: int) -> Material:
        pbr = at.get("pbrMetallicRoughness")
        toon = at.extension("VRMC_materials_mtoon")
        unlit = at.extension("KHR_materials_unlit")
        glow = emissive_strength(at)
        emissive = _rgb(at.get("emissiveFactor"), (0.0, 0.0, 0.0))
        mode = at.get("alphaMode").text("OPAQUE")
        base = pbr.get("baseColorFactor").numbers(4, (1.0, 1.0, 1.0, 1.0))
        shading = Shading.PBR if unlit.absent else Shading.UNLIT
        material = Material(
            name=at.get("name").text(f"material_{i}"),
            shading=shading,
            base_color=(base[0], base[1], base[2], base[3]),
            base_map=self._map(pbr.get("baseColorTexture")),
            emissive=(emissive[0] * glow, emissive[1] * glow, emissive[2] * glow),
            emissive_map=self._map(at.get("emissiveTexture")),
            normal_map=self._map(at.get("normalTexture"), "scale"),
            metallic=pbr.get("metallicFactor").number(1.0, 0.0, 1.0),
            roughness=pbr.get("roughnessFactor").number(1.0, 0.0, 1.0),
            metallic_roughness_map=self._map(pbr.get("metallicRoughnessTexture")),
            occlusion_map=self._map(at.get("occlusionTexture"), "strength"),
            alpha=Alpha(mode) if mode in Alpha.__members__ else Alpha.OPAQUE,
            cutoff=at.get("alphaCutoff").number(0.5, 0.0, 1.0),
            double_sided=at.get("doubleSided").flag(),
        )
        if toon.absent:
            return material
        with self._document.problems.tolerate(toon, "The material is drawn without toon shading."):
            return replace(material, shading=Shading.MTOON, mtoon=self._mtoon(toon))
        return material

    def _mtoon(self, at: At) -> MToon:
        outline = at.get("outlineWidthMode").text("none")
        return MToon(
            shade_color=_rgb(at.get("shadeColorFactor"), (0.0, 0.0, 0.0)),
            shade_map=self._map(at.get("shadeMultiplyTexture")),
            shading_shift=at.get("shadingShiftFactor").number(0.0),
            shading_shift_map=self._map(at.get("shadingShiftTexture"), "scale"),
            shading_toony=at.get("shadingToonyFactor").number(0.9, 0.0, 1.0),
            gi_equalization=at.get("giEqualizationFactor").number(0.9, 0.0, 1.0),
            matcap_color=_rgb(at.get("matcapFactor"), (1.0, 1.0, 1.0)),
            matcap_map=self._map(at.get("matcapTexture")),
            rim_color=_rgb(at.get("parametricRimColorFactor"), (0.0, 0.0, 0.0)),
            rim_map=self._map(at.get("rimMultiplyTexture")),
            rim_fresnel_power=at.get("parametricRimFresnelPowerFactor").number(5.0, 0.0, 1e4),
            rim_lift=at.get("parametricRimLiftFactor").number(0.0),
            rim_lighting_mix=at.get("rimLightingMixFactor").number(1.0, 0.0, 1.0),
            outline_mode=outline if outline in _OUTLINES else "none",
            outline_width=at.get("outlineWidthFactor").number(0.0, 0.0, 1.0),
            outline_width_map=self._map(at.get("outlineWidthMultiplyTexture")),
            outline_color=_rgb(at.get("outlineColorFactor"), (0.0, 0.0, 0.0)),
            outline_lighting_mix=at.get("outlineLightingMixFactor").number(1.0, 0.0, 1.0),
            uv_mask=self._map(at.get("uvAnimationMaskTexture")),
            uv_scroll=(
                at.get("uvAnimationScrollXSpeedFactor").number(0.0),
                at.get("uvAnimationScrollYSpeedFactor").number(0.0),
            ),
            uv_rotation=at.get("uvAnimationRotationSpeedFactor").number(0.0),
            transparent_with_z_write=at.get("transparentWithZWrite").flag(),
            render_queue_offset=at.get("renderQueueOffsetNumber").integer(0, low=-9, high=9),
        )

    def _map(self, at: At, strength: str = "") -> Map:
        """A texture reference; a bad one is a problem and no map."""
        if at.absent:
            return Map()
        with self._document.problems.tolerate(at, "The material goes without this map."):
            moved = at.extension("KHR_texture_transform")
            offset = moved.get("offset").numbers(2, (0.0, 0.0))
            scale = moved.get("scale").numbers(2, (1.0, 1.0))
            return Map(
                texture=self._textures.use(at.get("index")),
                offset=(offset[0], offset[1]),
                scale=(scale[0], scale[1]),
                rotation=moved.get("rotation").number(0.0),
                strength=at.get(strength).number(1.0) if strength else 1.0,
            )
        return Map()


def emissive_strength(material: At) -> float:
    """What a material's ``emissiveFactor`` is multiplied with."""
    strength = material.extension("KHR_materials_emissive_strength").get("emissiveStrength")
    if strength.absent:
        # What UniVRM wrote before the Khronos extension existed.
        old = material.extension("VRMC_materials_hdr_emissiveMultiplier")
        strength = old.get("emissiveMultiplier")
    return strength.number(1.0, 0.0, 1000.0)


def _rgb(at: At, default: RGB) -> RGB:
    r, g, b = at.numbers(3, default)
    return r, g, b


def uv_set_of(material: At) -> int:
    """The TEXCOORD set of the colour map, or of the first map there is."""
    toon = material.extension("VRMC_materials_mtoon")
    for ref in (
        material.at("pbrMetallicRoughness", "baseColorTexture"),
        toon.get("shadeMultiplyTexture"),
        material.get("emissiveTexture"),
        material.get("normalTexture"),
    ):
        if not ref.absent:
            with suppress(AssetError):
                return texcoord_of(ref)
    return 0


def texcoord_of(ref: At) -> int:
    """The TEXCOORD set that a use of a texture names; KHR_texture_transform may name another."""
    moved = ref.extension("KHR_texture_transform").get("texCoord")
    return moved.integer(ref.get("texCoord").integer(0, high=7), high=7)
