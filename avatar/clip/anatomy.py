"""The T-pose of a skeleton whose rest pose means nothing, found from how it moves.

In LAFAN's files, for one, every bone rests along one axis. Directions are known all the same (a
bone points to its child, whatever its axes are); what remains is the turn about each bone. Knees
and elbows are hinges: the thigh and upper arm are turned so that the hinge, seen over the whole
motion, lies where the T-pose has it. Trunk, collar bones, hands and toes are straight on average,
heads look ahead on average, and feet are level while they are down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar import quat
from avatar.clip.mocap import Mocap
from avatar.clip.names import known_parent
from avatar.clip.tpose import SIDES, body_frame, t_way, toes_way, way
from avatar.quat import F64
from flow.pose import BONE_INDEX, HUMAN_BONES

_BENT = np.sin(np.radians(12.0))
_FIRM = 0.05
"""How much bending, over all frames, makes a hinge believable (mean sine)."""
_DOWN_PERCENT = 35.0
_STEEP = 0.95
_UP = np.array([0.0, 1.0, 0.0])
_LIMBS = (("UpperArm", "LowerArm", "Hand"), ("UpperLeg", "LowerLeg", "Foot"))


@dataclass(frozen=True, slots=True)
class _Seen:
    """The motion bone by bone: (n, 4) turns from rest and (n, 3) places in the file's world."""

    mocap: Mocap
    joints: dict[str, int]
    turned: dict[str, F64]
    at: dict[str, F64]

    def rest_way(self, bone: str, end: str) -> F64 | None:
        """Where the bone points in the rest pose."""
        if end not in self.joints:
            return None
        return way(self.mocap.positions[self.joints[end]] - self.mocap.positions[self.joints[bone]])

    def local(self, bone: str, vectors: F64) -> F64 | None:
        """The mean direction of world vectors (n, 3) in the bone's rest axes."""
        return way(quat.rotate(quat.conjugate(self.turned[bone]), vectors).mean(axis=0))


def corrections_from_motion(mocap: Mocap, joints: dict[str, int]) -> F64:
    """(55, 4) as `tpose.corrections`, without believing that the rest pose is a pose."""
    turns, places = mocap.some()
    rest = quat.conjugate(mocap.turns)
    seen = _Seen(
        mocap,
        joints,
        {b: quat.multiply(turns[:, j], rest[j]) for b, j in joints.items()},
        {b: places[:, j] for b, j in joints.items()},
    )
    out = np.tile(quat.from_matrix(_hips_frame(seen)), (len(HUMAN_BONES), 1))
    limbs = {f"{side}{bone}" for side in SIDES for limb in _LIMBS for bone in limb[:2]}
    for bone in (b for b in HUMAN_BONES if b in joints and b != "hips"):
        if bone == "head":
            out[BONE_INDEX[bone]] = _ahead(seen, out)
        elif bone in limbs:
            out[BONE_INDEX[bone]] = _limb(seen, out, bone)
        elif bone.endswith("Foot"):
            out[BONE_INDEX[bone]] = _foot(seen, out, bone)
        else:
            out[BONE_INDEX[bone]] = _straight(seen, out, bone)
    return out


def _hips_frame(seen: _Seen) -> F64:
    """(3, 3) left, up and forward of the pelvis in the hips' rest axes, from upright moments."""
    frame, at = body_frame(seen.mocap, seen.joints), seen.at
    top = next((b for b in ("neck", "head", "upperChest", "chest", "spine") if b in at), None)
    if top is None or not {"leftUpperLeg", "rightUpperLeg"} <= at.keys():
        return frame
    rise, across = at[top] - at["hips"], at["leftUpperLeg"] - at["rightUpperLeg"]
    if "leftFoot" in at and "rightFoot" in at:
        tall = np.linalg.norm(at[top] - 0.5 * (at["leftFoot"] + at["rightFoot"]), axis=1)
        rise = rise * (tall >= np.median(tall))[:, None]
    up, left = seen.local("hips", rise), seen.local("hips", across)
    if up is None or left is None or abs(up @ left) > _STEEP:
        return frame
    up = up - left * (up @ left)
    up /= np.sqrt(up @ up)
    return np.stack([left, up, np.cross(left, up)], axis=1)


