"""Unit quaternions xyzw as arrays (..., 4), float64 inside, any leading shape.

Products and matrices are one or two small matrix products each: at the sizes of an avatar (tens of
bones) numpy's cost is the number of calls, and repeating a row or column, not the arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]
_SMALLEST = 1e-9
_NEAR = 1e-6
_MUCH = 1e100
IDENTITY: F64 = np.array([0.0, 0.0, 0.0, 1.0])
IDENTITY.flags.writeable = False
_FIRST, _SECOND = np.triu_indices(4)


def _product_table() -> F64:
    """(4, 16): from a the matrix, row by row, that multiplies b by it (Hamilton)."""
    x, y, z, w = range(4)
    table = np.zeros((4, 4, 4))
    for out, i, j, sign in (
        (x, w, x, 1), (x, x, w, 1), (x, y, z, 1), (x, z, y, -1),
        (y, w, y, 1), (y, y, w, 1), (y, z, x, 1), (y, x, z, -1),
        (z, w, z, 1), (z, z, w, 1), (z, x, y, 1), (z, y, x, -1),
        (w, w, w, 1), (w, x, x, -1), (w, y, y, -1), (w, z, z, -1),
    ):  # fmt: skip
        table[i, out, j] = sign
    return table.reshape(4, 16)


def _matrix_table() -> F64:
    """(10, 9): rotation matrix entries, row by row, from the products q_i q_j, i <= j."""
    x, y, z, w = range(4)
    table = np.zeros((4, 4, 3, 3))
    for axis in range(3):
        for other in range(4):
            table[other, other, axis, axis] = 1.0 if other in (axis, w) else -1.0
    for row, col, i, j, sign in (
        (0, 1, x, y, 1), (0, 1, z, w, -1), (1, 0, x, y, 1), (1, 0, z, w, 1),
        (0, 2, x, z, 1), (0, 2, y, w, 1), (2, 0, x, z, 1), (2, 0, y, w, -1),
        (1, 2, y, z, 1), (1, 2, x, w, -1), (2, 1, y, z, 1), (2, 1, x, w, 1),
    ):  # fmt: skip
        table[i, j, row, col] = 2.0 * sign
    return table[_FIRST, _SECOND].reshape(10, 9)


def _cross_table() -> F64:
    """(3, 9): from u the matrix, row by row, that takes v to u × v (the Levi-Civita symbol)."""
    table = np.zeros((3, 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        table[i, k, j], table[j, k, i] = 1.0, -1.0
    return table.reshape(3, 9)


def _shepperd_table() -> F64:
    """(9, 16): the 4x4 matrix of quaternion products, less the identity, from x, y, z columns."""
    table = np.zeros((9, 16))
    signs = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, 1.0]])
    for row in range(4):
        table[[0, 4, 8], 5 * row] = signs[row]
    for row, col, a, b, sign in (
        (0, 1, 1, 3, 1), (0, 2, 2, 6, 1), (1, 2, 5, 7, 1),
        (0, 3, 5, 7, -1), (1, 3, 6, 2, -1), (2, 3, 1, 3, -1),
    ):  # fmt: skip
        for entry in (4 * row + col, 4 * col + row):
            table[a, entry], table[b, entry] = 1.0, float(sign)
    return table


_PRODUCT = _product_table()
_CROSS = _cross_table()
_SHEPPERD = _shepperd_table()
_DIAGONAL = np.eye(4).reshape(16)
_MATRIX = _matrix_table()
_CONJUGATE: F64 = np.array([-1.0, -1.0, -1.0, 1.0])


def multiply(a: NDArray[Any], b: NDArray[Any]) -> F64:
    """Hamilton product: first `b`, then `a`."""
    left = a.reshape(-1, 4).dot(_PRODUCT).reshape(*a.shape, 4)
    product: F64 = np.matvec(left, b)
    return product


def between(before: NDArray[Any], after: NDArray[Any]) -> F64:
    """(k, 4, 4) matrices that take a quaternion q, as a vector, to `before` q `after`, (k, 4)."""
    columns = multiply(multiply(before[:, None], np.eye(4)), after[:, None])
    return np.ascontiguousarray(columns.transpose(0, 2, 1))


def conjugate(q: NDArray[Any]) -> F64:
    """The inverse of unit quaternions."""
    return np.asarray(q * _CONJUGATE, np.float64)


def normalize(q: NDArray[Any]) -> F64:
    """Unit quaternions; anything that has no direction (zero, not finite) becomes the identity."""
    q = np.array(q, np.float64)
    if q.size and np.abs(q).max() < _MUCH and (square := np.vecdot(q, q)).min() > _SMALLEST:
        return np.asarray(q / np.sqrt(square)[..., None], np.float64)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        length = np.sqrt(np.einsum("...i,...i->...", q, q))
        good = (length > _SMALLEST) & np.isfinite(length)
    if good.all():
        return np.asarray(q / length[..., None], np.float64)
    q[~good] = IDENTITY
    return np.asarray(q / np.where(good, length, 1.0)[..., None], np.float64)


def to_matrix(q: NDArray[Any]) -> F64:
    """(..., 3, 3) rotation matrices (column vectors) of unit quaternions."""
    flat = q.reshape(-1, 4)
    products = flat.take(_FIRST, 1) * flat.take(_SECOND, 1)
    matrix: F64 = products.dot(_MATRIX).reshape(*q.shape[:-1], 3, 3)
    return matrix


def rotate(q: NDArray[Any], v: NDArray[Any]) -> F64:
    """Vectors (..., 3) turned by `q`."""
    turned: F64 = np.matvec(to_matrix(q), v)
    return turned


def unscaled_from_axes(x: NDArray[Any], y: NDArray[Any], z: NDArray[Any]) -> F64:
    """The rotation whose columns are the orthonormal `x`, `y`, `z`, not yet at length one."""
    return unscaled_from_rows(np.concatenate([x, y, z], axis=-1))


def unscaled_from_rows(columns: NDArray[Any]) -> F64:
    """The same from all three columns (..., 9), one after the other.

    Takes the row of the 4x4 quaternion product matrix with the largest diagonal element, which
    is Shepperd's method (1978) written for batches.
    """
    rows = columns.reshape(-1, 9).dot(_SHEPPERD)
    rows += _DIAGONAL
    best = rows[:, ::5].argmax(axis=1)
    best += np.arange(0, 4 * len(rows), 4)
    chosen: F64 = rows.reshape(-1, 4).take(best, 0)
    return chosen.reshape(*columns.shape[:-1], 4)


def from_matrix(m: NDArray[Any]) -> F64:
    """Quaternions of rotation matrices (..., 3, 3)."""
    m = np.asarray(m, np.float64)
    return normalize(unscaled_from_axes(m[..., :, 0], m[..., :, 1], m[..., :, 2]))


def of_transform(m: NDArray[Any]) -> F64:
    """The rotation of transforms (..., 3 or 4, 3 or 4) that also scale; a mirror goes into x."""
    linear = np.array(m[..., :3, :3], np.float64)
    linear /= np.maximum(np.sqrt((linear * linear).sum(axis=-2, keepdims=True)), _SMALLEST)
    linear[..., 0] *= np.where(np.linalg.det(linear) < 0.0, -1.0, 1.0)[..., None]
    return from_matrix(linear)


def from_axis_angle(axis: ArrayLike, angle_rad: ArrayLike) -> F64:
    """Turns by `angle_rad` (...) about unit axes (3,) or (..., 3)."""
    half = 0.5 * np.asarray(angle_rad, np.float64)[..., None]
    out = np.zeros((*half.shape[:-1], 4))
    np.multiply(axis, np.sin(half), out=out[..., :3])
    np.cos(half, out=out[..., 3:])
    return out


def from_to(u: NDArray[Any], v: NDArray[Any]) -> F64:
    """The shortest turn that takes unit vectors `u` to `v`; opposite ones turn about any normal."""
    w = 1.0 + np.einsum("...i,...i->...", u, v)
    axis = cross(u, v)
    opposite = w < _SMALLEST
    if np.any(opposite):
        # Any axis at right angles will do: cross with the world axis that u is furthest from.
        side = np.zeros(np.broadcast_shapes(u.shape, v.shape))
        smallest = np.argmin(np.abs(u), axis=-1)
        np.put_along_axis(side, np.broadcast_to(smallest, w.shape)[..., None], 1.0, axis=-1)
        axis = np.where(opposite[..., None], cross(np.broadcast_to(u, side.shape), side), axis)
        w = np.where(opposite, 0.0, w)
    return normalize(np.concatenate([axis, w[..., None]], -1))


def slerp(a: NDArray[Any], b: NDArray[Any], t: ArrayLike) -> F64:
    """Along the shorter arc from `a` (t = 0) to `b` (t = 1)."""
    t = np.asarray(t, np.float64)[..., None]
    dot = np.einsum("...i,...i->...", a, b)[..., None]
    b = np.where(dot < 0.0, -b, b)
    angle = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    sine = np.sin(angle)
    near = sine < _NEAR
    safe = np.where(near, 1.0, sine)
    wa = np.where(near, 1.0 - t, np.sin((1.0 - t) * angle) / safe)
    wb = np.where(near, t, np.sin(t * angle) / safe)
    return normalize(wa * a + wb * b)


def cross(u: NDArray[Any], v: NDArray[Any]) -> F64:
    """Cross product of (..., 3)."""
    by_u = u.reshape(-1, 3).dot(_CROSS).reshape(*u.shape, 3)
    product: F64 = np.matvec(by_u, v)
    return product
