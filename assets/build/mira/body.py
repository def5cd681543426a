"""The body under the clothes as distance fields: torso, arms, legs, feet (metres, T-pose)."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from assets.build.mira.mesh import F64, smooth_min, step
from assets.build.mira.skeleton import ELBOW, SHOULDER, WRIST

# Height, half width, front, back.
_TORSO = np.array([
    (0.700, 0.142, 0.080, -0.088), (0.760, 0.150, 0.086, -0.104), (0.820, 0.155, 0.092, -0.118),
    (0.880, 0.148, 0.092, -0.112), (0.940, 0.122, 0.086, -0.088), (1.000, 0.104, 0.080, -0.074),
    (1.050, 0.104, 0.081, -0.074), (1.110, 0.114, 0.088, -0.084), (1.168, 0.123, 0.094, -0.094),
    (1.210, 0.124, 0.089, -0.096), (1.238, 0.115, 0.078, -0.094), (1.262, 0.094, 0.062, -0.087),
    (1.288, 0.070, 0.044, -0.073), (1.306, 0.049, 0.033, -0.064), (1.328, 0.0400, 0.027, -0.058),
    (1.360, 0.0375, 0.026, -0.056), (1.430, 0.0375, 0.026, -0.056),
])  # fmt: skip
_WIDTH, _FRONT, _BACK = (PchipInterpolator(_TORSO[:, 0], _TORSO[:, i]) for i in (1, 2, 3))


def torso(p: F64) -> F64:
    """Hips to neck; the field is cut at both ends."""
    y = np.clip(p[:, 1], 0.701, 1.429)
    a = _WIDTH(y)
    front, back = _FRONT(y), _BACK(y)
    mid, depth = 0.5 * (front + back), 0.5 * (front - back)
    q = ((np.abs(p[:, 0]) / a) ** 2.25 + (np.abs(p[:, 2] - mid) / depth) ** 2.25) ** (1 / 2.25)
    d = (q - 1.0) * np.minimum(a, depth)
    x = np.abs(p[:, 0])
    bust = ellipsoid(np.stack([x, p[:, 1], p[:, 2]], 1), (0.056, 1.158, 0.068),
                     (0.056, 0.058, 0.050))  # fmt: skip
    d = smooth_min(d, bust, 0.030)
    return np.maximum(d, np.maximum(0.70 - p[:, 1], p[:, 1] - 1.43))


def ellipsoid(p: F64, centre: tuple[float, ...], radii: tuple[float, ...]) -> F64:
    """About the distance from an ellipsoid."""
    r = np.array(radii)
    k0 = np.linalg.norm((p - np.array(centre)) / r, axis=1)
    k1 = np.linalg.norm((p - np.array(centre)) / (r * r), axis=1)
    out: F64 = k0 * (k0 - 1.0) / np.maximum(k1, 1e-9)
    return out


def cone(p: F64, a: tuple[float, ...], b: tuple[float, ...], ra: float, rb: float) -> F64:
    """About the distance from a round cone between two points."""
    pa, ba = p - np.array(a), np.array(b) - np.array(a)
    t = np.clip(pa @ ba / (ba @ ba), 0.0, 1.0)
    out: F64 = np.linalg.norm(pa - t[:, None] * ba, axis=1) - (ra + t * (rb - ra))
    return out


def arms(p: F64) -> F64:
    """Both arms, shoulder to wrist."""
    q = np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], 1)
    upper = cone(q, (SHOULDER[0] - 0.006, SHOULDER[1] + 0.001, SHOULDER[2]), ELBOW, 0.0375, 0.030)
    fore = cone(q, ELBOW, WRIST, 0.0315, 0.0225)
    belly = ellipsoid(q, (0.415, 1.235, -0.016), (0.075, 0.031, 0.033))
    return smooth_min(smooth_min(upper, fore, 0.02), belly, 0.02)


def legs(p: F64) -> F64:
    """Both legs, hip to ankle."""
    q = np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], 1)
    thigh = cone(q, (0.080, 0.800, -0.006), (0.078, 0.470, 0.006), 0.080, 0.048)
    shin = cone(q, (0.078, 0.470, 0.004), (0.076, 0.100, -0.022), 0.047, 0.031)
    calf = ellipsoid(q, (0.079, 0.345, -0.018), (0.047, 0.115, 0.050))
    return smooth_min(smooth_min(thigh, shin, 0.03), calf, 0.03)


def feet(p: F64) -> F64:
    """Both feet in their boots, soles on the floor."""
    q = np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], 1)
    shaft = cone(q, (0.076, 0.205, -0.020), (0.076, 0.085, -0.022), 0.042, 0.040)
    heel = cone(q, (0.077, 0.052, -0.036), (0.079, 0.046, 0.040), 0.040, 0.038)
    toe = cone(q, (0.079, 0.046, 0.040), (0.081, 0.036, 0.108), 0.038, 0.033)
    d = smooth_min(smooth_min(shaft, heel, 0.035), toe, 0.03)
    return np.maximum(d, -p[:, 1] + 0.0005)


def trunk(p: F64) -> F64:
    """Torso and arms in one, with a soft armpit."""
    return smooth_min(torso(p), arms(p), 0.034)


def jacket_surface(p: F64) -> F64:
    """The outside of the jacket."""
    x = np.abs(p[:, 0])
    loose = 0.010 + 0.003 * step(x, 0.16, 0.30) + 0.006 * step(x, 0.40, 0.54)
    body = smooth_min(torso(p), trunk(p), 0.02) - loose
    # The waist hangs straighter than the body below it, and the back falls from the shoulders.
    y = p[:, 1]
    # Upwards the drum narrows until it is lost in the chest.
    slim = 1.0 - 0.45 * step(y, 1.03, 1.15)
    q = ((x / 0.123) ** 2.4 + (np.abs(p[:, 2] + 0.004) / 0.104) ** 2.4) ** (1 / 2.4)
    drum = np.maximum((q - slim) * 0.104, np.maximum(0.90 - y, y - 1.16))
    return smooth_min(body, drum, 0.02)
