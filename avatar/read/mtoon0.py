"""VRM 0.x materials to glTF materials with MToon 1.0, as JSON before anything else reads them.

vrm-specification, "MToon: VRM 0.x to 1.0": colours were sRGB numbers, widths centimetres, the
shading ramp was described by its edge rather than its middle.
"""

from __future__ import annotations

from typing import Any

from avatar.read.document import Document
from avatar.read.jsonat import At

_GAMMA = 2.2
_OUTLINES = ("none", "worldCoordinates", "screenCoordinates")
_WIDTH_UNIT = {1: 0.01, 2: 0.005}
"""0.x counted centimetres in the world and hundredths of half the picture's height on screen; 1.0
counts metres and the picture's whole height."""
_WHITE = (1.0, 1.0, 1.0, 1.0)


def to_linear(value: float) -> float:
    """An 8-bit colour's 0..1 number as light; HDR values above 1 are light already."""
    return max(value, 0.0) ** _GAMMA if value <= 1.0 else value


_WRITTEN = ("VRMC_materials_mtoon", "KHR_materials_unlit", "KHR_texture_transform",
            "KHR_materials_emissive_strength")  # fmt: skip


def migrate_materials(document: Document) -> None:
    """Replace the document's materials by their 1.0 equivalents where 0.x describes them."""
    properties = document.root.extension("VRM").get("materialProperties")
    materials = document.root.get("materials")
    with document.problems.tolerate(properties, "The materials are drawn as plain glTF."):
        items = properties.items()
        if properties.absent or materials.absent:
            return
        originals = materials.items()
        if len(items) < len(originals):
            why = f"describes {len(items)} of {len(originals)} materials"
            remedy = "The others are drawn as plain glTF."
            document.problems.add("asset.invalid", properties, why, remedy)
        queues = _queues(items, document)
        for i, (at, original) in enumerate(zip(items, originals, strict=False)):
            with document.problems.tolerate(at, "The material is drawn as plain glTF."):
                shader = at.get("shader").text()
                if shader == "VRM/MToon":
                    materials.value[i] = original.object() | _mtoon(at, queues)
                elif shader.startswith("VRM/Unlit"):
                    materials.value[i] = original.object() | _unlit(at, shader)
    told = document.root.value.get("extensionsUsed")
    if isinstance(told, list):  # what is written here is not the file's to declare
        told += [name for name in _WRITTEN if name not in told]


class _Properties:
    """Typed look-up in a 0.x material."""

    def __init__(self, at: At) -> None:
        self._at = at

    def number(self, key: str, default: float) -> float:
        return self._at.at("floatProperties", key).number(default)

    def color(self, key: str, default: tuple[float, ...]) -> list[float]:
        """Linear RGB."""
        at = self._at.at("vectorProperties", key)
        values = [v.number() for v in at.items(4)] if not at.absent else list(default)
        return [to_linear(v) for v in (*values, 0.0, 0.0, 0.0)[:3]]

    def alpha(self, key: str) -> float:
        at = self._at.at("vectorProperties", key)
        values = at.items(4)
        return values[3].number() if len(values) == len(_WHITE) else 1.0

    def keyword(self, key: str) -> bool:
        return self._at.at("keywordMap", key).flag()

    def texture(self, key: str, *, moved: bool = True) -> dict[str, Any] | None:
        ref = self._at.at("textureProperties", key)
        if ref.absent:
            return None
        out: dict[str, Any] = {"index": ref.integer(low=-1)}
        st = self._at.at("vectorProperties", "_MainTex")
        if moved and not st.absent:
            ox, oy, sx, sy = st.numbers(4)
            # Unity's texture origin is the lower left corner, glTF's the upper left.
            out["extensions"] = {
                "KHR_texture_transform": {"offset": [ox, 1.0 - sy - oy], "scale": [sx, sy]}
            }
        return out


