"""Five MToon materials."""

# Coordinates and radii read best in the order of a drawing.
# ruff: noqa: PLR0917
from __future__ import annotations

from typing import Any

from assets.build.mira.look import Look, linear


def _material(
    name: str, look: Look, shade: list[float], texture: int, outline: float, rim: float,
    toony: float = 0.92, shift: float = -0.05,
) -> dict[str, Any]:  # fmt: skip
    mtoon: dict[str, Any] = {
        "specVersion": "1.0",
        "shadeColorFactor": shade,
        "shadeMultiplyTexture": {"index": texture},
        "shadingShiftFactor": shift,
        "shadingToonyFactor": toony,
        "giEqualizationFactor": 0.9,
        "parametricRimColorFactor": [round(rim * c, 4) for c in (0.85, 0.88, 1.0)],
        "parametricRimFresnelPowerFactor": 4.5,
        "parametricRimLiftFactor": 0.0,
        "rimLightingMixFactor": 0.6,
        "outlineWidthMode": "worldCoordinates" if outline else "none",
    }
    if outline:
        mtoon["outlineWidthFactor"] = outline
        mtoon["outlineColorFactor"] = linear(look.lash)
        mtoon["outlineLightingMixFactor"] = 0.3
    return {
        "name": name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [1.0, 1.0, 1.0, 1.0],
            "baseColorTexture": {"index": texture},
            "metallicFactor": 0.0,
            "roughnessFactor": 0.9,
        },
        "extensions": {"VRMC_materials_mtoon": mtoon},
    }


def materials(look: Look, textures: dict[str, int]) -> list[dict[str, Any]]:
    def ratio(shade: tuple[float, ...], base: tuple[float, ...]) -> list[float]:
        return [
            round(min(s / b, 1.0), 4)
            for s, b in zip(linear(shade), linear(base), strict=True)  # type: ignore[arg-type]
        ]

    t = textures
    skin = _material("skin", look, ratio(look.skin_shade, look.skin), t["skin"], 0.0011, 0.05)
    skin["extensions"]["VRMC_materials_mtoon"]["outlineColorFactor"] = linear(look.line)
    hair = _material("hair", look, ratio(look.hair_shade, look.hair), t["hair"], 0.0009, 0.03)
    hair["extensions"]["VRMC_materials_mtoon"]["outlineColorFactor"] = linear(look.hair_line)
    cloth = _material("cloth", look, [0.42, 0.40, 0.58], t["cloth"], 0.0014, 0.05)
    eye = _material("eye", look, [0.86, 0.86, 0.92], t["eye"], 0.0, 0.0, 0.9, 0.0)
    lines = _material("lines", look, [0.92, 0.90, 0.92], t["lines"], 0.0, 0.0, 0.9, 0.0)
    return [skin, eye, lines, hair, cloth]
