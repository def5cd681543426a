"""How a foreign skeleton's rest pose differs from the T-pose, bone by bone.

A bone that has turned by D from its rest (D in the world) stands as an avatar's bone turned by
D · C, where C takes the T-pose to the skeleton's rest pose. Trunk, head and collar bones take the
body's frame; arms and legs swing by the shortest way from where the T-pose has them, down the
chain, so that a knee keeps its axis; feet count as flat on the floor at rest whatever the marker
at the toes says, and keep only their heading.
"""

from __future__ import annotations

import numpy as np

from avatar import quat
from avatar.clip.mocap import Mocap
from avatar.quat import F64
from flow.pose import BONE_INDEX, HUMAN_BONES

_SNAP = np.cos(np.radians(20.0))
_UPRIGHT = np.cos(np.radians(60.0))
_SAME_WAY = np.cos(np.radians(45.0))
_FAN = np.cos(np.radians(25.0))
_STEEP = 0.85
_SHORT = 1e-6
SIDES = ("left", "right")
LIMBS = (
    ("UpperArm", "LowerArm"), ("LowerArm", "Hand"), ("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot"),
)  # fmt: skip
_FINGERS = ("Index", "Middle", "Ring", "Little")
_LEFT, _UP, _FORWARD = np.eye(3)


def way(vector: F64) -> F64 | None:
    """The unit vector, or None of a vector without length."""
    length = float(np.sqrt(vector @ vector))
    return vector / length if length > _SHORT else None


def t_way(bone: str) -> F64:
    """Where an arm's or leg's segment points in the T-pose."""
    if "Leg" in bone:
        return -_UP
    return _LEFT if bone.startswith("left") else -_LEFT


def body_frame(mocap: Mocap, joints: dict[str, int]) -> F64:
    """(3, 3) left, up and forward of the resting body as columns, in the file's axes.

    A frame within 20 degrees of the file's axes is the axes themselves: a skeleton may lean, but
    its maker's axes do not.
    """
    at = mocap.positions
    left = None
    for bone in ("UpperLeg", "UpperArm", "Shoulder"):
        pair = [joints.get(side + bone) for side in SIDES]
        if left is None and pair[0] is not None and pair[1] is not None:
            left = way(at[pair[0]] - at[pair[1]])
    up = None
    for bone in ("head", "neck", "upperChest", "chest", "spine"):
        if up is None and bone in joints:
            up = way(at[joints[bone]] - at[joints["hips"]])
    if left is None:
        left = _LEFT
    if up is None or abs(up @ left) > _STEEP:
        up = _UP if abs(left[1]) < _STEEP else np.array([0.0, 0.0, 1.0])
    up = way(up - left * (up @ left))
    assert up is not None  # not along `left`, so something remains
    frame = np.stack([left, up, np.cross(left, up)], axis=1)
    nearest = np.zeros((3, 3))
    for column in range(3):
        axis = int(np.argmax(np.abs(frame[:, column])))
        nearest[axis, column] = np.sign(frame[axis, column])
    if (nearest * frame).sum(axis=0).min() > _SNAP and np.linalg.det(nearest) > 0.0:
        return nearest
    return frame


def stands(mocap: Mocap, joints: dict[str, int], frame: F64) -> bool:
    """Whether the rest pose is a standing person's: legs below the trunk, elbows straight.

    Some skeletons (LAFAN's) rest with every bone along one axis: such a rest pose means nothing.
    """
    for side in SIDES:
        for bone, end in LIMBS:
            if side + bone in joints and side + end in joints:
                here = way(
                    mocap.positions[joints[side + end]] - mocap.positions[joints[side + bone]]
                )
                if here is None:
                    continue
                if "Leg" in bone and -(here @ frame[:, 1]) < _UPRIGHT:
                    return False
                outward = here @ frame[:, 0] * (1.0 if side == "left" else -1.0)
                if "Arm" in bone and (outward < -_UPRIGHT or here @ frame[:, 1] > _SAME_WAY):
                    return False
    return True


