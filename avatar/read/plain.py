"""Plain humanoid GLB files: bones from names and from how they hang together.

Names find the limbs, the head and the fingers (`avatar.read.plain_names`). The trunk is read from
the tree, since every rig counts its spine differently: the hips carry both legs and the head, the
topmost trunk bone carries both arms, and what lies between them are spine and chest.
"""

from __future__ import annotations

import re
from collections import Counter

from avatar.read.plain_names import bone_of, finger_of, joint_name, meaning
from flow.mesh import Model

__all__ = ["bone_of", "guess_bones"]

_TRUNK = ("hips", "spine", "chest", "upperChest", "neck")
_SIDES = ("left", "right")
_FEW = 10
_ENOUGH = 20
"""Bones by which a skeleton is understood as it is named."""
_TRIALS, _MOST_TRIED = 6, 2000
_MOST_JOINTS = 3
_COUNTER = re.compile(r"_\d+$")
_SEPARATOR = re.compile(r"[ _.\-](?=[A-Za-z])")


def guess_bones(model: Model) -> dict[str, int]:
    """Bone name → model node. Where several nodes have its name, the first in the tree is it."""
    parents = model.parents.tolist()
    usable = _usable(model)
    names = _cleaned(model, usable)
    found = _limbs(names, parents)
    found.update(_fingers(names))
    _trunk(found, parents)
    head = found.get("head", -1)
    for bone in ("leftEye", "rightEye", "jaw"):
        if bone in found and head not in _up(parents, found[bone]):
            del found[bone]
    taken: dict[int, str] = {}
    for bone in sorted(found, key=lambda b: b not in _TRUNK):
        taken.setdefault(found[bone], bone)
    return {bone: node for node, bone in taken.items()}


def _usable(model: Model) -> set[int]:
    """The joints of the skins and what they hang on; every node where there are no skins.

    A mesh called Head beside the skeleton is no head.
    """
    parents = model.parents.tolist()
    joints = {int(j) for skin in model.skins for j in skin.joints}
    if len(joints) < _FEW:
        return set(range(len(parents)))
    out: set[int] = set()
    for joint in joints:
        out.update(_up(parents, joint))
    return out


def _cleaned(model: Model, usable: set[int]) -> dict[int, str]:
    """Node → name, without what all names begin or end with, where that makes bones of them."""
    names = {i: n for i, n in enumerate(model.node_names) if i in usable}
    best, most = names, _count(names)
    if most >= _ENOUGH or len(names) > _MOST_TRIED:
        return best
    begins = Counter(n[: m.end()] for n in names.values() for m in _SEPARATOR.finditer(n))
    common = [begin for begin, count in begins.most_common(_TRIALS) if count >= _FEW]
    for begin in ("", *common):
        bare = {i: n.removeprefix(begin) for i, n in names.items()}
        for trial in (bare, {i: _COUNTER.sub("", n) for i, n in bare.items()}):
            count = _count(trial)
            if count > most:
                best, most = trial, count
    return best


def _count(names: dict[int, str]) -> int:
    return len({bone for name in names.values() if (bone := bone_of(name))})


def _limbs(names: dict[int, str], parents: list[int]) -> dict[str, int]:
    """Head, eyes, jaw, arms and legs."""
    found: dict[str, int] = {}
    texts: dict[tuple[str, str], int] = {}
    for node in sorted(names):
        side, text, _ = meaning(names[node])
        texts.setdefault((side, text), node)
        bone = bone_of(names[node])
        if bone is not None and bone not in found and finger_of(names[node]) is None:
            found[bone] = node
    for side in _SIDES:
        leg, knee = texts.get((side, "leg")), texts.get((side, "knee"))
        if leg is not None and knee is not None and leg in _up(parents, knee):
            # "Leg" is the shin where there is a thigh or an "UpLeg", and the thigh above a "knee".
            found[f"{side}UpperLeg"], found[f"{side}LowerLeg"] = leg, knee
        if f"{side}UpperArm" not in found and (side, "shoulder") in texts:
            found[f"{side}UpperArm"] = texts[side, "shoulder"]
            collar = texts.get((side, "collar"), texts.get((side, "clavicle")))
            found.pop(f"{side}Shoulder", None)
            if collar is not None:
                found[f"{side}Shoulder"] = collar
    return found


def _fingers(names: dict[int, str]) -> dict[str, int]:
    """The first three joints of each finger, in the order of their numbers."""
    hands: dict[tuple[str, str], dict[int, int]] = {}
    whole: dict[str, int] = {}
    for node in sorted(names):
        it = finger_of(names[node])
        if it is not None:
            side, finger, number = it
            hands.setdefault((side, finger), {}).setdefault(number, node)
        elif (bone := bone_of(names[node])) and bone[-4:] in ("imal", "tal", "iate", "rpal"):
            whole.setdefault(bone, node)
    for (side, finger), joints in hands.items():
        for order, number in enumerate(sorted(joints)[:_MOST_JOINTS]):
            whole.setdefault(joint_name(side, finger, order), joints[number])
    return whole


def _trunk(found: dict[str, int], parents: list[int]) -> None:
    """Put hips, spine, chest and neck where legs, arms and head say they are."""
    legs = [found[f"{s}UpperLeg"] for s in _SIDES if f"{s}UpperLeg" in found]
    head = found.get("head", -1)
    if head < 0 or len(legs) < len(_SIDES):
        return
    hips = _meet(parents, [*legs, head])
    if hips < 0:
        return
    named = found.get("hips", -1)
    if named < 0 or hips not in _up(parents, named) or not _carries(parents, named, [*legs, head]):
        found["hips"] = hips
    arms = [found[f"{s}UpperArm"] for s in _SIDES if f"{s}UpperArm" in found]
    path = _up(parents, head)[::-1]
    top = _meet(parents, arms) if len(arms) == len(_SIDES) else -1
    if top not in path or top == found["hips"] or found["hips"] not in path:
        return
    low, high = path.index(found["hips"]), path.index(top)
    between, above = path[low + 1 : high + 1], path[high + 1 : -1]
    for bone in ("spine", "chest", "upperChest", "neck"):
        found.pop(bone, None)
    count = len(between)
    if count > _MOST_JOINTS:
        between = [between[0], between[count // 2], between[-1]]
    found.update(zip(("spine", "chest", "upperChest"), between, strict=False))
    if above:
        found["neck"] = above[0]


def _up(parents: list[int], node: int) -> list[int]:
    """The node and its ancestors."""
    path = []
    while node >= 0:
        path.append(node)
        node = parents[node]
    return path


def _meet(parents: list[int], nodes: list[int]) -> int:
    """The lowest node that carries all of these, none of them itself; -1: there is none."""
    if not nodes:
        return -1
    paths = [_up(parents, n)[1:] for n in nodes]
    shared = set(paths[0]).intersection(*paths[1:])
    return next((n for n in paths[0] if n in shared), -1)


def _carries(parents: list[int], node: int, below: list[int]) -> bool:
    return all(node in _up(parents, n) for n in below)
