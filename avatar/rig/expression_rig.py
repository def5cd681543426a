"""Expressions at work: names and weights to morph weights and material changes.

VRMC_vrm-1.0 expressions: binary ones, and overrides by which an expression blocks or damps
blinking, looking or speaking.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.quat import F64
from avatar.rig.expression import Expression
from avatar.rig.spelling import arkit_name, spelled
from avatar.rig.vocabulary import BLINKS, LOOKS, MOUTHS, Vocabulary
from flow.mesh import Material, Model
from flow.spec import F32

_MOST_NAMES = 1024
HALF = 0.5
"""A binary expression is shown above this weight."""
_SMALLEST = 1e-9


class ExpressionRig:
    """Evaluates the expressions of one avatar. `morph_weights` is allocated once.

    `words` tell it one movement said by several names once; without them every name is taken at
    its word, as the specification has it.
    """

    def __init__(
        self,
        expressions: dict[str, Expression],
        model: Model,
        *,
        words: Vocabulary | None = None,
    ) -> None:
        self._all = tuple(expressions.values())
        self._index = {e.name: i for i, e in enumerate(self._all)}
        self._lower = {e.name.lower(): i for i, e in reversed(list(enumerate(self._all)))}
        for word, name in spelled(self._index).items():
            self._lower.setdefault(word, self._index[name])
        self._names: dict[str, int] = {}
        n = len(self._all)
        self._matrix = np.zeros((n, len(model.morph_names)), np.float32)
        for i, e in enumerate(self._all):
            for bind in e.morphs:
                self._matrix[i, bind.slot] += bind.weight
        driven = self._matrix.any(axis=0)
        self._base = np.where(driven, 0.0, model.morph_defaults).astype(np.float32)
        self.morph_weights: F32 = np.zeros(len(model.morph_names), np.float32)
        self._binary = np.array([e.is_binary for e in self._all], bool)
        self._any_binary = bool(self._binary.any())
        self._painters = [i for i, e in enumerate(self._all) if e.colors or e.uvs]
        self._materials = model.materials
        members = words.groups if words else (set(BLINKS), set(LOOKS), set(MOUTHS))
        rules = ("override_blink", "override_look_at", "override_mouth")
        groups = (self._group(m, r) for m, r in zip(members, rules, strict=True))
        self._groups = [g for g in groups if len(g[0]) and (g[1] or g[2])]
        self._words = words
        self.asked: F64 = np.zeros(n)
        """(expressions,) weights before overrides of the last update."""
        self.output: F64 = np.zeros(n)
        """(expressions,) weights after overrides of the last update."""

    def _group(self, members: set[str], rule: str) -> tuple[NDArray[np.intp], list[int], list[int]]:
        """Indices of the members, of what blocks and of what damps them.

        What a member says about its own kind counts for nothing (VRMC_vrm-1.0, "Procedural
        override"): a blink that blocks blinking would never be seen.
        """
        rows = [i for i, e in enumerate(self._all) if {e.name, arkit_name(e.name)} & members]
        own = set(rows)
        said = ["none" if i in own else getattr(e, rule) for i, e in enumerate(self._all)]
        blocks = [i for i, s in enumerate(said) if s == "block"]
        return np.array(rows, np.intp), blocks, [i for i, s in enumerate(said) if s == "blend"]

    @property
    def names(self) -> tuple[str, ...]:
        """The expressions in the order of `output`."""
        return tuple(self._index)

    def has(self, name: str) -> bool:
        """Whether the avatar has an expression called so (any case)."""
        return self._find(name) >= 0

    def update(
        self,
        asked: dict[str, float],
        looks: dict[str, float],
        chosen: dict[str, float] | None = None,
    ) -> dict[int, dict[str, Any]]:
        """Set `morph_weights`; returns the material overrides (see `flow.stage.RigState`).

        `asked` is the face that moves, `chosen` what somebody asked for by name (both as in
        `flow.pose.AvatarPose`), `looks` the gaze as look expressions.
        """
        words = self._words
        gathered = [0.0] * len(self._all)  # in plain numbers; what is not one is not larger
        told = words.choose(asked, chosen) if words else {**asked, **(chosen or {})}
        for name, value in told.items():
            i = self._find(name)
            if i >= 0 and value > gathered[i]:
                gathered[i] = value
        if words is None or words.takes_looks(asked):
            for name, value in looks.items():
                i = self._index.get(name, -1)
                if i >= 0 and value > gathered[i]:
                    gathered[i] = value
        weights = np.minimum(np.array(gathered), 1.0)
        self.asked = weights
        self.output = self._override(weights)
        self.morph_weights[:] = self._base
        if len(self._all):
            self.morph_weights += self.output.astype(np.float32) @ self._matrix
        return self._paint(self.output) if self._painters else {}

    def _find(self, name: str) -> int:
        found = self._names.get(name)
        if found is None:
            other = self._lower.get(name.lower(), -1) if self._words else -1
            found = self._index.get(name, other)
            if len(self._names) < _MOST_NAMES:
                self._names[name] = found
        return found

    def _override(self, weights: F64) -> F64:
        if self._any_binary:
            weights = np.where(self._binary, weights > HALF, weights)
        if not self._groups:
            return weights
        out, shown = weights.copy(), weights.tolist()
        for members, blocks, blends in self._groups:
            amount = sum(shown[i] > 0.0 for i in blocks) + sum(shown[i] for i in blends)
            if amount > 0.0:
                rest = max(0.0, 1.0 - amount)
                # A binary expression is never half shown: any damping turns it off.
                out[members] *= np.where(self._binary[members], 0.0, rest)
        return out

    def _paint(self, weights: F64) -> dict[int, dict[str, Any]]:
        """Colours and texture coordinates: base plus the weighted way to every target.

        Texture coordinates are relative to the material's own KHR_texture_transform: an offset
        to add and a scale to multiply with.
        """
        out: dict[int, dict[str, Any]] = {}
        for i in self._painters:
            weight = float(weights[i])
            if weight <= 0.0:
                continue
            for color in self._all[i].colors:
                rest = _color(self._materials[color.material], color.field)
                changes = out.setdefault(color.material, {})
                now = changes.get(color.field, rest)
                changes[color.field] = tuple(
                    n + (t - b) * weight for n, t, b in zip(now, color.target, rest, strict=False)
                )
            for uv in self._all[i].uvs:
                base = self._materials[uv.material].base_map
                changes = out.setdefault(uv.material, {})
                changes["uv_offset"] = _towards(
                    changes.get("uv_offset", (0.0, 0.0)),
                    (uv.offset[0] - base.offset[0], uv.offset[1] - base.offset[1]),
                    weight,
                )
                changes["uv_scale"] = _towards(
                    changes.get("uv_scale", (1.0, 1.0)),
                    (_ratio(uv.scale[0], base.scale[0]), _ratio(uv.scale[1], base.scale[1])),
                    weight,
                )
        return out


def _towards(
    now: tuple[float, float], way: tuple[float, float], weight: float
) -> tuple[float, float]:
    return now[0] + way[0] * weight, now[1] + way[1] * weight


def _ratio(target: float, base: float) -> float:
    """How much a scale grows from `base` to `target`, relative to `base`."""
    return target / base - 1.0 if abs(base) > _SMALLEST else 0.0


def _color(material: Material, field: str) -> tuple[float, ...]:
    """The material's own colour; a toon colour of a material without toon shading is black."""
    owner = material if field in ("base_color", "emissive") else material.mtoon
    value: tuple[float, ...] = getattr(owner, field, (0.0, 0.0, 0.0))
    return value
