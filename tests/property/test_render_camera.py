"""Axioms of the camera: it is a rotation, a place and a lens, and it looks at its target."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from flow.stage import CameraShot
from render.camera import Rect, clip_from_world, crop

metres = st.floats(-20.0, 20.0, width=32)
points = st.tuples(metres, metres, metres)
Point = tuple[float, float, float]


def shot(eye: Point, target: Point, fov_deg: float = 30.0) -> CameraShot:
    return CameraShot(np.array(eye, np.float32), np.array(target, np.float32), fov_deg)


@given(points, points, st.floats(5.0, 100.0), st.floats(0.4, 3.0))
def test_a_camera_must_be_a_rotation_behind_a_lens(
    eye: Point, target: Point, fov_deg: float, aspect: float
) -> None:
    clip = clip_from_world(shot(eye, target, fov_deg), aspect).astype(np.float64)
    focal = 1.0 / math.tan(math.radians(fov_deg) / 2.0)
    turn = np.stack([clip[0, :3] * aspect / focal, clip[1, :3] / focal, -clip[3, :3]])
    assert np.allclose(turn @ turn.T, np.eye(3), atol=1e-5)
    assert math.isclose(float(np.linalg.det(turn)), 1.0, abs_tol=1e-5)


@given(points, points)
def test_a_camera_must_look_at_its_target(eye: Point, target: Point) -> None:
    assume(math.dist(eye, target) > 1e-2)
    x, y, _, w = clip_from_world(shot(eye, target), 16 / 9).astype(np.float64) @ [*target, 1.0]
    assert abs(x) < 1e-3
    assert abs(y) < 1e-3
    assert w > 0


@given(points, st.integers(0, 300), st.integers(0, 200), st.integers(1, 340), st.integers(1, 160))
def test_a_crop_must_show_what_lies_in_its_rectangle(
    point: Point, x: int, y: int, width: int, height: int
) -> None:
    clip = clip_from_world(shot((0.0, 1.0, 25.0), (0.0, 1.0, 0.0)), 640 / 360)
    part = crop(clip, Rect(x, y, width, height), 640, 360)

    def pixel(matrix: np.ndarray, across: int, down: int) -> tuple[float, float]:
        cx, cy, _, w = matrix.astype(np.float64) @ [*point, 1.0]
        return (cx / w + 1.0) * across / 2.0, (1.0 - cy / w) * down / 2.0

    whole, inside = pixel(clip, 640, 360), pixel(part, width, height)
    assert math.isclose(whole[0], inside[0] + x, abs_tol=0.05)
    assert math.isclose(whole[1], inside[1] + y, abs_tol=0.05)
