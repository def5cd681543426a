"""The lines of the face: eye openings, brows and mouth, and how each ARKit shape moves them.

Millimetres in the head frame. Everything that lies on the face (skin, lashes, brows, lip line,
teeth) asks `move` where it goes, so that all of it stays together; a morph target is
``move(..., {name: 1}) - move(..., {})``.
"""

# One long sum: every ARKit shape adds its own term.
# ruff: noqa: PLR0915
from __future__ import annotations

import numpy as np

from assets.build.mira.head import height
from assets.build.mira.mesh import F64, smooth, step

Acts = dict[str, float]

EYE_IN, EYE_OUT = 14.2, 52.2
LID_REACH = 15.0
MOUTH_Y, MOUTH_HALF = 35.5, 15.5


def eye_base(x: F64) -> F64:
    """The line from the inner to the outer corner."""
    s = (np.abs(x) - EYE_IN) / (EYE_OUT - EYE_IN)
    return 94.0 + 4.2 * np.clip(s, -0.3, 1.3)


def _arch(s: F64, peak: float, power: float) -> F64:
    """An arch over 0..1 with its top at `peak`."""
    s = np.clip(s, 0.0, 1.0)
    t = np.where(s < peak, s / peak * 0.5, 0.5 + (s - peak) / (1 - peak) * 0.5)
    return np.sin(np.pi * t) ** power


def upper_lid(x: F64) -> F64:
    """Height of the upper lid's edge when the eye is open at rest."""
    s = (np.abs(x) - EYE_IN) / (EYE_OUT - EYE_IN)
    return eye_base(x) + 18.0 * _arch(s, 0.47, 0.62)


def lower_lid(x: F64) -> F64:
    """Height of the lower lid's edge at rest."""
    s = (np.abs(x) - EYE_IN) / (EYE_OUT - EYE_IN)
    return eye_base(x) - 10.8 * _arch(s, 0.56, 0.68)


def closed_lid(x: F64) -> F64:
    """Where the lids meet: a soft arc just above the lower lid."""
    return lower_lid(x) + 0.16 * (upper_lid(x) - lower_lid(x))


def joy_lid(x: F64) -> F64:
    """Where the lids meet in a laughing eye: an arc that bends upwards."""
    s = (np.abs(x) - EYE_IN) / (EYE_OUT - EYE_IN)
    return eye_base(x) - 1.0 + 5.5 * _arch(s, 0.5, 0.9)


def _lids(x: F64, y: F64, a: Acts, side: str) -> F64:
    """Vertical lid movement of points on one side of the face."""
    up, low = upper_lid(x), lower_lid(x)
    shut, joy = closed_lid(x), joy_lid(x)
    shape = np.sqrt(np.clip((up - low) / 25.0, 0.0, 1.0))
    d_up = (
        a.get("eyeBlink" + side, 0.0) * (shut - up)
        + a.get("eyeJoy" + side, 0.0) * (joy - up)
        + shape
        * (
            2.6 * a.get("eyeWide" + side, 0.0)
            - 2.2 * a.get("eyeSquint" + side, 0.0)
            - 2.8 * a.get("eyeLookDown" + side, 0.0)
            + 1.4 * a.get("eyeLookUp" + side, 0.0)
            - 1.2 * a.get("browDown" + side, 0.0)
        )
    )
    d_low = (
        a.get("eyeBlink" + side, 0.0) * (shut - low)
        + a.get("eyeJoy" + side, 0.0) * (joy - low)
        + shape
        * (
            -0.8 * a.get("eyeWide" + side, 0.0)
            + 3.0 * a.get("eyeSquint" + side, 0.0)
            + 2.0 * a.get("cheekSquint" + side, 0.0)
            - 1.2 * a.get("eyeLookDown" + side, 0.0)
            + 0.6 * a.get("eyeLookUp" + side, 0.0)
        )
    )
    w_up = 1 - smooth((y - up) / LID_REACH)
    w_low = 1 - smooth((low - y) / LID_REACH)
    return np.where(y >= eye_base(x), d_up * w_up, d_low * w_low)


