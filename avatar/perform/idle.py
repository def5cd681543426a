"""A body that nobody moves: standing at ease, breathing, shifting weight, looking about, blinking.

A pure function of time and seed: any two calls at the same time agree, on any machine, and a
stopped clock gives a still picture. Slow motion is a sum of sines with periods that share no
common multiple; blinks and glances are drawn from a hash of the time slot they fall into.
"""

from __future__ import annotations

import math

import numpy as np

from avatar.solve import plain
from avatar.solve.plain import turn_of
from avatar.solve.rotations import F64, IDENTITY, about, exp, mul
from flow.clock import NS_PER_S
from flow.pose import BONE_INDEX, HUMAN_BONES, AvatarPose, Driver, Part

_X, _Y, _Z = np.eye(3)
_ARM_DOWN_RAD = np.radians(73.0)
_ELBOW_RAD = np.radians(14.0)
_FOREARM_IN_RAD = np.radians(12.0)
_SHOULDER_DOWN_RAD = np.radians(2.0)
_CURL_DEG = {"Index": (14, 22, 14), "Middle": (18, 26, 16), "Ring": (22, 28, 17),
             "Little": (25, 28, 17)}  # fmt: skip
_BREATH_S = 4.3
_BLINK_SLOT_S, _GLANCE_SLOT_S = 3.7, 1.9
_NO_BLINK, _TWO_BLINKS, _AT_LENS = 0.12, 0.15, 0.45
"""Chances a slot has no blink, has two, has the eyes back at the lens."""
_LEG_M = 0.92
_MOVED = [
    BONE_INDEX[name]
    for name in (
        "hips", "spine", "chest", "neck", "head",
        "leftShoulder", "leftUpperArm", "leftLowerArm",
        "rightShoulder", "rightUpperArm", "rightLowerArm",
    )
]  # fmt: skip
_THIGHS = [BONE_INDEX["leftUpperLeg"], BONE_INDEX["rightUpperLeg"]]
_FEET = [BONE_INDEX["leftFoot"], BONE_INDEX["rightFoot"]]


def _hashed(seed: int, stream: int, slot: int) -> float:
    """A number in 0..1 that belongs to this slot (splitmix64's finaliser, Steele et al. 2014)."""
    mask = (1 << 64) - 1
    x = (seed * 0x9E3779B97F4A7C15 + stream * 0xD1342543DE82EF95 + slot + 0x632BE59BD9B4E019) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return ((x ^ (x >> 31)) >> 11) / float(1 << 53)


