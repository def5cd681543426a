"""What a show file says about animations, expressions, keys, cues and who may move what.

Sections ``[[animation]]``, ``[[expression]]``, ``[[shot]]``, ``[[cue]]`` and ``[mixer]``.
`mistakes` finds what no section can see alone: names that nobody has, keys that two want.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from avatar.perform.animation_layer import FADE_S as ANIMATION_FADE_S
from avatar.perform.expression_layer import FADE_S as EXPRESSION_FADE_S
from avatar.perform.expression_layer import ONCE_S, Mode
from flow.pose import Part

LONGEST_S = 86_400.0
LIST_KEY = "?"
"""Lists the keys of the show."""
VERBS = ("animation", "expression", "shot", "stop")
_KEY = Field("", description="one character, typed in the show's terminal or window")


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _one_key(text: str) -> str:
    if text and (len(text) != 1 or not text.isprintable() or text.isspace() or text == LIST_KEY):
        raise ValueError(f"must be one character, not {LIST_KEY}, which lists the keys")
    return text


class AnimationSection(_Section):
    """A movement that plays from the start, by a key or by a cue."""

    name: str = Field(min_length=1, description="what cues call it")
    file: str = Field(
        min_length=1, description="built-in name, or path of a .vrma, .bvh or humanoid .glb"
    )
    key: str = _KEY
    start: Literal["", "auto", "key", "cue"] = Field(
        "", description="auto: with the show; unset: by its key or a cue"
    )
    loop: bool = Field(False, description="again and again, until its key or a cue stops it")
    parts: list[Part] = Field(
        default_factory=lambda: list(Part),
        description="what it may move: face, head, torso, left_arm, right_arm, left_hand, "
        "right_hand, legs; unset: all that the file has",
    )
    priority: int | None = Field(
        None,
        ge=1,
        le=99,
        description="higher lies over lower: camera 20; unset: 10 with start = auto (it fills what "
        "the camera does not see), else 50 (over the camera)",
    )
    weight: float = Field(1.0, ge=0, le=1, description="how much of the movement shows")
    fade_s: float = Field(
        ANIMATION_FADE_S, ge=0, le=10, description="seconds to come and to go, at the least"
    )
    speed: float = Field(1.0, gt=0, le=10, description="1: as recorded")

    _key = field_validator("key")(_one_key)


class ExpressionSection(_Section):
    """A face that a key or a cue puts on."""

    name: str = Field(
        min_length=1,
        description="what is shown: happy, angry, sad, relaxed, surprised, neutral, blink, or any "
        "expression of the avatar's own",
    )
    key: str = _KEY
    mode: Literal["toggle", "hold", "once"] = Field(
        "toggle",
        description="toggle: the key switches it; hold: as long as the key is held; once: for "
        "`seconds`",
    )
    weight: float = Field(1.0, ge=0, le=1, description="how strongly it shows")
    seconds: float = Field(ONCE_S, gt=0, le=LONGEST_S, description="how long mode = once lasts")
    fade_s: float = Field(EXPRESSION_FADE_S, ge=0, le=10, description="seconds to come and to go")

    _key = field_validator("key")(_one_key)

    @property
    def how(self) -> Mode:
        """The mode as the layer has it."""
        return Mode(self.mode)


class ShotSection(_Section):
    """A camera shot by a key."""

    name: str = Field(min_length=1, description="a shot of the stage: wide, medium, close …")
    key: str = _KEY

    _key = field_validator("key")(_one_key)


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be done: a verb and whom it concerns."""

    verb: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.name}".strip()


def action_of(text: str) -> Action:
    """The action that a cue's text means.

    Raises:
        ValueError: it means none.
    """
    verb, _, name = text.strip().partition(" ")
    name = name.strip()
    if verb not in VERBS or not (name or verb == "stop"):
        raise ValueError(
            'must be "animation NAME", "expression NAME", "shot NAME", "stop NAME" or "stop"'
        )
    return Action(verb, name)


