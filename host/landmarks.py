"""Plain landmarks, one dictionary in, one pose out: for files, pipes and judging.

In: ``{"t": s, "world": [[x, y, z, visibility] * 33] | null, "image": [...] | null}``, camera axes
(x to the picture's right, y down, z away), metres around the mid-hip and fractions of the picture,
the performer facing the camera. Visibilities may be left out. Optional, as in `MotionFrame`:
``face`` (478 points), ``blend`` (name: weight) and ``mat`` (4x4, centimetres), all three together;
``leftHandWorld``, ``rightHandWorld`` (21 points), ``leftHand``, ``rightHand`` (the same in the
picture); ``w`` and ``h`` of the picture (16:9 when left out).

Out: ``{"t": s, "bones": {name: [x, y, z, w]}, "hipsPos": [x, y, z]}``: VRM 1.0 normalised local
rotations and the hips' place in metres. Each line out depends on the lines before it only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

import numpy as np

from avatar.perform.performer import Performer
from flow.clock import NS_PER_S
from flow.motion import (
    ARKIT_INDEX,
    BODY_POINTS,
    FACE_POINTS,
    HAND_POINTS,
    BodySample,
    FaceSample,
    HandSample,
    MotionFrame,
)
from flow.pose import HUMAN_BONES, AvatarPose
from flow.spec import F32

Row: TypeAlias = dict[str, Any]

HIP_HEIGHT_M = 0.85
"""Hips of a body of 1.55 to 1.70 m, to turn `AvatarPose.hips` into metres."""
_XYZ, _XYZV = 3, 4
_GAP_S = 1.0 / 30.0
_LONGEST_S = 1e8
_FURTHEST = 1e4
_UP = np.array([0.0, 1.0, 0.0])


class RowError(ValueError):
    """A row that cannot be used; says why as the end of a sentence: "has no time"."""


class RowSolver:
    """Rows to poses, in their order."""

    def __init__(
        self,
        legs: Literal["auto", "on", "off"] = "on",
        hip_height_m: float = HIP_HEIGHT_M,
        *,
        mirrored: bool = False,
    ) -> None:
        self._performer = Performer(
            legs=legs, calibrate=False, hand_over=False, roam=True, mirrored=mirrored
        )
        self._hip_height_m = hip_height_m
        self._seq = 0
        self._now = 0
        self._t = -_GAP_S

    def solve(self, row: Row) -> Row:
        """One row. Raises RowError and takes nothing of it."""
        t = _time(row, self._t + _GAP_S)
        frame = frame_of(row, self._seq, t)
        return self._shown(t, frame)

    def without(self) -> Row:
        """Nobody seen, for a row that cannot be read."""
        t = self._t + _GAP_S
        return self._shown(t, MotionFrame(self._seq, round(t * NS_PER_S), 1.0))

    def _shown(self, t: float, frame: MotionFrame) -> Row:
        # What is not newer than the row before cannot be followed: the pose stays.
        if self._seq == 0 or frame.captured > self._now:
            self._now = frame.captured
            self._performer.feed(frame)
        self._seq += 1
        self._t = t
        return self._plain(t, self._performer.pose(self._now))

    def _plain(self, t: float, pose: AvatarPose) -> Row:
        place = (pose.hips + _UP) * self._hip_height_m
        return {
            "t": t,
            "bones": dict(zip(HUMAN_BONES, _short(pose.rotations), strict=True)),
            "hipsPos": _short(place),
        }


def solve_rows(rows: Iterable[Row], legs: Literal["auto", "on", "off"] = "on") -> Iterator[Row]:
    """Solve rows in order; see the module for their form."""
    solver = RowSolver(legs)
    return map(solver.solve, rows)


def parsed(line: str) -> Row:
    """A line as a row; raises RowError."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise RowError("is not JSON") from None
    if not isinstance(row, dict):
        raise RowError("is not an object")
    return row


def frame_of(row: Row, seq: int, t: float | None = None) -> MotionFrame:
    """One row as a `MotionFrame`; raises RowError."""
    when = _time(row, seq / 30.0) if t is None else t
    return MotionFrame(
        seq=seq,
        captured=round(when * NS_PER_S),
        aspect=_size(row, "w", 16.0) / _size(row, "h", 9.0),
        face=_face(row),
        body=_body(row),
        left_hand=_hand(row, "leftHand"),
        right_hand=_hand(row, "rightHand"),
    )


def _short(values: np.ndarray) -> Any:
    return np.round(values.astype(np.float64), 5).tolist()


def _time(row: Row, usual: float) -> float:
    t = row.get("t", usual)
    if isinstance(t, bool) or not isinstance(t, int | float) or not abs(t) < _LONGEST_S:
        raise RowError("has no time 't' in seconds")
    return float(t)


def _size(row: Row, name: str, usual: float) -> float:
    size = row.get(name, usual)
    if isinstance(size, bool) or not isinstance(size, int | float):
        raise RowError(f"has no number as '{name}'")
    if not 1.0 <= size <= _FURTHEST:
        raise RowError(f"has '{name}' out of range")
    return float(size)


def _points(row: Row, name: str, count: int) -> F32 | None:
    """(count, 3 or 4) finite numbers, or None where the row has none."""
    value = row.get(name)
    if not value:
        return None
    try:
        points = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise RowError(f"has something else than numbers in '{name}'") from None
    if points.ndim != 2 or len(points) != count or points.shape[1] not in {_XYZ, _XYZV}:  # noqa: PLR2004
        raise RowError(f"has not {count} points of 3 or 4 numbers in '{name}'")
    if not np.abs(points).max() < _FURTHEST:
        raise RowError(f"has numbers out of range in '{name}'")
    return points.astype(np.float32)


def _body(row: Row) -> BodySample | None:
    world, image = _points(row, "world", BODY_POINTS), _points(row, "image", BODY_POINTS)
    if world is None:
        return None
    if image is None:
        image = np.full((BODY_POINTS, _XYZ), 0.5, np.float32)
    seen = world[:, 3] if world.shape[1] == _XYZV else np.ones(BODY_POINTS, np.float32)
    return BodySample(world[:, :3].copy(), image[:, :3].copy(), seen.clip(0.0, 1.0))


def _face(row: Row) -> FaceSample | None:
    points, matrix = _points(row, "face", FACE_POINTS), _points(row, "mat", _XYZV)
    blend = row.get("blend")
    if points is None or matrix is None or not blend:
        return None
    if matrix.shape[1] != _XYZV or not isinstance(blend, dict):
        raise RowError("has not 4 x 4 numbers in 'mat' and names with weights in 'blend'")
    weights = np.zeros(len(ARKIT_INDEX), np.float32)
    for name, value in blend.items():
        if name in ARKIT_INDEX:
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise RowError(f"has no number as '{name}'")
            weights[ARKIT_INDEX[name]] = min(max(value, 0.0), 1.0)
    matrix[:3, 3] *= 0.01
    return FaceSample(points[:, :3].copy(), weights, matrix)


def _hand(row: Row, side: str) -> HandSample | None:
    points, image = _points(row, side + "World", HAND_POINTS), _points(row, side, HAND_POINTS)
    if points is None:
        return None
    if image is None:
        image = np.zeros((HAND_POINTS, _XYZ), np.float32)
    return HandSample((points - points[0])[:, :3].copy(), image[:, :3].copy(), 1.0)
