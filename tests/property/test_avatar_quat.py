"""Quaternions keep the axioms of rotations."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avatar import quat

_numbers = st.floats(-1.0, 1.0, allow_nan=False, width=32)


@st.composite
def quats(draw: st.DrawFn) -> quat.F64:
    """Unit quaternions, the identity among them."""
    return quat.normalize(np.array(draw(st.tuples(_numbers, _numbers, _numbers, _numbers))))


@st.composite
def units(draw: st.DrawFn) -> quat.F64:
    """Unit vectors."""
    v = np.array(draw(st.tuples(_numbers, _numbers, _numbers)))
    length = float(np.sqrt(v @ v))
    return v / length if length > 1e-3 else np.array([0.0, 1.0, 0.0])


def same(a: quat.F64, b: quat.F64) -> bool:
    """Whether two quaternions are one rotation."""
    return bool(min(np.abs(a - b).max(), np.abs(a + b).max()) < 1e-9)


@given(quats(), quats(), quats())
def test_product_must_be_associative(a: quat.F64, b: quat.F64, c: quat.F64) -> None:
    left = quat.multiply(quat.multiply(a, b), c)
    assert np.allclose(left, quat.multiply(a, quat.multiply(b, c)), atol=1e-12)


@given(quats())
def test_conjugate_must_be_the_inverse(q: quat.F64) -> None:
    assert same(quat.multiply(q, quat.conjugate(q)), quat.IDENTITY)


@given(quats(), quats(), units())
def test_product_must_turn_as_one_after_the_other(a: quat.F64, b: quat.F64, v: quat.F64) -> None:
    assert np.allclose(
        quat.rotate(quat.multiply(a, b), v), quat.rotate(a, quat.rotate(b, v)), atol=1e-12
    )


@given(quats())
def test_matrix_must_be_a_rotation_and_lead_back(q: quat.F64) -> None:
    m = quat.to_matrix(q)
    assert np.allclose(m @ m.T, np.eye(3), atol=1e-12)
    assert np.isclose(np.linalg.det(m), 1.0)
    assert same(quat.from_matrix(m), q)


@given(units(), units())
def test_shortest_turn_must_arrive(u: quat.F64, v: quat.F64) -> None:
    assert np.allclose(quat.rotate(quat.from_to(u, v), u), v, atol=1e-4)


@given(units())
def test_turn_to_the_opposite_must_arrive(u: quat.F64) -> None:
    assert np.allclose(quat.rotate(quat.from_to(u, -u), u), -u, atol=1e-9)


@given(quats(), quats(), st.floats(0.0, 1.0))
def test_slerp_must_start_and_end_and_go_evenly(a: quat.F64, b: quat.F64, t: float) -> None:
    assert same(quat.slerp(a, b, 0.0), a)
    assert same(quat.slerp(a, b, 1.0), b)
    whole = np.arccos(np.clip(abs(a @ b), 0.0, 1.0))
    part = np.arccos(np.clip(abs(a @ quat.slerp(a, b, t)), 0.0, 1.0))
    assert np.isclose(part, t * whole, atol=1e-4)


def test_what_has_no_direction_must_become_the_identity() -> None:
    odd = np.array([[0, 0, 0, 0], [np.nan, 0, 0, 1], [np.inf, 0, 0, 1], [0, 0, 0, 2.0]])
    assert np.array_equal(quat.normalize(odd), np.tile(quat.IDENTITY, (4, 1)))


def test_arrays_must_give_what_single_ones_give() -> None:
    rng = np.random.default_rng(7)
    a, b = (quat.normalize(rng.normal(size=(9, 4))) for _ in range(2))
    for k in range(9):
        assert np.allclose(quat.multiply(a, b)[k], quat.multiply(a[k], b[k]))
        assert np.allclose(quat.to_matrix(a)[k], quat.to_matrix(a[k]))
        assert np.allclose(
            quat.from_matrix(quat.to_matrix(a))[k], quat.from_matrix(quat.to_matrix(a[k]))
        )