class Idle:
    """The idle performance of one character; `seed` makes two of them differ."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._phase = [math.tau * _hashed(seed, 9, i) for i in range(24)]
        self._rest = _standing()
        self._driver = dict.fromkeys(Part, Driver.IDLE)

    def pose(self, now: int) -> AvatarPose:
        """The pose at `now` (ns of any clock)."""
        t = now / NS_PER_S
        breath = self._breath(t)
        sway = self._drift(t, 7.9, 13.7, 0)
        turn = 2.0 * self._drift(t, 11.3, 17.9, 3)
        look = 3.0 * self._drift(t, 6.1, 10.7, 6)
        nod = 1.8 * self._drift(t, 5.3, 9.1, 9)
        tilt = 1.6 * self._drift(t, 8.3, 14.9, 12)
        arm = 1.2 * self._drift(t, 5.9, 9.7, 15)
        lean, sway_m = 1.1 * sway, 0.012 * sway
        small_deg = np.array(
            [
                (0.0, 0.4 * turn, -0.5 * lean),
                (1.0 - 0.5 * breath, 0.3 * turn, 0.9 * lean),
                (-0.9 * breath, 0.3 * turn, 0.0),
                (0.4 * nod + 0.5 * breath, 0.4 * look, 0.0),
                (0.6 * nod, 0.6 * look - 0.6 * turn, tilt - 0.4 * lean),
                (0.0, 0.0, 1.3 * breath), (arm, 0.0, -0.8 * breath), (0.0, -abs(arm), 0.0),
                (0.0, 0.0, -1.3 * breath), (arm, 0.0, 0.8 * breath), (0.0, abs(arm), 0.0),
            ]
        )  # fmt: skip
        q = self._rest.copy()
        q[_MOVED] = mul(exp(np.radians(small_deg)), q[_MOVED])
        self._keep_feet(q, sway_m)
        hips = np.array([sway_m, 0.0015 * (breath - 1.0), 0.0], np.float32)
        closed = self._blink(t)
        return AvatarPose(
            captured=now,
            hips=hips,
            rotations=q.astype(np.float32),
            expressions={
                "eyeBlinkLeft": closed, "eyeBlinkRight": closed,
                "blinkLeft": closed, "blinkRight": closed,
                "mouthSmileLeft": 0.08, "mouthSmileRight": 0.08,
            },
            gaze_deg=self._glance(t),
            driver=dict(self._driver),
        )  # fmt: skip

    def _drift(self, t: float, first_s: float, second_s: float, phase: int) -> float:
        """Slow, irregular, within -1..1."""
        a = math.sin(math.tau * t / first_s + self._phase[phase])
        b = math.sin(math.tau * t / second_s + self._phase[phase + 1])
        c = math.sin(math.tau * t / (first_s + second_s) + self._phase[phase + 2])
        return 0.3 * a + 0.45 * b + 0.25 * c

    def _breath(self, t: float) -> float:
        """0 breathed out, 1 breathed in: in quickly, out slowly, with a rest."""
        phase = math.tau * t / _BREATH_S + self._phase[20]
        return 0.5 - 0.5 * math.cos(phase + 0.5 * math.sin(phase))

    @staticmethod
    def _keep_feet(q: F64, sway_m: float) -> None:
        """Lean the legs so that the feet stay where they stand while the hips move over them."""
        half = 0.5 * math.atan2(sway_m, _LEG_M)
        back = (0.0, 0.0, math.sin(half), math.cos(half))
        against = plain.inv(plain.mul(back, turn_of(q[BONE_INDEX["hips"]])))
        for thigh, foot in zip(_THIGHS, _FEET, strict=True):
            q[thigh] = plain.mul(against, turn_of(q[thigh]))
            q[foot] = plain.mul(back, turn_of(q[foot]))

    def _blink(self, t: float) -> float:
        """0 open, 1 closed: one blink in most slots, sometimes two, lids close faster than open."""
        slot = int(np.floor(t / _BLINK_SLOT_S))
        closed = 0.0
        for k in (slot - 1, slot):
            if _hashed(self._seed, 1, k) < _NO_BLINK:
                continue
            start = (k + 0.75 * _hashed(self._seed, 2, k)) * _BLINK_SLOT_S
            starts = [start] + ([start + 0.34] if _hashed(self._seed, 3, k) < _TWO_BLINKS else [])
            for s in starts:
                closed = max(closed, min((t - s) / 0.075, 1.0, (s + 0.29 - t) / 0.17))
        return closed

    def _glance(self, t: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """Small jumps of the eyes around the lens, most of them back to it."""
        slot = int(np.floor(t / _GLANCE_SLOT_S))

        def target(k: int) -> F64:
            if _hashed(self._seed, 4, k) < _AT_LENS:
                return np.zeros(2)
            spread = np.array([5.0, 2.5])
            draw = np.array([_hashed(self._seed, 5, k), _hashed(self._seed, 6, k)])
            return spread * (2.0 * draw - 1.0)

        begin = (slot + 0.5 * _hashed(self._seed, 7, slot)) * _GLANCE_SLOT_S
        way = min(max((t - begin) / 0.045, 0.0), 1.0)
        before, after = target(slot - 1), target(slot)
        return (before + (after - before) * way).astype(np.float32)


def _standing() -> F64:
    """The resting pose: arms at the sides, elbows and fingers soft."""
    q = np.tile(IDENTITY, (len(HUMAN_BONES), 1))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        q[BONE_INDEX[f"{side}Shoulder"]] = about(_Z, -sign * _SHOULDER_DOWN_RAD)
        down = about(_Z, -sign * _ARM_DOWN_RAD)
        q[BONE_INDEX[f"{side}UpperArm"]] = mul(about(_X, np.radians(4.0)), down)
        bend = about(_Y, -sign * _ELBOW_RAD)
        q[BONE_INDEX[f"{side}LowerArm"]] = mul(bend, about(_X, _FOREARM_IN_RAD))
        q[BONE_INDEX[f"{side}Hand"]] = about(_Z, -sign * np.radians(4.0))
        for finger, angles in _CURL_DEG.items():
            for joint, deg in zip(("Proximal", "Intermediate", "Distal"), angles, strict=True):
                q[BONE_INDEX[f"{side}{finger}{joint}"]] = about(_Z, -sign * np.radians(deg))
        thumb = mul(about(_X, np.radians(18.0)), about(_Y, sign * np.radians(14.0)))
        q[BONE_INDEX[f"{side}ThumbMetacarpal"]] = thumb
        q[BONE_INDEX[f"{side}ThumbProximal"]] = about(_Y, sign * np.radians(10.0))
        q[BONE_INDEX[f"{side}ThumbDistal"]] = about(_Y, sign * np.radians(12.0))
    return q
