"""A clip as a BVH file: centimetres, T-pose offsets, MotionBuilder's joint names, ZXY rotations.

The root's offset is zero, since half the readers add it to the position channels and half do not.
Face, eyes and jaw have no place in BVH.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from avatar import quat
from avatar.clip.body import STANDARD, Body
from avatar.clip.clip import Clip
from avatar.quat import F64
from flow.pose import BONE_INDEX, BONE_PARENTS, HUMAN_BONES

_MIDDLE = {
    "hips": "Hips", "spine": "Spine", "chest": "Spine1", "upperChest": "Spine2",
    "neck": "Neck", "head": "Head",
}  # fmt: skip
_SIDED = {
    "UpperLeg": "UpLeg", "LowerLeg": "Leg", "Foot": "Foot", "Toes": "ToeBase",
    "Shoulder": "Shoulder", "UpperArm": "Arm", "LowerArm": "ForeArm", "Hand": "Hand",
}  # fmt: skip
_FINGERS = {
    "Thumb": "Thumb",
    "Index": "Index",
    "Middle": "Middle",
    "Ring": "Ring",
    "Little": "Pinky",
}
_NUMBERS = {"Metacarpal": 1, "Proximal": 1, "Intermediate": 2, "Distal": 3}
_THUMB = {"Metacarpal": 1, "Proximal": 2, "Distal": 3}
_HEAD_TIP_CM, _TOE_TIP_CM = (0.0, 18.0, 0.0), (0.0, 0.0, 6.0)
_HAND_CM, _FINGER_CM = 9.0, 2.0
_CM = 100.0
_NO_PITCH = 1e-9


def joint_name(bone: str) -> str | None:
    """MotionBuilder's name of a bone, or None for what BVH has no joint for."""
    if bone in _MIDDLE:
        return _MIDDLE[bone]
    side = next((s for s in ("left", "right") if bone.startswith(s)), "")
    rest = bone.removeprefix(side)
    if rest in _SIDED:
        return side.capitalize() + _SIDED[rest]
    for finger, theirs in _FINGERS.items():
        if side and rest.startswith(finger):
            numbers = _THUMB if finger == "Thumb" else _NUMBERS
            return f"{side.capitalize()}Hand{theirs}{numbers[rest.removeprefix(finger)]}"
    return None


_FINGER_BONES = frozenset(b for b in HUMAN_BONES if any(f in b for f in _FINGERS))


def bvh_text(clip: Clip, body: Body = STANDARD, fps: float = 30.0) -> str:
    """The clip as the text of a .bvh file with `fps` frames a second."""
    moved = {b for b, on in zip(HUMAN_BONES, clip.bones, strict=True) if on}
    fingers = not moved.isdisjoint(_FINGER_BONES)
    bones = [b for b in HUMAN_BONES if joint_name(b) and (fingers or b not in _FINGER_BONES)]
    below = {b: [c for c in bones if BONE_PARENTS[c] == b] for b in bones}
    order = _order("hips", below)
    lines = ["HIERARCHY", *_joint("hips", below, body, 0)]
    count = int(clip.duration_s * fps + 1e-6) + 1
    poses = [clip.sample(i / fps) for i in range(count)]
    hips = np.stack([p.hips for p in poses]).astype(np.float64) * body.hip_height_m
    hips[:, 1] += body.hip_height_m
    rotations = np.stack([p.rotations for p in poses]).astype(np.float64)
    angles = zxy_deg(rotations[:, [BONE_INDEX[b] for b in order]])
    rows = np.concatenate([hips * _CM, angles.reshape(count, -1)], axis=1)
    lines += ["MOTION", f"Frames: {count}", f"Frame Time: {1.0 / fps:.8f}"]
    lines += [" ".join(f"{v:.5f}" for v in row) for row in rows.tolist()]
    return "\n".join(lines) + "\n"


def _order(bone: str, below: dict[str, list[str]]) -> list[str]:
    """The bones in the order of the file."""
    return [bone, *(b for child in below[bone] for b in _order(child, below))]


def _joint(bone: str, below: dict[str, list[str]], body: Body, depth: int) -> Iterator[str]:
    """The lines of one joint and all below it."""
    tab, parent = "\t" * depth, BONE_PARENTS[bone]
    offset = np.zeros(3) if parent is None else body.offset(bone, parent) * _CM
    kinds = "Zrotation Xrotation Yrotation"
    if parent is None:
        kinds = f"Xposition Yposition Zposition {kinds}"
    yield f"{tab}{'ROOT' if parent is None else 'JOINT'} {joint_name(bone)}"
    yield f"{tab}{{"
    yield f"{tab}\tOFFSET {_three(offset)}"
    yield f"{tab}\tCHANNELS {len(kinds.split())} {kinds}"
    for child in below[bone]:
        yield from _joint(child, below, body, depth + 1)
    if not below[bone]:
        yield from (f"{tab}\tEnd Site", f"{tab}\t{{")
        yield from (f"{tab}\t\tOFFSET {_three(_tip(bone))}", f"{tab}\t}}")
    yield f"{tab}}}"


def _tip(bone: str) -> F64:
    """Where the last segment of a limb ends."""
    if bone == "head":
        return np.array(_HEAD_TIP_CM)
    if bone.endswith("Toes"):
        return np.array(_TOE_TIP_CM)
    length = _HAND_CM if bone.endswith("Hand") else _FINGER_CM
    return np.array([length if bone.startswith("left") else -length, 0.0, 0.0])


def _three(values: F64) -> str:
    return " ".join(f"{v:.5f}" for v in values.tolist())


def zxy_deg(q: F64) -> F64:
    """(..., 3) angles about Z, X and Y of rotations Z · X · Y."""
    m = quat.to_matrix(q)
    x = np.arcsin(np.clip(m[..., 2, 1], -1.0, 1.0))
    flat = np.abs(m[..., 2, 1]) > 1.0 - _NO_PITCH
    z = np.where(
        flat, np.arctan2(m[..., 1, 0], m[..., 0, 0]), np.arctan2(-m[..., 0, 1], m[..., 1, 1])
    )
    y = np.where(flat, 0.0, np.arctan2(-m[..., 2, 0], m[..., 2, 2]))
    angles: F64 = np.degrees(np.stack([z, x, y], axis=-1))
    return angles
