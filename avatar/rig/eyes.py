"""Which ARKit eyeLook shapes turn eyes that bones turn already.

ARKit's eyeLook shapes turn the eyeball and draw the lids after it. On an avatar whose gaze turns
eye bones, shapes that move what hangs on those bones would turn the eyes twice; shapes that move
only lids are welcome.
"""

from __future__ import annotations

import numpy as np

from avatar.rig.expression import Expression
from avatar.rig.humanoid import Humanoid
from flow.mesh import Model, Primitive
from flow.motion import ARKIT_NAMES

_LOOKS = frozenset(n.lower() for n in ARKIT_NAMES if n.startswith("eyeLook"))
_HELD = 0.5
"""Weight from which a vertex counts as hanging on a bone."""


def doubled_looks(
    expressions: dict[str, Expression], model: Model, humanoid: Humanoid
) -> frozenset[str]:
    """Names (lower case) of the avatar's eyeLook expressions that move the eyeballs."""
    looks = [e for e in expressions.values() if e.name.lower() in _LOOKS]
    if not looks:
        return frozenset()
    eyes = [n for n in (humanoid.node("leftEye"), humanoid.node("rightEye")) if n >= 0]
    slots: set[int] = set()
    for primitive in model.primitives:
        held = _held_by(primitive, model, eyes)
        for k, morph in enumerate(primitive.morphs):
            if bool(held[morph.vertices].any()):
                slots.add(primitive.morph_offset + k)
    return frozenset(e.name.lower() for e in looks if any(b.slot in slots for b in e.morphs))


def _held_by(
    primitive: Primitive, model: Model, nodes: list[int]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(vertices,) which of them hang on one of these nodes."""
    if primitive.skin < 0 or primitive.joints is None or primitive.weights is None:
        return np.full(len(primitive.positions), primitive.node in nodes)
    palette = np.isin(model.skins[primitive.skin].joints, nodes)
    weight = (palette[primitive.joints] * primitive.weights).sum(axis=1)
    return np.asarray(weight > _HELD)
