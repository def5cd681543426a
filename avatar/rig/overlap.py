"""How much of a blink and of an open mouth an avatar's other expressions contain.

Authors draw smiling faces with narrowed eyes and open mouths. A blink or a vowel laid over such a
face would close the lids and open the lips a second time; how far the face goes already is
measured here, on the shapes themselves: the part of each expression's movement that goes the way
of the blink or the vowel (its projection on it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from avatar.rig.expression import Expression
from flow.mesh import Model

Moved: TypeAlias = dict[int, NDArray[np.float32]]
"""Primitive → (vertices, 3) way of each vertex at full weight."""
_LEAST, _MOST = 0.1, 1.0


def contained(
    expressions: Iterable[Expression], reference: Iterable[Expression], model: Model
) -> dict[str, float]:
    """Name → the share of `reference` (blink, say) in each of `expressions`, 0..1.

    Shares below a tenth are left out.
    """
    goal: Moved = {}
    for one in reference:
        _add(goal, one, model)
    size = sum(float(np.vdot(way, way)) for way in goal.values())
    if size <= 0.0:
        return {}
    out: dict[str, float] = {}
    for one in expressions:
        share = _along(one, goal, model) / size
        if share > _LEAST:
            out[one.name] = min(share, _MOST)
    return out


def _add(goal: Moved, expression: Expression, model: Model) -> None:
    for bind in expression.morphs:
        for k, primitive in enumerate(model.primitives):
            row = bind.slot - primitive.morph_offset
            if 0 <= row < len(primitive.morphs):
                morph = primitive.morphs[row]
                if k not in goal:
                    goal[k] = np.zeros((len(primitive.positions), 3), np.float32)
                goal[k][morph.vertices] += morph.positions * np.float32(bind.weight)


def _along(expression: Expression, goal: Moved, model: Model) -> float:
    total = 0.0
    for bind in expression.morphs:
        for k, way in goal.items():
            primitive = model.primitives[k]
            row = bind.slot - primitive.morph_offset
            if 0 <= row < len(primitive.morphs):
                morph = primitive.morphs[row]
                total += bind.weight * float(np.vdot(morph.positions, way[morph.vertices]))
    return total


def first_of(
    expressions: Mapping[str, Expression], *choices: tuple[str, ...]
) -> tuple[Expression, ...]:
    """The expressions of the first of `choices` that are all there (lower case names), or none."""
    for names in choices:
        found = tuple(expressions[name] for name in names if name in expressions)
        if len(found) == len(names):
            return found
    return ()
