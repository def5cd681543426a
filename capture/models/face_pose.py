"""Where a head is, from its 478 picture points: a rigid fit of our own neutral face.

For face networks without a geometry step. The points' depths are relative and have the scale
of x, so the face is right but for its size once each point is pushed to its depth along its own
ray, with the face's centre at distance 1: that undoes the perspective. One similarity fit
(Umeyama 1991) then gives the rotation, and the size gives the distance.

Points count by how well they told the head's rotation in real clips (eyes, nose and the
corners of the jaw much, lips and chin not at all); see ``assets/build/face_weights.py``.
"""

from __future__ import annotations

import math

import numpy as np

from capture.models.face_data import FaceData, face_data
from flow.spec import F32

FOV_DEG = 63.0
"""Vertical field of view that mediapipe's own head matrix assumes; a usual webcam has 45 to 65."""

_FARTHEST = 1e-3
"""Scale of a face a kilometre away: anything smaller is no face but equal points."""


def fit(points: F32, aspect: float, fov_deg: float = FOV_DEG) -> F32:
    """The head's pose in `flow.motion.FaceSample`'s convention.

    Args:
        points: (478, 3) picture fractions, y down; z has x's scale, smaller is nearer.
        aspect: Width over height of the picture.
        fov_deg: Vertical field of view of the camera.

    Returns:
        (4, 4) float32 ``camera_from_head``, metres. The head's origin is the neutral face's
        weighted centre, 3 cm behind the tip of the nose. Points without extent give the identity.
    """
    return fit_points(points, aspect, fov_deg)[0]


def fit_points(
    points: F32, aspect: float, fov_deg: float = FOV_DEG, data: FaceData | None = None
) -> tuple[F32, F32]:
    """`fit`, and the (478, 3) points in the head's own frame (metres): what moves is expression."""
    known = data or face_data()
    across_per_focal = 2.0 * math.tan(math.radians(fov_deg) / 2)
    # In picture heights from the centre, y up, z towards the viewer; then per focal length.
    seen = points * np.array((aspect, -1.0, -aspect), np.float32)
    seen += np.array((-0.5 * aspect, 0.5, 0.0), np.float32)
    seen *= np.float32(across_per_focal)
    depth = 1.0 - (seen[:, 2] - known.rigid @ seen[:, 2])
    seen[:, :2] *= depth[:, None]
    seen[:, 2] = -depth

    scale, rotation, centre = _similarity(known, seen)
    if scale < _FARTHEST:
        return np.eye(4, dtype=np.float32), known.neutral.copy()
    out = np.eye(4, dtype=np.float32)
    out[:3, :3] = rotation
    out[:3, 3] = centre / scale
    return out, (seen - centre) @ (rotation / np.float32(scale))


def _similarity(known: FaceData, seen: F32) -> tuple[float, F32, F32]:
    """Scale, (3, 3) rotation and (3,) shift that carry the neutral face nearest to `seen`.

    Weighted least squares (Umeyama 1991). The neutral face's weighted centre is its origin, so
    its own mean drops out.
    """
    lever = (known.neutral * known.rigid[:, None]).T
    spread = float((lever * known.neutral.T).sum())
    centre = known.rigid @ seen
    pull = lever @ (seen - centre)
    u, strength, vt = np.linalg.svd(pull)
    # The singular values are positive, so the mirror image shows in the sign of det(pull).
    (a, b, c), (d, e, f), (g, h, i) = pull.tolist()
    sign = 1.0 if a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) >= 0.0 else -1.0
    x, y, z = strength.tolist()
    vt[2] *= np.float32(sign)
    return max((x + y + sign * z) / spread, 0.0), vt.T @ u.T, centre