def corrections(mocap: Mocap, joints: dict[str, int]) -> F64:
    """(55, 4) what takes the T-pose to the rest pose, per bone, in the file's axes."""
    frame = body_frame(mocap, joints)
    body = quat.from_matrix(frame)
    out = np.tile(body, (len(HUMAN_BONES), 1))
    for side in SIDES:
        for upper, end in LIMBS:
            _swing(mocap, joints, out, side + upper, side + end)
        hand = BONE_INDEX[f"{side}Hand"]
        out[hand] = out[BONE_INDEX[f"{side}LowerArm"]]
        _hand(mocap, joints, out, side)
        foot = out[BONE_INDEX[f"{side}Foot"]] = _foot(mocap, joints, frame, side)
        out[BONE_INDEX[f"{side}Toes"]] = foot
    return out


def _swing(mocap: Mocap, joints: dict[str, int], out: F64, bone: str, end: str) -> None:
    """Turn `bone` from its T-pose's direction to its rest direction, on from what is above it."""
    above = bone.replace("Lower", "Upper")
    start = out[BONE_INDEX[above]] if above != bone else out[BONE_INDEX["hips"]]
    out[BONE_INDEX[bone]] = start
    if bone in joints and end in joints:
        here = way(mocap.positions[joints[end]] - mocap.positions[joints[bone]])
        if here is not None:
            out[BONE_INDEX[bone]] = quat.multiply(
                quat.from_to(quat.rotate(start, t_way(bone)), here), start
            )


def _hand(mocap: Mocap, joints: dict[str, int], out: F64, side: str) -> None:
    """The hand along its middle finger where that is told; fingers with it, unless far off."""
    hand = f"{side}Hand"
    if hand not in joints:
        return
    start = out[BONE_INDEX[hand]]
    told = [
        joints[f"{side}{f}Proximal"] for f in ("Middle", "Index") if f"{side}{f}Proximal" in joints
    ]
    ends = [mocap.positions[j] for j in told]
    if not ends:
        apart = [j for j in mocap.children(joints[hand]) if "thumb" not in mocap.names[j].lower()]
        ends = [mocap.positions[j] for j in apart]
        if joints[hand] in mocap.tips:
            ends.append(mocap.tips[joints[hand]])
    here = way(ends[0] - mocap.positions[joints[hand]]) if ends else None
    straight = quat.rotate(start, t_way(hand))
    if here is not None and _SNAP > here @ straight > _SAME_WAY:
        start = quat.multiply(quat.from_to(straight, here), start)
    out[BONE_INDEX[hand]] = start
    for bone in (b for b in HUMAN_BONES if b.startswith(side) and b[len(side) :] > ""):
        if any(bone.startswith(side + f) for f in (*_FINGERS, "Thumb")):
            out[BONE_INDEX[bone]] = start
    for finger in _FINGERS:
        chain = [joints.get(f"{side}{finger}{j}") for j in ("Proximal", "Intermediate", "Distal")]
        above = start
        for k, joint in enumerate(chain):
            if joint is None:
                continue
            after = chain[k + 1] if k + 1 < len(chain) else None
            end = mocap.positions[after] if after is not None else mocap.tips.get(joint)
            here = None if end is None else way(end - mocap.positions[joint])
            straight = quat.rotate(above, t_way(hand))
            if here is not None and here @ straight < _FAN:
                above = quat.multiply(quat.from_to(straight, here), above)
            bone = f"{side}{finger}{('Proximal', 'Intermediate', 'Distal')[k]}"
            out[BONE_INDEX[bone]] = above


def _foot(mocap: Mocap, joints: dict[str, int], frame: F64, side: str) -> F64:
    """A flat foot with the heading of its toes; the body's where the toes point down or up."""
    body = quat.from_matrix(frame)
    ahead = toes_way(mocap, joints, side)
    if ahead is None:
        return body
    x, up, z = (float(ahead @ frame[:, k]) for k in range(3))
    if abs(up) > _STEEP:
        return body
    return quat.multiply(body, quat.from_axis_angle(_UP, np.arctan2(x, z)))


def toes_way(mocap: Mocap, joints: dict[str, int], side: str) -> F64 | None:
    """From the ankle to the end of the foot in the rest pose, or None."""
    foot = joints.get(f"{side}Foot")
    if foot is None:
        return None
    end, here = None, foot
    while end is None:
        below = mocap.children(here)
        if below:
            here = below[0]
            if f"{side}Toes" in joints and joints[f"{side}Toes"] in below:
                here = joints[f"{side}Toes"]
                end = mocap.positions[here]
        elif here in mocap.tips:
            end = mocap.tips[here]
        else:
            end = mocap.positions[here]
    return way(end - mocap.positions[foot])
