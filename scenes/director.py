"""Who decides where the audience's eye is: cuts, moves, and following a head that walks.

The renderer redraws the static stage only when `CameraShot.key` changes, so a camera that has
arrived repeats *exactly* the same floats: moves end on their target, and following has a dead
zone, a millimetre grid and a snap.
"""

from __future__ import annotations

from math import dist, exp
from typing import TYPE_CHECKING

import numpy as np

from flow.errors import ShowFileError
from flow.stage import CameraShot
from scenes.geometry import ease
from scenes.shot import DEFAULT_SHOT, ShotSpec, Vec3, framed_for

if TYPE_CHECKING:
    from flow.spec import F32
    from scenes.stage import Stage

DEAD_ZONE_M = 0.06
FOLLOW_HALF_LIFE_S = 0.25
SNAP_M = 0.002
AUTO_HOLD_S = {"wide": 7.0, "medium": 18.0, "close": 9.0}
_AUTO_ORDER = ("medium", "close", "medium", "wide")

_View = tuple[Vec3, Vec3, float]


class Director:
    """Camera of one show. One thread; `now` is the show clock's nanoseconds and never goes back.

    Args:
        stage: Gives the shots.
        host_height_m: How tall the host is; framing follows.
        aspect: Picture width over height.
        auto: Cut through medium, close and wide by itself until somebody asks for a shot.
    """

    def __init__(
        self, stage: Stage, *, host_height_m: float, aspect: float, auto: bool = False
    ) -> None:
        self._shots = {
            name: framed_for(spec, aspect, host_height_m) for name, spec in stage.shots.items()
        }
        self._spec = self._shots[DEFAULT_SHOT if DEFAULT_SHOT in self._shots else min(self._shots)]
        self._auto = auto
        self._auto_step = 0
        self._auto_since: int | None = None
        self._cut = True
        self._from: _View | None = None
        self._move_ns = 0
        self._move_since: int | None = None
        self._last: int | None = None
        self._home: Vec3 | None = None
        self._goal: Vec3 = (0.0, 0.0, 0.0)
        self._offset: Vec3 = (0.0, 0.0, 0.0)

    @property
    def current(self) -> str:
        """The name of the shot that is on air or being moved to."""
        return self._spec.name

    @property
    def names(self) -> tuple[str, ...]:
        """Every shot there is."""
        return tuple(self._shots)

    def cut_to(self, name: str) -> None:
        """Be there on the next frame. Raises ShowFileError ``show.shot``."""
        self._spec = self._known(name)
        self._from, self._cut, self._auto = None, True, False
        self._offset = self._goal

    def move_to(self, name: str, seconds: float | None = None) -> None:
        """Travel there in `seconds` (the shot's own `ease_s` when None), from wherever we are."""
        spec = self._known(name)
        self._auto = False
        if spec.name == self._spec.name and self._from is None:
            return
        now_at = self._view(self._last) if self._last is not None else None
        wanted = spec.ease_s if seconds is None else seconds
        self._spec = spec
        if wanted <= 0.0 or now_at is None:
            self._from, self._cut = None, True
            return
        self._from, self._move_ns, self._move_since = now_at, int(wanted * 1e9), self._last

    def shot(self, now: int, head: F32 | None) -> CameraShot:
        """The camera at `now`. `head` is the host's head in world metres, None when unknown."""
        self._conduct(now)
        self._follow(now, head)
        eye, target, fov = self._view(now)
        if self._move_since is not None and now - self._move_since >= self._move_ns:
            self._from, self._move_since = None, None
        cut, self._cut, self._last = self._cut, False, now
        return CameraShot(
            np.array(eye, np.float32), np.array(target, np.float32), fov, self._spec.name, cut
        )

    def _known(self, name: str) -> ShotSpec:
        if name in self._shots:
            return self._shots[name]
        raise ShowFileError(
            f"There is no shot '{name}' on this stage.",
            code="show.shot",
            hint=f"It has {', '.join(self._shots)}.",
        )

    def _view(self, now: int | None) -> _View:
        """Eye, target and field of view without any rounding; on its spec once arrived."""
        f, o = self._spec.follow, self._offset
        shift = (o[0] * f, o[1] * f, o[2] * f)
        eye, target = _add(self._spec.eye, shift), _add(self._spec.target, shift)
        if self._from is None or self._move_since is None or now is None:
            return eye, target, self._spec.fov_deg
        t = ease((now - self._move_since) / max(self._move_ns, 1))
        if t >= 1.0:
            return eye, target, self._spec.fov_deg
        e0, t0, f0 = self._from
        fov = f0 + (self._spec.fov_deg - f0) * t
        return _mix(e0, eye, t), _mix(t0, target, t), fov

    def _conduct(self, now: int) -> None:
        if not self._auto:
            return
        order = [name for name in _AUTO_ORDER if name in self._shots] or [self._spec.name]
        here = order[self._auto_step % len(order)]
        if self._auto_since is None:
            self._auto_since = now
            self._spec = self._shots[here]
        elif now - self._auto_since >= AUTO_HOLD_S.get(here, 10.0) * 1e9 and len(order) > 1:
            self._auto_step += 1
            self._auto_since = now
            self._spec = self._shots[order[self._auto_step % len(order)]]
            self._cut = True

    def _follow(self, now: int, head: F32 | None) -> None:
        if head is not None and bool(np.isfinite(head).all()):
            at = (float(head[0]), float(head[1]), float(head[2]))
            if self._home is None:
                self._home = at
            away = _sub(at, self._home)
            if dist(away, self._goal) > DEAD_ZONE_M:
                self._goal = (round(away[0], 3), round(away[1], 3), round(away[2], 3))
        if self._offset == self._goal or self._last is None:
            return
        keep = exp(-0.693147 * (now - self._last) * 1e-9 / FOLLOW_HALF_LIFE_S)
        self._offset = _mix(self._goal, self._offset, keep)
        if dist(self._offset, self._goal) < SNAP_M:
            self._offset = self._goal


def _add(a: Vec3, b: Vec3) -> Vec3:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _sub(a: Vec3, b: Vec3) -> Vec3:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _mix(a: Vec3, b: Vec3, t: float) -> Vec3:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)
