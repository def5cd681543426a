"""iFacialMocap's and Facemotion3D's packets (ifacialmocap.com, "for developer").

Text: ``name-value|`` (first dialect) or ``name&value|`` (second), values of 0..100, and after
``=head#`` the head's turn in degrees and place in metres, then ``rightEye#`` and ``leftEye#``.
"""

from __future__ import annotations

import math
import re

import numpy as np

from capture.face_words import WEIGHT_OF, FaceReading
from flow.motion import ARKIT_NAMES

PORT, FACEMOTION_PORT = 49983, 49993
HELLO = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719|sendDataVersion=v2"
"""What makes the phone send, in the second dialect; older versions answer in the first."""
FACEMOTION_HELLO = b"FACEMOTION3D_OtherStreaming"

_LARGEST = 16_384
_PAIR = re.compile(r"\s*=?([A-Za-z0-9_]+?)\s*[&-]\s*(-?[0-9]+(?:\.[0-9]*)?)\s*")
_TURN = re.compile(r"\s*=?(head|rightEye|leftEye)\s*#(.*)", re.DOTALL)
_LEAST = 10
"""A face says at least so many of its weights."""
_ANGLES = 3


def parse(packet: bytes) -> FaceReading | None:
    """The face in a packet, or None. Names that nobody knows are passed over."""
    if len(packet) > _LARGEST:
        return None
    try:
        text = packet.decode("utf-8")
    except UnicodeDecodeError:
        return None
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    turns: dict[str, tuple[float, float, float]] = {}
    known = 0
    for word in text.split("|"):
        pair = _PAIR.fullmatch(word)
        if pair is not None:
            place = WEIGHT_OF.get(pair[1].lower())
            if place is not None:
                weights[place] = min(max(float(pair[2][:12]) / 100.0, 0.0), 1.0)
                known += 1
            continue
        turn = _TURN.fullmatch(word)
        if turn is not None:
            angles = _numbers(turn[2])
            if angles is None:
                return None
            turns[turn[1]] = angles
    if known < _LEAST:
        return None
    gaze = None
    if "rightEye" in turns and "leftEye" in turns:
        right, left = turns["rightEye"], turns["leftEye"]
        gaze = (0.5 * (right[1] + left[1]), 0.5 * (right[0] + left[0]))
    return FaceReading(weights, turns.get("head"), gaze)


def _numbers(text: str) -> tuple[float, float, float] | None:
    """The first three of some numbers; None when they are none."""
    words = text.split(",")
    if len(words) < _ANGLES:
        return None
    try:
        x, y, z = (float(word[:24]) for word in words[:_ANGLES])
    except ValueError:
        return None
    return (x, y, z) if all(map(math.isfinite, (x, y, z))) else None
