"""Textures that move, for the software rasteriser: by matrix, or vertex by vertex under a mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flow.spec import F32
from render.animate import Overrides
from render.geometry import fill
from render.model import Layout, material_at, rest_uv
from render.panda import core
from render.texels import Texels
from render.uv import UV_CHANGES, changed, is_masked, transformed, uv_matrix

UV_ARRAY = 2
_FLAT = 1e-9


class Moving:
    """Keeps the texture coordinates of one model; `paths` are its nodes by material."""

    def __init__(self, layout: Layout, data: Any, paths: Mapping[int, Any], texels: Texels) -> None:
        self._layout, self._data, self._paths = layout, data, paths
        self._uv = rest_uv(layout)
        fill(data, UV_ARRAY, self._uv)
        self._moved: frozenset[int] = frozenset()
        self._masks: dict[int, F32] = {}
        for part in layout.parts:
            material = material_at(layout.model, part.material)
            if is_masked(material) and material.mtoon is not None:
                uv = layout.uv[part.start : part.stop]
                mask = texels.at(material.mtoon.uv_mask, uv)[:, 2]
                self._masks[part.material] = mask

    def update(self, overrides: Overrides) -> None:
        """Move to where `overrides` have the textures; free while none moves."""
        if not overrides and not self._moved:
            return
        panda = core()
        stage = panda.TextureStage.get_default()
        wanted = frozenset(i for i, change in overrides.items() if _moves(change))
        for index in wanted | self._moved:
            path = self._paths.get(index)
            if path is None:
                continue
            change = overrides.get(index, {})
            if index in self._masks:
                self._move_masked(index, change)
            elif index not in wanted:
                path.clear_tex_transform(stage)
            else:
                matrix = self._relative(index, change)
                state = panda.TransformState.make_mat3(panda.LMatrix3f(*matrix.T.ravel().tolist()))
                path.set_tex_transform(stage, state)
        self._moved = wanted

    def _relative(self, index: int, change: Mapping[str, Any]) -> F32:
        """(3, 3) from the coordinates at rest to those under `change`."""
        use = material_at(self._layout.model, index).base_map
        rest, now = np.eye(3), np.eye(3)
        rest[:2], now[:2] = uv_matrix(use), changed(use, change)
        if abs(float(np.linalg.det(rest))) < _FLAT:
            return np.eye(3, dtype=np.float32)
        return np.asarray(now @ np.linalg.inv(rest), np.float32)

    def _move_masked(self, index: int, change: Mapping[str, Any]) -> None:
        """Every vertex goes its own part of the way."""
        use = material_at(self._layout.model, index).base_map
        u, v, turn = change.get("uv_move", (0.0, 0.0, 0.0))
        for part in self._layout.parts:
            if part.material != index:
                continue
            run = slice(part.start, part.stop)
            mask = self._masks[index]
            cos, sin = np.cos(turn * mask), np.sin(turn * mask)
            x, y = (self._layout.uv[run] - 0.5).T
            at = np.stack(
                [cos * x + sin * y + 0.5 + u * mask, cos * y - sin * x + 0.5 + v * mask], axis=1
            )
            still = {key: value for key, value in change.items() if key != "uv_move"}
            self._uv[run] = transformed(at.astype(np.float32), changed(use, still))
        fill(self._data, UV_ARRAY, self._uv)


def _moves(change: Mapping[str, Any]) -> bool:
    return any(key in change for key in UV_CHANGES)
