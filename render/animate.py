"""Textures that move by themselves (VRMC_materials_mtoon-1.0, UV animation)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.clock import NS_PER_S
from flow.mesh import Model

Overrides = Mapping[int, Mapping[str, Any]]
_TURN = 2.0 * np.pi


class Mover:
    """Adds scrolling and turning to the material overrides of one model."""

    def __init__(self, model: Model) -> None:
        self._speeds = {
            index: (*material.mtoon.uv_scroll, material.mtoon.uv_rotation)
            for index, material in enumerate(model.materials)
            if material.mtoon is not None
            and (any(material.mtoon.uv_scroll) or material.mtoon.uv_rotation)
        }

    def at(self, overrides: Overrides, due: int) -> Overrides:
        """`overrides` with ``uv_move`` as of `due` (ns); the same object when nothing moves.

        ``uv_move`` is (u, v, turn in radians), see `render.uv.moved`.
        """
        if not self._speeds:
            return overrides
        seconds = due / NS_PER_S
        out = {index: dict(change) for index, change in overrides.items()}
        for index, (u, v, turn) in self._speeds.items():
            # Textures repeat: a fraction is enough, and stays exact after hours. A mask weighs the
            # whole way, so that what it lets through in part jumps when the fraction starts anew;
            # over an hour of scrolling at half weight nobody could tell where it should be.
            out.setdefault(index, {})["uv_move"] = (
                (u * seconds) % 1.0,
                (v * seconds) % 1.0,
                (turn * seconds) % _TURN,
            )
        return out
