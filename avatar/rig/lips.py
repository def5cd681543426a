"""Whether an avatar's mouthClose shuts the lips of an open jaw, as ARKit defines the shape.

ARKit: "mouthClose: closure of the lips independent of jaw position". Shapes made so move the lower
lip up by what jawOpen moved it down, and press the lips through each other when more of them is
asked than of jawOpen. Others only press closed lips together, and are shown as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from avatar.rig.expression import Expression
from flow.mesh import Model

_OPPOSED = -0.2
"""Cosine below which the two shapes count as opposite, over the vertices that mouthClose moves."""


def lips_follow_jaw(expressions: Mapping[str, Expression], model: Model) -> bool:
    """Whether mouthClose undoes jawOpen."""
    by_name = {name.lower(): e for name, e in expressions.items()}
    jaw, close = by_name.get("jawopen"), by_name.get("mouthclose")
    if jaw is None or close is None:
        return False
    along = jaw_size = close_size = 0.0
    for primitive in model.primitives:
        slots = range(primitive.morph_offset, primitive.morph_offset + len(primitive.morphs))
        moved = np.zeros((2, len(primitive.positions), 3))
        for row, expression in enumerate((jaw, close)):
            for bind in expression.morphs:
                if bind.slot in slots:
                    morph = primitive.morphs[bind.slot - primitive.morph_offset]
                    moved[row, morph.vertices] += morph.positions * bind.weight
        lips = moved[1].any(axis=1)
        along += float((moved[0, lips] * moved[1, lips]).sum())
        jaw_size += float((moved[0, lips] ** 2).sum())
        close_size += float((moved[1, lips] ** 2).sum())
    return bool(along < _OPPOSED * (jaw_size * close_size) ** 0.5)
