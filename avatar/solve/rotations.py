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

mul, inv, rotate, cross = quat.multiply, quat.conjugate, quat.rotate, quat.cross
about, IDENTITY = quat.from_axis_angle, quat.IDENTITY

TINY = 1e-9


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


def within(x: F64, low: F64 | float, high: F64 | float) -> F64:
    """`x` within bounds (numpy's own clip takes thrice as long on small arrays)."""
    bounded_: F64 = np.minimum(np.maximum(x, low), high)
    return bounded_


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
    same: F64 = q * np.copysign(1.0, dot(q, reference))
    return same


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


def from_axes(x: F64, y: F64, z: F64) -> F64:
    """The rotation whose columns are the orthonormal vectors `x`, `y`, `z`."""
    return normalise(quat.unscaled_from_axes(x, y, z))


def matrix_to_quat(m: F64) -> F64:
    """Rotation matrices (..., 3, 3) as quaternions; unlike `quat.from_matrix` it trusts them."""
    return from_axes(m[..., :, 0], m[..., :, 1], m[..., :, 2])
