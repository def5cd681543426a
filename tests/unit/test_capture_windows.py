"""Windows of a picture, turns, and keeping to one performer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from capture.crop import Window, cut, settle, shrunk, square, to_picture
from capture.guard import OnePerformer, Seen
from capture.merge import merge
from capture.regions import belongs, hand_is_in_view
from capture.schedule import Turns, resolve_schedule
from capture.synthetic import frame_at
from flow.clock import NS_PER_MS
from flow.motion import LOOKED_BODY, LOOKED_FACE, LOOKED_LEFT, LOOKED_RIGHT

PICTURE_NS = 33 * NS_PER_MS


def test_a_window_stays_until_its_target_leaves_the_middle() -> None:
    window = settle(None, square(100, 100, 80))
    assert settle(window, square(109, 100, 80)) is window
    assert settle(window, square(111, 100, 80)).centre == (111, 100)
    assert settle(window, square(100, 100, 110)).width == 110


def test_what_lies_outside_the_picture_is_black() -> None:
    picture = np.full((60, 80, 3), (10, 20, 30), np.uint8)
    seen = cut(picture, square(0, 0, 40), 40)
    assert seen.shape == (40, 40, 3)
    assert (seen[:19, :19] == 0).all()
    assert (seen[21:, 21:] == (30, 20, 10)).all(), "BGR in, RGB out"
    assert not cut(picture, square(-500, -500, 40), 40).any()


def test_shrinking_keeps_the_shape_and_never_enlarges() -> None:
    assert shrunk(np.zeros((720, 1280, 3), np.uint8), 640).shape == (360, 640, 3)
    assert shrunk(np.zeros((90, 160, 3), np.uint8), 640).shape == (90, 160, 3)


def test_points_of_a_window_land_where_the_window_was_cut() -> None:
    points = np.array([(0, 0, 0.5), (1, 1, -0.5)], np.float32)
    out = to_picture(points, Window(20, 30, 40, 40), 200, 100)
    assert np.allclose(out, [(0.1, 0.3, 0.1), (0.3, 0.7, -0.1)])


def _run(turns: Turns, pictures: int, found: bool) -> list[int]:
    plans = []
    for picture in range(pictures):
        plan = turns.plan(picture * PICTURE_NS)
        for bit in (LOOKED_LEFT, LOOKED_RIGHT):
            if plan & bit:
                turns.tell_found(bit, found, picture * PICTURE_NS)
        plans.append(plan)
    return plans


def _both_in_view(turns: Turns) -> Turns:
    turns.tell_in_view(LOOKED_LEFT, True)
    turns.tell_in_view(LOOKED_RIGHT, True)
    return turns


def test_turns_look_for_the_face_always_and_for_one_other_part_each_time() -> None:
    plans = _run(_both_in_view(Turns("full", "turns")), 90, found=True)
    assert all(plan & LOOKED_FACE for plan in plans)
    for bit in (LOOKED_BODY, LOOKED_LEFT, LOOKED_RIGHT):
        assert sum(bool(plan & bit) for plan in plans) == 30
    assert all(plan.bit_count() == 2 for plan in plans)


def test_a_hand_out_of_view_gives_its_turn_to_the_body() -> None:
    turns = Turns("full", "turns")
    turns.tell_in_view(LOOKED_RIGHT, True)
    plans = _run(turns, 90, found=True)
    assert sum(bool(plan & LOOKED_LEFT) for plan in plans) == 0
    assert sum(bool(plan & LOOKED_BODY) for plan in plans) == 45


def test_without_hands_the_body_takes_every_second_picture_and_the_rest_is_free() -> None:
    plans = _run(Turns("full", "turns"), 90, found=True)
    assert sum(bool(plan & LOOKED_BODY) for plan in plans) == 45
    assert sum(plan == LOOKED_FACE for plan in plans) == 45


def test_an_absent_hand_is_looked_for_three_times_a_second() -> None:
    plans = _run(_both_in_view(Turns("full", "threads")), 300, found=False)
    looks = sum(bool(plan & LOOKED_LEFT) for plan in plans)
    assert 25 <= looks <= 40


def test_threads_give_body_and_hands_every_second_picture() -> None:
    plans = _run(_both_in_view(Turns("full", "threads")), 60, found=True)
    for bit in (LOOKED_BODY, LOOKED_LEFT, LOOKED_RIGHT):
        assert sum(bool(plan & bit) for plan in plans) == 30


def test_a_face_profile_runs_nothing_else_and_a_file_worked_through_runs_all() -> None:
    assert set(_run(Turns("face", "turns"), 10, found=True)) == {LOOKED_FACE}
    assert resolve_schedule("auto", realtime=False) == "every"
    assert set(_run(_both_in_view(Turns("full", "every")), 10, found=False)) == {0b1111}


def test_a_slow_reader_gets_the_parts_between() -> None:
    whole = frame_at(1.0)
    older = replace(whole, face=None, left_hand=None, right_hand=None, looked_for=LOOKED_BODY)
    newer = replace(whole, seq=1, captured=PICTURE_NS, body=None, looked_for=LOOKED_FACE)
    both = merge(older, newer)
    assert both.captured == newer.captured
    assert both.body is older.body
    assert both.face is newer.face
    assert both.looked_for == LOOKED_BODY | LOOKED_FACE


def test_a_part_that_was_looked_for_and_not_found_is_not_filled_from_before() -> None:
    whole = frame_at(1.0)
    lost = replace(whole, captured=PICTURE_NS, body=None, looked_for=LOOKED_BODY)
    assert merge(whole, lost).body is None


def test_parts_of_long_ago_are_not_carried_over() -> None:
    older = replace(frame_at(1.0), looked_for=LOOKED_BODY)
    newer = replace(frame_at(2.0), captured=10**9, body=None, looked_for=LOOKED_FACE)
    assert merge(older, newer) is newer


def test_somebody_else_is_refused_until_the_performer_is_gone() -> None:
    guard = OnePerformer()
    assert guard.accept(Seen(300, 200, 100, 0))
    assert guard.accept(Seen(330, 200, 100, PICTURE_NS)), "moving is no reason to be refused"
    assert not guard.accept(Seen(900, 200, 90, 2 * PICTURE_NS))
    assert guard.refused == 1
    assert guard.accept(Seen(900, 200, 90, 30 * PICTURE_NS)), "the performer has left"


def test_somebody_who_steps_to_the_front_takes_over() -> None:
    guard = OnePerformer()
    assert guard.accept(Seen(300, 200, 100, 0))
    assert guard.accept(Seen(800, 300, 180, PICTURE_NS))


def test_a_hand_belongs_to_the_arm_it_hangs_on() -> None:
    frame = frame_at(2.0)
    assert frame.body is not None
    assert frame.left_hand is not None
    assert frame.right_hand is not None
    window = square(0, 0, 200)
    body = frame.body.image_points
    assert belongs(frame.left_hand.image_points, body, window, 1280, 720, left=True)
    assert not belongs(frame.right_hand.image_points, body, window, 1280, 720, left=True)
    assert hand_is_in_view(body, frame.body.visibility, left=True)
    assert not hand_is_in_view(body + np.float32(2), frame.body.visibility, left=True)
    assert not hand_is_in_view(body, frame.body.visibility * np.float32(0.2), left=True)
