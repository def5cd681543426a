"""The renderer as the show uses it, on both back ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flow.clock import ManualClock
from flow.errors import EngineError
from flow.meter import Meter
from flow.spec import U8
from render.convert import Converter
from render.engine import RING, Renderer, open_renderer
from render.panda import Host
from render.quality import Quality
from tests.fixtures.models import corner, doll
from tests.fixtures.rendering import (
    BACKENDS,
    LIGHT,
    PLAIN,
    BackendName,
    frame,
    nobody,
    posed_doll,
    renderer_or_skip,
)

ROOT = Path(__file__).resolve().parents[2]
BACKGROUND = (0.05, 0.05, 0.1)


@pytest.fixture(params=BACKENDS)
def renderer(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    backend: BackendName = request.param
    opened = renderer_or_skip(backend)
    opened.set_stage(corner(), BACKGROUND)
    opened.add_avatar("doll", doll())
    yield opened
    opened.close()


def difference(a: U8, b: U8) -> np.ndarray:
    out: np.ndarray = np.abs(a.astype(np.int16) - b.astype(np.int16))[..., :3].max(axis=-1)
    return out


def test_a_frame_must_carry_its_times_and_number(renderer: Renderer) -> None:
    video = renderer.draw(frame(seq=3))
    assert (video.seq, video.due, video.trace.captured, video.trace.drawn) == (3, 43, 10, 5)
    assert (video.width, video.height, video.i420.shape) == (320, 180, (270, 320))


def test_a_frame_must_be_the_picture_in_bt709(renderer: Renderer) -> None:
    picture = renderer.picture(frame())
    wanted = np.zeros((270, 320), np.uint8)
    Converter(320, 180).convert(np.ascontiguousarray(picture[..., [2, 1, 0, 3]]), wanted)
    got = renderer.draw(frame()).i420
    assert np.abs(got.astype(np.int16) - wanted).max() <= 1


def test_a_frame_must_stay_as_it_is_for_seven_more(renderer: Renderer) -> None:
    first = renderer.draw(frame(posed_doll()))
    kept = first.i420.copy()
    for seq in range(1, RING):
        renderer.draw(frame(seq=seq))
    np.testing.assert_array_equal(first.i420, kept)


def test_the_doll_must_follow_its_rig(renderer: Renderer) -> None:
    rest, posed = renderer.picture(frame()), renderer.picture(frame(posed_doll()))
    changed = difference(rest, posed) > 30
    assert changed[20:75].mean() > 0.01, "the head did not turn"
    assert changed[160:].sum() == 0, "the floor in front moved"
    np.testing.assert_array_equal(rest, renderer.picture(frame()))


def test_a_prop_in_front_must_hide_the_doll(renderer: Renderer) -> None:
    # Two steps to its right and one back, the doll stands behind the crate.
    rig = frame().rigs["doll"]
    world = rig.world.copy()
    world[:, 0, 3] -= 0.55
    with_doll = renderer.picture(frame(replace(rig, world=world)))
    empty = renderer.picture(nobody())
    crate = (empty[..., 0] > 120) & (empty[..., 2] < 100) & (empty[..., 0] > empty[..., 2] + 50)
    assert crate.sum() > 300
    assert (difference(with_doll, empty) > 30)[30:120].sum() > 1000, "the doll is not there"
    assert (difference(with_doll, empty)[crate] > 12).mean() < 0.05


def test_the_doll_must_throw_a_shadow_on_the_floor(renderer: Renderer) -> None:
    lit, dark = renderer.picture(nobody()), renderer.picture(frame())
    floor = slice(118, 160), slice(100, 135)
    darker = lit[floor].astype(np.int16).sum(axis=-1) - dark[floor].astype(np.int16).sum(axis=-1)
    assert darker.max() > 40
    unlit = renderer.picture(frame(light=replace(LIGHT, shadow=0.0)))
    left_of_the_doll = slice(118, 160), slice(60, 95)
    assert difference(unlit, lit)[left_of_the_doll].max() <= 2


def test_both_back_ends_must_draw_the_same_show() -> None:
    pictures = []
    for backend in BACKENDS:
        opened = renderer_or_skip(backend)
        opened.set_stage(corner(), BACKGROUND)
        opened.add_avatar("doll", doll())
        pictures.append(opened.picture(frame(posed_doll())))
        opened.close()
    assert difference(*pictures).mean() < 8.0


def test_an_avatar_must_come_and_go(renderer: Renderer) -> None:
    empty = renderer.picture(nobody())
    renderer.remove_avatar("doll")
    renderer.remove_avatar("doll")
    np.testing.assert_array_equal(renderer.picture(frame()), empty)
    renderer.add_avatar("doll", doll())
    assert difference(renderer.picture(frame()), empty).max() > 50


def test_a_stage_must_come_and_go(renderer: Renderer) -> None:
    renderer.set_stage(None, (1.0, 0.0, 0.0))
    picture = renderer.picture(nobody())
    assert (picture[..., :3] == (255, 0, 0)).all()


def test_nothing_must_be_clear_where_a_picture_is_transparent(renderer: Renderer) -> None:
    picture = renderer.picture(frame(), transparent=True)
    assert picture[0, 0, 3] == 0
    assert picture[100, 160, 3] == 255
    stage = renderer.picture(frame())
    solid = picture[..., 3] == 255
    hidden = np.zeros_like(solid)
    hidden[:, :150] = True  # the crate is in front there
    hidden[150:] = True  # and the floor here
    # Depth planes differ, so some edges of texels and triangles fall one pixel further.
    assert (difference(picture, stage)[solid & ~hidden] > 6).mean() < 0.05


def test_a_new_size_must_be_drawn(renderer: Renderer) -> None:
    old = renderer.draw(frame())
    kept = old.i420.copy()
    renderer.resize(200, 120)
    video = renderer.draw(frame())
    assert video.i420.shape == (180, 200)
    assert renderer.picture(frame()).shape == (120, 200, 4)
    np.testing.assert_array_equal(old.i420, kept)


def test_every_stage_of_drawing_must_be_metered() -> None:
    meter = Meter()
    opened = open_renderer(320, 180, quality=PLAIN, meter=meter, clock=ManualClock())
    opened.add_avatar("doll", doll())
    opened.draw(frame())
    opened.close()
    assert {"skin", "draw", "readback", "convert"} <= set(meter.stages)


def test_pictures_must_repeat_exactly(renderer: Renderer) -> None:
    first = renderer.picture(frame(posed_doll()))
    renderer.picture(frame())
    np.testing.assert_array_equal(renderer.picture(frame(posed_doll())), first)


def test_a_scrolling_texture_must_move_with_time(renderer: Renderer) -> None:
    model = doll()
    cloth = model.materials[1]
    assert cloth.mtoon is not None
    scrolling = replace(cloth, mtoon=replace(cloth.mtoon, uv_scroll=(0.25, 0.0)))
    materials = (model.materials[0], scrolling, *model.materials[2:])
    renderer.add_avatar("doll", replace(model, materials=materials))

    def at(seconds: float) -> U8:
        return renderer.picture(replace(frame(), due=int(seconds * 1e9)))

    start = at(0.0)
    assert (difference(at(0.25), start) > 30).sum() > 200
    np.testing.assert_array_equal(at(4.0), start)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_slow_machine_must_be_told_what_was_given_up(backend: BackendName) -> None:
    class SlowClock(ManualClock):
        def now(self) -> int:
            self.advance(50_000_000)
            return super().now()

    renderer_or_skip(backend).close()
    opened = open_renderer(320, 180, backend=backend, quality=Quality(), clock=SlowClock())
    opened.set_stage(corner(), BACKGROUND)
    opened.add_avatar("doll", doll())
    for seq in range(130):
        opened.draw(frame(seq=seq))
    info = opened.info()
    assert info["supersample"] < 1.0
    assert info["outline"] is False
    assert len(info["given_up"]) == 5
    opened.close()


def test_a_closed_renderer_must_refuse(renderer: Renderer) -> None:
    renderer.close()
    renderer.close()
    with pytest.raises(EngineError) as caught:
        renderer.draw(frame())
    assert caught.value.code == "engine.closed"


@pytest.mark.parametrize("size", [(321, 180), (320, 181), (0, 0), (100_000, 100)])
def test_an_impossible_size_must_be_refused(size: tuple[int, int]) -> None:
    with pytest.raises(EngineError) as caught:
        open_renderer(*size)
    assert caught.value.code == "engine.size"


def test_a_missing_library_must_name_the_line_to_type() -> None:
    with pytest.raises(EngineError) as caught:
        Host("p3nosuchdisplay", "apt-get install libx11-6")
    assert caught.value.code == "engine.no_renderer"
    assert "apt-get install libx11-6" in str(caught.value)


def test_the_engine_must_keep_quiet_on_the_terminal() -> None:
    script = (
        "from render.engine import open_renderer\n"
        "for name in ('software', 'gl', 'auto'):\n"
        "    try:\n"
        "        open_renderer(64, 64, backend=name).close()\n"
        "    except Exception as fault:\n"
        "        assert 'apt-get' in str(fault), fault\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_renderer_must_not_load_the_engine_before_it_is_opened() -> None:
    script = (
        "import sys, render.engine\n"
        "heavy = {'panda3d', 'cv2', 'pyrender', 'trimesh'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
