"""One frame in, instantaneous targets out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from avatar.solve import body as body_rows
from avatar.solve.body import CAMERA_TO_MODEL, solve_body
from avatar.solve.calibrate import Neutral
from avatar.solve.face import correct_weights, head_rotation, raw_gaze_deg, yaw_pitch_deg
from avatar.solve.hands import solve_hand
from avatar.solve.lengths import Lengths
from avatar.solve.room import hips_offset
from avatar.solve.rotations import F64, IDENTITY
from avatar.solve.solution import FINGER_ROWS, Solution
from flow.motion import (
    LOOKED_BODY,
    LOOKED_FACE,
    LOOKED_LEFT,
    LOOKED_RIGHT,
    BodySample,
    FaceSample,
    HandSample,
    MotionFrame,
)
from flow.pose import BONE_INDEX, HUMAN_BONES, Part
from flow.spec import F32

Mask: TypeAlias = np.ndarray[tuple[int], np.dtype[np.bool_]]

_HEAD = BONE_INDEX["head"]
_TRUNK = slice(BONE_INDEX["hips"], BONE_INDEX["chest"] + 1)
_PICTURE, _IMAGINED = 0.58, 0.3
_FRAME = (np.array([11, 12, 23, 24, 15]), np.array([11, 12, 23, 24, 16]))
_MEASURED = np.array(
    [[1, -1, 0, 0, 0, 0], [0.5, 0.5, -0.5, -0.5, 0, 0], [0, 0, 0, 0, -1, 1]], np.float64
)
"""Of shoulders, hips, a wrist and its hand: across the shoulders, along the trunk, to the hand."""
_WRIST_NS, _WRIST_SEEN, _REACH = 300_000_000, 0.5, 0.9
"""A hand is the arm's when it is within this many shoulder widths of a wrist seen just now."""
_BODY_PARTS = (Part.TORSO, Part.LEFT_ARM, Part.RIGHT_ARM, Part.LEGS)
_SIDES = (
    (0, LOOKED_LEFT, Part.LEFT_HAND),
    (1, LOOKED_RIGHT, Part.RIGHT_HAND),
)


def _sound(frame: MotionFrame) -> MotionFrame:
    """The frame without damaged samples."""
    body, face = frame.body, frame.face
    if body is not None and not _finite(body.points, body.image_points, body.visibility):
        frame = replace(frame, body=None, looked_for=frame.looked_for | LOOKED_BODY)
    if face is not None and not _finite(face.weights, face.camera_from_head):
        frame = replace(frame, face=None, looked_for=frame.looked_for | LOOKED_FACE)
    if frame.left_hand is not None and not _finite(frame.left_hand.points):
        frame = replace(frame, left_hand=None, looked_for=frame.looked_for | LOOKED_LEFT)
    if frame.right_hand is not None and not _finite(frame.right_hand.points):
        frame = replace(frame, right_hand=None, looked_for=frame.looked_for | LOOKED_RIGHT)
    return frame


def _finite(*arrays: F32) -> bool:
    # A sum is not finite when a part of it is not; cheaper than looking at each number.
    return all(math.isfinite(float(a.sum(dtype=np.float64))) for a in arrays)


def seen_for_sure(body: BodySample) -> F64:
    """(33,) visibilities; what is outside of the picture is imagined, however sure the tracker."""
    visibility = body.visibility.astype(np.float64)
    outside = np.abs(body.image_points[:, :2] - 0.5).max(axis=-1) > _PICTURE
    visibility[outside] *= _IMAGINED
    return visibility


