"""Mira's bones: where every joint is in the T-pose (metres, +Y up, facing +Z, left at +X)."""

from __future__ import annotations

import numpy as np

from assets.build.mira.mesh import F64, swap_sides
from flow.pose import BONE_PARENTS, HUMAN_BONES

CHIN_Y = 1.359
"""Height of the chin; the head is designed in millimetres above it."""
HEAD_Z = 0.012
HEAD_SCALE = np.array([1.05, 0.945, 1.0])
"""From the drawn head to the worn one: a little wider and shorter."""
SHOULDER = (0.119, 1.237, -0.014)
ELBOW = (0.352, 1.237, -0.018)
WRIST = (0.562, 1.237, -0.012)
EYE = (0.0124, CHIN_Y + 0.0969, 0.0486)
"""Centre of the ball that fits best behind the eye's opening; the iris slides on it."""
EYEBALL = 0.0500
"""Its radius: that of the skin; iris and white lie a few millimetres below."""

_LEFT: dict[str, tuple[float, float, float]] = {
    "leftEye": EYE,
    "leftUpperLeg": (0.080, 0.835, 0.0),
    "leftLowerLeg": (0.078, 0.460, 0.006),
    "leftFoot": (0.076, 0.095, -0.022),
    "leftToes": (0.078, 0.030, 0.085),
    "leftShoulder": (0.026, 1.237, -0.012),
    "leftUpperArm": SHOULDER,
    "leftLowerArm": ELBOW,
    "leftHand": WRIST,
}
_MIDDLE: dict[str, tuple[float, float, float]] = {
    "hips": (0.0, 0.900, 0.0),
    "spine": (0.0, 0.965, -0.004),
    "chest": (0.0, 1.060, -0.008),
    "upperChest": (0.0, 1.160, -0.014),
    "neck": (0.0, 1.292, -0.020),
    "head": (0.0, 1.372, -0.006),
    "jaw": (0.0, CHIN_Y + 0.045, HEAD_Z + 0.010),
}

# Along the hand from the wrist: x, y, z in millimetres of each joint and of the tip.
FINGERS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "Thumb": ((20, -6, 20), (47, -11, 38), (74, -13, 53), (98, -14, 64)),
    "Index": ((84, 2, 24), (119, 2, 28), (140, 1, 30), (159, 0, 32)),
    "Middle": ((86, 3, 6), (125, 3, 7), (149, 2, 8), (170, 1, 8)),
    "Ring": ((83, 2, -11), (119, 2, -14), (142, 1, -16), (161, 0, -17)),
    "Little": ((77, 0, -26), (105, 0, -32), (121, -1, -35), (137, -2, -37)),
}
FINGER_RADII: dict[str, tuple[float, float]] = {
    "Thumb": (10.0, 7.2),
    "Index": (7.9, 5.6),
    "Middle": (8.1, 5.8),
    "Ring": (7.7, 5.5),
    "Little": (6.7, 4.8),
}
"""Radius in millimetres at the first joint and at the tip."""


def finger_joints(finger: str) -> tuple[str, ...]:
    """The three bones of a left finger, from the palm outwards."""
    if finger == "Thumb":
        return ("leftThumbMetacarpal", "leftThumbProximal", "leftThumbDistal")
    return tuple(f"left{finger}{j}" for j in ("Proximal", "Intermediate", "Distal"))


def _places() -> dict[str, F64]:
    places = {k: np.array(v) for k, v in {**_MIDDLE, **_LEFT}.items()}
    for finger, joints in FINGERS.items():
        for bone, offset in zip(finger_joints(finger), joints, strict=False):
            places[bone] = np.array(WRIST) + np.array(offset) / 1000
    for name in list(places):
        if name.startswith("left"):
            places[swap_sides(name)] = places[name] * np.array([-1.0, 1.0, 1.0])
    return places


PLACES: dict[str, F64] = _places()
"""World position of each of the 55 joints."""
PARENTS: dict[str, str | None] = {b: BONE_PARENTS[b] for b in HUMAN_BONES}
