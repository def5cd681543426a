"""Single vectors (x, y, z) and quaternions (x, y, z, w) as plain floats.

For one at a time Python's own floats take a tenth of the time of numpy, whose cost is the call.
The meaning of each function is that of its namesake in `avatar.solve.rotations`.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = tuple[float, float, float]
Turn: TypeAlias = tuple[float, float, float, float]

_TINY = 1e-9
_OPPOSITE, _MOSTLY = 1e-7, 0.7


def turn_of(q: NDArray[np.float64]) -> Turn:
    """A quaternion (4,) as plain floats."""
    x, y, z, w = q.tolist()
    return x, y, z, w


def clamped(x: float, low: float, high: float) -> float:
    """`x` within bounds."""
    return low if x < low else min(x, high)


def plus(a: Vector, b: Vector) -> Vector:
    """The sum."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def minus(a: Vector, b: Vector) -> Vector:
    """The way from `b` to `a`."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def scaled(v: Vector, by: float) -> Vector:
    """`v` times a number."""
    return v[0] * by, v[1] * by, v[2] * by


def dot(a: Vector, b: Vector) -> float:
    """Dot product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Cross product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def length(v: Vector) -> float:
    """Euclidean length."""
    return math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])


def unit(v: Vector) -> Vector:
    """`v` at length one; a vector without length stays (nearly) zero."""
    return scaled(v, 1.0 / max(length(v), _TINY))


def reject(v: Vector, axis: Vector) -> Vector:
    """The part of `v` at right angles to the unit vector `axis`."""
    return minus(v, scaled(axis, dot(v, axis)))


def mul(a: Turn, b: Turn) -> Turn:
    """Hamilton product: first `b`, then `a`."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by + ay * bw + az * bx - ax * bz,
        aw * bz + az * bw + ax * by - ay * bx,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def inv(q: Turn) -> Turn:
    """The inverse."""
    return -q[0], -q[1], -q[2], q[3]


def rotated(q: Turn, v: Vector) -> Vector:
    """`v` turned by `q`."""
    axis = q[:3]
    once = cross(axis, v)
    twice = cross(axis, once)
    return (
        v[0] + 2.0 * (q[3] * once[0] + twice[0]),
        v[1] + 2.0 * (q[3] * once[1] + twice[1]),
        v[2] + 2.0 * (q[3] * once[2] + twice[2]),
    )


def swing(a: Vector, b: Vector) -> Turn:
    """The smallest rotation that takes the unit vector `a` to the unit vector `b`."""
    w = 1.0 + dot(a, b)
    if w < _OPPOSITE:
        x, y, z = cross(a, (1.0, 0.0, 0.0) if abs(a[0]) < _MOSTLY else (0.0, 1.0, 0.0))
        w = 0.0
    else:
        x, y, z = cross(a, b)
    by = 1.0 / max(math.sqrt(x * x + y * y + z * z + w * w), _TINY)
    return x * by, y * by, z * by, w * by


def bounded(q: Turn, limit_rad: float) -> Turn:
    """`q`, or the share of it that turns by `limit_rad`; the short way round."""
    x, y, z, w = q if q[3] >= 0.0 else (-q[0], -q[1], -q[2], -q[3])
    size = math.sqrt(x * x + y * y + z * z)
    if 2.0 * math.atan2(size, w) <= limit_rad:
        return x, y, z, w
    by = math.sin(0.5 * limit_rad) / size
    return x * by, y * by, z * by, math.cos(0.5 * limit_rad)


def power(q: Turn, share: float) -> Turn:
    """The share of the rotation, the short way round."""
    size = math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2])
    half = share * math.atan2(size, abs(q[3]))
    by = math.copysign(math.sin(half) / max(size, _TINY), q[3])
    return q[0] * by, q[1] * by, q[2] * by, math.cos(half)


def from_axes(x: Vector, y: Vector, z: Vector) -> Turn:
    """The rotation whose columns are the orthonormal vectors (Shepperd 1978)."""
    trace = x[0] + y[1] + z[2]
    best = max(trace, x[0], y[1], z[2])
    if best == trace:
        q = (y[2] - z[1], z[0] - x[2], x[1] - y[0], 1.0 + trace)
    elif best == x[0]:
        q = (1.0 + 2.0 * x[0] - trace, x[1] + y[0], z[0] + x[2], y[2] - z[1])
    elif best == y[1]:
        q = (x[1] + y[0], 1.0 + 2.0 * y[1] - trace, y[2] + z[1], z[0] - x[2])
    else:
        q = (z[0] + x[2], y[2] + z[1], 1.0 + 2.0 * z[2] - trace, x[1] - y[0])
    by = 1.0 / math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    return q[0] * by, q[1] * by, q[2] * by, q[3] * by