class CueSection(_Section):
    """Something that happens at its time."""

    at_s: float = Field(ge=0, le=LONGEST_S, description="seconds after the first picture")
    do: str = Field(
        description='"animation NAME", "expression NAME", "shot NAME", "stop NAME" or "stop"'
    )

    @field_validator("do")
    @classmethod
    def _do(cls, text: str) -> str:
        action_of(text)
        return text

    @property
    def action(self) -> Action:
        """What is to be done."""
        return action_of(self.do)


class LayerSection(_Section):
    """How much of the body one driver may have."""

    priority: int | None = Field(None, ge=1, le=99, description="higher lies over lower")
    parts: dict[Part, float] | None = Field(
        None, description="body part = 0 to 1; parts not named are not its; unset: all of all"
    )

    @field_validator("parts")
    @classmethod
    def _parts(cls, parts: dict[Part, float] | None) -> dict[Part, float] | None:
        if parts is not None and not all(0.0 <= weight <= 1.0 for weight in parts.values()):
            raise ValueError("must be numbers from 0 to 1")
        return parts


class MixerSection(_Section):
    """Who may move what."""

    camera: LayerSection = Field(
        LayerSection(), description="whoever [motion] follows; its priority is 20"
    )


class Performance(Protocol):
    """The part of a show that this is about."""

    @property
    def animation(self) -> Sequence[AnimationSection]:
        """``[[animation]]``."""
        ...

    @property
    def expression(self) -> Sequence[ExpressionSection]:
        """``[[expression]]``."""
        ...

    @property
    def shot(self) -> Sequence[ShotSection]:
        """``[[shot]]``."""
        ...

    @property
    def cue(self) -> Sequence[CueSection]:
        """``[[cue]]``."""
        ...


def has_keys(show: Performance) -> bool:
    """Whether any key does anything in this show."""
    return any(section.key for sections in _lists(show).values() for section in sections)


def mistakes(show: Performance) -> Iterator[str]:
    """A sentence with its dotted path for each name and key that does not fit the others."""
    takers: dict[str, str] = {}
    for kind, sections in _lists(show).items():
        seen: set[str] = set()
        for number, section in enumerate(sections):
            path = f"{kind}.{number}"
            if section.name in seen:
                yield f"{path}.name: there is another {kind} called {section.name!r}"
            seen.add(section.name)
            if section.key and section.key in takers:
                yield f"{path}.key: {section.key!r} is the key of {takers[section.key]} already"
            elif section.key:
                takers[section.key] = f"{kind} {section.name!r}"
    for number, animation in enumerate(show.animation):
        if animation.start == "key" and not animation.key:
            yield f'animation.{number}.key: is needed with start = "key"'
        if not animation.parts:
            yield f"animation.{number}.parts: must name a body part"
    for number, shot in enumerate(show.shot):
        if not shot.key:
            yield f"shot.{number}.key: is needed"
    for number, cue in enumerate(show.cue):
        yield from _cue_mistakes(show, cue.action, f"cue.{number}.do")


def _lists(
    show: Performance,
) -> dict[str, Sequence[AnimationSection | ExpressionSection | ShotSection]]:
    return {"animation": show.animation, "expression": show.expression, "shot": show.shot}


def _cue_mistakes(show: Performance, action: Action, path: str) -> Iterator[str]:
    names = {kind: [s.name for s in sections] for kind, sections in _lists(show).items()}
    known = names.get(action.verb, names["animation"] + names["expression"])
    # The stage has shots of its own; that it has this one is found out when it is loaded.
    if action.verb == "shot" or not action.name or action.name in known:
        return
    kind = action.verb if action.verb != "stop" else "animation or expression"
    yield f"{path}: there is no {kind} {action.name!r}{meant(action.name, known)}"


def meant(name: str, known: Sequence[str], *, listed: bool = True) -> str:
    """A guess at what was meant in brackets, else (`listed`) all there is."""
    near = get_close_matches(name.lower(), [k.lower() for k in known], n=1)
    if near:
        return f" (did you mean {next(k for k in known if k.lower() == near[0])!r}?)"
    if not listed:
        return ""
    return f" (there is {', '.join(known)})" if known else " (there is none)"
