"""What one frame says the body should do, before any smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from avatar.solve.rotations import F64
from flow.pose import BONE_INDEX, HUMAN_BONES, Part, part_of_bone
from flow.spec import F32, Spec

PARTS: tuple[Part, ...] = tuple(Part)
PART_INDEX: dict[Part, int] = {part: i for i, part in enumerate(PARTS)}
PART_OF_BONE: np.ndarray[tuple[int], np.dtype[np.intp]] = np.array(
    [PART_INDEX[part_of_bone(bone)] for bone in HUMAN_BONES]
)
"""(55,) the index in `PARTS` of each bone's part."""


def rows(*names: str) -> list[int]:
    """Indices of humanoid bones by name."""
    return [BONE_INDEX[name] for name in names]


FINGER_ROWS: tuple[slice, slice] = (
    slice(BONE_INDEX["leftThumbMetacarpal"], BONE_INDEX["leftLittleDistal"] + 1),
    slice(BONE_INDEX["rightThumbMetacarpal"], BONE_INDEX["rightLittleDistal"] + 1),
)
"""Rows of the fifteen finger bones of the left and the right hand."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Instantaneous targets of one frame.

    `targets` holds one quaternion a bone, in *model* axes: of the trunk, head, arms, hands and
    legs the rotation from the T-pose to the bone's own frame in the room (not relative to the
    parent, so that errors of the parent do not travel); of the fingers the rotation relative to
    the parent. `known` says which rows mean something, `coarse` which of them are
    guesses that a finer source (a face, a hand) outranks, `searched` which parts this frame could
    have shown, `seen` which of them it did.
    """

    captured: int
    targets: Annotated[F64, Spec((55, 4), "unit quaternions xyzw", "float64")]
    known: np.ndarray[tuple[int], np.dtype[np.bool_]]
    coarse: np.ndarray[tuple[int], np.dtype[np.bool_]]
    searched: dict[Part, bool]
    seen: dict[Part, bool]
    weights: Annotated[F32, Spec((52,), "corrected ARKit weights, 0..1")] | None
    gaze_deg: Annotated[F64, Spec((2,), "yaw, pitch in degrees, VRM look-at", "float64")] | None
    hips: Annotated[F64, Spec((3,), "metres for a hip height of 1 m", "float64")] | None
