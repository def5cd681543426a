"""Texels at vertices, for the back end that lights vertices only.

A vertex stands for the texture around it, so it reads a coarse copy: one dark line under a vertex
must not darken the triangles beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from flow.mesh import Map, Material, Model, Shading
from flow.spec import F32, U8
from render.uv import changed, transformed

COARSE = 64
"""Longest side of the copy that vertices read."""
MOST_HEADROOM = 16.0
NEARLY_WHITE = 250
SOLID = 255
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Texels:
    """Reads the textures of one model; keeps a coarse copy of each that was asked for."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._coarse: dict[int, F32] = {}
        self._headroom: dict[int, float] = {}

    def has(self, use: Map) -> bool:
        """Whether `use` names a texture."""
        return 0 <= use.texture < len(self._model.textures)

    def copy(self, use: Map) -> F32:
        """(h, w, 4) 0..1 the coarse copy of the texture that `use` names."""
        found = self._coarse.get(use.texture)
        if found is None:
            found = self._coarse[use.texture] = coarse(self._model.textures[use.texture].rgba)
        return found

    def at(self, use: Map, uv: F32, change: Mapping[str, Any] = NOTHING) -> F32:
        """(v, 4) 0..1 texels of `use` at `uv` under an expression's `change`, as stored.

        White when `use` names no texture.
        """
        if not self.has(use):
            return np.ones((len(uv), 4), np.float32)
        texture = self._model.textures[use.texture]
        at = transformed(uv, changed(use, change))
        return read(self.copy(use), at, texture.repeat_u, texture.repeat_v)

    def headroom(self, material: Material) -> float:
        """How much brighter `material`'s base texture may be stored.

        Vertex colours only ever darken it; a rim or a glow on a dark texture needs the room.
        """
        index = material.base_map.texture
        if material.shading is Shading.UNLIT or not self.has(material.base_map):
            return 1.0
        if index not in self._headroom:
            peak = brightest(self._model.textures[index].rgba, NEARLY_WHITE)
            room = min(255.0 / max(peak, 1), MOST_HEADROOM) if peak < NEARLY_WHITE else 1.0
            self._headroom[index] = room
        return self._headroom[index]


def brightest(rgba: U8, enough: int = 255) -> int:
    """The highest of all colour bytes; or any from `enough` on, which a few rows may show."""
    few = int(rgba[:: max(len(rgba) // 16, 1), :, :3].max(initial=0))
    return few if few >= enough else int(rgba[..., :3].max(initial=0))


def opaque(rgba: U8) -> bool:
    """Whether nothing can be seen through."""
    some = rgba[:: max(len(rgba) // 16, 1), :, 3]
    return int(some.min(initial=SOLID)) == SOLID and int(rgba[..., 3].min(initial=SOLID)) == SOLID


def coarse(rgba: U8) -> F32:
    """(h, w, 4) 0..1 copy of at most COARSE texels a side.

    Colour under full transparency is left out of the means: it is whatever was put there.
    """
    import cv2

    height, width = rgba.shape[:2]
    size = (min(width, COARSE), min(height, COARSE))
    if size != (width, height) and opaque(rgba):
        rgba = np.asarray(cv2.resize(rgba, size, interpolation=cv2.INTER_AREA), np.uint8)
        width, height = size
    full = rgba.astype(np.float32) / np.float32(255.0)
    if size == (width, height):
        return full
    weight = full[..., 3:] + np.float32(1e-3)
    small = cv2.resize(full[..., :3] * weight, size, interpolation=cv2.INTER_AREA)
    weights = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)[..., None]
    return np.asarray(np.concatenate([small / weights, weights], axis=2), np.float32)


def read(rgba: F32, at: F32, repeat_u: bool = True, repeat_v: bool = True) -> F32:
    """(v, 4) bilinear samples of (h, w, 4) `rgba` at texture coordinates (v, 2)."""
    height, width = rgba.shape[:2]
    x, dx = _cells(at[:, 0], width, repeat_u)
    y, dy = _cells(at[:, 1], height, repeat_v)
    top = rgba[y[0], x[0]] * (1.0 - dx) + rgba[y[0], x[1]] * dx
    bottom = rgba[y[1], x[0]] * (1.0 - dx) + rgba[y[1], x[1]] * dx
    return np.asarray(top * (1.0 - dy) + bottom * dy, np.float32)


def _cells(at: F32, size: int, repeat: bool) -> tuple[np.ndarray, F32]:
    """(2, v) the two texels beside each coordinate and (v, 1) the second's share."""
    place = np.nan_to_num(at.astype(np.float64), posinf=0.0, neginf=0.0)
    place = place - np.floor(place) if repeat else np.clip(place, 0.0, 1.0)
    place = place * size - 0.5
    low = np.floor(place)
    both = np.stack([low, low + 1.0]).astype(np.int64)
    both = both % size if repeat else np.clip(both, 0, size - 1)
    return both, (place - low).astype(np.float32)[:, None]