def _mean(turns: F64) -> F64:
    """The mean of rotations (n, 4), whatever their signs (Markley 2007)."""
    mean: F64 = np.linalg.eigh(np.einsum("ni,nj->ij", turns, turns))[1][:, -1]
    return mean


def _straight(seen: _Seen, out: F64, bone: str) -> F64:
    """The bone unturned on what it hangs from, on average."""
    above = known_parent(bone, seen.joints)
    relative = quat.multiply(quat.conjugate(seen.turned[bone]), seen.turned[above])
    return quat.multiply(_mean(relative), out[BONE_INDEX[above]])


def _ahead(seen: _Seen, out: F64) -> F64:
    """The head upright and facing where the hips do, on average."""
    hips = quat.multiply(seen.turned["hips"], out[BONE_INDEX["hips"]])
    pole = _pole(seen)
    if pole is None:
        return _straight(seen, out, "head")
    level = quat.multiply(quat.from_to(quat.rotate(hips, _UP), pole), hips)
    return _mean(quat.multiply(quat.conjugate(seen.turned["head"]), level))


def _pole(seen: _Seen) -> F64 | None:
    """The file's axis that is up most of the time."""
    feet = [seen.at[b] for b in ("leftFoot", "rightFoot") if b in seen.at]
    top = seen.at.get("head", seen.at.get("neck"))
    if top is None or not feet:
        return None
    up = (top - np.mean(feet, axis=0)).mean(axis=0)
    axis = int(np.argmax(np.abs(up)))
    return np.asarray(np.eye(3)[axis] * np.sign(up[axis]), np.float64)


def _limb(seen: _Seen, out: F64, bone: str) -> F64:
    """An arm's or leg's bone along its child, its hinge where the T-pose has it."""
    side = "left" if bone.startswith("left") else "right"
    limb = next(one for one in _LIMBS if bone.removeprefix(side) in one)
    upper, lower, end = (side + b for b in limb)
    start: F64 = out[BONE_INDEX[known_parent(bone, seen.joints)]]
    ahead = seen.rest_way(bone, lower if bone == upper else end)
    if ahead is None:
        return start
    turn = quat.multiply(quat.from_to(quat.rotate(start, t_way(bone)), ahead), start)
    if not {upper, lower, end} <= seen.joints.keys():
        return turn
    first, second = seen.at[lower] - seen.at[upper], seen.at[end] - seen.at[lower]
    size = np.sqrt((first * first).sum(axis=1) * (second * second).sum(axis=1))
    hinge = quat.cross(first, second) / np.maximum(size, 1e-12)[:, None]
    bent = np.sqrt((hinge * hinge).sum(axis=1))
    firm = np.where(bent < _BENT, 0.0, bent)
    axis = seen.local(bone, hinge * (bent >= _BENT)[:, None])
    if axis is None or float(firm.mean()) < _FIRM:
        return turn
    return _about(turn, t_way(bone), _hinge_way(bone), axis)


def _hinge_way(bone: str) -> F64:
    """Where the axis of a knee or elbow points in the T-pose when it bends."""
    if "Leg" in bone:
        return np.array([1.0, 0.0, 0.0])
    return np.array([0.0, -1.0 if bone.startswith("left") else 1.0, 0.0])


def _about(turn: F64, straight: F64, hinge: F64, axis: F64) -> F64:
    """`turn`, turned about the bone until it takes the T-pose's `hinge` nearest to `axis`."""
    ahead, have = quat.rotate(turn, straight), quat.rotate(turn, hinge)
    want = axis - ahead * (axis @ ahead)
    angle = np.arctan2(np.cross(have, want) @ ahead, have @ want)
    return quat.multiply(quat.from_axis_angle(ahead, angle), turn)


def _foot(seen: _Seen, out: F64, foot: str) -> F64:
    """Level while it is down, its toes ahead."""
    ahead = toes_way(seen.mocap, seen.joints, foot.removesuffix("Foot"))
    pole = _pole(seen)
    if ahead is None or pole is None:
        return _straight(seen, out, foot)
    height = seen.at[foot] @ pole
    down = height <= np.percentile(height, _DOWN_PERCENT)
    level = seen.local(foot, pole * down[:, None])
    if level is None or abs(level @ ahead) > _STEEP:
        return _straight(seen, out, foot)
    forward = ahead - level * (level @ ahead)
    forward /= np.sqrt(forward @ forward)
    return quat.from_matrix(np.stack([np.cross(level, forward), level, forward], axis=1))
