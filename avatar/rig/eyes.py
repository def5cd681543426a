"""Eyes that files do not quite describe: turned twice, or by something they do not have.

ARKit's eyeLook shapes turn the eyeball and draw the lids after it. On an avatar whose gaze turns
eye bones, shapes that move what hangs on those bones would turn the eyes twice; shapes that move
only lids are welcome.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from avatar.rig.expression import Expression
from avatar.rig.humanoid import Humanoid
from avatar.rig.look_at import LookAt, RangeMap
from flow.mesh import Model, Primitive
from flow.motion import ARKIT_NAMES

_LOOKS = frozenset(n.lower() for n in ARKIT_NAMES if n.startswith("eyeLook"))
_PRESETS = frozenset({"lookUp", "lookDown", "lookLeft", "lookRight"})
_HELD = 0.5
"""Weight from which a vertex counts as hanging on a bone."""


def workable(
    look_at: LookAt | None, humanoid: Humanoid, expressions: dict[str, Expression]
) -> LookAt | None:
    """How this avatar can look, where its file asks for what it lacks.

    Bones that are not there leave the gaze to look presets, which reach their end where the bones
    would have; eye bones that nobody mentions turn as the specification's defaults have it.
    """
    bones = any(humanoid.node(b) >= 0 for b in ("leftEye", "rightEye"))
    if bones or (look_at is not None and look_at.kind == "expression"):
        return look_at or LookAt()
    looks = [e for e in expressions.values() if e.name in _PRESETS]
    if not any(e.morphs or e.colors or e.uvs for e in looks):
        return look_at
    told = look_at or LookAt()
    return replace(
        told, kind="expression", inner=_whole(told.inner), outer=_whole(told.outer),
        down=_whole(told.down), up=_whole(told.up),
    )  # fmt: skip


def _whole(it: RangeMap) -> RangeMap:
    return RangeMap(it.input_max_deg, 1.0)


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