def jaw_share(x: F64, y: F64, z: F64, part: F64) -> F64:
    """How much of the jaw's fall a point takes. `part`: +1 upper lip, -1 lower lip, 0 cheek."""
    free = step(y, 56.0, 22.0) * step(np.abs(x), 78.0, 34.0)
    middle = 1 - step(np.abs(x), 0.62 * MOUTH_HALF, 1.25 * MOUTH_HALF)
    lip = np.where(part > 0, 0.0, np.where(part < 0, 1.0, free))
    share = middle * lip + (1 - middle) * free
    return share * step(z, -25.0, 45.0)


def _mouth(p: F64, part: F64, a: Acts) -> F64:
    """Movement of lips, cheeks and jaw."""
    x, y, z = p.T
    u = x / MOUTH_HALF
    g = a.get
    q = np.clip(1 - u * u, 0.0, 1.0) ** 0.72
    dx, dy, dz = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)

    near_up = 1 - smooth((y - MOUTH_Y) / 15.0)
    near_low = 1 - smooth((MOUTH_Y - y) / 16.0)
    near = np.where(y >= MOUTH_Y, near_up, near_low) * (1 - step(np.abs(x), 14.0, 34.0))
    up = (part > 0) * near
    low = (part < 0) * near
    lips = near * (1 - step(np.abs(u), 1.0, 1.5))

    jaw = jaw_share(x, y, z, part)
    drop = g("jawOpen", 0.0)
    dy -= drop * (8.5 * jaw + 8.0 * q * low + 1.5 * (1 - q) * lips * (np.abs(u) < 1.3))
    dy += drop * 1.2 * q * up
    dz -= drop * 2.5 * jaw
    shut = g("mouthClose", 0.0)
    # Undoes the jaw's work on the lips alone: they meet again although the jaw hangs.
    fallen = 8.5 * jaw * near + 8.0 * q * low + 1.5 * (1 - q) * lips * (np.abs(u) < 1.3)
    dy += shut * (fallen - 1.2 * q * up)
    dz += shut * 2.5 * jaw * near
    dz += 3.0 * g("jawForward", 0.0) * jaw
    dx += 4.0 * (g("jawLeft", 0.0) - g("jawRight", 0.0)) * jaw

    dx += 4.5 * (g("mouthLeft", 0.0) - g("mouthRight", 0.0)) * near
    pout = lips * (1 - 0.3 * np.abs(np.clip(u, -1, 1)))
    dx -= 0.50 * g("mouthPucker", 0.0) * x * near
    dz += 3.0 * g("mouthPucker", 0.0) * pout
    dy += g("mouthPucker", 0.0) * (0.7 * q * up - 0.9 * q * low)
    dx -= 0.36 * g("mouthFunnel", 0.0) * x * near
    dz += 2.6 * g("mouthFunnel", 0.0) * pout
    dy += g("mouthFunnel", 0.0) * (3.2 * q * up - 4.6 * q * low)
    dy += g("mouthShrugLower", 0.0) * (1.5 * near + 1.2 * jaw)
    dz += 0.8 * g("mouthShrugLower", 0.0) * low
    dy += 1.0 * g("mouthShrugUpper", 0.0) * near
    dz += 1.0 * g("mouthShrugUpper", 0.0) * up
    dz -= 1.6 * (g("mouthRollLower", 0.0) * low + g("mouthRollUpper", 0.0) * up)
    dy += 0.7 * g("mouthRollLower", 0.0) * near - 0.7 * g("mouthRollUpper", 0.0) * near
    dy -= 4.0 * g("tongueOut", 0.0) * q * low

    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        v = sign * u
        half = smooth((v + 0.55) / 1.1)
        corner = np.exp(-0.5 * (((sign * x - 16.0) / 10.5) ** 2 + ((y - MOUTH_Y) / 11.0) ** 2))
        tip = np.exp(-0.5 * (((sign * x - 15.5) / 5.5) ** 2 + ((y - MOUTH_Y) / 7.0) ** 2))
        cheek = np.exp(-0.5 * (((sign * x - 40.0) / 14.0) ** 2 + ((y - 62.0) / 13.0) ** 2))
        smile = g("mouthSmile" + side, 0.0)
        curl = np.clip(v, 0, 1.15) ** 2 * 4.9 - 1.4
        dx += sign * smile * (3.8 * corner)
        dy += smile * (half * curl * near * (np.abs(v) < 1.16) + 1.2 * corner * (v > 0))
        dy += smile * (np.where(np.abs(v) >= 1.16, 5.2 * half, 0.0) * near + 1.6 * cheek)
        dz += smile * (1.4 * cheek - 1.0 * tip)
        frown = g("mouthFrown" + side, 0.0)
        droop = 1.6 - np.clip(v, 0, 1.15) ** 2 * 4.6
        dy += frown * (half * droop * near * (np.abs(v) < 1.16) - 0.8 * corner * (v > 0))
        dy += frown * np.where(np.abs(v) >= 1.16, -4.5 * half, 0.0) * near
        dx += sign * frown * 0.8 * corner
        dx += sign * 2.2 * g("mouthDimple" + side, 0.0) * tip
        dz -= 1.2 * g("mouthDimple" + side, 0.0) * tip
        dx += sign * 3.8 * g("mouthStretch" + side, 0.0) * corner
        dy -= 1.6 * g("mouthStretch" + side, 0.0) * corner
        dy += g("mouthPress" + side, 0.0) * half * 0.6 * np.sign(MOUTH_Y - y) * near * (part == 0)
        dz -= 0.9 * g("mouthPress" + side, 0.0) * half * lips
        dy += 3.6 * g("mouthUpperUp" + side, 0.0) * half * q * up
        dy -= 4.2 * g("mouthLowerDown" + side, 0.0) * half * q * low
        sneer = np.exp(-0.5 * (((sign * x - 9.0) / 5.0) ** 2 + ((y - 60.0) / 8.0) ** 2))
        dy += g("noseSneer" + side, 0.0) * (1.8 * sneer + 0.8 * half * q * up)
        dz += 0.8 * g("noseSneer" + side, 0.0) * sneer
        puff = np.exp(-0.5 * (((sign * x - 44.0) / 15.0) ** 2 + ((y - 46.0) / 14.0) ** 2))
        dx += sign * 4.5 * g("cheekPuff", 0.0) * puff
        dz += 4.0 * g("cheekPuff", 0.0) * puff
        raised = g("cheekSquint" + side, 0.0)
        dy += 1.8 * raised * cheek
        dz += 1.2 * raised * cheek
    # Nothing of this reaches the eyes: both lids must agree on where they meet.
    fade = step(y, 84.0, 75.0)
    return np.stack([dx, dy, dz], axis=1) * fade[:, None]


