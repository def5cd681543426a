"""Which bones move a point of the body or of its clothes: a function of place alone.

Cloth and the skin below it ask the same function, so they move together.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from assets.build.mira.mesh import F64, step
from assets.build.mira.skeleton import ELBOW, SHOULDER, WRIST

_SPINE = (
    ("hips", None), ("spine", 0.965), ("chest", 1.060), ("upperChest", 1.160),
    ("neck", 1.294), ("head", 1.372),
)  # fmt: skip
_WIDTHS = {"spine": 0.05, "chest": 0.05, "upperChest": 0.05, "neck": 0.028, "head": 0.022}


def trunk_weights(p: F64) -> dict[str, F64]:
    """Torso, neck, shoulders and arms."""
    out: dict[str, F64] = {}
    y, x = p[:, 1], np.abs(p[:, 0])
    drop = np.clip(SHOULDER[1] - y, -0.05, 0.20)
    rise = np.clip(y - SHOULDER[1], 0.0, 0.06)
    # The seam between arm and chest leans outwards at the armpit and inwards on top.
    seam = SHOULDER[0] + 0.010 + 0.22 * drop - 0.25 * rise
    arm = step(x, seam - 0.048, seam + 0.052)
    # Never pull the flank below the armpit.
    arm = arm * step(y, 1.120, 1.175)
    clavicle = step(x, 0.025, 0.105) * step(y, 1.170, 1.235) * (1 - arm) * 0.85
    clavicle = clavicle * step(y, 1.312, 1.278)
    rest = 1.0 - arm - clavicle
    left = np.ones(len(p))
    shares: list[tuple[str, F64]] = []
    for (name, _), (above, mark) in pairwise(_SPINE):
        w = _WIDTHS[above]
        on = step(y, float(mark or 0) - w, float(mark or 0) + w)
        shares.append((name, left * (1 - on)))
        left = left * on
    shares.append(("head", left))
    for name, share in shares:
        out[name] = share * rest
    elbow = step(x, ELBOW[0] - 0.032, ELBOW[0] + 0.032)
    wrist = step(x, WRIST[0] - 0.022, WRIST[0] + 0.020)
    for side, mine in (("left", p[:, 0] >= 0), ("right", p[:, 0] < 0)):
        out[side + "Shoulder"] = clavicle * mine
        out[side + "UpperArm"] = arm * (1 - elbow) * mine
        out[side + "LowerArm"] = arm * elbow * (1 - wrist) * mine
        out[side + "Hand"] = arm * elbow * wrist * mine
    return out


def leg_weights(p: F64) -> dict[str, F64]:
    """Hips and legs down to the toes."""
    out: dict[str, F64] = {}
    y = p[:, 1]
    hips = step(y, 0.760, 0.880)
    knee = step(y, 0.505, 0.415)
    ankle = step(y, 0.135, 0.075)
    toes = step(p[:, 2], 0.055, 0.100) * step(y, 0.10, 0.06)
    side = step(p[:, 0], -0.012, 0.012)
    out["hips"] = hips
    for name, mine in (("left", side), ("right", 1 - side)):
        leg = (1 - hips) * mine
        out[name + "UpperLeg"] = leg * (1 - knee)
        out[name + "LowerLeg"] = leg * knee * (1 - ankle)
        out[name + "Foot"] = leg * knee * ankle * (1 - toes)
        out[name + "Toes"] = leg * knee * ankle * toes
    return out
