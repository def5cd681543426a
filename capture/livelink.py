"""Live Link Face's packets: ARKit's 52 weights and the turns of head and eyes, in binary.

Little-endian version, a UUID of 37 bytes, a name, the time, then 61 big-endian floats: the weights
in ARKit's own order and nine turns in radians. (JimWest/PyLiveLinkFace describes version 6.)
"""

from __future__ import annotations

import math
import struct

import numpy as np

from capture.face_words import NO_FACE, FaceReading
from flow.motion import ARKIT_INDEX, ARKIT_NAMES
from flow.spec import I32

PORT = 11111
_VERSION = 6
_NAME_AT = 41
_MOST_NAME = 256
_VALUES = 61
_TIME_BYTES = 16


def _order() -> I32:
    """Where each weight of a packet stands in `ARKIT_NAMES`: theirs go eyes, jaw, mouth, brows."""
    eye = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
    names = [f"eye{word}{side}" for side in ("Left", "Right") for word in eye]
    names += ["jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel"]
    names += ["mouthPucker", "mouthLeft", "mouthRight"]
    for word in ("Smile", "Frown", "Dimple", "Stretch"):
        names += [f"mouth{word}Left", f"mouth{word}Right"]
    names += ["mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"]
    for word in ("Press", "LowerDown", "UpperUp"):
        names += [f"mouth{word}Left", f"mouth{word}Right"]
    names += ["browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"]
    names += ["cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight"]
    names += ["tongueOut"]
    return np.array([ARKIT_INDEX[name] for name in names], np.int32)


ORDER: I32 = _order()


def parse(packet: bytes) -> FaceReading | None:
    """The face in a packet, or None: another version, no face in it, or no packet of this kind."""
    if len(packet) < _NAME_AT + 4:
        return None
    (version,) = struct.unpack_from("<I", packet)
    (length,) = struct.unpack_from(">i", packet, _NAME_AT)
    at = _NAME_AT + 4 + length + _TIME_BYTES
    if version != _VERSION or not 0 <= length <= _MOST_NAME:
        return None
    if _NAME_AT + 4 + length <= len(packet) <= at:
        return NO_FACE
    if len(packet) != at + 1 + 4 * _VALUES or packet[at] != _VALUES:
        return None
    values = np.frombuffer(packet, ">f4", _VALUES, at + 1).astype(np.float32)
    if not np.isfinite(values).all():
        return None
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    weights[ORDER] = values[: len(ARKIT_NAMES)]
    yaw, pitch, roll = (math.degrees(v) for v in values[52:55].tolist())
    return FaceReading(weights, (-pitch, yaw, roll))
