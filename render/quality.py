"""How much work a picture may cost, and giving some of it up when the machine cannot keep up."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

PATIENCE = 20
"""Pictures to look at before a step down."""
CALM = 150
"""Pictures that must be cheap before a step is taken back; doubled each time that was too soon."""
HEADROOM = 0.55
"""A step is taken back when pictures cost less than this share of the budget."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What may be given up.

    `supersample` > 1 smooths edges (multisampling on GL); under 1 the avatar is drawn smaller than
    shown. `budget_ms` is what one picture may take; `adaptive` lets the renderer give things up to
    stay under it.
    """

    supersample: float = 1.5
    outline: bool = True
    shadow: bool = True
    adaptive: bool = True
    budget_ms: float = 26.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to give up, in words and in effect."""

    sentence: str
    supersample: float = 9.0
    outline: bool = True
    shadow: bool = True

    def applied(self, quality: Quality) -> Quality:
        """`quality` without what this step gives up."""
        return replace(
            quality,
            supersample=min(quality.supersample, self.supersample),
            outline=quality.outline and self.outline,
            shadow=quality.shadow and self.shadow,
        )


STEPS = (
    Step("edges smoothed less", supersample=1.25),
    Step("edges not smoothed", supersample=1.0),
    Step("outline left out", outline=False),
    Step("avatar drawn at three quarters of its size", supersample=0.75),
    Step("shadow left out", shadow=False),
)


class Governor:
    """Decides after each picture whether to give up a step of quality or take one back."""

    def __init__(self, wanted: Quality) -> None:
        self.wanted = wanted
        self.quality = wanted
        self.level = 0
        self._costs: deque[float] = deque(maxlen=PATIENCE)
        self._cheap = 0
        self._calm = CALM
        self._direction = 0

    @property
    def sentences(self) -> list[str]:
        """What is given up now."""
        out: list[str] = []
        quality = self.wanted
        for step in STEPS[: self.level]:
            if step.applied(quality) != quality:
                out.append(step.sentence)
            quality = step.applied(quality)
        return out

    def observe(self, cost_ms: float) -> bool:
        """Take note of one picture's cost; True when `quality` changed."""
        if not self.wanted.adaptive:
            return False
        self._costs.append(cost_ms)
        self._cheap = self._cheap + 1 if cost_ms < HEADROOM * self.wanted.budget_ms else 0
        if len(self._costs) < PATIENCE:
            return False
        # The median, so that a cut or a busy moment of the machine costs no quality.
        if float(np.median(self._costs)) > self.wanted.budget_ms:
            return self._move(+1)
        if self._cheap >= self._calm and self.level > 0:
            return self._move(-1)
        return False

    def _move(self, direction: int) -> bool:
        before = self.quality
        level = self.level + direction
        while 0 <= level <= len(STEPS):
            quality = self.wanted
            for step in STEPS[:level]:
                quality = step.applied(quality)
            if quality != before:
                if direction > 0 and self._cheap_was_a_mistake():
                    self._calm *= 2
                self.level, self.quality = level, quality
                self._costs.clear()
                self._cheap = 0
                self._direction = direction
                return True
            level += direction
        return False

    def _cheap_was_a_mistake(self) -> bool:
        """Whether the last move was a step back up that the machine could not hold."""
        return self._direction < 0
