"""Where a body's points are, from what a tracker says: calm when still, at once when moving.

One filter cannot be both, so two run side by side on every point and are mixed by how well each
explains what is seen: in one the point rests, in the other it has a speed that it soon forgets
(interacting multiple models: Blom and Bar-Shalom 1988; the speed is Singer's, 1970). A movement
of several deviations is believed within a sample or two, and a standing hand is averaged over
seconds.

A tracker is not only shaky, it also wanders: by a centimetre or two, mostly in depth, forgotten
within a second. That wandering is a third state beside place and speed, so that it is not taken
for movement. A joint that is hidden is guessed at, off by much more but by the same for as long as
it is hidden: there the wandering is as wide as such guesses are, and begins anew when the joint
comes into sight or leaves it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from avatar.perform.noise_level import USUAL_M, NoiseLevel
from avatar.solve.rotations import F64

POINTS = 33
FORGET_S = 1.0
"""After this long without a sample the next one is taken as it is."""

SHARES: F64 = np.ones(POINTS)
SHARES[[15, 16, 17, 18, 19, 20, 21, 22, 27, 28, 29, 30, 31, 32]] = 1.5
SHARES[[11, 12, 23, 24]] = 0.7
SHARES.flags.writeable = False
"""How much a point shakes compared with others: ends of limbs more, the trunk less."""

_SURE, _BLIND = 0.65, 0.4
"""Visibilities above the first are trusted, those below the second are guesses."""
_HANDS_AND_FEET = ([15, 17, 19, 21], [16, 18, 20, 22], [27, 29, 31], [28, 30, 32])


def _taken_from(ends: list[int], roots: list[int]) -> F64:
    """(33, 33), which gives each of `ends` its root's value and the rest nothing."""
    out = np.zeros((POINTS, POINTS))
    out[roots, ends] = 1.0
    return out


def _together() -> F64:
    """(33, 33), which gives each point of a hand or foot the mean of them all."""
    out = np.eye(POINTS)
    for group in _HANDS_AND_FEET:
        out[np.ix_(group, group)] = 1.0 / len(group)
    return out


_TOGETHER = _together()
_ELBOWS_AND_KNEES = _taken_from([13, 14, 25, 26], [11, 12, 23, 24])
_WRISTS_AND_ANKLES = _taken_from([15, 16, 27, 28], [13, 14, 25, 26])
_X, _V, _B = range(3)
_XX, _XV, _XB, _VB, _BB, _VV = range(6)
_MOST_EASE = 2.0
_FIRST, _SECOND = [0, 0, 0, 1, 2, 1], [0, 1, 2, 2, 2, 1]
"""Of which two states each row of the covariances is: the order lets slices stand for sums."""
_MOST_LOG, _MOST_LOG_PER_S = 2.5, 75.0
"""What one sample may say for or against movement: trackers jump for a picture now and then. The
only sample of a tenth of a second says more."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Metres and seconds; pairs are (across the picture, in depth)."""

    speed_m_s: float = 1.4
    """What a moving joint does."""
    memory_s: float = 0.11
    """How long it keeps its speed."""
    rest_s: float = 3.5
    move_s: float = 1.5
    """How long points rest and move, usually."""
    noise: tuple[float, float] = (2.4, 2.4)
    """Deviation of a sample, in measured levels of noise: what is too slow to be measured too."""
    wander_m: tuple[float, float] = (0.004, 0.005)
    wander_levels: tuple[float, float] = (2.0, 0.9)
    """A source that hardly shakes does not wander by more than this many levels."""
    wander_s: float = 0.7
    hidden_m: tuple[float, float] = (0.12, 0.25)
    """How far off guesses at hidden joints are."""
    hidden_noise: float = 3.0
    """Variance of such guesses in excess of a seen joint's, in its variances."""


