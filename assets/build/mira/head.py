"""The head as stacked egg-shaped sections, drawn from a front silhouette and a profile.

Millimetres in the head frame: origin at the chin's level on the ear axis, x to her left, y up,
z out of the face.
"""

# Coordinates and radii read best in the order of a drawing.
# ruff: noqa: PLR0917
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from assets.build.mira.mesh import F64, unit
from assets.build.mira.skeleton import CHIN_Y, HEAD_SCALE, HEAD_Z

CROWN = 236.0
# Half width of the face over height, then front, back and widest line of the profile.
_SILHOUETTE = [(0, 0), (6, 0.3), (12, 1.8), (19, 5.5), (27, 11.5), (37, 20.5), (47, 31.5),
               (56, 45), (63, 61), (68.5, 79), (73, 101), (76.5, 125), (78, 150),
               (75.5, 175), (67, 198), (51, 218), (28, 231), (0, 236)]  # fmt: skip
_FRONT = [(0, 70), (4, 79), (12, 83.5), (24, 84.5), (36, 85.5), (60, 88), (84, 89), (100, 89.5),
          (125, 91), (150, 90), (175, 83), (198, 69), (218, 47), (231, 21), (236, -6)]  # fmt: skip
_BACK = [(0, 68), (2, 58), (6, 40), (12, 14), (20, -14), (32, -38), (50, -60), (84, -84),
         (100, -91), (125, -97), (150, -98), (175, -91), (198, -77), (218, -55), (231, -30),
         (236, -8)]  # fmt: skip
_WIDEST = [(0, 68), (4, 62), (12, 48), (24, 32), (36, 20), (60, 6), (100, -4), (150, -8),
           (236, -7)]  # fmt: skip
_FRONT_POWER, _SIDE_POWER = 2.15, 2.25


def _curve(points: Sequence[tuple[float, float]], x_first: bool = False) -> tuple[F64, F64]:
    """A dense smooth curve through points, as (heights, values); parametrised by chord."""
    p = np.array(points, np.float64)
    if x_first:
        p = p[:, ::-1]
    t = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(p, axis=0).T))])
    fine = np.linspace(0, t[-1], 4000)
    y = PchipInterpolator(t, p[:, 0])(fine)
    return np.maximum.accumulate(y), PchipInterpolator(t, p[:, 1])(fine)


_CURVES = {
    "width": _curve(_SILHOUETTE, x_first=True),
    "front": _curve(_FRONT),
    "back": _curve(_BACK),
    "widest": _curve(_WIDEST),
}


def profile(name: str, y: F64) -> F64:
    """One of width, front, back, widest at heights `y`."""
    ys, vs = _CURVES[name]
    return np.interp(y, ys, vs)


def _bump(x: F64, y: F64, cx: float, cy: float, sx: float, sy: float) -> F64:
    return np.exp(-0.5 * (((np.abs(x) - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))


def nose(x: F64, y: F64) -> F64:
    """How far the nose stands out: a soft bridge that rises to a small upturned tip."""
    up = np.clip((y - 57.0) / 42.0, 0.0, 1.0)
    bridge = (1 - up) ** 1.6 * 7.0 + 1.0 * (1 - up)
    under = np.clip((57.0 - y) / 7.5, 0.0, 1.0)
    height = np.where(y >= 57.0, bridge, 8.0 * (1 - under * under * (3 - 2 * under)))
    width = 4.2 + 3.0 * np.exp(-0.5 * ((y - 56.0) / 6.0) ** 2)
    return height * np.exp(-0.5 * (x / width) ** 2)


def detail(x: F64, y: F64) -> F64:
    """Everything that stands out of the plain sections, along z."""
    out = nose(x, y)
    out -= 2.2 * _bump(x, y, 31, 99, 17, 12)
    out += 1.3 * _bump(x, y, 46, 66, 15, 13)
    out += 1.3 * _bump(x, y, 0, 39.0, 9, 2.4) + 1.9 * _bump(x, y, 0, 31.0, 8, 3.0)
    out -= 1.2 * _bump(x, y, 0, 24.0, 12, 3.5)
    out += 1.6 * _bump(x, y, 0, 11.0, 12, 8)
    return out


def height(x: F64, y: F64) -> F64:
    """Z of the face surface in front of (x, y), details included."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    a = np.maximum(profile("width", y), 1e-3)
    mid = profile("widest", y)
    s = np.clip(1.0 - (np.abs(x) / a) ** _SIDE_POWER, 0.0, 1.0)
    return mid + (profile("front", y) - mid) * s ** (1 / _FRONT_POWER) + detail(x, y)


def section(y: F64, theta: F64, grow: float = 0.0) -> F64:
    """(n, 3) surface points at height `y` and angle `theta` (0 front, +90 deg her left)."""
    a = profile("width", y) + grow
    mid = profile("widest", y)
    c, s = np.cos(theta), np.sin(theta)
    depth = np.where(c >= 0, profile("front", y) - mid + grow, mid - profile("back", y) + grow)
    x = a * np.sign(s) * np.abs(s) ** (2 / _SIDE_POWER)
    z = mid + depth * np.sign(c) * np.abs(c) ** (2 / _FRONT_POWER)
    front = np.clip(c, 0, 1) ** 0.5
    return np.stack([x, y + 0 * x, z + front * detail(x, y)], axis=-1)


def implicit(p: F64) -> F64:
    """About the distance in millimetres from the plain head, without details."""
    y = np.clip(p[:, 1], 1.0, CROWN - 1.0)
    a = np.maximum(profile("width", y), 2.0)
    mid = profile("widest", y)
    z = p[:, 2] - mid
    depth = np.maximum(np.where(z >= 0, profile("front", y) - mid, mid - profile("back", y)), 2.0)
    q = (np.abs(p[:, 0]) / a) ** 2.2 + (np.abs(z) / depth) ** 2.2
    beyond = np.maximum(p[:, 1] - (CROWN - 1.0), 0) + np.maximum(1.0 - p[:, 1], 0)
    out: F64 = (q ** (1 / 2.2) - 1.0) * np.minimum(a, depth) + beyond
    return out


def calm_normals(p: F64) -> F64:
    """Shading normals of a much simpler head, so that toon light falls in clean shapes."""
    ball = unit((p - np.array([0.0, 108.0, -14.0])) / np.array([1.0, 1.55, 1.05]))
    h = 2.0
    g = np.stack([implicit(p + e) - implicit(p - e) for e in (np.eye(3) * h)], axis=1)
    return unit(0.55 * ball + 0.45 * unit(g))


def to_world(p: F64) -> F64:
    """Head millimetres to model metres."""
    out: F64 = p * HEAD_SCALE / 1000.0 + np.array([0.0, CHIN_Y, HEAD_Z])
    return out


def moved_to_world(d: F64) -> F64:
    """Displacements in head millimetres to model metres."""
    out: F64 = d * HEAD_SCALE / 1000.0
    return out
