"""Batches of rotations as the solver needs them: unit quaternions xyzw in arrays (..., 4).

Everything is float64, broadcasts over leading axes, never divides by zero and leaves its inputs
alone. Products read right to left: ``mul(a, b)`` turns by `b` first.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

F64: TypeAlias = NDArray[np.float64]

TINY = 1e-9
_OPPOSITE, _MOSTLY = 1e-7, 0.7
IDENTITY: F64 = np.array([0.0, 0.0, 0.0, 1.0])
IDENTITY.flags.writeable = False


def cross(a: F64, b: F64) -> F64:
    """Cross product along the last axis; several times faster than `np.cross` on small batches."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def dot(a: F64, b: F64) -> F64:
    """Dot product along the last axis, that axis kept."""
    return np.asarray((a * b).sum(axis=-1, keepdims=True), np.float64)


def length(v: F64) -> F64:
    """Euclidean length along the last axis, that axis kept."""
    return np.asarray(np.sqrt((v * v).sum(axis=-1, keepdims=True)), np.float64)


def unit(v: F64) -> F64:
    """`v` at length one; a vector without length stays (nearly) zero."""
    return np.asarray(v / np.maximum(length(v), TINY), np.float64)


def reject(v: F64, axis: F64) -> F64:
    """The part of `v` at right angles to the unit vector `axis`."""
    return np.asarray(v - axis * dot(v, axis), np.float64)


def mul(a: F64, b: F64) -> F64:
    """The rotation `b` followed by `a`."""
    av, aw, bv, bw = a[..., :3], a[..., 3:], b[..., :3], b[..., 3:]
    v = aw * bv + bw * av + cross(av, bv)
    return np.concatenate([v, aw * bw - dot(av, bv)], axis=-1)


_CONJUGATE = np.array([-1.0, -1.0, -1.0, 1.0])


def inv(q: F64) -> F64:
    """The opposite rotation."""
    return q * _CONJUGATE


def rotate(q: F64, v: F64) -> F64:
    """`v` turned by `q`."""
    t = 2.0 * cross(q[..., :3], v)
    return v + q[..., 3:] * t + cross(q[..., :3], t)


def normalise(q: F64) -> F64:
    """`q` at length one; a quaternion without length becomes the identity."""
    n = length(q)
    return np.where(n > TINY, q / np.maximum(n, TINY), IDENTITY)


def same_side(q: F64, reference: F64) -> F64:
    """`q` or its negative, whichever is nearer to `reference` (both are the same rotation)."""
    return np.where(dot(q, reference) < 0.0, -q, q)


def exp(rotvec: F64) -> F64:
    """The rotation about `rotvec` by its length in radians."""
    angle = length(rotvec)
    scale = 0.5 * np.sinc(angle / (2.0 * np.pi))
    return np.concatenate([rotvec * scale, np.cos(0.5 * angle)], axis=-1)


def log(q: F64) -> F64:
    """The rotation vector of `q`, the short way round (radians)."""
    q = np.where(q[..., 3:] < 0.0, -q, q)
    s = length(q[..., :3])
    angle = 2.0 * np.arctan2(s, q[..., 3:])
    return q[..., :3] * np.where(s > TINY, angle / np.maximum(s, TINY), 2.0)


def angle(q: F64) -> F64:
    """How far `q` turns (radians, 0..pi), last axis kept."""
    return np.asarray(2.0 * np.arctan2(length(q[..., :3]), np.abs(q[..., 3:])), np.float64)


def power(q: F64, t: F64 | float) -> F64:
    """The share `t` of the rotation `q`, the short way round."""
    return exp(log(q) * t)


def slerp(a: F64, b: F64, t: F64 | float) -> F64:
    """From `a` (t = 0) to `b` (t = 1) at even speed, the short way round."""
    return normalise(mul(a, power(mul(inv(a), b), t)))


def about(axis: F64, radians: F64 | float) -> F64:
    """The rotation by `radians` about the unit vector `axis`."""
    half = 0.5 * np.asarray(radians, np.float64)[..., None]
    return np.concatenate(np.broadcast_arrays(axis * np.sin(half), np.cos(half)), axis=-1)[..., :4]


def swing(a: F64, b: F64) -> F64:
    """The smallest rotation that takes the unit vector `a` to the unit vector `b`."""
    q = np.concatenate([cross(a, b), 1.0 + dot(a, b)], axis=-1)
    # Opposite vectors: any axis at right angles does.
    other = np.where(np.abs(a[..., :1]) < _MOSTLY, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    half_turn = np.concatenate([cross(a, other), np.zeros_like(a[..., :1])], axis=-1)
    return normalise(np.where(q[..., 3:] > _OPPOSITE, q, half_turn))


def twist_about(q: F64, axis: F64) -> F64:
    """The part of `q` that turns about the unit vector `axis`: ``q = swing * twist``."""
    along = axis * dot(q[..., :3], axis)
    return normalise(np.concatenate([along, q[..., 3:]], axis=-1))


def from_axes(x: F64, y: F64, z: F64) -> F64:
    """The rotation whose columns are the orthonormal vectors `x`, `y`, `z`.

    Takes the row of the 4x4 quaternion product matrix with the largest diagonal element, which
    is Shepperd's method (1978) written for batches.
    """
    xx, xy, xz = x[..., 0], x[..., 1], x[..., 2]
    yx, yy, yz = y[..., 0], y[..., 1], y[..., 2]
    zx, zy, zz = z[..., 0], z[..., 1], z[..., 2]
    a, b, c = yx + xy, zx + xz, zy + yz
    d, e, f = yz - zy, zx - xz, xy - yx
    rows = np.stack(
        [
            1 + xx - yy - zz, a, b, d,
            a, 1 - xx + yy - zz, c, e,
            b, c, 1 - xx - yy + zz, f,
            d, e, f, 1 + xx + yy + zz,
        ],
        axis=-1,
    ).reshape(*xx.shape, 4, 4)  # fmt: skip
    best = np.argmax(np.diagonal(rows, axis1=-2, axis2=-1), axis=-1)
    return normalise(np.take_along_axis(rows, best[..., None, None], axis=-2)[..., 0, :])


def frame_xy(x: F64, y_hint: F64) -> F64:
    """The rotation whose x axis is `x` exactly and whose y axis leans to `y_hint`."""
    x = unit(x)
    y = unit(reject(y_hint, x))
    return from_axes(x, y, cross(x, y))


def frame_yx(y: F64, x_hint: F64) -> F64:
    """The rotation whose y axis is `y` exactly and whose x axis leans to `x_hint`."""
    y = unit(y)
    x = unit(reject(x_hint, y))
    return from_axes(x, y, cross(x, y))


def matrix_to_quat(m: F64) -> F64:
    """Rotation matrices (..., 3, 3) as quaternions."""
    return from_axes(m[..., :, 0], m[..., :, 1], m[..., :, 2])
