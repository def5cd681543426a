"""Expressions: names and weights to morph weights and material changes.

VRMC_vrm-1.0 expressions: binary ones, and overrides by which an expression blocks or damps
blinking, looking or speaking. VRM 0.x arrives here already mapped to the same shape.
`avatar.rig.expression_rig` evaluates them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Override = Literal["none", "block", "blend"]


@dataclass(frozen=True, slots=True)
class MorphBind:
    """An expression moves a morph slot of the model."""

    slot: int
    weight: float


@dataclass(frozen=True, slots=True)
class ColorBind:
    """An expression takes a colour of a material towards `target` (RGBA, linear).

    `field` is a name of `flow.mesh.Material` or `flow.mesh.MToon`.
    """

    material: int
    field: str
    target: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class UvBind:
    """An expression moves a material's texture coordinates towards this scale and offset."""

    material: int
    scale: tuple[float, float]
    offset: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression. `preset` tells VRM's own names from the author's."""

    name: str
    preset: bool = False
    morphs: tuple[MorphBind, ...] = ()
    colors: tuple[ColorBind, ...] = ()
    uvs: tuple[UvBind, ...] = ()
    is_binary: bool = False
    override_blink: Override = "none"
    override_look_at: Override = "none"
    override_mouth: Override = "none"
