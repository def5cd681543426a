"""Plain humanoid GLB files: guess bones and expressions from names, as their makers write them.

Known: VRM's own names, Mixamo and Ready Player Me (``LeftArm``), VRoid (``J_Bip_L_UpperArm``),
Unreal (``upperarm_l``), Blender Rigify-like (``upper_arm.L``).
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from avatar import quat
from avatar.rig.expression import Expression, MorphBind
from avatar.rig.humanoid import Humanoid
from avatar.rig.look_at import LookAt, RangeMap
from avatar.rig.skeleton import rest_world
from flow.mesh import Model
from flow.motion import ARKIT_NAMES
from flow.pose import HUMAN_BONES

_WORDS: dict[str, str] = {
    "hips": "hips", "hip": "hips", "pelvis": "hips",
    "spine": "spine", "spine1": "chest", "spine2": "upperChest", "chest": "chest",
    "spine01": "spine", "spine02": "chest", "spine03": "upperChest", "upperchest": "upperChest",
    "neck": "neck", "neck01": "neck", "head": "head", "jaw": "jaw",
}  # fmt: skip
_SIDED: dict[str, str] = {
    "eye": "Eye", "faceeye": "Eye",
    "upleg": "UpperLeg", "upperleg": "UpperLeg", "thigh": "UpperLeg",
    "leg": "LowerLeg", "lowerleg": "LowerLeg", "calf": "LowerLeg", "shin": "LowerLeg",
    "foot": "Foot", "toebase": "Toes", "toes": "Toes", "toe": "Toes", "ball": "Toes",
    "shoulder": "Shoulder", "clavicle": "Shoulder",
    "arm": "UpperArm", "upperarm": "UpperArm", "forearm": "LowerArm", "lowerarm": "LowerArm",
    "hand": "Hand",
}  # fmt: skip
for _theirs, _ours in (
    ("thumb", "Thumb"), ("index", "Index"), ("middle", "Middle"),
    ("ring", "Ring"), ("pinky", "Little"), ("little", "Little"),
):  # fmt: skip
    _joints = (
        ("Metacarpal", "Proximal", "Distal")
        if _ours == "Thumb"
        else ("Proximal", "Intermediate", "Distal")
    )
    for _k, _joint in enumerate(_joints, 1):
        for _word in (f"hand{_theirs}{_k}", f"{_theirs}{_k}", f"{_theirs}0{_k}"):
            _SIDED[_word] = f"{_ours}{_joint}"

_PREFIX = re.compile(r"^(mixamorig\d*[:_]?|armature[|:_]|bip0?01|j_bip_(?=[lrc]_)|j_adj_|def[-_])")
_EXACT = {name.lower(): name for name in HUMAN_BONES}
_SHORTEST_M = 1e-6
_STRAIGHT = 0.98
"""Cosine of the angle up to which an arm counts as a T-pose's."""
_VISEMES = {
    "viseme_aa": "aa", "viseme_i": "ih", "viseme_u": "ou", "viseme_e": "ee", "viseme_o": "oh",
}  # fmt: skip
_ARKIT = {name.lower(): name for name in ARKIT_NAMES}


def bone_of(name: str) -> str | None:
    """The humanoid bone that a node name means, or None."""
    word = _PREFIX.sub("", name.strip().lower())
    if word in _EXACT:
        return _EXACT[word]
    side = ""
    for pattern in (r"^(left|right)", r"^([lrc])_", r"[._-]([lr])$", r"(left|right)$"):
        found = re.search(pattern, word)
        if found:
            mark = found.group(1)
            side = {"l": "left", "r": "right", "c": ""}.get(mark[0], "")
            word = word[: found.start()] + word[found.end() :]
            break
    word = re.sub(r"[\s._-]", "", word)
    if side:
        return f"{side}{_SIDED[word]}" if word in _SIDED else None
    return _WORDS.get(word)


def guess_bones(model: Model) -> dict[str, int]:
    """Bone name → model node. The first node in tree order wins."""
    found: dict[str, int] = {}
    for node, name in enumerate(model.node_names):
        bone = bone_of(name)
        if bone is not None and bone not in found and node not in found.values():
            found[bone] = node
    return found


def guess_expressions(model: Model) -> dict[str, Expression]:
    """ARKit and viseme morph targets as expressions; blinks from ARKit's."""
    slots: dict[str, list[int]] = {}
    for slot, name in enumerate(model.morph_names):
        target = name.rpartition("/")[2].lower()
        known = _ARKIT.get(target) or _VISEMES.get(target)
        if known:
            slots.setdefault(known, []).append(slot)
    out = {
        name: Expression(name, name not in ARKIT_NAMES, tuple(MorphBind(s, 1.0) for s in found))
        for name, found in slots.items()
    }
    for preset, source in (("blinkLeft", "eyeBlinkLeft"), ("blinkRight", "eyeBlinkRight")):
        if source in out and preset not in out:
            out[preset] = Expression(preset, True, out[source].morphs)
    return out


def guess_look_at(humanoid: Humanoid) -> LookAt | None:
    """Eyes as they are, up to 25 degrees, for models that say nothing about them."""
    if humanoid.node("leftEye") < 0 and humanoid.node("rightEye") < 0:
        return None
    straight = RangeMap(25.0, 25.0)
    return LookAt("bone", inner=straight, outer=straight, down=straight, up=straight)


def face_forward(model: Model, humanoid: Humanoid) -> Model:
    """The model turned to face +Z and its arms put into the T-pose, where it stood otherwise.

    Its left leg tells which way it faces; each upper arm is turned so that the hand lies
    straight out to its side (many plain models rest in an A-pose).
    """
    world = rest_world(model)
    left, right = humanoid.node("leftUpperLeg"), humanoid.node("rightUpperLeg")
    if left >= 0 and right >= 0 and world[left, 0, 3] < world[right, 0, 3]:
        model = replace(model, root=np.diag(np.array([-1, 1, -1, 1], np.float32)))
        world = rest_world(model)
    rotations = model.rest_rotation.astype(np.float64).copy()
    turns = quat.normalize(rotations)
    for side, out in (("left", 1.0), ("right", -1.0)):
        for bone, end in (("UpperArm", "LowerArm"), ("LowerArm", "Hand")):
            here, there = humanoid.node(side + bone), humanoid.node(side + end)
            if here < 0 or there < 0:
                continue
            world = rest_world(replace(model, rest_rotation=turns.astype(np.float32)))
            way = world[there, :3, 3] - world[here, :3, 3]
            length = float(np.sqrt(way @ way))
            if length < _SHORTEST_M or way[0] * out > _STRAIGHT * length:
                continue
            above = world[model.parents[here]] if model.parents[here] >= 0 else model.root
            scale = np.sqrt((above[:3, :3] ** 2).sum(axis=0))
            turn = quat.from_matrix(above[:3, :3] / np.maximum(scale, 1e-9))
            swing = quat.from_to(way / length, np.array([out, 0.0, 0.0]))
            local = quat.multiply(quat.multiply(quat.conjugate(turn), swing), turn)
            turns[here] = quat.multiply(local, turns[here])
    return replace(model, rest_rotation=turns.astype(np.float32))
