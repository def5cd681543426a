"""Where the performer's hips are: over the standing foot, or swaying in place."""

from __future__ import annotations

import numpy as np

from avatar.perform.follow import ValueFollower
from avatar.perform.ground import Ground
from avatar.perform.smooth import OneEuro, settings
from avatar.solve.assemble import HIPS
from avatar.solve.body import LOWER_LEGS, UPPER_LEGS
from avatar.solve.rotations import F64, within
from flow.spec import F32

_SWAY_M = np.array([0.08, 0.0, 0.0])
_STANDING, _ANY = np.ones(3), np.array([1.0, 0.0, 0.0])
"""Idle legs are straight. Legs of an animation may kneel: their height and depth are not ours."""
_WALK_M = np.array([0.6, 0.5, 0.5])
_LOWEST_M = np.array([-0.6, -0.7, -0.5])
_LONGEST_S = 0.1
_DRIFT = 0.005
"""How much of the way to the present place home moves with each sample."""


class Hips:
    """Smooths places seen in the picture and keeps feet on the floor.

    Without `roam` the performer stays near the place where he stood at first.
    """

    def __init__(self, *, roam: bool) -> None:
        self._roam = roam
        self._filter = OneEuro(settings(3, 0.8, 2.0))
        self._values = ValueFollower(3)
        self._home: F64 | None = None
        self._ground = Ground()
        self._hidden: F64 = np.zeros(2)
        self._now_s = -np.inf

    def feed(self, place: F64, time_s: float, hidden: F64) -> None:
        """Take where the hips were seen (`Solution.hips`), and how hidden (2,) feet are, 0..1."""
        self._hidden = hidden
        smooth = self._filter.update(place, time_s)
        if self._home is None:
            self._home = smooth.copy()
        self._home += (smooth - self._home) * _DRIFT
        self._values.sample(smooth - self._home, time_s)

    def at(
        self, base: F32, shown: F64, trunk: float, legs: float, now_s: float, *, standing: bool
    ) -> F64:
        """The hips' offset to show at `now_s` (metres for a hip height of 1 m).

        Args:
            base: (3,) that of the pose beneath.
            shown: (55, 4) the performer's rotations in the room.
            trunk: How much the performer has of the trunk, 0..1.
            legs: And of the legs.
            now_s: The time.
            standing: The legs of the pose beneath are straight.
        """
        rest = base.astype(np.float64)
        place = self._values.at(now_s)
        free = _STANDING if standing else _ANY
        sway = rest + (within(place, -_SWAY_M, _SWAY_M) - rest) * (trunk * free)
        dt = min(max(now_s - self._now_s, 0.0), _LONGEST_S)
        self._now_s = now_s
        if legs == 0.0:
            self._ground.rest(sway)
            return np.asarray(sway, np.float64)
        walked = self._ground.step(
            shown[HIPS],
            shown[UPPER_LEGS],
            shown[LOWER_LEGS],
            within(place, -_WALK_M, _WALK_M),
            dt,
            hidden=self._hidden,
            pull=not self._roam,
        )
        if not self._roam:
            walked = within(walked, _LOWEST_M, _WALK_M)
        return np.asarray(sway + (walked - sway) * legs, np.float64)

    def rest(self, hips: F32, now_s: float) -> None:
        """Nobody is seen: begin from here when somebody is."""
        self._ground.rest(hips.astype(np.float64))
        self._now_s = now_s
