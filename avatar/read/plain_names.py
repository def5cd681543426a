"""What a node's name means: the bone names of the trade, in English and Japanese.

Known by name: VRM, Mixamo and Ready Player Me (``LeftUpLeg``), VRoid (``J_Bip_L_UpperArm``),
Unreal (``upperarm_l``), Rigify (``DEF-upper_arm.L``), Daz Genesis (``lShldrBend``), MakeHuman
(``upperarm01.L``), Character Creator (``CC_Base_L_Upperarm``), Biped (``Bip01 L UpperArm``), MMD
(``左腕``) and the plain words that others use (``Left elbow``). Names are cut into words first, so
that spelling, case and separators do not matter.
"""

from __future__ import annotations

import re
import unicodedata

_JAPANESE = (
    ("上半身", " spine "), ("下半身", " pelvis "), ("手首", " wrist "), ("足首", " ankle "),
    ("つま先", " toe "), ("ひざ", " knee "), ("ひじ", " elbow "), ("親指", " thumb "),
    ("人差指", " index "), ("人指", " index "), ("中指", " middle "), ("薬指", " ring "),
    ("小指", " little "), ("左", " left "), ("右", " right "), ("肩", " shoulder "),
    ("腕", " arm "), ("足", " leg "), ("目", " eye "), ("頭", " head "), ("首", " neck "),
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_NOISE = frozenset(
    {"mixamorig", "cc", "base", "j", "bip", "adj", "def", "f", "c", "bend", "b", "jnt", "sk"}
)  # fmt: skip
"""Words that rigs put before or after every name."""
_SIDES = {"left": "left", "l": "left", "right": "right", "r": "right"}
_MIDDLE = {
    "hips": "hips", "hip": "hips", "pelvis": "hips",
    "spine": "spine", "chest": "chest", "upperchest": "upperChest",
    "neck": "neck", "head": "head", "jaw": "jaw", "jawroot": "jaw", "lowerjaw": "jaw",
}  # fmt: skip
_NUMBERED = {
    ("spine", 0): "spine", ("spine", 1): "chest", ("spine", 2): "upperChest",
    ("neck", 0): "neck", ("neck", 1): "neck",
}  # fmt: skip
_PADDED = {1: "spine", 2: "chest", 3: "upperChest"}
"""``spine_01`` counts from one where ``Spine1`` counts from nought."""
_LIMBS = {
    "hip": "UpperLeg", "upleg": "UpperLeg", "upperleg": "UpperLeg", "thigh": "UpperLeg",
    "leg": "LowerLeg", "lowerleg": "LowerLeg", "calf": "LowerLeg", "shin": "LowerLeg",
    "knee": "LowerLeg",
    "foot": "Foot", "ankle": "Foot",
    "toebase": "Toes", "toes": "Toes", "toe": "Toes", "ball": "Toes",
    "shoulder": "Shoulder", "clavicle": "Shoulder", "collar": "Shoulder", "collarbone": "Shoulder",
    "arm": "UpperArm", "upperarm": "UpperArm", "uparm": "UpperArm", "shldr": "UpperArm",
    "forearm": "LowerArm", "lowerarm": "LowerArm", "elbow": "LowerArm",
    "hand": "Hand", "wrist": "Hand",
    "eye": "Eye", "faceeye": "Eye", "eyeball": "Eye",
}  # fmt: skip
_FINGERS = {
    "thumb": "Thumb", "index": "Index", "middle": "Middle", "mid": "Middle", "ring": "Ring",
    "pinky": "Little", "little": "Little", "pinkie": "Little",
}  # fmt: skip
_ORDER = ("Thumb", "Index", "Middle", "Ring", "Little")
_JOINTS = ("Proximal", "Intermediate", "Distal")
_THUMB_JOINTS = ("Metacarpal", "Proximal", "Distal")


def words(name: str) -> list[str]:
    """The words and numbers of a name, small letters; without what rigs put before every name."""
    text = re.split(r"[:|]", unicodedata.normalize("NFKC", name[:200]))[-1]
    for theirs, ours in _JAPANESE:
        text = text.replace(theirs, ours)
    found = [w.lower() for w in _WORD.findall(text.replace("_", " "))]
    if found[:1] == ["bip"] and found[1:2] and found[1].isdigit():
        del found[1]
    return [w for w in found if w not in _NOISE]


def meaning(name: str) -> tuple[str, str, int | None]:
    """Side (``left``, ``right`` or nothing), the words without it, and the last number.

    >>> meaning("CC_Base_L_Index1")
    ('left', 'index', 1)
    """
    parts = words(name)
    side = next((_SIDES[w] for w in parts if w in _SIDES), "")
    rest = [w for w in parts if w not in _SIDES]
    numbers = [w for w in rest if w.isdigit()]
    text = "".join(w for w in rest if not w.isdigit())
    if text == "finger" and numbers:
        return side, *_numbered_finger(numbers)
    if text.startswith("hand") and text[4:] in _FINGERS:
        text = text[4:]
    if text.endswith("finger") and text[:-6] in _FINGERS:
        text = text[:-6]
    return side, text, int(numbers[-1]) if numbers else None


def _numbered_finger(numbers: list[str]) -> tuple[str, int | None]:
    """Biped counts fingers from nought (``Finger01``), MakeHuman from one (``finger1-1``)."""
    if len(numbers) > 1:
        which, joint = int(numbers[0]) - 1, int(numbers[1])
    else:
        which, joint = int(numbers[0][0]), int(numbers[0][1:] or 0)
    return (_ORDER[which].lower() if 0 <= which < len(_ORDER) else "finger"), joint


def finger_of(name: str) -> tuple[str, str, int] | None:
    """Side, finger and number of a finger's joint."""
    side, text, number = meaning(name)
    finger = _FINGERS.get(text)
    return (side, finger, number or 0) if side and finger else None


def joint_name(side: str, finger: str, order: int) -> str:
    """The bone of the `order`-th joint of a finger, from the hand."""
    return f"{side}{finger}{(_THUMB_JOINTS if finger == 'Thumb' else _JOINTS)[order]}"


def bone_of(name: str) -> str | None:
    """The humanoid bone that a name means by itself, or None."""
    side, text, number = meaning(name)
    if side:
        finger = _FINGERS.get(text)
        if finger is not None:
            order = (number if number is not None else 1) - 1
            return joint_name(side, finger, order) if 0 <= order < len(_JOINTS) else None
        if text in _LIMBS and (number is None or number <= 1):
            return side + _LIMBS[text]
        return _whole(side, text)
    if number is None:
        return _MIDDLE.get(text)
    padded = re.search(r"0\d$", name.strip()) is not None
    if text == "spine" and padded:
        return _PADDED.get(number)
    return _NUMBERED.get((text, number)) or (_MIDDLE.get(text) if number == 0 else None)


def _whole(side: str, text: str) -> str | None:
    """VRM's own finger names, which say the joint in words."""
    for theirs, finger in _FINGERS.items():
        for joint in _THUMB_JOINTS if finger == "Thumb" else _JOINTS:
            if text == f"{theirs}{joint.lower()}":
                return f"{side}{finger}{joint}"
    return None
