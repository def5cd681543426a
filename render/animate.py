"""Textures that move by themselves (VRMC_materials_mtoon-1.0, UV animation)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.clock import NS_PER_S
from flow.mesh import Model
from render.uv import is_masked, moves

Overrides = Mapping[int, Mapping[str, Any]]
_TURN = 2.0 * np.pi


class Mover:
    """Adds scrolling and turning to the material overrides of one model."""

    def __init__(self, model: Model) -> None:
        self._speeds = {
            index: (*material.mtoon.uv_scroll, material.mtoon.uv_rotation, is_masked(material))
            for index, material in enumerate(model.materials)
            if material.mtoon is not None and moves(material)
        }

    def at(self, overrides: Overrides, due: int) -> Overrides:
        """`overrides` with ``uv_move`` as of `due` (ns); the same object when nothing moves.

        ``uv_move`` is (u, v, turn in radians), see `render.uv.moved`.
        """
        if not self._speeds:
            return overrides
        seconds = due / NS_PER_S
        out = {index: dict(change) for index, change in overrides.items()}
        for index, (u, v, turn, masked) in self._speeds.items():
            way = (u * seconds, v * seconds, turn * seconds)
            if not masked:
                # Textures repeat: a fraction is enough, and stays exact after hours. What a mask
                # lets through in part does not repeat with it.
                way = (way[0] % 1.0, way[1] % 1.0, way[2] % _TURN)
            out.setdefault(index, {})["uv_move"] = way
        return out
