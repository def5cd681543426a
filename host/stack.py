"""The mixer of a show, from its file: who lies over whom, checked against the avatar."""

from __future__ import annotations

from collections.abc import Sequence

import assets
from avatar.clip.clip import Clip
from avatar.clip.load import load_clip
from avatar.perform.animation_layer import AnimationLayer
from avatar.perform.camera_layer import CameraLayer
from avatar.perform.expression_layer import ExpressionCue, ExpressionLayer
from avatar.perform.layer import PRIORITY, TRIGGERED, LayerKind
from avatar.perform.mixer import Mixer
from avatar.perform.performer import Performer
from avatar.rig.avatar import Avatar
from avatar.rig.vocabulary import Vocabulary
from flow.errors import ShowFileError
from flow.pose import PRESET_EXPRESSIONS, Part
from host.cues import Actors
from host.performance import AnimationSection, ExpressionSection, meant
from host.showfile import Show
from scenes.director import Director


def make_actors(
    show: Show, *, performer: Performer, avatar: Avatar, director: Director, now: int
) -> Actors:
    """Everybody who moves the host, in a mixer; animations with ``start = "auto"`` have begun.

    Raises:
        AssetError: an animation that cannot be read.
        ShowFileError: ``show.expression``, ``show.animation`` or ``show.shot``: something that
            this avatar or stage does not have.
    """
    camera = show.mixer.camera
    mixer = Mixer([CameraLayer(performer, priority=camera.priority, weights=camera.parts)])
    check_shots(show, director.names)
    animations = {}
    for section in show.animation:
        layer = animation_layer(section, load_animation(section))
        animations[section.name] = layer
        mixer.add(layer)
        if section.start == "auto":
            layer.start(now)
    check_expressions(show.expression, avatar)
    expressions = ExpressionLayer(
        ExpressionCue(s.name, s.name, s.weight, s.how, s.seconds, s.fade_s) for s in show.expression
    )
    mixer.add(expressions)
    return Actors(mixer, animations, expressions, director)


def load_animation(section: AnimationSection) -> Clip:
    """The clip that a section names.

    Raises:
        AssetError: it cannot be read.
        ShowFileError: ``show.animation``: it moves nothing that the section lets it move.
    """
    clip = load_clip(assets.locate("animations", section.file))
    if clip.parts.isdisjoint(section.parts):
        has = ", ".join(p.value for p in Part if p in clip.parts) or "nothing"
        raise ShowFileError(
            f"The animation '{section.name}' may move {', '.join(section.parts)}; "
            f"{section.file} moves {has}.",
            code="show.animation",
            hint="Change its parts.",
        )
    return clip


def animation_layer(section: AnimationSection, clip: Clip) -> AnimationLayer:
    """The layer that a section describes."""
    usual = PRIORITY[LayerKind.ANIMATION] if section.start == "auto" else TRIGGERED
    return AnimationLayer(
        clip,
        name=section.name,
        loop=section.loop,
        priority=usual if section.priority is None else section.priority,
        parts=section.parts,
        weights=dict.fromkeys(Part, section.weight),
        fade_s=section.fade_s,
        speed=section.speed,
    )


def check_expressions(sections: Sequence[ExpressionSection], avatar: Avatar) -> None:
    """See that the avatar has what the show puts on.

    Raises:
        ShowFileError: ``show.expression`` with all that it does not have.
    """
    words = Vocabulary(avatar.expressions)
    # Any avatar can be without a mood.
    missing = [s.name for s in sections if not (words.knows(s.name) or s.name == "neutral")]
    if not missing:
        return
    known = list(words.names)
    lines = ", ".join(f"'{name}'{meant(name, known, listed=False)}" for name in missing)
    presets = [n for n in PRESET_EXPRESSIONS if words.knows(n)]
    own = [n for n in known if n not in presets]
    raise ShowFileError(
        f"{avatar.name} has no expression {lines}.",
        code="show.expression",
        hint=f"It has {', '.join(presets + own) or 'none'}.",
    )


def check_shots(show: Show, names: Sequence[str]) -> None:
    """See that the stage has the shots of keys and cues.

    Raises:
        ShowFileError: ``show.shot``.
    """
    wanted = [s.name for s in show.shot]
    wanted += [c.action.name for c in show.cue if c.action.verb == "shot"]
    missing = [name for name in wanted if name not in names]
    if missing:
        guess = meant(missing[0], names, listed=False)
        raise ShowFileError(
            f"There is no shot '{missing[0]}' on this stage{guess}.",
            code="show.shot",
            hint=f"It has {', '.join(names)}.",
        )
