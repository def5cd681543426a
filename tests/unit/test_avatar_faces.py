"""The rules by which a chosen expression lies over the face that moves (docs/decisions)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from avatar.perform.expression_layer import ExpressionCue, ExpressionLayer, Mode
from avatar.perform.faces import choose, speak
from avatar.solve.express import expressions
from flow.motion import ARKIT_INDEX
from flow.pose import AvatarPose, t_pose

S = 1_000_000_000
SMILING = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "jawOpen": 0.4, "eyeBlinkLeft": 0.3,
           "eyeBlinkRight": 0.3, "browInnerUp": 0.5, "cheekPuff": 0.2}  # fmt: skip


def face(**weights: float) -> AvatarPose:
    """A pose whose face is tracked."""
    values = np.zeros(52, np.float32)
    for name, weight in weights.items():
        values[ARKIT_INDEX[name]] = weight
    return replace(t_pose(), expressions=expressions(values))


def at(layer: ExpressionLayer, seconds: float, base: AvatarPose | None = None) -> AvatarPose:
    return layer.over(base or face(**SMILING), int(seconds * S))


def test_a_chosen_mood_must_take_the_place_of_the_tracked_one() -> None:
    before = face(**SMILING)
    pose = choose(before, {"sad": 1.0})
    assert before.expressions["happy"] > 0.3, "the tracked face is happy"
    assert pose.chosen == {"sad": 1.0}
    for name in ("happy", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "relaxed"):
        assert name not in pose.expressions, "a tracked smile must not be added"


def test_under_a_mood_the_performer_must_go_on_blinking_speaking_and_looking() -> None:
    before = face(**SMILING)
    pose = choose(before, {"happy": 1.0})
    for name in ("jawOpen", "aa", "eyeBlinkLeft", "blinkRight", "cheekPuff"):
        assert pose.expressions[name] == before.expressions[name]


def test_half_a_mood_must_leave_half_of_the_tracked_one() -> None:
    pose = choose(face(**SMILING), {"sad": 0.25}, {"sad": 0.5})
    assert pose.expressions["mouthSmileLeft"] == pytest.approx(0.45)
    assert pose.chosen["sad"] == 0.25


def test_one_name_must_never_be_the_sum_of_both() -> None:
    tracked = face(cheekPuff=0.8)
    for share in (0.0, 0.3, 1.0):
        pose = choose(tracked, {"cheekPuff": 0.5 * share}, {"cheekPuff": share})
        shown = pose.expressions.get("cheekPuff", 0.0) + pose.chosen["cheekPuff"]
        assert shown == pytest.approx(0.8 * (1.0 - share) + 0.5 * share)


def test_a_wink_must_close_its_eye_only() -> None:
    pose = choose(face(eyeBlinkLeft=0.4, eyeBlinkRight=0.4), {"blinkLeft": 1.0})
    assert "eyeBlinkLeft" not in pose.expressions and "blinkLeft" not in pose.expressions
    assert pose.expressions["eyeBlinkRight"] == pytest.approx(0.4)


def test_a_chosen_look_must_take_the_gaze() -> None:
    looking = replace(face(eyeLookUpLeft=0.5), gaze_deg=np.array([8.0, -4.0], np.float32))
    pose = choose(looking, {"lookDown": 0.75})
    assert np.allclose(pose.gaze_deg, [2.0, -1.0])
    assert pose.expressions["eyeLookUpLeft"] == pytest.approx(0.125)


def test_the_upper_of_two_moods_must_win_and_their_sum_be_one_at_most() -> None:
    once = choose(face(), {"happy": 0.8})
    twice = choose(once, {"angry": 1.0})
    assert twice.chosen == {"angry": 1.0}
    both = choose(face(), {"happy": 1.0, "sad": 1.0})
    assert both.chosen == {"happy": 0.5, "sad": 0.5}


def test_neutral_must_be_no_mood_at_all() -> None:
    pose = choose(choose(face(**SMILING), {"happy": 1.0}), {"neutral": 1.0})
    assert pose.chosen == {"neutral": 1.0}
    assert not {"happy", "mouthSmileLeft"} & pose.expressions.keys()
    assert pose.expressions["jawOpen"] == pytest.approx(0.4)


def test_an_expression_of_the_authors_own_must_stand_beside_everything() -> None:
    before = face(**SMILING)
    pose = choose(before, {"Cat ears": 1.0})
    assert pose.expressions == before.expressions
    assert pose.chosen == {"Cat ears": 1.0}


def test_speech_must_have_the_mouth_and_leave_the_smile() -> None:
    before = choose(face(**SMILING), {"angry": 0.5})
    shut = speak(before, {"aa": 0.0}, 1.0)
    for name in ("jawOpen", "aa", "oh", "mouthPucker"):
        assert name not in shut.expressions, "a silent moment of speech is a shut mouth"
    assert shut.expressions["mouthSmileLeft"] == before.expressions["mouthSmileLeft"]
    assert shut.chosen["angry"] == 0.5
    halfway = speak(before, {"oh": 0.8, "happy": 1.0}, 0.5)
    assert halfway.chosen["oh"] == 0.4
    assert "happy" not in halfway.chosen, "speech has no mood"
    assert halfway.expressions["jawOpen"] == pytest.approx(0.2)


def test_nothing_given_may_be_changed() -> None:
    before = choose(face(**SMILING), {"happy": 0.5})
    copy = replace(before, expressions=dict(before.expressions), chosen=dict(before.chosen))
    choose(before, {"sad": 1.0, "lookUp": 1.0})
    speak(before, {"aa": 1.0}, 0.7)
    assert before.expressions == copy.expressions and before.chosen == copy.chosen


# -- keys ---------------------------------------------------------------------------------------


def test_a_toggle_must_go_on_and_off_smoothly() -> None:
    layer = ExpressionLayer([ExpressionCue("happy", "happy", fade_s=0.2)])
    assert at(layer, 0.0, base := face()) is base, "hidden layers cost nothing"
    layer.press("happy", 0)
    weights = [at(layer, t / 100).chosen.get("happy", 0.0) for t in range(30)]
    assert weights[0] == 0.0 and weights[-1] == 1.0
    assert 0.4 < weights[10] < 0.6 and np.diff(weights).max() < 0.09
    layer.press("happy", S)
    assert 0.0 < at(layer, 1.1).chosen["happy"] < 1.0
    at(layer, 1.3)
    assert not layer.shown
    assert at(layer, 1.4, base) is base


def test_once_must_last_its_seconds() -> None:
    layer = ExpressionLayer([ExpressionCue("gasp", "surprised", mode=Mode.ONCE, seconds=1.0)])
    layer.press("gasp", 0)
    shown = [t for t in np.arange(0.0, 2.0, 0.02) if at(layer, t).chosen.get("surprised", 0) > 0]
    assert shown[-1] == pytest.approx(1.0, abs=0.05)


def test_hold_must_last_as_long_as_the_key_repeats() -> None:
    layer = ExpressionLayer([ExpressionCue("wink", "blinkLeft", mode=Mode.HOLD)])
    presses = [0.0, 0.5, *np.arange(0.53, 1.5, 0.033)]  # as a keyboard repeats a held key
    weights = []
    for t in np.arange(0.0, 3.0, 0.033):
        while presses and presses[0] <= t:
            layer.press("wink", int(presses.pop(0) * S))
        weights.append(at(layer, t).chosen.get("blinkLeft", 0.0))
    assert min(weights[10:45]) == 1.0, "held"
    assert weights[-1] == 0.0, "let go"


def test_a_new_mood_must_send_the_last_one_away_and_others_stay() -> None:
    cues = [ExpressionCue(n, n) for n in ("happy", "sad", "Cat ears")]
    layer = ExpressionLayer(cues)
    layer.press("happy", 0)
    layer.press("Cat ears", 0)
    at(layer, 1.0)
    layer.press("sad", S)
    for t in np.arange(1.0, 1.3, 0.02):
        chosen = at(layer, t).chosen
        assert chosen.get("happy", 0.0) + chosen.get("sad", 0.0) == pytest.approx(1.0)
    assert layer.shown == ("Cat ears", "sad")
    layer.hide_all(2 * S)
    assert not layer.shown


def test_a_cue_must_not_switch_off_what_is_on() -> None:
    layer = ExpressionLayer([ExpressionCue("happy", "happy")])
    layer.press("happy", 0, switch=False)
    layer.press("happy", S, switch=False)
    assert layer.shown == ("happy",)
