"""Expressions that somebody switches: by a key or a script, for a while or until told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from avatar.perform.faces import MOODS, choose
from avatar.perform.fade import Fade
from avatar.perform.layer import PRIORITY, LayerKind
from avatar.perform.smooth import Mask
from flow.clock import NS_PER_S
from flow.pose import AvatarPose

FADE_S = 0.2
ONCE_S = 2.0
HOLD_S = 0.75
"""A held key repeats itself; without a repeat for this long it was let go. Keyboards wait half a
second before the first repeat."""


class Mode(StrEnum):
    """What asking for an expression means."""

    TOGGLE = "toggle"
    HOLD = "hold"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class ExpressionCue:
    """An expression that can be asked for. `expression` is the avatar's or VRM's name for it."""

    name: str
    expression: str
    weight: float = 1.0
    mode: Mode = Mode.TOGGLE
    seconds: float = ONCE_S
    """How long `once` shows it, fades included."""
    fade_s: float = FADE_S


class _Shown:
    """One cue's state."""

    def __init__(self, cue: ExpressionCue) -> None:
        self.cue = cue
        self.fade = Fade()
        self.until: int | None = None
        """When it goes by itself (ns)."""


class ExpressionLayer:
    """Lays chosen expressions over the face (`avatar.perform.faces` has the rules).

    Moods exclude each other: a new one sends the last one away, cross-faded. Others stand side by
    side. Moves no joint.
    """

    def __init__(
        self,
        cues: Iterable[ExpressionCue] = (),
        *,
        name: str = "expressions",
        priority: int | None = None,
    ) -> None:
        self.name, self.kind = name, LayerKind.EXPRESSION
        self.priority = PRIORITY[self.kind] if priority is None else priority
        self.handing_over: Mask | None = None
        self._all = {cue.name: _Shown(cue) for cue in cues}
        self._active: list[_Shown] = []

    @property
    def names(self) -> tuple[str, ...]:
        """What can be asked for."""
        return tuple(self._all)

    @property
    def shown(self) -> tuple[str, ...]:
        """What is asked for now (fading ones have been let go)."""
        return tuple(s.cue.name for s in self._active if s.fade.target > 0.0)

    def press(self, name: str, now: int, *, switch: bool = True) -> None:
        """Somebody asks for `name` as its mode says: switch it, keep it held, show it once.

        Without `switch` a toggle that is on stays on, and a held one stays until it is hidden.

        Raises:
            KeyError: there is no such cue.
        """
        shown = self._all[name]
        mode = shown.cue.mode
        if not switch and mode is not Mode.ONCE:
            self.show(name, now)
        elif mode is Mode.TOGGLE and shown.fade.target > 0.0:
            self.hide(name, now)
        elif mode is Mode.HOLD:
            self.show(name, now, seconds=HOLD_S)
        elif mode is Mode.ONCE:
            self.show(name, now, seconds=max(shown.cue.seconds - shown.cue.fade_s, 0.0))
        else:
            self.show(name, now)

    def show(self, name: str, now: int, *, seconds: float | None = None) -> None:
        """Show `name` from now on, or for `seconds` before it fades."""
        shown = self._all[name]
        shown.until = None if seconds is None else now + int(seconds * NS_PER_S)
        shown.fade.to(1.0, now / NS_PER_S, shown.cue.fade_s)
        if shown not in self._active:
            self._active.append(shown)
        if shown.cue.expression in MOODS:
            for other in self._active:
                if other is not shown and other.cue.expression in MOODS:
                    other.fade.to(0.0, now / NS_PER_S, shown.cue.fade_s)

    def hide(self, name: str, now: int) -> None:
        """Let `name` go."""
        shown = self._all[name]
        shown.until = None
        shown.fade.to(0.0, now / NS_PER_S, shown.cue.fade_s)

    def hide_all(self, now: int) -> None:
        """Back to the face that moves."""
        for shown in self._active:
            self.hide(shown.cue.name, now)

    def over(self, base: AvatarPose, now: int) -> AvatarPose:
        """`base` with what was asked for over its face."""
        if not self._active:
            return base
        t = now / NS_PER_S
        weights: dict[str, float] = {}
        shares: dict[str, float] = {}
        for shown in self._active:
            cue = shown.cue
            if shown.until is not None and now >= shown.until:
                self.hide(cue.name, now)
            share = shown.fade.at(t)
            word = cue.expression
            weights[word] = max(weights.get(word, 0.0), share * min(max(cue.weight, 0.0), 1.0))
            shares[word] = max(shares.get(word, 0.0), share)
        self._active = [s for s in self._active if s.fade.target > 0.0 or s.fade.moving(t)]
        return choose(base, weights, shares)
