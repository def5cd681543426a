"""`MotionFrame` as bytes and back, bit for bit: what crosses the capture pipe and fills takes.

Layout (little-endian): header ``<4sBBHqqf`` = magic ``MSMF``, version, parts bit set, flags,
seq, captured, aspect; then the present parts in the order face, body, left hand, right hand, each
as its float32 arrays in field order (a hand ends with its confidence). In version 1 a face begins
with its 478 points (7 to 9 kB for everything); in version 2 it has none (at most 3 kB).
"""

from __future__ import annotations

import struct

import numpy as np

from flow.errors import AssetError
from flow.motion import (
    BODY_POINTS,
    FACE_POINTS,
    HAND_POINTS,
    LOOKED_BODY,
    LOOKED_FACE,
    LOOKED_LEFT,
    LOOKED_RIGHT,
    BodySample,
    FaceSample,
    HandSample,
    MotionFrame,
)
from flow.spec import F32

MAGIC = b"MSMF"
VERSION, WITHOUT_FACE_POINTS = 1, 2
_HEADER = struct.Struct("<4sBBHqqf")
_MIRRORED = 1

_FACE = 52 + 16
_MESH = FACE_POINTS * 3
_BODY = BODY_POINTS * 3 * 2 + BODY_POINTS
_HAND = HAND_POINTS * 3 * 2 + 1


def pack(frame: MotionFrame) -> bytes:
    """The frame as bytes."""
    parts = 0
    arrays: list[F32] = []
    version = VERSION
    if frame.face is not None:
        parts |= LOOKED_FACE
        if frame.face.points is None:
            version = WITHOUT_FACE_POINTS
        else:
            arrays.append(frame.face.points)
        arrays += [frame.face.weights, frame.face.camera_from_head]
    if frame.body is not None:
        parts |= LOOKED_BODY
        arrays += [frame.body.points, frame.body.image_points, frame.body.visibility]
    for bit, hand in ((LOOKED_LEFT, frame.left_hand), (LOOKED_RIGHT, frame.right_hand)):
        if hand is not None:
            parts |= bit
            arrays += [hand.points, hand.image_points, np.array([hand.confidence], np.float32)]
    flags = (_MIRRORED if frame.mirrored else 0) | frame.looked_for << 8
    head = _HEADER.pack(MAGIC, version, parts, flags, frame.seq, frame.captured, frame.aspect)
    return head + b"".join(np.ascontiguousarray(a, np.float32).tobytes() for a in arrays)


def unpack(data: bytes | memoryview) -> MotionFrame:
    """The frame in `data`.

    Raises:
        AssetError: ``motion.damaged`` when the bytes are not one whole frame of a known version.
    """
    if len(data) < _HEADER.size:
        raise _damaged("is shorter than its header")
    magic, version, parts, flags, seq, captured, aspect = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise _damaged("does not begin with MSMF")
    if version not in (VERSION, WITHOUT_FACE_POINTS):
        raise _damaged(f"has version {version}; this program reads {VERSION} and 2")
    face_size = _FACE if version == WITHOUT_FACE_POINTS else _MESH + _FACE
    sizes = [face_size * bool(parts & 1), _BODY * bool(parts & 2)]
    sizes += [_HAND * bool(parts & 4), _HAND * bool(parts & 8)]
    if len(data) != _HEADER.size + 4 * sum(sizes):
        raise _damaged(f"has {len(data)} bytes instead of {_HEADER.size + 4 * sum(sizes)}")
    values = np.frombuffer(data, np.float32, offset=_HEADER.size).copy()
    if not bool(np.isfinite(values).all()):
        raise _damaged("has numbers that are not finite")
    face, body, left, right = np.split(values, np.cumsum(sizes)[:-1])
    return MotionFrame(
        seq=seq,
        captured=captured,
        aspect=aspect,
        face=_face(face) if face.size else None,
        body=_body(body) if body.size else None,
        left_hand=_hand(left) if left.size else None,
        right_hand=_hand(right) if right.size else None,
        mirrored=bool(flags & _MIRRORED),
        looked_for=flags >> 8,
    )


def _face(v: F32) -> FaceSample:
    points = v[:-_FACE].reshape(-1, 3) if v.size > _FACE else None
    return FaceSample(points, v[-_FACE:-16], v[-16:].reshape(4, 4))


def _body(v: F32) -> BodySample:
    n = BODY_POINTS * 3
    return BodySample(v[:n].reshape(-1, 3), v[n : 2 * n].reshape(-1, 3), v[2 * n :])


def _hand(v: F32) -> HandSample:
    n = HAND_POINTS * 3
    return HandSample(v[:n].reshape(-1, 3), v[n : 2 * n].reshape(-1, 3), float(v[-1]))


def _damaged(why: str) -> AssetError:
    return AssetError(f"A motion frame {why}.", code="motion.damaged")
