"""Feet on the floor: where the hips are, from the legs that carry them.

World landmarks say nothing about place, and the picture alone would let the feet skate. So the
lower foot stands still and the hips move over it, like an odometer; the picture slowly pulls the
whole back to where the performer is seen, and lifts it when both feet leave the floor.
"""

from __future__ import annotations

import math

import numpy as np

from avatar.solve.rotations import F64, rotate

_BONE_M = 0.495
"""Thigh and shin each, for hips 1 m high."""
_HIP_JOINTS = np.array([[0.075, 0.03, 0.0], [-0.075, 0.03, 0.0]])
_DOWN = np.array([0.0, -1.0, 0.0])
_HIGH_M, _THROWN_M_S, _MOST_THROWN, _SWITCH = 0.04, 1.0, 3.0, 0.4
"""A foot this high, or one whose standing would throw the body about at this speed, is as unlikely
to stand; the other foot must be likelier by so much to become the one that stands."""
_HIDDEN = 3.0
"""How much unlikelier a foot is whose place is a guess."""
_MOMENTUM_S = 0.15
_FASTEST_M_S = 3.0
"""A foot that moves faster against the hips has been found elsewhere: the body stays."""
_PULL_S = 2.0
_LIFT_FREE_M = 0.05
"""A rise of the picture's hips beyond this is a jump, less is breathing and noise."""
_FORGET_S = 4.0


class Ground:
    """Keeps the standing foot still. `hips` is the offset (x, y, z) to show."""

    def __init__(self) -> None:
        self._stance: int | None = None
        self._anchor: F64 = np.zeros(2)
        self._ankles: F64 = np.zeros((2, 3))
        self._speed: F64 = np.zeros(2)
        self._level = 0.0
        self._levelled = False
        self.hips: F64 = np.zeros(3)

    def step(
        self,
        hips: F64,
        thighs: F64,
        shins: F64,
        seen: F64,
        dt_s: float,
        *,
        hidden: F64,
        pull: bool,
    ) -> F64:
        """One picture: rotations in the room, of both sides; `seen` is the place in the picture.

        `hidden` (2,) says which feet are guesses (1) and which are seen (0).

        Without `pull` nothing but the feet says where the body is (it may walk away).
        """
        joints = rotate(hips, _HIP_JOINTS)
        ankles = joints + _BONE_M * (rotate(thighs, _DOWN) + rotate(shins, _DOWN))
        before = self.hips[[0, 2]]
        self._stand(ankles, before, hidden, dt_s)
        where = self._anchor - ankles[self._stance][[0, 2]]
        step = where - before
        size, most = float(np.sqrt(step @ step)), _FASTEST_M_S * dt_s
        if size > most:
            self._anchor = self._anchor - step * (1.0 - most / size)
            where = before + step * (most / size)
        if dt_s > 0.0:
            share = 1.0 - math.exp(-dt_s / _MOMENTUM_S)
            self._speed = self._speed + share * ((where - before) / dt_s - self._speed)
        if pull:
            shift = (seen[[0, 2]] - where) * (1.0 - math.exp(-dt_s / _PULL_S))
            self._anchor = self._anchor + shift
            where = where + shift
        standing = -float(ankles[:, 1].min()) - 2.0 * _BONE_M + float(_HIP_JOINTS[0, 1])
        self.hips = np.array([where[0], standing + self._lift(seen, standing, dt_s), where[1]])
        return self.hips

    def _stand(self, ankles: F64, hips: F64, hidden: F64, dt_s: float) -> None:
        """Choose the foot that stands: low, and letting the body go on as it goes.

        The hips over a foot that is in the air would be thrown back.
        """
        moved = self._ankles - ankles
        self._ankles = ankles
        if self._stance is None:
            self._stance = int(ankles[1, 1] < ankles[0, 1])
            self._anchor = hips + ankles[self._stance][[0, 2]]
            self._speed = np.zeros(2)
            return
        if dt_s <= 0.0:
            return
        thrown = moved[:, [0, 2]] / dt_s - self._speed
        doubt = np.minimum(np.sqrt(np.vecdot(thrown, thrown)) / _THROWN_M_S, _MOST_THROWN)
        doubt += (ankles[:, 1] - ankles[:, 1].min()) / _HIGH_M + _HIDDEN * hidden
        other = 1 - self._stance
        if doubt[other] + _SWITCH < doubt[self._stance]:
            # It stands where it stood a moment ago.
            self._anchor = hips + (ankles + moved)[other][[0, 2]]
            self._stance = other

    def _lift(self, seen: F64, standing: float, dt_s: float) -> float:
        """How far the picture's hips are above what the legs explain."""
        above = float(seen[1]) - standing
        if not self._levelled:
            self._level, self._levelled = above, True
        extra = above - self._level
        quick = 1.0 if extra < 0.0 else 0.25
        self._level += extra * (1.0 - math.exp(-dt_s * quick / _FORGET_S))
        return max(0.0, extra - _LIFT_FREE_M)

    def rest(self, hips: F64) -> None:
        """Nobody's legs are seen: start again from `hips` when they are."""
        self.hips = np.array(hips, np.float64)
        self._stance = None
        self._levelled = False
