"""From the head matrix of a face seen in a window to the head in the camera's frame."""

from __future__ import annotations

import math

import numpy as np

from capture.crop import Window
from flow.spec import F32

FOV_DEG = 63.0
"""Vertical field of view that the face network's geometry assumes for any picture it is given."""

_FOCAL_PER_HEIGHT = 0.5 / math.tan(math.radians(FOV_DEG / 2))


def turn_to(direction: F32) -> F32:
    """The smallest rotation (3, 3) that turns the camera's axis (0, 0, -1) to `direction`.

    Rodrigues' formula for the rotation between two vectors; `direction` looks forward (z < 0).
    """
    a = np.array([0.0, 0.0, -1.0])
    b = direction / np.linalg.norm(direction)
    v = np.cross(a, b)
    k = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    turn = np.eye(3) + k + k @ k / (1.0 + float(a @ b))
    return np.asarray(turn, np.float32)


def camera_from_head(matrix_cm: F32, window: Window, width: int, height: int) -> F32:
    """`FaceSample.camera_from_head` from what the network gave for `window`.

    The network takes the window for a whole picture of 63 degrees: its rotation contains the
    bearing of the face *in the window*, its distance the window's size. Both are undone: the
    look relative to the line of sight is what the picture really shows; it is then turned by the
    true bearing, in a camera of 63 degrees for the whole picture.
    """
    rotation, position = matrix_cm[:3, :3], matrix_cm[:3, 3]
    focal = _FOCAL_PER_HEIGHT * height
    focal_of_window = _FOCAL_PER_HEIGHT * window.height
    depth = max(-float(position[2]), 1.0)
    cx, cy = window.centre
    x_px = cx + focal_of_window * float(position[0]) / depth - width / 2
    y_px = cy - focal_of_window * float(position[1]) / depth - height / 2
    bearing = np.array([x_px / focal, -y_px / focal, -1.0], np.float32)
    out = np.eye(4, dtype=np.float32)
    out[:3, :3] = turn_to(bearing) @ turn_to(position).T @ rotation
    out[:3, 3] = bearing * (depth * focal / focal_of_window / 100.0)
    return out
