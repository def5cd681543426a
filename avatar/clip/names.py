"""Which joint of a motion-capture skeleton is which humanoid bone.

Limbs, head and hips are known by name: the words of many makers, with the side before or after.
Two words change their meaning with the company they keep: a *shoulder* is the upper arm in
skeletons that have elbows and no separate arm, and collar bone otherwise. Spines are named at
random (``lowerback``, ``Chest2``, ``Spine3``), so the trunk and neck are read off the tree.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from avatar.read.plain import bone_of
from flow.pose import BONE_INDEX, BONE_PARENTS

_MIDDLE = {
    "hips": "hips", "hip": "hips", "pelvis": "hips", "root": "hips",
    "head": "head", "neck": "neck", "lowerneck": "neck", "neck01": "neck", "neck1": "neck",
}  # fmt: skip
_SIDED = {
    "collar": "Shoulder", "clavicle": "Shoulder", "collarbone": "Shoulder", "clav": "Shoulder",
    "shldr": "UpperArm", "uparm": "UpperArm", "humerus": "UpperArm", "shldrbend": "UpperArm",
    "elbow": "LowerArm", "farm": "LowerArm", "radius": "LowerArm", "lowarm": "LowerArm",
    "forearmbend": "LowerArm", "wrist": "Hand",
    "hip": "UpperLeg", "femur": "UpperLeg", "thighbend": "UpperLeg", "upleg": "UpperLeg",
    "knee": "LowerLeg", "tibia": "LowerLeg", "lowleg": "LowerLeg",
    "ankle": "Foot", "forefoot": "Toes", "toebase": "Toes", "toes": "Toes", "ball": "Toes",
}  # fmt: skip
_FINGERS = {
    "thumb": "Thumb", "index": "Index", "mid": "Middle", "middle": "Middle",
    "ring": "Ring", "pinky": "Little", "little": "Little",
}  # fmt: skip
_JOINTS = ("Proximal", "Intermediate", "Distal")
_THUMB = ("Metacarpal", "Proximal", "Distal")
_FINGER = re.compile(r"^(?:hand)?(thumb|index|middle|mid|ring|pinky|little)0?([1-3])$")
_PREFIX = re.compile(r"^(.*[:|]|bip0?01[ _]?|def[-_]|b_|jnt_)")
_SIDES = (
    r"^(left|right)(?=[^a-z]|[a-z]{2})", r"^([lr])(?=[_. -])", r"[._ -](left|right)$",
    r"(left|right)$", r"[._ -]([lr])$",
)  # fmt: skip
_INITIAL = re.compile(r"^([lr])(?=[A-Z])")


def joints_of(names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
    """Humanoid bone → joint, parents first in `names`; empty for what is not found."""
    found: dict[str, int] = {}
    arms_apart = any(_word(n)[1] in ("arm", "upperarm", "uparm") for n in names)
    for joint, name in enumerate(names):
        bone = _bone(name, arms_apart)
        if bone is not None and bone not in found:
            found[bone] = joint
    _trunk(found, parents)
    _lone_fingers(found)
    return {bone: found[bone] for bone in sorted(found, key=BONE_INDEX.__getitem__)}


def known_parent(bone: str, joints: Collection[str]) -> str:
    """The nearest bone above that the skeleton has; the hips stand for their own."""
    parent = BONE_PARENTS[bone]
    while parent is not None and parent not in joints:
        parent = BONE_PARENTS[parent]
    return parent or "hips"


def _word(name: str) -> tuple[str, str]:
    """Side (``left``, ``right`` or empty) and the rest of the name, letters and digits only."""
    bare = _PREFIX.sub("", name.strip().lower())
    initial = _INITIAL.match(name.strip())
    if initial:
        side, rest = initial.group(1), bare[1:]
    else:
        side, rest = "", bare
        for pattern in _SIDES:
            match = re.search(pattern, bare)
            if match:
                side, rest = match.group(1), bare[: match.start()] + bare[match.end() :]
                break
    word = re.sub(r"[^a-z0-9]", "", rest)
    return {"l": "left", "r": "right"}.get(side[:1], ""), word


def _bone(name: str, arms_apart: bool) -> str | None:
    side, word = _word(name)
    if not side:
        return _MIDDLE.get(word) or _untorso(bone_of(name))
    finger = _FINGER.match(word)
    if finger:
        kind = _FINGERS[finger.group(1)]
        joints = _THUMB if kind == "Thumb" else _JOINTS
        return f"{side}{kind}{joints[int(finger.group(2)) - 1]}"
    if word == "shoulder" and not arms_apart:
        return f"{side}UpperArm"
    if word in _SIDED:
        return side + _SIDED[word]
    return bone_of(name) or bone_of(f"{side}{word}")


def _untorso(bone: str | None) -> str | None:
    """Names of trunk joints are not believed."""
    return None if bone in ("spine", "chest", "upperChest") else bone


def _path(parents: Sequence[int], joint: int) -> list[int]:
    """The joint and its ancestors, the root last."""
    path = [joint]
    while parents[path[-1]] >= 0:
        path.append(parents[path[-1]])
    return path


def _trunk(found: dict[str, int], parents: Sequence[int]) -> None:
    """Hips, spine, chest, upper chest and neck from where legs, arms and head branch off."""
    legs = [found[b] for b in ("leftUpperLeg", "rightUpperLeg") if b in found]
    if len(legs) == 2:  # noqa: PLR2004
        fork = _fork(parents, legs)
        # A root that is named like hips may stand on the floor; hips carry both legs.
        if fork is not None and ("hips" not in found or found["hips"] not in _path(parents, fork)):
            found["hips"] = fork
    if "hips" not in found:
        return
    ends = [found[b] for b in ("leftUpperArm", "rightUpperArm") if b in found]
    head = found.get("head", found.get("neck"))
    top = _fork(parents, [*ends, *([] if head is None else [head])])
    if top is None or found["hips"] not in _path(parents, top):
        return
    spine = _path(parents, top)
    spine = spine[: spine.index(found["hips"])][::-1]
    if spine:
        picks = {1: ("spine",), 2: ("spine", "chest")}.get(
            len(spine), ("spine", "chest", "upperChest")
        )
        for i, bone in enumerate(picks):
            found[bone] = spine[round(i * (len(spine) - 1) / max(len(picks) - 1, 1))]
    if "head" in found and top in _path(parents, found["head"]):
        neck = _path(parents, found["head"])
        neck = neck[1 : neck.index(top)]
        if neck:
            found["neck"] = neck[-1]
        elif found.get("neck") in spine:
            del found["neck"]


def _fork(parents: Sequence[int], joints: list[int]) -> int | None:
    """The nearest common ancestor."""
    if not joints:
        return None
    common = _path(parents, joints[0])
    if len(joints) == 1:
        return parents[joints[0]] if parents[joints[0]] >= 0 else None
    for joint in joints[1:]:
        path = set(_path(parents, joint))
        common = [j for j in common if j in path]
    return common[0] if common else None


def _lone_fingers(found: dict[str, int]) -> None:
    """A finger of one joint was not captured: it is a marker of where the hand ends."""
    for side in ("left", "right"):
        for kind in dict.fromkeys(_FINGERS.values()):
            joints = [f"{side}{kind}{j}" for j in (_THUMB if kind == "Thumb" else _JOINTS)]
            if sum(j in found for j in joints) == 1:
                for joint in joints:
                    found.pop(joint, None)
