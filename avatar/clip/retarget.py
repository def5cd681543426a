"""Motion of a foreign skeleton as a clip: turns from its T-pose, hips in leg lengths.

Units are not guessed from numbers: everything is measured in the length of the skeleton's own
legs. The floor is where its ankles come to rest. The clip begins where the avatar stands, and
facing the audience when the recording looks elsewhere.
"""

from __future__ import annotations

import numpy as np

from avatar import quat
from avatar.clip.anatomy import corrections_from_motion
from avatar.clip.clip import Clip, clip_of
from avatar.clip.mocap import Mocap
from avatar.clip.names import joints_of, known_parent
from avatar.clip.tpose import SIDES, body_frame, corrections, stands
from avatar.quat import F64
from avatar.rig.avatar import Problem
from flow.errors import AssetError
from flow.pose import BONE_INDEX, HUMAN_BONES, REQUIRED_BONES
from flow.spec import F32

_FEWEST_BONES = 5
_ANKLE_SHARE = 0.1
"""Height of an ankle over the sole, of the height of the hips over the ankle."""
_SOLE = np.array([[0.0, -_ANKLE_SHARE, -0.05], [0.0, -_ANKLE_SHARE, 0.16]])
"""Heel and ball of a flat foot from its ankle, in the same measure."""
_FLOOR_PERCENT = 10.0
_CLEARLY = 1.5
_FACING_S = 0.5
_FACING_RAD = np.radians(30.0)
_SHORT = 1e-9
_FEET = ("leftFoot", "rightFoot")


def retarget(mocap: Mocap, name: str, *, place: bool = True) -> Clip:
    """The clip of a recorded motion.

    Args:
        mocap: The motion.
        name: The clip's name.
        place: Begin where the avatar stands, facing the audience, feet on the floor; else keep
            the recording's own place and heading, with its floor at zero.

    Raises:
        AssetError: the skeleton's joints have names that mean nothing to us.
    """
    joints = joints_of(mocap.names, mocap.parents)
    if "hips" not in joints or len(joints) < _FEWEST_BONES:
        some = ", ".join(repr(n[:24]) for n in mocap.names[:6])
        raise AssetError(
            f"The skeleton's joints are not known as a person's: {some}"
            f"{' …' if len(mocap.names) > 6 else ''}.",  # noqa: PLR2004
            code="clip.names",
            hint="Name its joints as Mixamo, MotionBuilder, Poser or VRM do (Hips, LeftArm …).",
        )
    problems = list(mocap.problems)
    missing = sorted(REQUIRED_BONES - set(joints))
    if missing:
        problems.append(
            Problem(
                "clip.bone", "", f"The skeleton lacks {', '.join(missing)}.", "They stay at rest."
            )
        )
    standing = stands(mocap, joints, body_frame(mocap, joints))
    fix = corrections(mocap, joints) if standing else corrections_from_motion(mocap, joints)
    rotations, world, track = _turned(mocap, joints, fix)
    hips = world["hips"]
    upright = _upright(track)
    facing = upright
    if place:
        facing = quat.multiply(_facing(mocap, quat.multiply(upright, hips)), upright)
    rotations[:, BONE_INDEX["hips"]] = quat.multiply(facing, hips)
    moved = np.zeros(len(HUMAN_BONES), np.bool_)
    moved[[BONE_INDEX[b] for b in joints]] = True
    return clip_of(
        name,
        mocap.times_s,
        rotations=rotations,
        bones=moved,
        hips=_hips(
            _leg_length(mocap, joints, fix),
            {bone: quat.rotate(facing, at) for bone, at in track.items()},
            {bone: quat.multiply(facing, q) for bone, q in world.items()},
            place=place,
        ),
        problems=tuple(problems),
        keep=True,
    )