def move(p: F64, part: F64, a: Acts, lids: bool = True) -> F64:
    """(n, 3) displacement of points on the face. `part` as in `jaw_share`."""
    out = _mouth(p, part, a)
    if lids:
        x, y, z = p.T
        front = step(z, 5.0, 25.0)
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            dy = np.where(sign * x > 0, _lids(x, y, a, side), 0.0) * front
            slide = height(x, y + dy) - height(x, y)
            shut = a.get("eyeBlink" + side, 0.0) + a.get("eyeJoy" + side, 0.0)
            lid = (sign * x > 0) * (np.abs(dy) > 0) * (y >= eye_base(x))
            cover = 0.7 * shut * lid * (1 - smooth((y - upper_lid(x)) / 8.0))
            out[:, 1] += dy
            out[:, 2] += np.where(dy != 0, slide, 0.0) + cover * front
    return out


def brow_move(x: F64, s: F64, a: Acts) -> tuple[F64, F64]:
    """(dx, dy) of brow points; `s` runs from the inner (0) to the outer end (1)."""
    dx, dy = np.zeros_like(x), np.zeros_like(x)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        mine = sign * x > 0
        down, outer = a.get("browDown" + side, 0.0), a.get("browOuterUp" + side, 0.0)
        inner = a.get("browInnerUp", 0.0)
        wide, blink = a.get("eyeWide" + side, 0.0), a.get("eyeBlink" + side, 0.0)
        sneer = a.get("noseSneer" + side, 0.0)
        dy += mine * (
            down * (-7.6 * (1 - s) ** 1.1 - 0.8 + 2.2 * s)
            + inner * (5.5 * (1 - s) ** 1.2)
            + outer * (1.0 + 4.5 * s)
            + 0.8 * wide
            - 0.7 * blink
            - 0.8 * sneer * (1 - s)
        )
        dx += mine * sign * (-1.8 * down * (1 - s) - 0.3 * inner * (1 - s))
    return dx, dy
