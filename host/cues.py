"""Does what keys and cues ask for while the show runs. Main thread; never raises into the tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avatar.perform.animation_layer import AnimationLayer
from avatar.perform.expression_layer import ExpressionLayer
from avatar.perform.mixer import Mixer
from flow.clock import NS_PER_S
from flow.errors import ShowFileError
from host.keys import Keyboard, NoKeyboard
from host.log import Voice
from host.performance import LIST_KEY, Action, Performance
from scenes.director import Director


@dataclass(slots=True)
class Actors:
    """Whom actions concern."""

    mixer: Mixer
    animations: dict[str, AnimationLayer]
    expressions: ExpressionLayer
    director: Director


class Prompter:
    """Knows the script: what each key does and what happens when.

    Args:
        show: Its keys and cues.
        actors: Who does it.
        voice: Says what was done.
    """

    def __init__(self, show: Performance, actors: Actors, voice: Voice) -> None:
        self._actors = actors
        self._voice = voice
        self.keyboard: Keyboard = NoKeyboard()
        self.done = 0
        """Actions done so far."""
        self._keys = dict(_keys(show))
        self._cues = sorted(((c.at_s, c.action) for c in show.cue), key=lambda cue: cue[0])
        self._next = 0

    @property
    def has_keys(self) -> bool:
        """Whether any key does anything."""
        return bool(self._keys)

    def help(self) -> str:
        """Which key does what, in one sentence."""
        said = [f"{key} {action}" for key, action in self._keys.items()]
        return f"Keys: {', '.join([*said, f'{LIST_KEY} lists them'])}."

    def tick(self, now: int, since: int) -> None:
        """Do what is due at `now` and was typed; `since` is when the show went on air (ns)."""
        while self._next < len(self._cues):
            at_s, action = self._cues[self._next]
            if now < since + int(at_s * NS_PER_S):
                break
            self._next += 1
            self._do(action, now, by_key=False)
        typed = self.keyboard.pressed()
        for key in typed:
            action_or_none = self._keys.get(key)
            if action_or_none is not None:
                self._do(action_or_none, now, by_key=True)
        if LIST_KEY in typed and self._keys:
            self._voice.say(self.help())

    def do(self, action: Action, now: int) -> None:
        """Do it now, as a cue would."""
        self._do(action, now, by_key=False)

    def _do(self, action: Action, now: int, *, by_key: bool) -> None:
        self.done += 1
        match action.verb:
            case "animation":
                self._animate(action.name, now, by_key=by_key)
            case "expression":
                self._express(action.name, now, by_key=by_key)
            case "shot":
                self._shoot(action.name)
            case _:
                self._stop(action.name, now)

    def _animate(self, name: str, now: int, *, by_key: bool) -> None:
        """A key that started a loop stops it; everything else starts it (again)."""
        layer = self._actors.animations[name]
        if by_key and layer.loop and layer.playing:
            layer.stop(now)
            self._voice.say(f"Animation {name} ends.")
            return
        self._actors.mixer.raise_(layer)
        layer.start(now)
        self._voice.say(f"Animation {name}.")

    def _express(self, name: str, now: int, *, by_key: bool) -> None:
        """A cue puts a face on; a key does what its mode says."""
        expressions = self._actors.expressions
        before = expressions.shown
        expressions.press(name, now, switch=by_key)
        if expressions.shown != before:
            shown = ", ".join(expressions.shown) or "as tracked"
            self._voice.say(f"Expression: {shown}.")

    def _shoot(self, name: str) -> None:
        try:
            self._actors.director.move_to(name)
        except ShowFileError as fault:
            self._voice.warn(str(fault))
            return
        self._voice.say(f"Shot {name}.")

    def _stop(self, name: str, now: int) -> None:
        animations, expressions = self._actors.animations, self._actors.expressions
        for label, layer in animations.items():
            if name in ("", label):
                layer.stop(now)
        for label in expressions.names:
            if name in ("", label):
                expressions.hide(label, now)
        self._voice.say(f"Stop {name}.".replace(" .", "."))


def _keys(show: Performance) -> Sequence[tuple[str, Action]]:
    sections = (("expression", show.expression), ("animation", show.animation), ("shot", show.shot))
    return [(s.key, Action(verb, s.name)) for verb, all_ in sections for s in all_ if s.key]
