"""What this performer's face looks like at rest, learnt while it is used.

The tracker's weights are biased per person: open eyes rest at 0 to 0.3, closed ones reach 0.55 to
0.9, a calm mouth smiles a little, brows depend on the camera's height. During the first two
seconds of a visible face the resting values are measured; afterwards they follow slowly, so that
a new chair or another lamp is forgotten within a minute and an act is not.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from flow.clock import NS_PER_S
from flow.motion import ARKIT_INDEX, ARKIT_NAMES

F64: TypeAlias = NDArray[np.float64]

WARM_UP_S = 2.0
FORGET_S = 45.0
"""Time constant of the slow adaptation after the first two seconds."""

BLINKS = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
_EYES = [i for i, n in enumerate(ARKIT_NAMES) if n.startswith("eyeLook")]

_REST_LIMIT = np.full(52, 0.25)
_REST_LIMIT[_EYES] = 0.0  # gaze has its own neutral, below
for _name in ("jawOpen", "mouthClose"):
    _REST_LIMIT[ARKIT_INDEX[_name]] = 0.1
_REST_LIMIT[ARKIT_INDEX["browInnerUp"]] = 0.4
_REST_LIMIT.flags.writeable = False
"""The most of each weight that may be taken for a resting value."""

_HEAD_LIMIT_DEG = np.array([8.0, 12.0])
_GAZE_LIMIT_DEG = np.array([8.0, 10.0])
_FRONTAL_DEG = np.array([15.0, 20.0])
_DEFAULT_CEILING = 0.62
_CEILING_RANGE = (0.45, 0.85)


class Neutral:
    """The resting face of one performer: fed with every face, read by the face solver."""

    def __init__(self) -> None:
        self.rest: F64 = np.zeros(52)
        """Resting weights (52,), subtracted from what is seen."""
        self.blink_floor: F64 = np.full(2, 0.08)
        self.blink_ceiling: F64 = np.full(2, _DEFAULT_CEILING)
        self.head_deg: F64 = np.zeros(2)
        """Resting yaw and pitch of the head towards this camera."""
        self.gaze_deg: F64 = np.zeros(2)
        """Resting yaw and pitch of the eyes."""
        self.seen_s = 0.0
        self._last: int | None = None
        self._peak = [0.0, 0.0]

    def reset(self) -> None:
        """Forget the performer and start again (re-centre)."""
        self.__init__()  # type: ignore[misc]

    def observe(self, captured: int, weights: F64, head_deg: F64, gaze_deg: F64) -> None:
        """Learn from one face: ARKit weights (52,), (yaw, pitch) of head and of eyes in degrees."""
        dt = 0.0 if self._last is None else (captured - self._last) / NS_PER_S
        self._last = captured
        if not 0.0 < dt < 1.0:
            dt = 1.0 / 30.0
        self.seen_s += dt
        # A running mean at first, then a slow one: rate = dt / max(time seen, forget).
        rate = dt / max(min(self.seen_s + dt, FORGET_S), dt)
        if self.seen_s > WARM_UP_S:
            rate = dt / FORGET_S
        for eye, closed in enumerate(weights[BLINKS].tolist()):
            self._learn_eyelid(eye, closed, rate, dt)
        if bool((np.abs(head_deg) > _FRONTAL_DEG).any()):
            return
        self._approach(self.head_deg, head_deg, rate, _HEAD_LIMIT_DEG)
        if bool((weights[BLINKS] < self.blink_floor + 0.2).all()):
            self._approach(self.gaze_deg, gaze_deg, rate, _GAZE_LIMIT_DEG)
        # Expressions only add: follow falling values four times as fast as rising ones.
        lower = np.where(weights < self.rest, 2.0, 0.5)
        self.rest += (weights - self.rest) * np.minimum(lower * rate, 1.0)
        self.rest.clip(0.0, _REST_LIMIT, out=self.rest)

    def _approach(self, value: F64, seen: F64, rate: float, limit: F64) -> None:
        value += (seen - value) * rate
        value.clip(-limit, limit, out=value)

    def _learn_eyelid(self, eye: int, closed: float, rate: float, dt: float) -> None:
        """Floor: a low running quantile of open eyes. Ceiling: the last closed eyes' peak."""
        floor, peak = float(self.blink_floor[eye]), self._peak[eye]
        if closed < floor + 0.25:
            floor += (closed - floor) * (2.0 if closed < floor else 0.7) * min(rate, 0.5)
        else:
            # Eyes held in another position for long (looking at a script) must not count as closed.
            floor += dt * 0.01
        self.blink_floor[eye] = floor = min(max(floor, 0.0), 0.35)
        if closed > max(peak, 0.4):
            self._peak[eye] = closed
        elif closed < floor + 0.2 and peak > 0.0:
            lowest, highest = _CEILING_RANGE
            target = min(max(peak, lowest), highest)
            self.blink_ceiling[eye] += 0.25 * (target - self.blink_ceiling[eye])
            self._peak[eye] = 0.0
