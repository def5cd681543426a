"""A mouth that speech moves, over whatever moves the rest of the face."""

from __future__ import annotations

import math
from dataclasses import replace

from avatar.perform.faces import MOUTH_WORDS, speak
from avatar.perform.fade import Fade
from avatar.perform.layer import PRIORITY, LayerKind
from avatar.perform.smooth import Mask
from flow.clock import NS_PER_MS, NS_PER_S
from flow.pose import AvatarPose, Driver, Part

STALE_MS = 300.0
_IN_S, _OUT_S = 0.08, 0.25
"""Speech takes the mouth at once and gives it back gently: between two words it keeps it."""
_HALF = 0.5


class SpeechLayer:
    """Takes mouth shapes (aa, ih, ou, ee, oh, or ARKit's jaw and mouth) while somebody speaks.

    `say` is called for every moment of speech, pauses between words included; the first moment
    without a call for `stale_ms` gives the mouth back.

    Args:
        name: For counters and messages.
        priority: The kind's own when None.
        weight: How much of the mouth it may have, 0..1.
        driver: Who speaks: `Driver.AI` for a synthetic voice, HUMAN for lip-sync to a microphone.
            The face is labelled by who has its mouth.
        stale_ms: How long it keeps the mouth without news.
    """

    def __init__(
        self,
        name: str = "speech",
        *,
        priority: int | None = None,
        weight: float = 1.0,
        driver: Driver = Driver.AI,
        stale_ms: float = STALE_MS,
    ) -> None:
        self.name, self.kind = name, LayerKind.SPEECH
        self.priority = PRIORITY[self.kind] if priority is None else priority
        self.handing_over: Mask | None = None  # it moves no joint
        self.faults = 0
        """Shapes that could not be used."""
        self._weight = min(max(weight, 0.0), 1.0)
        self._driver = driver
        self._stale_ns = int(stale_ms * NS_PER_MS)
        self._mouth: dict[str, float] = {}
        self._said: int | None = None
        self._fade = Fade()

    def say(self, mouth: dict[str, float], now: int) -> None:
        """The mouth at `now` (ns, the mixer's clock). Names that are no mouth's are left out."""
        known = {n: v for n, v in mouth.items() if n in MOUTH_WORDS}
        if not all(map(math.isfinite, known.values())):
            self.faults += 1
            return
        self._mouth = {name: min(max(value, 0.0), 1.0) for name, value in known.items()}
        self._said = now

    def over(self, base: AvatarPose, now: int) -> AvatarPose:
        """`base` with the mouth of the newest moment of speech."""
        t = now / NS_PER_S
        speaks = self._said is not None and now - self._said <= self._stale_ns
        self._fade.to(1.0 if speaks else 0.0, t, _IN_S if speaks else _OUT_S)
        share = self._fade.at(t) * self._weight
        if share <= 0.0:
            return base
        pose = speak(base, self._mouth, share)
        if share > _HALF:
            pose = replace(pose, driver=pose.driver | {Part.FACE: self._driver})
        return pose
