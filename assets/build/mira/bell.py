"""The bell that her hair lies on: a grown skull that hangs straight below its equator.

Coordinates: angle (0 front, + her left; radians), height above the chin, lift; millimetres.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from assets.build.mira.head import section
from assets.build.mira.mesh import F64, smooth, unit

_MIDDLE = np.array([0.0, 112.0, -8.0])
_EQUATOR = 96.0
# Below the equator the bell hangs: height, half width, front, back.
_BELL = np.array([
    (-230, 66, 40, -152), (-190, 74, 44, -146), (-130, 82, 48, -134), (-80, 85, 52, -122),
    (-30, 86, 56, -110), (20, 84, 64, -102), (60, 80, 76, -98), (96, 76, 90, -93),
])  # fmt: skip
_WIDE, _AHEAD, _BEHIND = (PchipInterpolator(_BELL[:, 0], _BELL[:, i]) for i in (1, 2, 3))


def bell(angle: F64, y: F64, lift: F64) -> F64:
    """(n, 3) points at `lift` millimetres off the bell."""
    high = np.maximum(y, _EQUATOR)
    skull = section(high, angle)
    grown = _MIDDLE + (skull - _MIDDLE) * (1 + lift / 82.0)[:, None]
    # A rounder crown than the skull's.
    grown[:, 1] += 9.0 * smooth((high - 196.0) / 40.0)
    low = np.clip(y, -230.0, _EQUATOR)
    c, s = np.cos(angle), np.sin(angle)
    depth = np.where(c >= 0, _AHEAD(low) + 4.0, -_BEHIND(low) - 4.0)
    x = (_WIDE(low) + lift) * np.sign(s) * np.abs(s) ** 0.9
    z = -4.0 + (depth + lift) * np.sign(c) * np.abs(c) ** 0.93
    hung = np.stack([x, y, z], 1)
    blend = smooth((y - 70.0) / 50.0)[:, None]
    grown[:, 1] += np.minimum(y - _EQUATOR, 0.0)
    out: F64 = hung + blend * (grown - hung)
    return out


def outward(p: F64) -> F64:
    """The calm direction away from the head that shading of hair leans on."""
    c = np.stack([0 * p[:, 0], np.clip(p[:, 1], -200.0, 118.0), 0 * p[:, 0] - 8.0], 1)
    return unit((p - c) * [1.0, 0.9, 1.0])


def strand_v(y: F64) -> F64:
    """Place in the hair texture for a height."""
    return np.interp(-y, [-246.0, -90.0, 210.0], [0.01, 0.45, 0.99])
