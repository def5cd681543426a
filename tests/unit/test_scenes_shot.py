"""Shots keep the host in the picture; a camera that has arrived stands perfectly still."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from assets import locate
from flow.errors import ShowFileError
from flow.stage import CameraShot
from render.camera import clip_from_world
from scenes.director import AUTO_HOLD_S, DEAD_ZONE_M, Director
from scenes.shot import SHOT_NAMES, ShotSpec, framed_for
from scenes.stage import Stage, load_stage

SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def stage() -> Stage:
    return load_stage(locate("stages", "studio"))


def seen(spec: ShotSpec, aspect: float, point: tuple[float, float, float]) -> tuple[float, float]:
    """Where a world point lies in the picture: -1..1 to the right and up."""
    shot = CameraShot(np.array(spec.eye), np.array(spec.target), spec.fov_deg)
    x, y, _, w = clip_from_world(shot, aspect) @ np.array([*point, 1.0], np.float32)
    return float(x / w), float(y / w)


@pytest.mark.parametrize("name", SHOT_NAMES)
@pytest.mark.parametrize("aspect", [21 / 9, 16 / 9, 4 / 3, 1.0, 3 / 4, 9 / 16])
@pytest.mark.parametrize("height", [0.9, 1.6, 2.1])
def test_the_face_must_be_in_every_picture(
    stage: Stage, name: str, aspect: float, height: float
) -> None:
    spec = framed_for(stage.shots[name], aspect, height)
    for level in (0.85, 1.0):
        x, y = seen(spec, aspect, (0.0, level * height, 0.0))
        assert abs(x) < 0.2
        assert -0.3 < y < 0.98


@pytest.mark.parametrize("aspect", [16 / 9, 9 / 16])
@pytest.mark.parametrize("height", [0.9, 1.6, 2.1])
def test_the_wide_shot_must_show_the_whole_host(stage: Stage, aspect: float, height: float) -> None:
    spec = framed_for(stage.shots["wide"], aspect, height)
    for point in ((0.0, 0.0, 0.0), (-0.3, 0.5, 0.0), (0.3, 0.5, 0.0), (0.0, height, 0.0)):
        assert max(map(abs, seen(spec, aspect, point))) < 1.0


def test_shoulders_must_fit_into_a_portrait_close_up(stage: Stage) -> None:
    spec = framed_for(stage.shots["close"], 9 / 16)
    assert abs(seen(spec, 9 / 16, (0.2, 1.3, 0.0))[0]) < 1.0


def test_a_wider_picture_must_keep_the_authors_framing(stage: Stage) -> None:
    for spec in stage.shots.values():
        assert framed_for(spec, 21 / 9).fov_deg == pytest.approx(spec.fov_deg)
        assert framed_for(spec, 16 / 9).eye == pytest.approx(spec.eye)


def test_a_camera_at_rest_must_give_the_same_key_every_frame(stage: Stage) -> None:
    director = Director(stage, host_height_m=1.53, aspect=16 / 9)
    rng = np.random.default_rng(1)
    keys = {
        director.shot(k * SECOND // 30, rng.normal(0, 0.3, 3).astype(np.float32)).key
        for k in range(90)
    }
    assert len(keys) == 1


def test_a_move_must_end_exactly_where_a_cut_does(stage: Stage) -> None:
    moved, cut = (Director(stage, host_height_m=1.6, aspect=16 / 9) for _ in range(2))
    moved.shot(0, None)
    moved.move_to("close", 0.5)
    keys = [moved.shot(k * SECOND // 60, None).key for k in range(60)]
    cut.cut_to("close")
    assert keys[-1] == cut.shot(0, None).key
    assert keys[-1] == keys[31]
    assert len(set(keys[:30])) == 30


def test_a_move_must_never_jump(stage: Stage) -> None:
    director = Director(stage, host_height_m=1.6, aspect=16 / 9)
    director.shot(0, None)
    director.move_to("wide", 1.0)
    eyes = []
    for k in range(90):
        if k == 20:
            director.move_to("close", 1.0)  # change of mind on the way
        eyes.append(director.shot(k * SECOND // 60, None).eye)
    steps = np.linalg.norm(np.diff(np.array(eyes), axis=0), axis=1)
    assert steps.max() < 0.2
    assert not any(director.shot(90 * SECOND // 60, None).cut for _ in range(2))


def test_only_the_first_frame_of_a_cut_says_so(stage: Stage) -> None:
    director = Director(stage, host_height_m=1.6, aspect=16 / 9)
    assert [director.shot(k, None).cut for k in range(3)] == [True, False, False]
    director.cut_to("wide")
    shots = [director.shot(k, None) for k in range(3, 6)]
    assert [s.cut for s in shots] == [True, False, False]
    assert {s.name for s in shots} == {"wide"}


def test_an_unknown_shot_must_be_refused_with_the_known_ones(stage: Stage) -> None:
    director = Director(stage, host_height_m=1.6, aspect=16 / 9)
    with pytest.raises(ShowFileError, match="medium") as caught:
        director.cut_to("moon")
    assert caught.value.code == "show.shot"


def following(stage: Stage, share: float) -> Director:
    shots = {"medium": replace(stage.shots["medium"], follow=share)}
    return Director(replace(stage, shots=shots), host_height_m=1.6, aspect=16 / 9)


def walked(director: Director, x: float, begin: int, frames: int = 120) -> list[CameraShot]:
    head = np.array([x, 1.5, 0.0], np.float32)
    return [director.shot((begin + k) * SECOND // 30, head) for k in range(frames)]


def test_following_must_wait_for_the_dead_zone_and_then_settle(stage: Stage) -> None:
    director = following(stage, 1.0)
    start = walked(director, 0.0, 0)[-1]
    assert walked(director, DEAD_ZONE_M * 0.9, 120)[-1].key == start.key
    path = walked(director, 0.4, 240)
    assert path[-1].eye[0] == pytest.approx(0.4, abs=0.002)
    assert path[-1].target[0] == pytest.approx(0.4, abs=0.002)
    assert len({s.key for s in path[-30:]}) == 1
    assert np.diff([s.eye[0] for s in path]).min() >= 0.0


def test_following_must_survive_a_lost_or_broken_head(stage: Stage) -> None:
    director = following(stage, 0.5)
    walked(director, 0.0, 0)
    before = walked(director, 0.5, 120)[-1]
    assert director.shot(9 * SECOND, None).key == before.key
    assert director.shot(10 * SECOND, np.full(3, np.nan, np.float32)).key == before.key


def test_an_automatic_director_must_show_every_shot_until_asked_for_one(stage: Stage) -> None:
    director = Director(stage, host_height_m=1.6, aspect=16 / 9, auto=True)
    shots = [director.shot(k * SECOND, None) for k in range(int(3 * sum(AUTO_HOLD_S.values())))]
    assert {s.name for s in shots} == set(SHOT_NAMES)
    changes = [s.cut for s in shots]
    assert all(s.cut == (s.name != p.name) for p, s in pairwise(shots))
    assert 3 < sum(changes) < 20
    director.cut_to("wide")
    later = [director.shot((200 + k) * SECOND, None).name for k in range(60)]
    assert set(later) == {"wide"}