def _turned(
    mocap: Mocap, joints: dict[str, int], fix: F64
) -> tuple[F32, dict[str, F64], dict[str, F64]]:
    """Local rotations (F, 55, 4); rotations and places of a few bones in the file's world."""
    frames = len(mocap.times_s)
    rotations = np.zeros((frames, len(HUMAN_BONES), 4), np.float32)
    world = {b: np.zeros((frames, 4)) for b in ("hips", *_FEET) if b in joints}
    track: dict[str, F64] = {
        b: np.zeros((frames, 3)) for b in ("hips", "neck", "head", *_FEET) if b in joints
    }
    bones = list(joints)
    rows = [joints[b] for b in bones]
    index = np.array([BONE_INDEX[b] for b in bones])
    above = np.array([bones.index(known_parent(b, joints)) for b in bones])
    after = quat.multiply(quat.conjugate(mocap.turns[rows]), fix[index])
    for piece, turns, positions in mocap.blocks():
        turned = quat.multiply(turns[:, rows], after)
        rotations[piece, index] = quat.multiply(quat.conjugate(turned[:, above]), turned)
        for bone, kept in world.items():
            kept[piece] = turned[:, bones.index(bone)]
        for bone, places in track.items():
            places[piece] = positions[:, joints[bone]]
    return rotations, world, track


def _upright(track: dict[str, F64]) -> F64:
    """What turns the file's axes so that +Y is up: where heads are above feet most of the time."""
    top = track.get("head", track.get("neck"))
    feet = [track[b] for b in _FEET if b in track]
    low = np.mean(feet, axis=0) if feet else track["hips"]
    if top is None:
        top = track["hips"]
    up = (top - low).mean(axis=0)
    axis = int(np.argmax(np.abs(up)))
    if axis == 1 or abs(up[axis]) < _CLEARLY * abs(up[1]):
        return quat.IDENTITY if up[1] >= 0.0 else quat.from_axis_angle((1.0, 0.0, 0.0), np.pi)
    pole = np.zeros(3)
    pole[axis] = np.sign(up[axis])
    return quat.from_to(pole, np.array([0.0, 1.0, 0.0]))


def _facing(mocap: Mocap, world: F64) -> F64:
    """A turn about +Y that lets the clip begin facing +Z, unless it nearly does."""
    begin = world[mocap.times_s <= mocap.times_s[0] + _FACING_S]
    ahead = quat.rotate(begin, np.array([0.0, 0.0, 1.0])).mean(axis=0)
    heading = float(np.arctan2(ahead[0], ahead[2]))
    if abs(heading) < _FACING_RAD or np.hypot(ahead[0], ahead[2]) < _CLEARLY * abs(ahead[1]) / 3.0:
        return quat.IDENTITY
    return quat.from_axis_angle((0.0, 1.0, 0.0), -heading)


def _leg_length(mocap: Mocap, joints: dict[str, int], fix: F64) -> float:
    """How high the hips stand over the ankles of straight legs; 0 without legs.

    Measured in the first frame, since a rest pose may be in other units, or nonsense.
    """
    turns, places = (values[0] for values in mocap.play(0, 1))
    hips = joints["hips"]
    after = quat.multiply(quat.conjugate(mocap.turns[hips]), fix[BONE_INDEX["hips"]])
    up = quat.rotate(quat.multiply(turns[hips], after), np.array([0.0, 1.0, 0.0]))
    lengths = []
    for side in SIDES:
        leg = [f"{side}UpperLeg", f"{side}LowerLeg", f"{side}Foot"]
        if joints.keys() >= set(leg):
            chain = places[[joints[b] for b in leg]]
            straight = np.linalg.norm(np.diff(chain, axis=0), axis=1).sum()
            lengths.append(float((places[hips] - chain[0]) @ up + straight))
    return sum(lengths) / len(lengths) if lengths else 0.0


def _hips(
    over_ankle: float, track: dict[str, F64], world: dict[str, F64], *, place: bool
) -> F64 | None:
    """The hips' way from the T-pose's place, in heights of the hips; None without legs.

    The floor is where the lower sole mostly is: unlike an ankle it stays there while a heel rises.
    """
    feet = [b for b in _FEET if b in track]
    if over_ankle < _SHORT or not feet:
        return None
    height = over_ankle * (1.0 + _ANKLE_SHARE)
    hips, start = track["hips"], np.array([0.0, height, 0.0])
    if place:
        soles = [
            track[b][:, None, 1] + over_ankle * quat.rotate(world[b][:, None], _SOLE)[..., 1]
            for b in feet
        ]
        lowest = np.concatenate(soles, axis=1).min(axis=1)
        start += (hips[0, 0], float(np.percentile(lowest, _FLOOR_PERCENT)), hips[0, 2])
    way: F64 = (hips - start) / height
    return way
