"""Expressions at work: names and weights to morph weights and material changes.

VRMC_vrm-1.0 expressions: binary ones, and overrides by which an expression blocks or damps
blinking, looking or speaking.

An avatar whose author made ARKit expressions of its own ("perfect sync") is driven by them; the
presets that would say the same again (blink, mouth, gaze) then rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.quat import F64
from avatar.rig.expression import Expression
from flow.mesh import Material, Model
from flow.motion import ARKIT_NAMES
from flow.spec import F32

BLINKS = ("blink", "blinkLeft", "blinkRight")
MOUTHS = ("aa", "ih", "ou", "ee", "oh")
LOOKS = ("lookUp", "lookDown", "lookLeft", "lookRight")
_ARKIT = {name.lower(): name for name in ARKIT_NAMES}
_ARKIT_MOUTH = frozenset(n for n in ARKIT_NAMES if n.startswith(("mouth", "jaw")))
_MOST_NAMES = 1024
_HALF = 0.5


class ExpressionRig:
    """Evaluates the expressions of one avatar. `morph_weights` is allocated once.

    `ignored` are names (lower case) that are never shown (see `avatar.rig.eyes`).
    """

    def __init__(
        self,
        expressions: dict[str, Expression],
        model: Model,
        *,
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        self._all = tuple(expressions.values())
        self._index = {e.name: i for i, e in enumerate(self._all)}
        self._lower = {e.name.lower(): i for i, e in reversed(list(enumerate(self._all)))}
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
        own = {_ARKIT[k] for k in self._lower if k in _ARKIT}
        self.syncs_blink = {"eyeBlinkLeft", "eyeBlinkRight"} <= own
        self.syncs_mouth = "jawOpen" in own and bool({"mouthFunnel", "mouthPucker"} & own)
        looks = {n for n in ARKIT_NAMES if n.startswith("eyeLook")}
        self.syncs_gaze = looks <= own
        # What an expression blocks or damps is the movement, whichever names say it.
        members = (
            {*BLINKS, *({"eyeBlinkLeft", "eyeBlinkRight"} if self.syncs_blink else ())},
            {*LOOKS, *(looks if self.syncs_gaze else ())},
            {*MOUTHS, *(_ARKIT_MOUTH if self.syncs_mouth else ())},
        )
        rules = ("override_blink", "override_look_at", "override_mouth")
        self._groups = [self._group(m, r) for m, r in zip(members, rules, strict=True)]
        self._any_override = any(b.any() or s.any() for _, b, s in self._groups)
        self._ignored = ignored
        self.output: F64 = np.zeros(n)
        """(expressions,) weights after overrides of the last update."""

    def _group(
        self, members: set[str], rule: str
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.bool_]]:
        """Indices of the members, and which expressions block or damp them."""
        rows = [i for i, e in enumerate(self._all) if _ARKIT.get(e.name.lower(), e.name) in members]
        said = [getattr(e, rule) for e in self._all]
        return (
            np.array(rows, np.intp),
            np.array([s == "block" for s in said], bool),
            np.array([s == "blend" for s in said], bool),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The expressions in the order of `output`."""
        return tuple(self._index)

    def has(self, name: str) -> bool:
        """Whether the avatar has an expression called so (any case)."""
        return self._find(name) >= 0

    def update(self, asked: dict[str, float], looks: dict[str, float]) -> dict[int, dict[str, Any]]:
        """Set `morph_weights`; returns the material overrides (see `flow.stage.RigState`).

        `asked` are preset and ARKit names together, `looks` the gaze as look expressions.
        """
        weights = np.zeros(len(self._all))
        for name, value in self._choose(asked).items():
            i = self._find(name)
            if i >= 0:
                weights[i] = max(weights[i], value)
        if not (self.syncs_gaze and "eyeLookInLeft" in asked):
            for name, value in looks.items():
                i = self._index.get(name, -1)
                if i >= 0:
                    weights[i] = max(weights[i], value)
        np.clip(np.nan_to_num(weights), 0.0, 1.0, out=weights)
        self.output = self._override(weights)
        self.morph_weights[:] = self._base
        if len(self._all):
            self.morph_weights += self.output.astype(np.float32) @ self._matrix
        return self._paint(self.output) if self._painters else {}

    def _find(self, name: str) -> int:
        found = self._names.get(name)
        if found is None:
            found = self._index.get(name, self._lower.get(name.lower(), -1))
            if len(self._names) < _MOST_NAMES:
                self._names[name] = found
        return found

    def _choose(self, asked: dict[str, float]) -> dict[str, float]:
        """What this avatar is told: never the same movement by two names."""
        out = dict(asked)
        if self._ignored:
            out = {k: v for k, v in asked.items() if k.lower() not in self._ignored}
        if "eyeBlinkLeft" in asked or "eyeBlinkRight" in asked:
            if self.syncs_blink:
                for name in BLINKS:
                    out.pop(name, None)
            elif not any(name in asked for name in BLINKS):
                out["blinkLeft"] = asked.get("eyeBlinkLeft", 0.0)
                out["blinkRight"] = asked.get("eyeBlinkRight", 0.0)
        if "jawOpen" in asked:
            if self.syncs_mouth:
                for name in MOUTHS:
                    out.pop(name, None)
            elif not any(name in asked for name in MOUTHS):
                out["aa"] = asked["jawOpen"]
        self._blink(out)
        return out

    def _blink(self, out: dict[str, float]) -> None:
        """Say blinking in the words this avatar has; one eye never closes twice."""
        both = out.get("blink", 0.0)
        left, right = out.get("blinkLeft", 0.0), out.get("blinkRight", 0.0)
        sided = self.has("blinkLeft") and self.has("blinkRight")
        if self.has("blink") and (left or right) and not sided:
            out["blink"] = max(both, (left + right) / 2)
            out["blinkLeft"] = out["blinkRight"] = 0.0
        elif both and not self.has("blink"):
            out["blinkLeft"], out["blinkRight"] = max(left, both), max(right, both)
        elif both and (left or right):
            out["blinkLeft"], out["blinkRight"] = max(left - both, 0.0), max(right - both, 0.0)

    def _override(self, weights: F64) -> F64:
        if self._any_binary:
            weights = np.where(self._binary, weights > _HALF, weights)
        if not self._any_override:
            return weights
        out = weights.copy()
        for members, blocks, blends in self._groups:
            if not len(members):
                continue
            amount = float((weights[blocks] > 0).sum() + weights[blends].sum())
            if amount > 0.0:
                rest = max(0.0, 1.0 - amount)
                # A binary expression is never half shown: any damping turns it off.
                out[members] *= np.where(self._binary[members], 0.0, rest)
        return out

    def _paint(self, weights: F64) -> dict[int, dict[str, Any]]:
        """Colours and texture coordinates: base plus the weighted way to every target."""
        out: dict[int, dict[str, Any]] = {}
        for i in self._painters:
            weight = float(weights[i])
            if weight <= 0.0:
                continue
            for color in self._all[i].colors:
                base = _color(self._materials[color.material], color.field)
                changes = out.setdefault(color.material, {})
                now = changes.get(color.field, base)
                changes[color.field] = tuple(
                    n + (t - b) * weight for n, t, b in zip(now, color.target, base, strict=False)
                )
            for uv in self._all[i].uvs:
                changes = out.setdefault(uv.material, {})
                offset = changes.get("uv_offset", (0.0, 0.0))
                scale = changes.get("uv_scale", (1.0, 1.0))
                changes["uv_offset"] = (
                    offset[0] + uv.offset[0] * weight,
                    offset[1] + uv.offset[1] * weight,
                )
                changes["uv_scale"] = (
                    scale[0] + (uv.scale[0] - 1.0) * weight,
                    scale[1] + (uv.scale[1] - 1.0) * weight,
                )
        return out


def _color(material: Material, field: str) -> tuple[float, ...]:
    """The material's own colour; a toon colour of a material without toon shading is black."""
    owner = material if field in ("base_color", "emissive") else material.mtoon
    value: tuple[float, ...] = getattr(owner, field, (0.0, 0.0, 0.0))
    return value
