"""An avatar's vocabulary, with what its shapes themselves say about it."""

from __future__ import annotations

from collections.abc import Mapping

from avatar.rig.expression import Expression
from avatar.rig.lips import lips_follow_jaw
from avatar.rig.overlap import contained, first_of
from avatar.rig.vocabulary import Vocabulary
from flow.mesh import Model


def words_of(
    expressions: Mapping[str, Expression], model: Model, *, ignored: frozenset[str] = frozenset()
) -> Vocabulary:
    """The vocabulary of an avatar with these expressions and shapes.

    Args:
        expressions: By name.
        model: What their morphs move.
        ignored: Names (lower case) never said to it.
    """
    moving = {name.lower(): e for name, e in expressions.items() if e.morphs}
    lids = first_of(moving, ("blink",), ("blinkleft", "blinkright"), _LIDS)
    mouth = first_of(moving, ("aa",), ("jawopen",))
    return Vocabulary(
        expressions,
        ignored=ignored,
        lips_follow_jaw=lips_follow_jaw(expressions, model),
        blinks=contained(moving.values(), lids, model),
        opens=contained(moving.values(), mouth, model),
    )


_LIDS = ("eyeblinkleft", "eyeblinkright")
