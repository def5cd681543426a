"""Textures that move by themselves (VRMC_materials_mtoon-1.0, UV animation).

Scrolling is drawn; rotation and the mask that confines either are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flow.clock import NS_PER_S
from flow.mesh import Model

Overrides = Mapping[int, Mapping[str, Any]]


class Scroller:
    """Adds scrolling to the material overrides of one model."""

    def __init__(self, model: Model) -> None:
        self._speeds = {
            index: material.mtoon.uv_scroll
            for index, material in enumerate(model.materials)
            if material.mtoon is not None and any(material.mtoon.uv_scroll)
        }

    def at(self, overrides: Overrides, due: int) -> Overrides:
        """`overrides` with texture offsets as of `due` (ns); the same object when none scrolls."""
        if not self._speeds:
            return overrides
        seconds = due / NS_PER_S
        out = {index: dict(change) for index, change in overrides.items()}
        for index, (u, v) in self._speeds.items():
            change = out.setdefault(index, {})
            at_u, at_v = change.get("uv_offset", (0.0, 0.0))
            # Textures repeat: a fraction is enough, and stays exact after hours.
            change["uv_offset"] = (at_u + (u * seconds) % 1.0, at_v + (v * seconds) % 1.0)
        return out
