"""Solve a stream of plain landmarks, one dictionary in, one out: for files, pipes and judging.

In: ``{"t": s, "world": [[x, y, z, visibility] * 33] | null, "image": [...] | null}``, camera axes
(x to the picture's right, y down, z away), performer facing the camera. Optional and as in
`MotionFrame`: ``face`` (478 points), ``blend`` (name: weight), ``mat`` (4x4, centimetres),
``leftHandWorld``, ``rightHandWorld`` (21 points), ``w`` and ``h``.
Out: ``{"t": s, "bones": {name: [x, y, z, w]}, "hipsPos": [x, y, z]}``: VRM 1.0 normalised local
rotations and the hips' place in metres. Each line out depends on the lines before it only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np

from avatar.performer import Performer
from flow.clock import NS_PER_S
from flow.motion import ARKIT_INDEX, BodySample, FaceSample, HandSample, MotionFrame
from flow.pose import HUMAN_BONES
from flow.spec import F32

_WITH_VISIBILITY = 4
HIP_HEIGHT_M = 0.85
"""Hips of a body of 1.55 to 1.70 m, to turn `AvatarPose.hips` into metres."""


def solve_rows(
    rows: Iterable[dict[str, Any]], legs: Literal["auto", "on", "off"] = "on"
) -> Iterator[dict[str, Any]]:
    """Solve rows in order; see the module for their form."""
    performer = Performer(legs=legs, calibrate=False, hand_over=False, roam=True)
    for seq, row in enumerate(rows):
        frame = frame_of(row, seq)
        performer.feed(frame)
        pose = performer.pose(frame.captured)
        bones = dict(zip(HUMAN_BONES, np.round(pose.rotations, 5).tolist(), strict=True))
        place = (pose.hips + np.array([0.0, 1.0, 0.0], np.float32)) * HIP_HEIGHT_M
        yield {"t": row["t"], "bones": bones, "hipsPos": np.round(place, 5).tolist()}


def frame_of(row: dict[str, Any], seq: int) -> MotionFrame:
    """One row as a `MotionFrame`."""
    return MotionFrame(
        seq=seq,
        captured=round(float(row.get("t", seq / 30.0)) * NS_PER_S),
        aspect=float(row.get("w", 16.0)) / float(row.get("h", 9.0)),
        face=_face(row),
        body=_body(row),
        left_hand=_hand(row, "leftHand"),
        right_hand=_hand(row, "rightHand"),
    )


def _array(value: Any) -> F32:
    return np.asarray(value, np.float32)


def _body(row: dict[str, Any]) -> BodySample | None:
    if not row.get("world") or not row.get("image"):
        return None
    world, image = _array(row["world"]), _array(row["image"])
    seen = world[:, 3] if world.shape[1] == _WITH_VISIBILITY else np.ones(len(world), np.float32)
    return BodySample(world[:, :3].copy(), image[:, :3].copy(), seen.copy())


def _face(row: dict[str, Any]) -> FaceSample | None:
    if not row.get("face") or not row.get("blend") or not row.get("mat"):
        return None
    weights = np.zeros(52, np.float32)
    for name, value in row["blend"].items():
        if name in ARKIT_INDEX:
            weights[ARKIT_INDEX[name]] = value
    matrix = _array(row["mat"])
    matrix[:3, 3] *= 0.01
    return FaceSample(_array(row["face"])[:, :3].copy(), weights, matrix)


def _hand(row: dict[str, Any], side: str) -> HandSample | None:
    if not row.get(side + "World"):
        return None
    points = _array(row[side + "World"])[:, :3]
    image = _array(row[side])[:, :3] if row.get(side) else np.zeros((21, 3), np.float32)
    return HandSample((points - points[0]).copy(), image.copy(), 1.0)
