"""``mirrorstage take review``: the same moments side by side, and nothing but files is shown."""

from __future__ import annotations

import json
import wave
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import assets
from capture.anonymous import anonymous
from capture.film import length_of, pictures_of
from capture.settings import CaptureSettings
from capture.take_file import TakeReader, TakeWriter
from flow.clock import NS_PER_S, ManualClock
from flow.errors import ShowFileError
from flow.motion import MotionFrame
from flow.pose import Driver, Part
from host.cli import main
from host.review import skeleton
from host.review.moments import TakeMaterial
from host.review.panels import Layout, Sheet
from host.review.writer import FilmWriter

FRAMES = 24


def frames() -> list[MotionFrame]:
    return list(islice(TakeReader(assets.locate("takes", "greeting")), FRAMES))


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "short.take"
    with TakeWriter(path) as writer:
        for frame in frames():
            writer.write(frame)
    return path


def test_a_take_must_become_a_video_at_its_own_rate_and_a_sheet(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import av

    film, sheet = tmp_path / "r.mp4", tmp_path / "r.png"
    words = ["take", "review", str(take), "-o", str(film), "--sheet", str(sheet)]
    assert main([*words, "--moments", "2", "--size", "160x120", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(film), str(sheet)]
    assert told["pictures"] == FRAMES
    assert not told["stopped"]
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        pictures = [p.to_ndarray(format="rgb24") for p in container.decode(stream)]
        times = np.arange(FRAMES) / 30
        assert len(pictures) == FRAMES
        assert stream.duration is not None
        assert stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(times[-1] + 1 / 30, 0.02)
    assert pictures[0].shape[1] == 2 * 160, "landmarks and avatar: a take has no source picture"
    still = np.asarray(Image.open(sheet))
    assert still.shape[:2] == (2 * pictures[0].shape[0], 2 * 160)
    assert main([*words]) != 0, "what is there is left alone"


def test_a_review_without_a_target_or_of_another_kind_must_be_refused(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["take", "review", str(take), "--json"]) != 0
    assert "take.no_target" in capsys.readouterr().out
    assert main(["take", "review", str(take), "-o", str(tmp_path / "a.avi"), "--json"]) != 0
    assert "take.format" in capsys.readouterr().out


@pytest.mark.parametrize("source", ["webcam", "webcam:0", "rtsp://camera/1"])
def test_no_camera_must_ever_be_shown(source: str) -> None:
    with pytest.raises(ShowFileError, match="no recording"):
        next(pictures_of(CaptureSettings(source), ManualClock(1)))
    assert length_of(CaptureSettings(source)).pictures == 0


def test_a_cut_take_must_be_shown_as_far_as_it_goes_and_say_so(take: Path, tmp_path: Path) -> None:
    longer = tmp_path / "longer.take"
    with TakeWriter(longer) as writer:
        for number in range(4 * FRAMES):
            frame = frames()[number % FRAMES]
            writer.write(replace(frame, seq=number, captured=1 + number * 33_333_333))
    cut = tmp_path / "cut.take"
    cut.write_bytes(longer.read_bytes()[:-100])
    material = TakeMaterial(cut)
    shown = list(material.moments())
    assert 2 * FRAMES < len(shown) < 4 * FRAMES
    assert "cut off" in material.damage


def test_parts_of_one_picture_must_be_one_moment(tmp_path: Path) -> None:
    path = tmp_path / "parts.take"
    with TakeWriter(path) as writer:
        for frame in frames():
            rest = replace(frame, face=None, looked_for=0b1110)
            face = replace(frame, body=None, left_hand=None, right_hand=None, looked_for=1)
            writer.write(face)
            writer.write(rest)
    shown = list(TakeMaterial(path).moments())
    assert len(shown) == FRAMES
    assert all(m.frame.face is not None and m.frame.body is not None for m in shown)
    assert TakeMaterial(path).fps == pytest.approx(30.0, abs=0.1)


def test_the_sound_must_go_along_in_step_with_the_pictures(tmp_path: Path) -> None:
    import av

    tone = np.zeros((48_000, 2), np.int16)
    tone[24_000:] = (np.sin(np.arange(24_000) * 0.1) * 20_000).astype(np.int16)[:, None]
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(tone.tobytes())
    path = tmp_path / "film.mp4"
    with FilmWriter(path, (64, 48), 25.0, tmp_path / "tone.wav") as film:
        for number in range(25):
            film.add(np.full((48, 64, 3), 10 * number, np.uint8), number * NS_PER_S // 25)
    with av.open(str(path)) as container:
        sound = container.streams.audio[0]
        heard = np.concatenate([f.to_ndarray()[0] for f in container.decode(sound)])
        rate = sound.rate
    begins = int(np.argmax(np.abs(heard) > 0.1)) / rate
    assert begins == pytest.approx(0.5, abs=0.02)
    with FilmWriter(path, (64, 48), 25.0, tmp_path / "none.mp4") as film:
        film.add(np.zeros((48, 64, 3), np.uint8), 0)
    with av.open(str(path)) as container:
        assert not container.streams.audio, "a clip without sound makes a silent film"


def panel(frame: MotionFrame) -> np.ndarray:
    picture = Image.new("RGB", (320, 240))
    skeleton.draw(picture, frame, (0, 0, 320, 240))
    return np.asarray(picture)


def has(picture: np.ndarray, ink: tuple[int, int, int]) -> bool:
    return bool((picture == np.array(ink)).all(axis=-1).any())


def test_every_part_must_be_drawn_where_it_was_seen_and_nothing_else() -> None:
    whole = frames()[0]
    inks = (skeleton.FACE, skeleton.BODY, skeleton.LEFT, skeleton.RIGHT)
    assert all(has(panel(whole), ink) for ink in inks)
    blind = replace(whole, face=None, body=None, left_hand=None, right_hand=None)
    assert not panel(blind).any()
    for name, ink in zip(("face", "body", "left_hand", "right_hand"), inks, strict=True):
        without: dict[str, Any] = {name: None}
        assert not has(panel(replace(whole, **without)), ink)
    bare = panel(anonymous(whole))
    assert not has(bare, skeleton.FACE), "no point is invented"
    assert all(has(bare, ink) for ink in skeleton.AXES)
    assert whole.body is not None
    wrist = whole.body.image_points[15, :2] * (320, 240)
    near = panel(replace(blind, body=whole.body))
    x, y = wrist.round().astype(int)
    if 2 < x < 317 and 2 < y < 237:
        assert near[y - 2 : y + 3, x - 2 : x + 3].any()


def test_a_source_picture_must_be_upright_in_its_colours_beside_dimmed_landmarks() -> None:
    sheet = Sheet(Layout(200, 100, 3))
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:50] = (255, 0, 0)  # blue above
    pixels[50:] = (0, 0, 255)  # red below
    blind = replace(frames()[0], face=None, body=None, left_hand=None, right_hand=None, aspect=1.0)
    avatar = np.full((100, 200, 3), 77, np.uint8)
    drivers = dict.fromkeys(Part, Driver.IDLE)
    out = sheet.compose(pixels=pixels, frame=blind, avatar=avatar, drivers=drivers, at=0)
    assert out.shape == (100 + sheet.layout.strip, 600, 3)
    assert tuple(out[25, 100]) == (0, 0, 255)
    assert tuple(out[75, 100]) == (255, 0, 0)
    assert tuple(out[50, 20]) == (0, 0, 0), "a square picture stands in the middle of its panel"
    assert 60 < out[25, 300, 2] < 120, "dimmed"
    assert (out[:100, 400:] == 77).all()
    assert out[100:].std() > 3, "words"