def _mtoon(at: At, queues: dict[tuple[bool, int], int]) -> dict[str, Any]:
    p = _Properties(at)
    blend, masked = p.keyword("_ALPHABLEND_ON"), p.keyword("_ALPHATEST_ON")
    z_write = p.number("_ZWrite", 0.0) == 1.0
    shift0, toony0 = p.number("_ShadeShift", 0.0), p.number("_ShadeToony", 0.9)
    toony = toony0 + (1.0 - toony0) * (0.5 + 0.5 * shift0)
    mode = int(p.number("_OutlineWidthMode", 0.0))
    mixed = int(p.number("_OutlineColorMode", 0.0)) == 1
    matcap = p.texture("_SphereAdd", moved=False)
    base = p.color("_Color", _WHITE)
    toon = {
        "specVersion": "1.0",
        "transparentWithZWrite": blend and z_write,
        "renderQueueOffsetNumber": queues.get((z_write, _queue(at)), 0) if blend else 0,
        "shadeColorFactor": p.color("_ShadeColor", (0.97, 0.81, 0.86)),
        "shadeMultiplyTexture": p.texture("_ShadeTexture"),
        "shadingShiftFactor": -shift0 - (1.0 - toony),
        "shadingToonyFactor": toony,
        "giEqualizationFactor": 1.0 - p.number("_IndirectLightIntensity", 0.1),
        "matcapFactor": [1.0, 1.0, 1.0] if matcap else [0.0, 0.0, 0.0],
        "matcapTexture": matcap,
        "rimLightingMixFactor": p.number("_RimLightingMix", 0.0),
        "rimMultiplyTexture": p.texture("_RimTexture"),
        "parametricRimColorFactor": p.color("_RimColor", (0.0, 0.0, 0.0)),
        "parametricRimFresnelPowerFactor": p.number("_RimFresnelPower", 1.0),
        "parametricRimLiftFactor": p.number("_RimLift", 0.0),
        "outlineWidthMode": _OUTLINES[mode] if 0 <= mode < len(_OUTLINES) else "none",
        "outlineWidthFactor": p.number("_OutlineWidth", 0.0) * _WIDTH_UNIT.get(mode, 0.0),
        "outlineWidthMultiplyTexture": p.texture("_OutlineWidthTexture"),
        "outlineColorFactor": p.color("_OutlineColor", (0.0, 0.0, 0.0)),
        "outlineLightingMixFactor": p.number("_OutlineLightingMix", 1.0) if mixed else 0.0,
        "uvAnimationMaskTexture": p.texture("_UvAnimMaskTexture"),
        "uvAnimationScrollXSpeedFactor": p.number("_UvAnimScrollX", 0.0),
        "uvAnimationScrollYSpeedFactor": -p.number("_UvAnimScrollY", 0.0),
        "uvAnimationRotationSpeedFactor": p.number("_UvAnimRotation", 0.0),
    }
    normal = p.texture("_BumpMap")
    if normal is not None:
        normal["scale"] = p.number("_BumpScale", 1.0)
    return {
        "pbrMetallicRoughness": {
            "baseColorFactor": [*base, p.alpha("_Color")],
            "baseColorTexture": p.texture("_MainTex"),
        },
        "normalTexture": normal,
        "emissiveTexture": p.texture("_EmissionMap"),
        "emissiveFactor": p.color("_EmissionColor", (0.0, 0.0, 0.0)),
        "alphaMode": "BLEND" if blend else "MASK" if masked else "OPAQUE",
        "alphaCutoff": p.number("_Cutoff", 0.5),
        "doubleSided": int(p.number("_CullMode", 2.0)) == 0,
        "extensions": {"VRMC_materials_mtoon": toon},
    }


def _unlit(at: At, shader: str) -> dict[str, Any]:
    p = _Properties(at)
    blend, masked = shader.startswith("VRM/UnlitTransparent"), shader == "VRM/UnlitCutout"
    return {
        "pbrMetallicRoughness": {
            "baseColorFactor": [*p.color("_Color", _WHITE), p.alpha("_Color")],
            "baseColorTexture": p.texture("_MainTex"),
        },
        "alphaMode": "BLEND" if blend else "MASK" if masked else "OPAQUE",
        "alphaCutoff": p.number("_Cutoff", 0.5),
        "extensions": {"KHR_materials_unlit": {}},
    }


def _queue(at: At) -> int:
    return at.get("renderQueue").integer(-1, low=-1, high=100_000)


def _queues(items: list[At], document: Document) -> dict[tuple[bool, int], int]:
    """0.x ordered transparent materials by Unity's queue, 1.0 by -9..0 (0..9 with z-write)."""
    used: dict[bool, set[int]] = {False: set(), True: set()}
    for at in items:
        with document.problems.tolerate(at, "Its place in the drawing order is lost."):
            p = _Properties(at)
            if p.keyword("_ALPHABLEND_ON"):
                used[p.number("_ZWrite", 0.0) == 1.0].add(_queue(at))
    out: dict[tuple[bool, int], int] = {}
    for k, queue in enumerate(sorted(used[False])):
        out[False, queue] = min(max(k - len(used[False]) + 1, -9), 0)
    for k, queue in enumerate(sorted(used[True])):
        out[True, queue] = min(k, 9)
    return out
