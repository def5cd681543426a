"""What an avatar is told: each movement once, in the finest words that it has."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.read.load import load_avatar
from avatar.rig.expression import Expression, MorphBind
from avatar.rig.lips import lips_follow_jaw
from avatar.rig.overlap import contained, first_of
from avatar.rig.spelling import arkit_name
from avatar.rig.vocabulary import Vocabulary
from avatar.solve.express import expressions
from flow.motion import ARKIT_INDEX, ARKIT_NAMES
from flow.pose import PRESET_EXPRESSIONS
from tests.conftest import ROOT

PRESETS = [n for n in PRESET_EXPRESSIONS if n != "neutral"]


def words(*names: str, empty: tuple[str, ...] = (), **more: object) -> Vocabulary:
    """The vocabulary of an avatar with these expressions; `empty` ones change nothing."""
    made = {n: Expression(n, morphs=(MorphBind(i, 1.0),)) for i, n in enumerate(names)}
    made |= {n: Expression(n) for n in empty}
    return Vocabulary(made, **more)  # type: ignore[arg-type]


def tracked(**weights: float) -> dict[str, float]:
    values = np.zeros(52, np.float32)
    for name, weight in weights.items():
        values[ARKIT_INDEX[name]] = weight
    return {k: v for k, v in expressions(values).items() if v or k == "jawOpen"}


def test_an_avatar_with_all_shapes_must_get_no_preset_of_a_tracked_face() -> None:
    told = words(*ARKIT_NAMES, *PRESETS).choose(tracked(
        jawOpen=0.5, eyeBlinkLeft=0.5, eyeBlinkRight=0.5, mouthSmileLeft=0.8, mouthSmileRight=0.8,
        browDownLeft=0.9, browDownRight=0.9,
    ))  # fmt: skip
    assert not set(told) & set(PRESETS)
    assert told["mouthSmileLeft"] == pytest.approx(0.8)


def test_an_avatar_with_presets_only_must_get_lids_vowels_and_moods() -> None:
    told = words(*PRESETS).choose(
        tracked(jawOpen=0.5, eyeBlinkLeft=0.5, mouthSmileLeft=0.8, mouthSmileRight=0.8)
    )
    assert {"aa", "blinkLeft", "happy"} <= {n for n, w in told.items() if w > 0.1}


@pytest.mark.parametrize(
    ("own", "rest"),
    [
        (("eyeBlinkLeft", "eyeBlinkRight"), {"blink", "blinkLeft", "blinkRight", "jawOpen"}),
        (("jawOpen", "mouthFunnel"), {"aa", "oh", "eyeBlinkLeft", "eyeBlinkRight"}),
        (("jawOpen",), {"jawOpen", "eyeBlinkLeft"}),
        (("eyeBlinkLeft",), {"eyeBlinkLeft", "jawOpen"}),
    ],
)
def test_a_part_of_the_shapes_must_drive_its_part_only(
    own: tuple[str, ...], rest: set[str]
) -> None:
    """Only lids, only a mouth, half a mouth, one lid: the best of both, nothing twice."""
    face = tracked(jawOpen=0.6, mouthFunnel=0.3, eyeBlinkLeft=0.8, eyeBlinkRight=0.8)
    told = words(*own, *PRESETS).choose(face)
    assert not rest & {n for n, w in told.items() if w}
    for name in set(own) - rest:
        assert told[name] == pytest.approx(face[name])


def test_an_empty_mood_that_blocks_must_do_no_harm() -> None:
    empty = {"happy": Expression("happy", override_blink="block")}
    assert Vocabulary(empty).choose({"jawOpen": 0.5, "happy": 0.5})["jawOpen"] == 0.5


def test_a_hint_of_a_mood_that_stops_blinks_must_not_show() -> None:
    shown = (MorphBind(0, 1.0),)
    words_of = Vocabulary({
        "happy": Expression("happy", morphs=shown, override_blink="block"),
        "relaxed": Expression("relaxed", morphs=shown, override_blink="block"),
        "sad": Expression("sad", morphs=shown, override_mouth="block"),
    })  # fmt: skip
    hint = words_of.choose({"jawOpen": 0.0, "happy": 0.25, "relaxed": 0.6})
    assert hint["happy"] == hint["relaxed"] == 0.0
    assert words_of.choose({"jawOpen": 0.0, "happy": 0.6})["happy"] > 0.4
    assert words_of.choose({"jawOpen": 0.4, "aa": 0.5, "sad": 0.6})["sad"] == 0.0, "in mid-word"
    assert words_of.choose({}, {"sad": 0.2})["sad"] == 0.2, "what is chosen is shown"


def test_expressions_that_change_nothing_must_not_count() -> None:
    """VRM 0.x files have empty blinkLeft and blinkRight beside a blink that works."""
    told = words("blink", empty=("blinkLeft", "blinkRight", "eyeBlinkLeft", "eyeBlinkRight"))
    assert told.choose(tracked(eyeBlinkLeft=0.8, eyeBlinkRight=0.8))["blink"] == pytest.approx(0.8)


@pytest.mark.parametrize("spelling", ["eyeBlinkLeft", "EYEBLINKLEFT", "EyeBlinkLeft",
                                      "eyeBlink_L", "Eye_Blink_Left"])  # fmt: skip
def test_arkit_names_must_be_known_however_they_are_spelled(spelling: str) -> None:
    assert arkit_name(spelling) == "eyeBlinkLeft"


@pytest.mark.parametrize("name", ["Fcl_EYE_Close_L", "Fcl_MTH_A", "vrc.v_aa", "jaw_L_custom"])
def test_other_makers_morph_names_must_not_pass_for_arkit(name: str) -> None:
    assert arkit_name(name) == name
    assert not words(name).syncs_mouth


def test_what_is_chosen_must_be_shown_whatever_the_face_does() -> None:
    """Speech on an avatar with ARKit shapes: the vowels are its own, the lids the performer's."""
    told = words(*ARKIT_NAMES, *PRESETS).choose({"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5},
                                                {"aa": 0.7, "happy": 0.4})  # fmt: skip
    assert told["aa"] == 0.7 and told["happy"] == 0.4
    assert told["eyeBlinkLeft"] == 0.5


def test_a_chosen_word_that_is_missing_must_be_said_in_others() -> None:
    shapes = words(*ARKIT_NAMES)
    assert shapes.choose({}, {"blink": 1.0}) == {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    assert shapes.choose({}, {"happy": 1.0})["mouthSmileLeft"] > 0.5
    assert words("aa").choose({}, {"jawOpen": 0.6}) == {"aa": 0.6}
    assert words("aa").choose({}, {"tongueOut": 1.0, "surprised": 1.0}) == {}
    assert not words("aa").knows("surprised")


def test_lips_must_not_be_pressed_through_each_other_where_close_undoes_open() -> None:
    face = tracked(jawOpen=0.2, mouthClose=0.6)
    shapes = words(*ARKIT_NAMES, lips_follow_jaw=True)
    assert shapes.choose(face)["mouthClose"] == pytest.approx(0.2)
    assert words(*ARKIT_NAMES).choose(face)["mouthClose"] == pytest.approx(0.6)


def test_a_mood_that_opens_the_mouth_must_not_open_it_further_than_the_performer() -> None:
    laughing = words(*PRESETS, opens={"happy": 0.6})
    shut = laughing.choose(tracked(jawOpen=0.0, mouthSmileLeft=1.0, mouthSmileRight=1.0))
    assert shut["happy"] < 0.05
    wide = laughing.choose(tracked(jawOpen=0.6, mouthSmileLeft=1.0, mouthSmileRight=1.0))
    plain = words(*PRESETS).choose(tracked(jawOpen=0.6, mouthSmileLeft=1.0, mouthSmileRight=1.0))
    assert wide["happy"] == pytest.approx(plain["happy"])
    assert wide["aa"] < plain["aa"]


def test_a_chosen_face_with_closed_eyes_must_not_close_them_twice() -> None:
    told = words(*PRESETS, blinks={"happy": 0.8}).choose(
        {"blinkLeft": 1.0, "blinkRight": 1.0}, {"happy": 1.0}
    )
    assert told["blinkLeft"] == pytest.approx(0.2)


def test_what_a_face_contains_must_be_measured_on_its_shapes() -> None:
    """The built-in host: relaxed eyes are two thirds shut, a happy mouth is a quarter open."""
    mira = load_avatar(ROOT / "assets" / "avatars" / "mira.vrm", max_texture_px=64)
    by_name = {n.lower(): e for n, e in mira.expressions.items()}
    lids = contained(by_name.values(), first_of(by_name, ("blink",)), mira.model)
    mouth = contained(by_name.values(), first_of(by_name, ("none",), ("aa",)), mira.model)
    assert lids["blink"] == mouth["aa"] == 1.0
    assert lids["relaxed"] == pytest.approx(0.66, abs=0.1)
    assert "sad" not in lids and "angry" not in mouth
    assert mouth["happy"] == pytest.approx(0.24, abs=0.1)
    assert mouth["surprised"] > mouth["happy"]
    assert contained(by_name.values(), first_of(by_name, ("none",)), mira.model) == {}
    assert lips_follow_jaw(mira.expressions, mira.model)
    turned = dict(mira.expressions)
    turned["mouthClose"] = turned["mouthPucker"]
    assert not lips_follow_jaw(turned, mira.model)


def test_no_weight_may_leave_its_range() -> None:
    rng = np.random.default_rng(5)
    shapes = words(*PRESETS, "jawOpen", "tongueOut", opens={"happy": 0.9, "sad": 0.2},
                   blinks={"happy": 0.7, "relaxed": 1.0})  # fmt: skip
    for _ in range(300):
        face = expressions(rng.random(52).astype(np.float32) ** 3)
        chosen = {str(n): float(rng.random()) for n in rng.choice(PRESETS, 4)}
        assert all(-1e-9 <= w <= 1.0 + 1e-6 for w in shapes.choose(face, chosen).values())
