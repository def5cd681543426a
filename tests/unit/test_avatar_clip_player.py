"""Clips played over each other: who has how much say, and that nothing ever jumps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from avatar.clip.clip import Clip, clip_of
from avatar.clip.player import FADE_S, Cue, Player, Playing
from flow.clock import NS_PER_S
from flow.pose import BONE_INDEX, HUMAN_BONES, Part, part_of_bone
from flow.spec import faults
from tests.fixtures.motion import some_clip, turn

_ARM, _HEAD = BONE_INDEX["leftUpperArm"], BONE_INDEX["head"]


def ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def still(name: str, degrees: float, seconds: float = 2.0, parts: set[Part] | None = None) -> Clip:
    """A clip that holds every bone at one angle."""
    rotations = np.tile(turn("z", degrees), (2, len(HUMAN_BONES), 1))
    bones = np.array([parts is None or part_of_bone(b) in parts for b in HUMAN_BONES])
    return clip_of(name, np.array([0.0, seconds]), rotations=rotations, bones=bones)


def said(player: Player, seconds: float) -> Playing:
    playing = player.at(ns(seconds))
    assert playing is not None
    return playing


def degrees(playing: Playing, bone: int = _ARM) -> float:
    return float(
        np.degrees(2 * np.arctan2(playing.pose.rotations[bone, 2], playing.pose.rotations[bone, 3]))
    )


def test_a_clip_must_fade_in_and_out_at_its_ends() -> None:
    player = Player()
    assert player.at(0) is None
    player.play(Cue(still("a", 40)), 0)
    assert said(player, 0.0).bones.max() == 0.0
    assert said(player, FADE_S / 2).parts[Part.LEFT_ARM] == pytest.approx(0.5)
    whole = said(player, 1.0)
    assert whole.bones.min() == whole.bones.max() == 1.0
    assert degrees(whole) == pytest.approx(40, abs=1e-3)
    assert said(player, 2.0 - FADE_S / 2).bones.max() == pytest.approx(0.5)
    assert player.at(ns(2.0)) is None
    assert player.idle


def test_a_cross_fade_must_go_half_way_by_half_its_time() -> None:
    player = Player()
    player.play(Cue(still("a", 40, 100)), 0)
    said(player, 1.0)
    player.play(Cue(still("b", 80, 100), fade_in_s=1.0), ns(1.0))
    middle = said(player, 1.5)
    assert middle.names == ("a", "b")
    assert middle.bones.min() == 1.0, "the body must not fall back to whoever is below"
    assert degrees(middle) == pytest.approx(60, abs=1e-3)
    assert said(player, 2.0).names == ("b",)


def test_a_part_that_the_next_clip_leaves_alone_must_fade_out() -> None:
    player = Player()
    player.play(Cue(still("a", 40, 100)), 0)
    said(player, 1.0)
    player.play(Cue(still("b", 80, 100), parts=frozenset({Part.LEFT_ARM})), ns(1.0))
    middle = said(player, 1.0 + FADE_S / 2)
    assert middle.parts[Part.LEFT_ARM] == 1.0
    assert middle.parts[Part.HEAD] == pytest.approx(0.5)
    assert degrees(middle, _HEAD) == pytest.approx(40, abs=1e-3)
    assert set(said(player, 2.0).parts) == {Part.LEFT_ARM}


def test_a_clip_must_keep_to_its_parts_face_and_hips_included() -> None:
    player = Player()
    player.play(Cue(some_clip(), loop=True, parts=frozenset({Part.HEAD, Part.LEFT_HAND})), 0)
    playing = said(player, 1.0)
    assert set(playing.parts) == {Part.HEAD, Part.LEFT_HAND}
    assert (playing.hips, playing.gaze, playing.expressions) == (0.0, 0.0, {})
    others = [part_of_bone(b) not in {Part.HEAD, Part.LEFT_HAND} for b in HUMAN_BONES]
    assert (playing.pose.rotations[others] == (0, 0, 0, 1)).all()
    player.play(Cue(some_clip(), loop=True), ns(1.0))
    playing = said(player, 2.0)
    assert playing.hips == playing.gaze == 1.0
    assert playing.expressions == {"happy": 1.0, "jawOpen": 1.0}
    assert faults(playing.pose) == []


def test_speed_and_start_must_place_the_clip_in_time() -> None:
    clip = some_clip(seconds=4.0)
    player = Player()
    player.play(Cue(clip, speed=2.0, start_s=1.0, fade_in_s=0.0, fade_out_s=0.0), 0)
    want = clip.sample(2.0).rotations
    assert np.abs(said(player, 0.5).pose.rotations - want).max() < 1e-6
    assert player.at(ns(1.6)) is None, "three seconds at double speed are one and a half"
    with pytest.raises(ValueError, match="above zero"):
        Cue(clip, speed=0.0)


def test_a_loop_must_go_on_and_a_held_pose_must_stay() -> None:
    clip = some_clip()
    player = Player()
    player.play(Cue(clip, loop=True), 0)
    assert np.allclose(said(player, 101.5).pose.rotations, clip.sample(1.5).rotations, atol=1e-5)
    player.play(Cue(clip, hold=True), ns(102))
    assert np.allclose(said(player, 900).pose.rotations, clip.sample(2.0).rotations, atol=1e-6)
    assert said(player, 900).bones.min() == 1.0


def test_a_single_pose_must_stay_until_it_is_stopped() -> None:
    pose = clip_of("pose", np.zeros(1), rotations=np.tile(turn("z", 30), (1, 55, 1)))
    player = Player()
    player.play(Cue(pose), 0)
    assert degrees(said(player, 500)) == pytest.approx(30, abs=1e-3)
    player.stop(ns(500), 1.0)
    assert said(player, 500.5).bones.max() == pytest.approx(0.5)
    assert player.at(ns(501)) is None


def test_what_waits_must_begin_where_the_first_one_ends() -> None:
    player = Player()
    player.play(Cue(still("a", 10, 2.0)), 0)
    player.queue(Cue(still("b", 50, 2.0)), 0)
    player.queue(Cue(still("c", 90, 2.0)), 0)
    heard = {said(player, t).names for t in np.arange(0.05, 5.1, 0.05)}
    assert heard == {("a",), ("a", "b"), ("b",), ("b", "c"), ("c",)}
    assert said(player, 5.15).bones.max() < 1.0
    assert player.at(ns(5.3)) is None


def test_a_loop_must_end_at_its_end_when_something_waits() -> None:
    player = Player()
    player.play(Cue(still("a", 10, 2.0), loop=True), 0)
    said(player, 10.5)
    player.queue(Cue(still("b", 50, 2.0)), ns(10.5))
    assert said(player, 11.5).names == ("a",)
    assert said(player, 11.9).names == ("a", "b")
    assert said(player, 12.05).names == ("b",)


def test_playing_must_forget_what_waits() -> None:
    player = Player()
    player.play(Cue(still("a", 10, 2.0)), 0)
    player.queue(Cue(still("b", 50, 2.0)), 0)
    player.play(Cue(still("c", 90, 2.0)), ns(0.5))
    assert {n for t in np.arange(0.5, 2.5, 0.1) for n in said(player, t).names} == {"a", "c"}


def test_pictures_that_were_missed_must_change_nothing() -> None:
    def scene(times: list[float]) -> Playing | None:
        player = Player()
        player.play(Cue(still("a", 10, 2.0)), 0)
        player.queue(Cue(some_clip()), 0)
        last = None
        for t in times:
            last = player.at(ns(t))
        return last

    often, once = scene([i / 30 for i in range(76)]), scene([2.5])
    assert often is not None
    assert once is not None
    assert np.allclose(often.bones, once.bones)
    assert np.allclose(often.pose.rotations, once.pose.rotations)


def test_nothing_must_jump_whatever_is_asked_when() -> None:
    """Weighted turns between pictures stay small through interruptions in mid-fade."""
    player = Player()
    acts = {
        10: lambda now: player.play(Cue(still("a", 40, 9)), now),
        16: lambda now: player.play(Cue(still("b", 80, 9), fade_in_s=0.5), now),
        20: lambda now: player.play(Cue(still("c", 20, 9, {Part.LEFT_ARM})), now),
        24: lambda now: player.stop(now, 0.6),
        30: lambda now: player.play(Cue(still("d", 60, 9)), now),
        33: lambda now: player.stop(now, 3.0),
        40: lambda now: player.stop(now, 0.5),
    }
    shown = []
    for k in range(80):
        now = ns(k / 30)
        if k in acts:
            acts[k](now)
        playing = player.at(now)
        if playing is None:
            shown.append(np.zeros(len(HUMAN_BONES)))
            continue
        angle = 2 * np.arctan2(playing.pose.rotations[:, 2], playing.pose.rotations[:, 3])
        shown.append(np.degrees(angle) * playing.bones)
    assert max(np.abs(b - a).max() for a, b in pairwise(shown)) < 12.0
    assert max(np.abs(s).max() for s in shown) > 50.0
    assert not shown[-1].any()


def test_an_early_stop_must_never_last_longer_than_the_one_before() -> None:
    player = Player()
    player.play(Cue(still("a", 40, 100)), 0)
    said(player, 1.0)
    player.stop(ns(1.0), 10.0)
    slow = said(player, 2.0).bones.max()
    player.stop(ns(2.0), 0.5)
    assert said(player, 2.0).bones.max() == pytest.approx(slow, abs=1e-6)
    assert player.at(ns(2.5)) is None


def test_two_silences_must_be_one() -> None:
    player = Player()
    player.play(Cue(still("a", 40, 100), fade_in_s=0.0), 0)
    player.stop(0, 0.5)
    player.stop(0, 2.0)
    assert player.at(ns(0.6)) is None
    assert player.idle
