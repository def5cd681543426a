"""Her hand: a palm and five tapered fingers, one field, one mesh."""

# `array + [x, y, z]` adds vectors here; it joins no lists.
# ruff: noqa: RUF005
from __future__ import annotations

import numpy as np

from assets.build.mira.body import cone, ellipsoid
from assets.build.mira.mesh import F64, Piece, polygonise, smooth, smooth_min, step
from assets.build.mira.skeleton import ELBOW, FINGER_RADII, FINGERS, WRIST, finger_joints

_PLAIN_UV = (0.045, 0.45)
"""A plain spot of the face texture."""


def _points(finger: str) -> F64:
    return np.array(WRIST) + np.array(FINGERS[finger]) / 1000.0


def _finger(p: F64, finger: str) -> F64:
    joints = _points(finger)
    first, last = (r / 1000.0 for r in FINGER_RADII[finger])
    radii = np.linspace(first, last, 4)
    d = np.full(len(p), 1.0)
    for i in range(3):
        tip = joints[i + 1] if i < 2 else joints[3] - (joints[3] - joints[2]) * 0.25
        part = cone(p, tuple(joints[i]), tuple(tip), radii[i], radii[i + 1])
        d = smooth_min(d, part, 0.002) if i else part
    return d


def field(p: F64) -> F64:
    """The left hand and a stump of the forearm."""
    wrist = np.array(WRIST)
    palm = ellipsoid(p, tuple(wrist + [0.050, -0.001, 0.000]), (0.050, 0.0145, 0.037))
    for finger in ("Index", "Middle", "Ring", "Little"):
        joints = _points(finger)
        root = wrist + [0.012, -0.001, 0.35 * (joints[0][2] - wrist[2])]
        r = FINGER_RADII[finger][0] / 1000.0
        bone = cone(p, tuple(root), tuple(joints[0]), 0.0125, r + 0.0008)
        palm = smooth_min(palm, bone, 0.010)
    heel = cone(p, tuple(wrist + [0.014, -0.004, 0.012]), tuple(wrist + [0.046, -0.010, 0.034]),
                0.0135, 0.0105)  # fmt: skip
    palm = smooth_min(palm, heel, 0.012)
    fingers = np.full(len(p), 1.0)
    for finger in ("Index", "Middle", "Ring", "Little"):
        fingers = np.minimum(fingers, _finger(p, finger))
    palm = smooth_min(palm, fingers, 0.006)
    palm = smooth_min(palm, _finger(p, "Thumb"), 0.008)
    arm = cone(p, ELBOW, tuple(wrist + [0.006, 0, 0]), 0.0315, 0.0210)
    # A wrist is wider than it is thick.
    return smooth_min(palm, np.maximum(arm, (wrist[0] - 0.055) - p[:, 0]), 0.016)


def _shares(p: F64) -> dict[str, F64]:
    wrist = np.array(WRIST)
    out: dict[str, F64] = {}
    distance = np.stack([_finger(p, f) for f in FINGERS], 1)
    nearest = distance.argmin(1)
    left = np.ones(len(p))
    for i, finger in enumerate(FINGERS):
        joints = _points(finger)
        axis = joints[3] - joints[0]
        axis /= np.linalg.norm(axis)
        along = (p - joints[0]) @ axis
        marks = [(j - joints[0]) @ axis for j in joints[:3]]
        widths = (0.014, 0.009, 0.008) if finger != "Thumb" else (0.016, 0.012, 0.010)
        mine = nearest == i
        if finger == "Thumb":
            mine = mine & (distance[:, i] < 0.010)
        on = [step(along, m - w, m + w) * mine for m, w in zip(marks, widths, strict=True)]
        bones = finger_joints(finger)
        out[bones[0]] = on[0] - on[0] * on[1]
        out[bones[1]] = on[0] * on[1] - on[0] * on[1] * on[2]
        out[bones[2]] = on[0] * on[1] * on[2]
        left = left - on[0]
    hand = step(p[:, 0], wrist[0] - 0.022, wrist[0] + 0.020)
    out["leftHand"] = left * hand
    out["leftLowerArm"] = left * (1 - hand)
    return out


def build_hand() -> Piece:
    """The left hand, out of its sleeve."""
    low, high = np.array([0.51, 1.194, -0.070]), np.array([0.75, 1.269, 0.075])
    p, tri, normals = polygonise(field, low, high, 0.0024, 980)
    inside = p[tri].mean(1)[:, 0] > WRIST[0] - 0.045
    tri = tri[inside]
    shares = _shares(p)
    total = sum(shares.values())
    return Piece(
        material="skin",
        positions=p,
        triangles=tri,
        normals=normals,
        uv=np.tile(_PLAIN_UV, (len(p), 1)),
        weights={k: v / total for k, v in shares.items()},
    )


__all__ = ["build_hand", "field", "smooth"]
