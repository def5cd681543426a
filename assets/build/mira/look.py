"""What Mira looks like, apart from her shape: every colour, in one place."""

# `rgb` only reads a constant.
# ruff: noqa: RUF009
from __future__ import annotations

from dataclasses import dataclass

RGB = tuple[float, float, float]


def rgb(code: str) -> RGB:
    """``#rrggbb`` as sRGB fractions."""
    return (int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255)


def linear(colour: RGB) -> list[float]:
    """SRGB fractions as the linear factors that glTF stores."""
    return [round(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4, 6) for c in colour]


@dataclass(frozen=True, slots=True)
class Look:
    """Colours in sRGB. ``*_shade`` is MToon's colour on the side away from the light."""

    skin: RGB = rgb("#fde6da")
    skin_shade: RGB = rgb("#edb9ab")
    blush: RGB = rgb("#f79a92")
    lip: RGB = rgb("#e5867f")
    line: RGB = rgb("#8f4a4a")
    lash: RGB = rgb("#3b2a40")
    brow: RGB = rgb("#7a6a92")
    hair: RGB = rgb("#cbbfe8")
    hair_dark: RGB = rgb("#9a8bc6")
    hair_tip: RGB = rgb("#f3b6cb")
    hair_light: RGB = rgb("#f6f1ff")
    hair_line: RGB = rgb("#5d4a86")
    hair_shade: RGB = rgb("#9c8cc4")
    iris_top: RGB = rgb("#1d3a6b")
    iris_low: RGB = rgb("#5fe0d6")
    iris_glow: RGB = rgb("#c9fff2")
    pupil: RGB = rgb("#14203f")
    white: RGB = rgb("#fbfaff")
    white_shade: RGB = rgb("#b9b3d6")
    mouth: RGB = rgb("#8c3040")
    tongue: RGB = rgb("#e8747c")
    teeth: RGB = rgb("#fffaf6")
    jacket: RGB = rgb("#333d6b")
    trim: RGB = rgb("#f5ecdb")
    accent: RGB = rgb("#29b6b0")
    accent_shade: RGB = rgb("#157d86")
    blouse: RGB = rgb("#f2effc")
    skirt: RGB = rgb("#8d92b8")
    skirt_shade: RGB = rgb("#5f638f")
    tights: RGB = rgb("#3a3450")
    boot: RGB = rgb("#5a3d46")
    sole: RGB = rgb("#efe6da")


LOOK = Look()