class PointTrack:
    """Tracks (33, 3) points; the last axis is depth. One thread.

    All state is kept by axis: `_x` (3 states, 2 models, 3 axes, 33 points), `_p` (6, 2, 3, 33).
    """

    def __init__(self, tuning: Tuning | None = None) -> None:
        self._tuning = tuning if tuning is not None else Tuning()
        t = self._tuning
        self._noise = NoiseLevel(SHARES)
        self._x: F64 = np.zeros((3, 2, 3, POINTS))
        self._p: F64 = np.zeros((6, 2, 3, POINTS))
        self._moving: F64 = np.full(POINTS, 0.5)
        self._hidden: F64 = np.zeros(POINTS)
        self._shown: F64 = np.zeros((3, POINTS))
        self._time_s = -math.inf
        self._per_axis = {
            name: np.array([across, across, depth])[:, None]
            for name, (across, depth) in (
                ("noise", t.noise),
                ("wander", t.wander_m),
                ("levels", t.wander_levels),
                ("hidden", t.hidden_m),
            )
        }

    @property
    def ease(self) -> float:
        """How much less than usual is left to calm in what follows from these points; at least 1.

        Of a tracker that shakes less than usual little; of one that shakes more, the points are
        late enough already.
        """
        ratio = USUAL_M[1] / float(self._noise.level_m[2])
        return ratio**3 if ratio > 1.0 else min(1.0 / ratio, _MOST_EASE)

    def update(self, points: F64, visibility: F64, time_s: float) -> tuple[F64, F64]:
        """Take a sample; (33, 3) points and the variance of each number, m²."""
        seen = points.T
        hidden = ((_SURE - visibility) / (_SURE - _BLIND)).clip(0.0, 1.0)
        gap_s = max(time_s - self._time_s, 1e-3)
        self._time_s = time_s
        level = self._noise.update(seen, gap_s, hidden < 0.5)[:, None]  # noqa: PLR2004 - half
        noise = (level * self._per_axis["noise"] * SHARES) ** 2
        wander = np.minimum(level * self._per_axis["levels"], self._per_axis["wander"]) * SHARES
        wander = wander**2 + (hidden * self._per_axis["hidden"]) ** 2
        if gap_s > FORGET_S:
            self._restart(seen, hidden, noise, wander)
        else:
            prior = self._mix(gap_s)
            self._predict(gap_s, hidden, wander)
            most = max(_MOST_LOG, _MOST_LOG_PER_S * gap_s)
            self._correct(seen, hidden, noise, prior, most)
        return self._read(hidden)

    def _restart(self, seen: F64, hidden: F64, noise: F64, wander: F64) -> None:
        self._x[:] = 0.0
        self._x[_X] = seen
        self._p[:] = 0.0
        self._p[_XX], self._p[_BB] = noise + wander, wander
        self._p[_XB] = -wander
        self._p[_VV, 1] = self._tuning.speed_m_s**2
        self._moving = np.full(POINTS, 0.5)
        self._hidden = hidden
        self._shown = seen

    def _mix(self, gap_s: float) -> tuple[F64, F64]:
        """Exchange between the models; the probabilities of both before the sample."""
        t = self._tuning
        stay, go_on = math.exp(-gap_s / t.rest_s), math.exp(-gap_s / t.move_s)
        moving = self._moving
        stops, starts = (1.0 - go_on) * moving, (1.0 - stay) * (1.0 - moving)
        rests = stay * (1.0 - moving) + stops
        goes = 1.0 - rests
        other = np.stack([stops / rests, starts / goes])[:, None]  # (models, 1, points)
        way = other * _WAY
        x, p = self._x, self._p
        apart = x[:, 1] - x[:, 0]
        spread = apart[_FIRST] * apart[_SECOND]
        x += way * apart[:, None]
        p += way * (p[:, 1] - p[:, 0])[:, None] + (other * (1.0 - other)) * spread[:, None]
        return rests, goes

    def _predict(self, gap_s: float, hidden: F64, wander: F64) -> None:
        """On by `gap_s`: the exact transition of a speed and a wandering that are forgotten."""
        t = self._tuning
        keep = math.exp(-gap_s / t.memory_s)
        on = np.array([0.0, t.memory_s * (1.0 - keep)])[:, None, None]
        kept = np.array([0.0, keep])[:, None, None]
        same = math.exp(-gap_s / t.wander_s) * (1.0 - np.abs(hidden - self._hidden))
        self._hidden = hidden
        x, p = self._x, self._p
        x[_X] += on * x[_V]
        x[_V] *= kept
        x[_B] *= same
        p[_XX] += on * (2.0 * p[_XV] + on * p[_VV])
        p[_XB] = same * (p[_XB] + on * p[_VB])
        p[_XV] = kept * (p[_XV] + on * p[_VV])
        p[_VB] *= same * kept
        p[_VV] *= kept * kept
        p[_BB] += (1.0 - same * same) * (wander - p[_BB])
        v2, m, lost = t.speed_m_s**2, t.memory_s, 1.0 - keep
        p[_XX, 1] += v2 * m * (2.0 * gap_s - 4.0 * m * lost + m * (1.0 - keep * keep))
        p[_XV, 1] += v2 * m * lost * lost
        p[_VV, 1] += v2 * (1.0 - keep * keep)

    def _correct(
        self, seen: F64, hidden: F64, noise: F64, prior: tuple[F64, F64], most: float
    ) -> None:
        x, p = self._x, self._p
        news = seen - x[_X] - x[_B]
        if hidden.any():  # a hidden hand moves as a whole
            news += hidden * (news @ _TOGETHER - news)
        cross = p[0:3] + p[2:5]  # of place, speed and wandering with what is seen
        expected = cross[0] + cross[2] + noise * (1.0 + self._tuning.hidden_noise * hidden)
        gain = cross / expected
        x += gain * news
        p -= gain[_FIRST] * cross[_SECOND]
        surprise = (news * news / expected + np.log(expected)).sum(axis=1)
        odds = np.exp((0.5 * (surprise[0] - surprise[1])).clip(-most, most))
        rests, goes = prior
        self._moving = goes * odds / (rests + goes * odds)

    def _read(self, hidden: F64) -> tuple[F64, F64]:
        x, p, moving = self._x[_X], self._p[_XX], self._moving
        apart = x[1] - x[0]
        shown = x[0] + moving * apart
        if hidden.any():  # what is hidden is carried along by what it hangs from
            gone = shown - self._shown
            carried = hidden * (gone @ _ELBOWS_AND_KNEES)
            carried += hidden * ((gone + carried) @ _WRISTS_AND_ANKLES)
            x += carried
            shown = shown + carried
        self._shown = shown
        variance = p[0] + moving * (p[1] - p[0] + (1.0 - moving) * apart**2)
        return shown.T, variance.T


_WAY = np.array([1.0, -1.0])[:, None, None]
