"""A head's pose and weights from points: right under rotation, distance, lens and picture shape."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from capture.models.face_data import EYE_DISTANCE_M, face_data
from capture.models.face_pose import fit, fit_points
from capture.models.fallback import FaceFallback
from flow.motion import ARKIT_INDEX
from flow.spec import F32

F64 = NDArray[np.float64]


def turn(yaw_deg: float, pitch_deg: float, roll_deg: float) -> F64:
    """Yaw to the head's left, pitch down, roll: about y, then x, then z of the head."""
    y, p, r = (math.radians(v) for v in (yaw_deg, pitch_deg, roll_deg))
    about_y = [[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]]
    about_x = [[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]]
    about_z = [[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]]
    out: F64 = np.array(about_y) @ np.array(about_x) @ np.array(about_z)
    return out


def look(face: F64, rotation: F64, place: F64, aspect: float, fov_deg: float) -> F32:
    """Picture fractions of `face` (metres) through a pinhole; depth relative, in x's scale.

    A network's depth is relative to some middle of the face that nobody knows exactly: here the
    plain mean of its points, not the fit's own centre.
    """
    seen = face @ rotation.T + place
    focal = 0.5 / math.tan(math.radians(fov_deg) / 2)
    distance = -float(seen[:, 2].mean())
    x = 0.5 + seen[:, 0] / -seen[:, 2] * focal / aspect
    y = 0.5 - seen[:, 1] / -seen[:, 2] * focal
    z = -(seen[:, 2] + distance) / distance * focal / aspect
    return np.stack((x, y, z), axis=1).astype(np.float32)


def degrees_between(a: F64, b: F64) -> float:
    return math.degrees(math.acos(min(1.0, (float(np.trace(a.T @ b)) - 1) / 2)))


@settings(max_examples=200, deadline=None)
@given(
    yaw=st.floats(-50, 50),
    pitch=st.floats(-30, 30),
    roll=st.floats(-20, 20),
    distance=st.floats(0.3, 2.0),
    across=st.floats(-0.3, 0.3),
    aspect=st.sampled_from([9 / 16, 1.0, 4 / 3, 16 / 9]),
    fov=st.floats(40, 80),
)
def test_a_turned_head_must_be_found_within_a_degree(
    yaw: float, pitch: float, roll: float, distance: float, across: float, aspect: float, fov: float
) -> None:
    rotation = turn(yaw, pitch, roll)
    place = np.array((across * distance, -0.1 * distance, -distance))
    points = look(face_data().neutral.astype(np.float64), rotation, place, aspect, fov)
    found = fit(points, aspect, fov)
    assert found.shape == (4, 4)
    assert found.dtype == np.float32
    assert degrees_between(found[:3, :3].astype(np.float64), rotation) < 1.0
    assert np.abs(found[:3, 3] - place).max() < 0.03 * distance
    assert np.allclose(found[:3, :3] @ found[:3, :3].T, np.eye(3), atol=1e-4)
    assert np.linalg.det(found[:3, :3].astype(np.float64)) > 0.99


def test_signs_must_be_those_of_the_frame() -> None:
    face = face_data().neutral.astype(np.float64)
    left = fit(look(face, turn(30, 0, 0), np.array((0.1, 0.2, -0.6)), 1.5, 63), 1.5)
    assert left[0, 2] > 0.4, "a face turned to its left points to the picture's right"
    assert left[0, 3] > 0.05
    assert left[1, 3] > 0.1
    assert left[2, 3] < -0.5
    down = fit(look(face, turn(0, 20, 0), np.array((0, 0, -0.6)), 1.5, 63), 1.5)
    assert down[1, 2] < -0.3, "a face that looks down points down"


@pytest.mark.parametrize("value", [0.0, 0.5, 7.0])
def test_points_without_extent_must_give_the_identity(value: float) -> None:
    points = np.full((478, 3), value, np.float32)
    points[:, 2] = 0.0
    assert np.array_equal(fit(points, 1.0), np.eye(4, dtype=np.float32))
    assert np.isfinite(FaceFallback().weights(points, 1.0)).all()


def test_the_inputs_must_stay_as_they_are() -> None:
    points = look(face_data().neutral.astype(np.float64), np.eye(3), np.array((0, 0, -0.5)), 1, 63)
    before = points.copy()
    FaceFallback().solve(points, 1.0)
    assert np.array_equal(points, before)


def test_the_neutral_face_must_be_a_face() -> None:
    data = face_data()
    eyes = data.neutral[473] - data.neutral[468]
    assert np.allclose(eyes, (EYE_DISTANCE_M, 0, 0), atol=1e-3), "the left eye is at +x"
    assert data.neutral[1, 2] == data.neutral[:, 2].max() or data.neutral[4, 2] > 0.03
    assert data.neutral[152, 1] < data.neutral[1, 1] < data.neutral[10, 1]
    assert np.allclose(data.rigid @ data.neutral, 0, atol=1e-5)
    assert math.isclose(float(data.rigid.sum()), 1.0, abs_tol=1e-5)
    assert data.rigid.min() >= 0.0


def test_a_calm_face_must_have_calm_weights_wherever_it_looks() -> None:
    face = face_data().neutral.astype(np.float64)
    solver = FaceFallback()
    rest = solver.weights(look(face, np.eye(3), np.array((0, 0, -0.5)), 1.5, 63), 1.5)
    assert rest.shape == (52,)
    assert rest.dtype == np.float32
    assert rest.max() < 0.45
    for yaw, pitch, roll in ((35, 0, 0), (-35, 10, 0), (0, -20, 15)):
        turned = look(face, turn(yaw, pitch, roll), np.array((0.1, 0, -0.8)), 1.5, 63)
        assert np.abs(solver.weights(turned, 1.5) - rest).max() < 0.1


def test_closing_one_eye_must_be_that_eyes_blink() -> None:
    """Upper lid 159, 158, 160 ... onto the lower one: the performer's right eye."""
    face = face_data().neutral.astype(np.float64)
    upper = {159: 145, 158: 153, 160: 144, 157: 154, 161: 163}
    closed = face.copy()
    for lid, low in upper.items():
        closed[lid] = face[low] * 0.9 + face[lid] * 0.1
    solver, place = FaceFallback(), np.array((0, 0, -0.5))
    open_ = solver.weights(look(face, np.eye(3), place, 1.5, 63), 1.5)
    shut = solver.weights(look(closed, np.eye(3), place, 1.5, 63), 1.5)
    rise = shut - open_
    assert rise[ARKIT_INDEX["eyeBlinkRight"]] > 0.2
    assert rise[ARKIT_INDEX["eyeBlinkRight"]] > rise[ARKIT_INDEX["eyeBlinkLeft"]] + 0.1


def test_local_points_must_not_depend_on_where_the_head_is() -> None:
    face = face_data().neutral.astype(np.float64)
    face[13] += (0.0, 0.004, 0.0)
    near = fit_points(look(face, np.eye(3), np.array((0, 0, -0.4)), 1.0, 63), 1.0)[1]
    far = fit_points(look(face, turn(30, 10, 5), np.array((0.2, 0.1, -1.2)), 1.0, 63), 1.0)[1]
    assert np.abs(near - far).max() < 0.001
