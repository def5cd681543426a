"""What the solver needs beyond `avatar.quat`: rotation vectors, shares of turns, frames from axes.

Unit quaternions xyzw in float64 arrays (..., 4). Everything broadcasts over leading axes, never
divides by zero and leaves its inputs alone. Products read right to left: ``mul(a, b)`` turns by
`b` first. At a solver's sizes the cost is the number of numpy calls, so few of them are made.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from avatar import quat

F64: TypeAlias = NDArray[np.float64]

mul, inv, rotate = quat.multiply, quat.conjugate, quat.rotate

TINY = 1e-9
IDENTITY: F64 = np.array([0.0, 0.0, 0.0, 1.0])
IDENTITY.flags.writeable = False

_levi = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _levi[_i, _j, _k], _levi[_j, _i, _k] = 1.0, -1.0
_CROSS: F64 = _levi.reshape(9, 3)


def cross(a: F64, b: F64) -> F64:
    """Cross product along the last axis: one outer product, one small matrix product."""
    outer = a[..., :, None] * b[..., None, :]
    product: F64 = outer.reshape(*outer.shape[:-2], 9) @ _CROSS
    return product


def dot(a: F64, b: F64) -> F64:
    """Dot product along the last axis, that axis kept."""
    product: F64 = np.vecdot(a, b)[..., None]
    return product


def length(v: F64) -> F64:
    """Euclidean length along the last axis, that axis kept."""
    size: F64 = np.sqrt(np.vecdot(v, v))[..., None]
    return size


def unit(v: F64) -> F64:
    """`v` at length one; a vector without length stays (nearly) zero."""
    scaled: F64 = v / np.maximum(length(v), TINY)
    return scaled


def reject(v: F64, axis: F64) -> F64:
    """The part of `v` at right angles to the unit vector `axis`."""
    rest: F64 = v - axis * dot(v, axis)
    return rest


def normalise(q: F64) -> F64:
    """`q` at length one; `q` must have a length."""
    scaled: F64 = q / length(q)
    return scaled


def same_side(q: F64, reference: F64) -> F64:
    """`q` or its negative, whichever is nearer to `reference` (both are the same rotation)."""
    return np.where(dot(q, reference) < 0.0, -q, q)


def exp(rotvec: F64) -> F64:
    """The rotation about `rotvec` by its length in radians."""
    half = 0.5 * length(rotvec)
    some = half + TINY
    out = np.zeros((*rotvec.shape[:-1], 4))
    np.multiply(rotvec, 0.5 * np.sin(some) / some, out=out[..., :3])
    np.cos(half, out=out[..., 3:])
    return out


def log(q: F64) -> F64:
    """The rotation vector of `q`, the short way round (radians)."""
    v, w = q[..., :3], q[..., 3:]
    s = length(v)
    angle = 2.0 * np.arctan2(s, np.abs(w))
    vector: F64 = v * np.copysign((angle + 2.0 * TINY) / (s + TINY), w)
    return vector


def turn_rad(q: F64) -> F64:
    """How far `q` turns (radians, 0..pi), last axis kept."""
    turned: F64 = 2.0 * np.arctan2(length(q[..., :3]), np.abs(q[..., 3:]))
    return turned


def power(q: F64, t: F64 | float) -> F64:
    """The share `t` of the rotation `q`, the short way round."""
    return exp(log(q) * t)


def bounded(q: F64, limit_rad: F64 | float) -> F64:
    """`q`, or the share of it that turns by `limit_rad`."""
    vector = log(q)
    return exp(vector * np.minimum(1.0, limit_rad / (length(vector) + TINY)))


def slerp(a: F64, b: F64, t: F64 | float) -> F64:
    """From `a` (t = 0) to `b` (t = 1) at even speed, the short way round."""
    return normalise(mul(a, power(mul(inv(a), b), t)))


def about(axis: F64, radians: F64 | float) -> F64:
    """The rotations by `radians` (...) about the unit vector `axis` (3,)."""
    half = 0.5 * np.asarray(radians, np.float64)[..., None]
    out = np.zeros((*half.shape[:-1], 4))
    np.multiply(axis, np.sin(half), out=out[..., :3])
    np.cos(half, out=out[..., 3:])
    return out


def swing(a: F64, b: F64) -> F64:
    """The smallest rotation that takes the unit vector `a` to the unit vector `b`.

    Opposite vectors have no smallest one; half a turn about some axis is taken.
    """
    a, b = np.broadcast_arrays(a, b)
    w = 1.0 + dot(a, b)
    q = np.concatenate([cross(a, b), w], axis=-1)
    opposite = w < _OPPOSITE
    if opposite.any():
        other = np.where(np.abs(a[..., :1]) < _MOSTLY, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
        half_turn = np.concatenate([cross(a, other), np.zeros_like(w)], axis=-1)
        q = np.where(opposite, half_turn, q)
    return normalise(q)


_OPPOSITE, _MOSTLY = 1e-7, 0.7


def carried(v: F64, a: F64, b: F64) -> F64:
    """`v`, at right angles to the unit vector `a`, turned by the smallest rotation from `a` to `b`.

    Follows from Rodrigues' formula; nearly opposite vectors give a short result, not a fault.
    """
    w = np.maximum(1.0 + dot(a, b), _OPPOSITE)
    turned: F64 = v - (a + b) * (dot(b, v) / w)
    return turned


def twist_about(q: F64, axis: F64) -> F64:
    """The part of `q` that turns about the unit vector `axis`: ``q = swing * twist``."""
    along = axis * dot(q[..., :3], axis)
    twist = np.concatenate([along, q[..., 3:]], axis=-1)
    size = length(twist)
    return np.where(size > TINY, twist / (size + TINY), IDENTITY)


_SHEPPERD = np.zeros((9, 16))
_ONES = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, 1.0]])
for _r in range(4):
    _SHEPPERD[[0, 4, 8], 5 * _r] = _ONES[_r]
for _r, _c, _a, _b, _s in (
    (0, 1, 1, 3, 1), (0, 2, 2, 6, 1), (1, 2, 5, 7, 1),
    (0, 3, 5, 7, -1), (1, 3, 6, 2, -1), (2, 3, 1, 3, -1),
):  # fmt: skip
    for _entry in (4 * _r + _c, 4 * _c + _r):
        _SHEPPERD[_a, _entry], _SHEPPERD[_b, _entry] = 1.0, float(_s)
_DIAGONAL = np.eye(4).reshape(16)


def from_axes(x: F64, y: F64, z: F64) -> F64:
    """The rotation whose columns are the orthonormal vectors `x`, `y`, `z`.

    Takes the row of the 4x4 quaternion product matrix with the largest diagonal element, which
    is Shepperd's method (1978) written for batches.
    """
    rows = np.concatenate([x, y, z], axis=-1) @ _SHEPPERD + _DIAGONAL
    best = np.argmax(rows[..., ::5], axis=-1)
    flat = rows.reshape(-1, 4, 4)
    chosen = flat[np.arange(len(flat)), best.reshape(-1)]
    return normalise(chosen.reshape(*x.shape[:-1], 4))


def matrix_to_quat(m: F64) -> F64:
    """Rotation matrices (..., 3, 3) as quaternions."""
    return from_axes(m[..., :, 0], m[..., :, 1], m[..., :, 2])