class Solver:
    """Landmarks to targets. Keeps only who the performer is: resting face and limb lengths.

    Sides are the performer's own: the left hand in the frame drives the avatar's left hand.
    Mirroring is done at the end, by `avatar.solve.mirror`.
    """

    def __init__(
        self, neutral: Neutral | None = None, legs: Literal["auto", "on", "off"] = "auto"
    ) -> None:
        self.neutral = neutral if neutral is not None else Neutral()
        self.lengths = Lengths()
        self._last_body: tuple[int, BodySample] | None = None
        self._legs = legs

    def solve(self, frame: MotionFrame) -> Solution:
        """Targets of one frame; a part that was not searched is neither seen nor lost.

        A sample with a number that is not finite counts as searched and not seen.
        """
        frame = _sound(frame)
        targets = np.tile(IDENTITY, (len(HUMAN_BONES), 1))
        known = np.zeros(len(HUMAN_BONES), np.bool_)
        coarse = np.zeros(len(HUMAN_BONES), np.bool_)
        searched, seen = dict.fromkeys(Part, False), dict.fromkeys(Part, False)
        hips: F64 | None = None
        if frame.looked_for & LOOKED_BODY or frame.body is not None:
            searched |= dict.fromkeys(_BODY_PARTS, True)
            if frame.body is not None:
                hips = self._body(frame, targets, known, seen)
                coarse[[_HEAD, *body_rows.HANDS]] = True
        weights: F32 | None = None
        gaze: F64 | None = None
        if frame.looked_for & LOOKED_FACE or frame.face is not None:
            searched[Part.FACE] = searched[Part.HEAD] = True
            if frame.face is not None:
                weights, gaze = self._face(frame.captured, frame.face, targets)
                known[_HEAD] = seen[Part.FACE] = seen[Part.HEAD] = True
                coarse[_HEAD] = False
        for side, bit, part in _SIDES:
            hand = frame.right_hand if side else frame.left_hand
            if frame.looked_for & bit or hand is not None:
                searched[part] = True
            if hand is not None and self._belongs(hand, side, frame):
                seen[part] = True
                self._hand(hand, side, targets, known, coarse)
        return Solution(frame.captured, targets, known, coarse, searched, seen, weights, gaze, hips)

    def _belongs(self, hand: HandSample, side: int, frame: MotionFrame) -> bool:
        """Whether the hand is where the body's arm ends (a knee is sometimes taken for a hand)."""
        if frame.body is not None:
            self._last_body = frame.captured, frame.body
        if self._last_body is None or not hand.image_points.any():
            return True
        when, body = self._last_body
        if frame.captured - when > _WRIST_NS or body.visibility[15 + side] < _WRIST_SEEN:
            return True
        places = body.image_points.take(_FRAME[side], 0)[:, :2]
        places = np.concatenate([places, hand.image_points[:1, :2]]).astype(np.float64)
        across, trunk, apart = (_MEASURED @ places * (frame.aspect, 1.0)).tolist()
        ruler = max(math.hypot(*across), 0.6 * math.hypot(*trunk))
        return math.hypot(*apart) < _REACH * ruler

    def _body(
        self, frame: MotionFrame, targets: F64, known: Mask, seen: dict[Part, bool]
    ) -> F64 | None:
        assert frame.body is not None
        points = frame.body.points.astype(np.float64) * CAMERA_TO_MODEL
        visibility = seen_for_sure(frame.body)
        t = solve_body(self.lengths.corrected(points, visibility), visibility)
        chair = t.seated and self._legs == "auto"
        legs_seen = t.legs_seen and not chair and self._legs != "off"
        seen[Part.TORSO], seen[Part.LEGS] = t.torso_seen, legs_seen
        seen[Part.LEFT_ARM], seen[Part.RIGHT_ARM] = bool(t.arms_seen[0]), bool(t.arms_seen[1])
        if t.torso_seen:
            targets[_TRUNK] = (t.hips, t.spine, t.chest)
            targets[body_rows.SHOULDERS] = t.shoulders
            known[_TRUNK] = known[body_rows.SHOULDERS] = True
        if t.head is not None:
            targets[_HEAD], known[_HEAD] = t.head, True
            seen[Part.HEAD] = True
        for rows, values, ok in (
            # A hidden arm is a guess that is shown for a moment: better than where it was.
            (body_rows.UPPER_ARMS, t.upper_arms, t.torso_seen),
            (body_rows.LOWER_ARMS, t.lower_arms, t.torso_seen),
            (body_rows.HANDS, t.hands, t.arms_seen),
        ):
            targets[rows] = values
            known[rows] = ok
        if t.leg_seen and not chair and self._legs != "off":
            for rows, values in (
                (body_rows.UPPER_LEGS, t.upper_legs),
                (body_rows.LOWER_LEGS, t.lower_legs),
                (body_rows.FEET, t.feet),
            ):
                targets[rows], known[rows] = values, True
        if not t.torso_seen:
            return None
        return hips_offset(frame.body, frame.aspect, hips_seen=t.hips_seen)

    def _face(self, captured: int, face: FaceSample, targets: F64) -> tuple[F32, F64]:
        matrix = face.camera_from_head.astype(np.float64)
        weights = face.weights.astype(np.float64)
        raw_gaze = raw_gaze_deg(weights)
        self.neutral.observe(captured, weights, yaw_pitch_deg(matrix), raw_gaze)
        targets[_HEAD] = head_rotation(matrix)
        return correct_weights(weights, self.neutral), raw_gaze - self.neutral.gaze_deg

    @staticmethod
    def _hand(hand: HandSample, side: int, targets: F64, known: Mask, coarse: Mask) -> None:
        sign = -1.0 if side else 1.0
        points = hand.points.astype(np.float64) * CAMERA_TO_MODEL
        solved = solve_hand(points, sign)
        targets[FINGER_ROWS[side]] = solved.fingers
        known[FINGER_ROWS[side]] = True
        if solved.flat:
            targets[body_rows.HANDS[side]] = solved.wrist
            known[body_rows.HANDS[side]] = True
            coarse[body_rows.HANDS[side]] = False
