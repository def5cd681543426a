"""The 52 face weights from the 478 points alone, for face networks that do not give weights.

A linear map from the points in the head's own frame, learnt from the published network as the
teacher (``assets/build/face_weights.py`` says how, and how well it does on people it has not
seen). Blinks, jaw, brows, gaze and smile follow well; puckers, rolls and frowns are weak.
"""

from __future__ import annotations

import numpy as np

from capture.models.face_data import EYE_DISTANCE_M, face_data
from capture.models.face_pose import FOV_DEG, fit_points
from flow.spec import F32


class FaceFallback:
    """Makes weights and head pose from points. Stateless after construction; any thread."""

    def __init__(self) -> None:
        self._data = face_data()
        self._matrix = self._data.matrix / np.float32(EYE_DISTANCE_M)

    def weights(self, points: F32, aspect: float) -> F32:
        """(52,) in `flow.motion.ARKIT_NAMES` order, 0..1, from (478, 3) picture fractions."""
        return self.solve(points, aspect)[0]

    def solve(self, points: F32, aspect: float, fov_deg: float = FOV_DEG) -> tuple[F32, F32]:
        """`weights`, and the (4, 4) ``camera_from_head`` that the same fit gives."""
        pose, local = fit_points(points, aspect, fov_deg, self._data)
        moved = (local - self._data.neutral).reshape(-1)
        return np.clip(moved @ self._matrix + self._data.offset, 0.0, 1.0), pose
