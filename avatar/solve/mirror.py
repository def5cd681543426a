"""A pose as its mirror image: left and right exchanged, turns reflected."""

from __future__ import annotations

import numpy as np

from flow.motion import ARKIT_NAMES
from flow.pose import BONE_INDEX, HUMAN_BONES, PRESET_EXPRESSIONS, AvatarPose, Part


def other_side(name: str) -> str:
    """The name of the same thing on the other side (bones, expressions, parts)."""
    if name.startswith(("left", "right")):
        return "right" + name[4:] if name.startswith("left") else "left" + name[5:]
    if name.endswith("Left"):
        return name[:-4] + "Right"
    if name.endswith("Right"):
        return name[:-5] + "Left"
    return name


_SWAP = np.array([BONE_INDEX[other_side(bone)] for bone in HUMAN_BONES])
_REFLECT = np.array([1.0, -1.0, -1.0, 1.0], np.float32)
"""Reflecting in the plane x = 0 keeps turns about x and reverses those about y and z."""
_NAMES = {name: other_side(name) for name in (*ARKIT_NAMES, *PRESET_EXPRESSIONS)}
_PARTS = {part: Part(other_side(part.value)) for part in Part}


def mirror_pose(pose: AvatarPose) -> AvatarPose:
    """`pose` seen in a mirror; twice is the original."""
    return AvatarPose(
        captured=pose.captured,
        hips=pose.hips * np.array([-1, 1, 1], np.float32),
        rotations=pose.rotations[_SWAP] * _REFLECT,
        expressions={_NAMES.get(k, k): v for k, v in pose.expressions.items()},
        gaze_deg=pose.gaze_deg * np.array([-1, 1], np.float32),
        driver={_PARTS[part]: who for part, who in pose.driver.items()},
        chosen={_NAMES.get(k, k): v for k, v in pose.chosen.items()},
    )
