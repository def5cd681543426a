"""Animations, expressions, shots, keys and cues of a show file, and doing what they say."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from avatar.perform.animation_layer import AnimationLayer
from avatar.perform.performer import Performer
from avatar.read.load import load_avatar
from avatar.rig.avatar import Avatar
from flow.clock import ManualClock
from flow.errors import AssetError, ShowFileError
from flow.pose import Part
from host.cli import parser
from host.commands.check import inspect_show
from host.commands.options import show_of
from host.cues import Actors, Prompter
from host.keys import typed
from host.log import Voice
from host.showfile import Show, validate
from host.stack import make_actors
from scenes.director import Director
from scenes.stage import load_stage
from tests.conftest import ROOT

S = 1_000_000_000
GOOD: dict[str, Any] = {
    "animation": [{"name": "wave", "file": "wave", "key": "w"}],
    "expression": [{"name": "happy", "key": "h"}, {"name": "sad", "key": "s", "mode": "once"}],
    "shot": [{"name": "close", "key": "1"}],
    "cue": [
        {"at_s": 3.0, "do": "stop"},
        {"at_s": 1.0, "do": "expression happy"},
        {"at_s": 1.0, "do": "animation wave"},
        {"at_s": 2.0, "do": "shot wide"},
    ],
}


@pytest.fixture(scope="module")
def mira() -> Avatar:
    return load_avatar(ROOT / "assets" / "avatars" / "mira.vrm", max_texture_px=64)


def director() -> Director:
    stage = load_stage(ROOT / "assets" / "stages" / "studio.glb")
    return Director(stage, host_height_m=1.6, aspect=1.0)


def actors(show: Show, body: Avatar) -> Actors:
    return make_actors(show, performer=Performer(), avatar=body, director=director(), now=0)


def mistakes(data: dict[str, Any]) -> str:
    with pytest.raises(ShowFileError) as fault:
        validate(data, "show.toml")
    assert fault.value.code == "show.invalid"
    return fault.value.message


class Typist:
    """Types what it is told."""

    def __init__(self) -> None:
        self.waiting = ""

    def pressed(self) -> str:
        text, self.waiting = self.waiting, ""
        return text


class Performance:
    """A show's actors and prompter with a clock of their own."""

    def __init__(self, data: dict[str, Any], body: Avatar) -> None:
        self.show = validate(data, "show.toml")
        self.actors = actors(self.show, body)
        self.said = io.StringIO()
        self.prompter = Prompter(self.show, self.actors, Voice(ManualClock(), self.said))
        self.typist = Typist()
        self.prompter.keyboard = self.typist

    def until(self, seconds: float, keys: str = "") -> None:
        """Type `keys`, then let a moment pass."""
        self.typist.waiting = keys
        self.prompter.tick(int(seconds * S), 0)
        self.actors.mixer.pose(int(seconds * S))

    def animation(self, name: str) -> AnimationLayer:
        return self.actors.animations[name]


# -- the file -----------------------------------------------------------------------------------


def test_a_show_may_have_all_of_it_and_needs_none() -> None:
    show = validate(GOOD, "show.toml")
    assert show.animation[0].parts == list(Part)
    assert [str(c.action) for c in show.cue][:2] == ["stop", "expression happy"]
    assert not validate({}, "show.toml").animation


