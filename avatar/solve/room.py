"""Where in the room the body is: the hips' offset from the picture (world landmarks have none)."""

from __future__ import annotations

import numpy as np

from avatar.solve.rotations import F64
from flow.motion import BodySample

_SHOULDER_TO_HIP_M = 0.55
"""Mid-shoulder to mid-hip of a body whose hips stand 1 m high."""
_SHOULDER_WIDTH_M = 0.39


def hips_offset(body: BodySample, aspect: float, *, hips_seen: bool) -> F64:
    """(x, y, 0) in model axes, metres for a hip height of 1 m, from the picture's centre.

    The trunk's size in the picture is the ruler. Only differences mean something: the caller
    takes off where the performer usually stands. Depth is left out; one camera sees it badly.
    """
    flat = body.image_points[:, :2].astype(np.float64) * np.array([aspect, 1.0])
    shoulders = 0.5 * (flat[11] + flat[12])
    width = float(np.linalg.norm(flat[11] - flat[12]))
    if hips_seen:
        hips = 0.5 * (flat[23] + flat[24])
        size = max(float(np.linalg.norm(shoulders - hips)) / _SHOULDER_TO_HIP_M, 1e-3)
        where = hips
    else:
        size = max(width / _SHOULDER_WIDTH_M, 1e-3)
        where = shoulders
    centre = np.array([0.5 * aspect, 0.5])
    offset = (where - centre) / size
    return np.array([offset[0], -offset[1], 0.0])
