"""Landmarks as lines over a picture: face contours, body, hands."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from capture.puppet_face import (
    BROW_LOWER,
    BROW_UPPER,
    IRIS,
    LID_LOWER,
    LID_UPPER,
    LIP_LOWER_INNER,
    LIP_LOWER_OUTER,
    LIP_UPPER_INNER,
    LIP_UPPER_OUTER,
    NOSE_RIDGE,
    OUTLINE,
)
from flow.motion import BodySample, FaceSample, HandSample, MotionFrame
from flow.spec import F32

FACE, BODY, LEFT, RIGHT = (245, 214, 120), (120, 220, 150), (110, 190, 255), (255, 140, 120)
AXES = ((255, 110, 110), (120, 230, 120), (120, 160, 255))
"""The head's x (to its left), y (up) and z (out of the face)."""

_CONTOURS: tuple[Sequence[int], ...] = (
    (*OUTLINE, OUTLINE[0]), LIP_UPPER_OUTER, LIP_UPPER_INNER, LIP_LOWER_INNER, LIP_LOWER_OUTER,
    NOSE_RIDGE, *LID_UPPER.values(), *LID_LOWER.values(), *BROW_UPPER.values(),
    *BROW_LOWER.values(), *((*ring[1:], ring[1]) for ring in IRIS.values()),
)  # fmt: skip
_BODY_CHAINS: tuple[Sequence[int], ...] = (
    (15, 13, 11, 12, 14, 16), (11, 23, 24, 12), (23, 25, 27, 29, 31, 27), (24, 26, 28, 30, 32, 28),
)  # fmt: skip
_HEAD_CHAINS: tuple[Sequence[int], ...] = ((7, 2, 0, 5, 8), (9, 10))
_HAND_CHAINS: tuple[Sequence[int], ...] = (
    (0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (0, 17, 18, 19, 20),
    (5, 9, 13, 17),
)  # fmt: skip
_VISIBLE = 0.5
_FAINT = 0.35
_AXIS = 0.09
"""Length of a head's axis, as a share of the picture's height."""

Box = tuple[float, float, float, float]
"""Left, top, width, height of the picture inside the panel, in pixels."""


def draw(panel: Image.Image, frame: MotionFrame, box: Box) -> None:
    """Draw all that was seen in `frame` into `panel`, whose picture fills `box`."""
    pen = ImageDraw.Draw(panel)
    thick = max(round(box[3] / 180), 1)
    if frame.body is not None:
        meshed = frame.face is not None and frame.face.points is not None
        chains = _BODY_CHAINS if meshed else _BODY_CHAINS + _HEAD_CHAINS
        _body(pen, frame.body, chains, box, thick)
    for hand, ink in ((frame.left_hand, LEFT), (frame.right_hand, RIGHT)):
        if hand is not None:
            _hand(pen, hand, ink, box, thick)
    if frame.face is not None:
        _face(pen, frame.face, frame.body, box, thick)


def _place(points: F32, box: Box) -> F32:
    left, top, width, height = box
    return np.asarray(points[:, :2] * (width, height) + (left, top), np.float32)


def _line(
    pen: ImageDraw.ImageDraw, places: F32, chain: Sequence[int], ink: tuple[int, ...], thick: int
) -> None:
    pen.line([tuple(p) for p in places[list(chain)].tolist()], fill=ink, width=thick)


def _body(
    pen: ImageDraw.ImageDraw,
    body: BodySample,
    chains: Sequence[Sequence[int]],
    box: Box,
    thick: int,
) -> None:
    places = _place(body.image_points, box)
    for chain in chains:
        for one, two in pairwise(chain):
            seen = min(body.visibility[one], body.visibility[two]) >= _VISIBLE
            ink = BODY if seen else tuple(round(c * _FAINT) for c in BODY)
            _line(pen, places, (one, two), ink, thick)


def _hand(
    pen: ImageDraw.ImageDraw, hand: HandSample, ink: tuple[int, ...], box: Box, thick: int
) -> None:
    places = _place(hand.image_points, box)
    for chain in _HAND_CHAINS:
        _line(pen, places, chain, ink, thick)


def _face(
    pen: ImageDraw.ImageDraw, face: FaceSample, body: BodySample | None, box: Box, thick: int
) -> None:
    if face.points is not None:
        places = _place(face.points, box)
        for contour in _CONTOURS:
            _line(pen, places, contour, FACE, max(thick // 2, 1))
        return
    # A face without points: its axes, where the body has the nose.
    middle = np.array([[0.5, 0.3]], np.float32) if body is None else body.image_points[:1]
    x, y = _place(middle, box)[0].tolist()
    for axis, ink in enumerate(AXES):
        to_right, up = (face.camera_from_head[:2, axis] * _AXIS * box[3]).tolist()
        pen.line([(x, y), (x + to_right, y - up)], fill=ink, width=thick + 1)