def test_every_name_and_key_that_does_not_fit_must_be_named_at_once() -> None:
    said = mistakes({
        "animation": [
            {"name": "wave", "file": "wave", "key": "w"},
            {"name": "wave", "file": "bow", "start": "key"},
        ],
        "expression": [{"name": "happy", "key": "w"}],
        "shot": [{"name": "close"}],
        "cue": [{"at_s": 1, "do": "animation wawe"}, {"at_s": 1, "do": "stop hapy"},
                {"at_s": 1, "do": "expression cat"}],
    })  # fmt: skip
    for line in (
        "animation.1.name: there is another animation called 'wave'",
        "animation.1.key: is needed with start",
        "expression.0.key: 'w' is the key of animation 'wave' already",
        "shot.0.key: is needed",
        "cue.0.do: there is no animation 'wawe' (did you mean 'wave'?)",
        "cue.1.do: there is no animation or expression 'hapy' (did you mean 'happy'?)",
        "cue.2.do: there is no expression 'cat' (there is happy)",
    ):
        assert line in said


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"animation": {"name": "x"}}, "animation: must be a list: write each as [[animation]]"),
        ({"animation": [{"name": "x"}]}, "animation.0.file: is needed"),
        ({"animation": [{"name": "", "file": "f"}]}, "animation.0.name: must not be empty"),
        ({"animation": [{"name": "x", "file": "f", "looop": 1}]}, "known here: name, file, key"),
        ({"animation": [{"name": "x", "file": "f", "parts": ["arm"]}]}, "animation.0.parts.0"),
        ({"animation": [{"name": "x", "file": "f", "parts": []}]}, "must name a body part"),
        ({"animation": [{"name": "x", "file": "f", "speed": 0}]}, "must be more than 0"),
        ({"expression": [{"name": "x", "key": "ab"}]}, "expression.0.key: must be one character"),
        ({"expression": [{"name": "x", "key": "?"}]}, "which lists the keys"),
        ({"expression": [{"name": "x", "mode": "flash"}]}, "expression.0.mode: must be 'toggle'"),
        ({"cue": [{"at_s": -1, "do": "stop"}]}, "cue.0.at_s: must be 0 or more"),
        ({"cue": [{"at_s": 1, "do": "dance"}]}, "cue.0.do: must be \"animation NAME\""),
        ({"mixer": {"camera": {"parts": {"head": 2.0}}}}, "must be numbers from 0 to 1"),
        ({"mixer": {"camera": {"priority": 0}}}, "mixer.camera.priority: must be 1 or more"),
    ],
)  # fmt: skip
def test_mistakes_must_be_said_in_plain_words(section: dict[str, Any], said: str) -> None:
    assert said in mistakes(section)


def test_an_animation_of_the_command_line_must_play_from_the_start() -> None:
    arguments = parser().parse_args(["check", "--animation", "wave", "--animation", "wave"])
    first, second = show_of(arguments).animation
    assert (first.name, second.name) == ("wave", "wave 2")
    assert first.start == "auto" and first.loop and second.file == "wave"


def test_check_must_look_at_animations_and_expressions() -> None:
    data = {
        "animation": [{"name": "a", "file": "wave"}, {"name": "b", "file": "none.bvh"}],
        "expression": [{"name": "hapy"}],
        "cue": [{"at_s": 1, "do": "shot moon"}],
    }
    found = inspect_show(validate(data, "show.toml"))
    faults = {f["what"]: f["code"] for f in found if f["fault"]}
    assert faults == {
        "animation": "asset.missing", "expressions": "show.expression", "stage": "show.shot"
    }  # fmt: skip
    said = [f["sentence"] for f in found if f["what"] == "animation" and not f["fault"]]
    assert said == ["a: 2.6 s, moves face, right_arm, right_hand"]


# -- against avatar and stage ---------------------------------------------------------------------


def test_an_expression_that_the_avatar_lacks_must_be_refused_with_those_it_has(
    mira: Avatar,
) -> None:
    show = validate(
        {"expression": [{"name": "hapy"}, {"name": "Happy"}, {"name": "neutral"}]}, "show.toml"
    )
    with pytest.raises(ShowFileError) as fault:
        actors(show, mira)
    assert fault.value.code == "show.expression"
    assert "'hapy' (did you mean 'happy'?)" in fault.value.message
    assert "neutral" not in fault.value.message
    assert "'Happy'" not in fault.value.message, "any case will do"
    assert "surprised" in fault.value.hint and "tongueOut" in fault.value.hint


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"animation": [{"name": "x", "file": "none.vrma"}]}, "asset.missing"),
        ({"animation": [{"name": "x", "file": "wave", "parts": ["legs"]}]}, "show.animation"),
        ({"shot": [{"name": "clos", "key": "1"}]}, "show.shot"),
        ({"cue": [{"at_s": 1, "do": "shot moon"}]}, "show.shot"),
    ],
)
def test_what_is_not_there_must_be_refused_before_the_show(
    section: dict[str, Any], code: str, mira: Avatar
) -> None:
    with pytest.raises((ShowFileError, AssetError)) as fault:
        actors(validate(section, "show.toml"), mira)
    assert fault.value.code == code
    assert fault.value.hint


def test_a_damaged_animation_must_be_refused_by_its_name(mira: Avatar, tmp_path: Path) -> None:
    path = tmp_path / "noise.vrma"
    path.write_bytes(b"glTF" + b"\0" * 40)
    show = validate({"animation": [{"name": "x", "file": str(path)}]}, "show.toml")
    with pytest.raises(AssetError, match=r"noise\.vrma"):
        actors(show, mira)


def test_the_show_must_say_who_may_move_what(mira: Avatar) -> None:
    show = validate({
        "mixer": {"camera": {"priority": 70, "parts": {"face": 1.0, "head": 0.5}}},
        "animation": [
            {"name": "under", "file": "wave", "start": "auto"},
            {"name": "over", "file": "wave"},
            {"name": "own", "file": "wave", "priority": 33},
        ],
    }, "show.toml")  # fmt: skip
    made = actors(show, mira)
    order = {layer.name: layer.priority for layer in made.mixer.layers}
    assert order == {"under": 10, "own": 33, "over": 50, "expressions": 60, "camera": 70}
    assert made.animations["under"].playing and not made.animations["over"].playing


# -- doing it -------------------------------------------------------------------------------------


def test_cues_must_come_in_their_order_at_their_time(mira: Avatar) -> None:
    show = Performance(GOOD, mira)
    show.until(0.9)
    assert show.prompter.done == 0
    show.until(1.0)
    assert show.actors.expressions.shown == ("happy",)
    assert show.animation("wave").playing
    show.until(2.5)
    assert show.actors.director.current == "wide"
    show.until(3.0)
    assert not show.actors.expressions.shown
    assert not show.animation("wave").playing
    show.until(100.0)
    assert show.prompter.done == 4, "each once"


def test_a_late_tick_must_not_lose_a_cue(mira: Avatar) -> None:
    show = Performance(GOOD, mira)
    show.until(60.0)
    assert show.prompter.done == 4


def test_keys_must_do_what_the_show_file_says(mira: Avatar) -> None:
    data = {**GOOD, "cue": [], "animation": [
        {"name": "wave", "file": "wave", "key": "w"},
        {"name": "sway", "file": "wave", "key": "l", "loop": True},
    ]}  # fmt: skip
    show = Performance(data, mira)
    show.until(1.0, "hx1")
    assert show.actors.expressions.shown == ("happy",)
    assert show.actors.director.current == "close"
    show.until(2.0, "wl")
    assert show.animation("wave").playing and show.animation("sway").playing
    show.until(3.0, "hl")
    assert not show.actors.expressions.shown, "a toggle goes off"
    assert not show.animation("sway").playing, "the key of a loop stops it"
    show.until(4.0, "w")
    assert show.animation("wave").playing, "the key of a movement starts it again"
    assert show.prompter.done == 7, "what has no key does nothing"
    said = show.said.getvalue()
    assert "Expression: happy." in said and "Animation wave." in said and "Shot close." in said


def test_a_question_mark_must_list_the_keys(mira: Avatar) -> None:
    show = Performance({**GOOD, "cue": []}, mira)
    show.until(1.0, "?")
    assert show.said.getvalue() == (
        "Keys: h expression happy, s expression sad, w animation wave, 1 shot close, "
        "? lists them.\n"
    )
    silent = Performance({}, mira)
    silent.until(1.0, "?w")
    assert silent.said.getvalue() == "" and not silent.prompter.has_keys


@pytest.mark.parametrize(
    ("sent", "keys"),
    [("w", "w"), ("hé喵", "hé喵"), ("w\x1b[A", "w"), ("\x1bOP", ""), ("\t\r\n\x7f", ""), ("", "")],
)
def test_only_characters_must_count_as_keys(sent: str, keys: str) -> None:
    assert typed(sent) == keys
