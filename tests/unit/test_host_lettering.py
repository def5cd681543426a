"""Text in the picture: inside the safe area, legible at every size, with the fonts there are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from flow.clock import NS_PER_S
from host.credit import AGAIN_S, EVERY_S, FIRST_S, SAFE, Corner, Credit
from host.lettering.draw import lettered, width_px, wrapped
from host.lettering.fonts import FontBook, has

LINE = "Avatar: Nana by Mako · © 2025 Mako · VRM Public License 1.0 (vrm.dev/licenses/1.0)"
SIZES = [(1280, 720), (720, 1280), (1920, 1080), (320, 180), (64, 64), (16, 8192), (8192, 16)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("corner", ["lower-left", "lower-right", "upper-left", "upper-right"])
def test_a_credit_must_stand_in_the_safe_area(width: int, height: int, corner: Corner) -> None:
    (overlay,) = Credit(LINE, width, height, corner=corner).at(0)
    tall, wide = overlay.rgba.shape[:2]
    assert wide <= width * (1 - 2 * SAFE) + 1
    assert overlay.x >= SAFE - 1e-9
    assert overlay.x + wide / width <= 1 - SAFE + 1e-3 or width < 100
    if height >= 180:
        assert overlay.y >= SAFE - 1e-9
        assert overlay.y + tall / height <= 1 - SAFE + 1e-3
        assert tall < height / 2


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (720, 1280), (320, 180)])
def test_a_credit_must_be_light_ink_on_a_dark_plate(width: int, height: int) -> None:
    rgba = Credit(LINE, width, height).at(0)[0].rgba
    ink = (rgba[..., 3] > 200) & (rgba[..., 0] > 200)
    plate = (rgba[..., 3] > 90) & (rgba[..., 0] < 40)
    assert 0.02 < ink.mean() < 0.5
    assert plate.mean() > 0.3


def test_a_credit_must_be_rasterised_once() -> None:
    credit = Credit(LINE, 320, 180)
    assert credit.at(5)[0] is credit.at(9 * NS_PER_S)[0]


def test_a_periodic_credit_must_come_at_the_start_and_again() -> None:
    credit = Credit(LINE, 320, 180, shown="periodic")
    start = 7 * NS_PER_S
    shown = [bool(credit.at(start + s * NS_PER_S)) for s in range(2 * EVERY_S + 20)]
    assert all(shown[:FIRST_S])
    assert not any(shown[FIRST_S:EVERY_S])
    assert all(shown[EVERY_S : EVERY_S + AGAIN_S])
    assert not any(shown[EVERY_S + AGAIN_S : 2 * EVERY_S])
    assert shown[2 * EVERY_S]


def test_lines_must_fit_and_say_everything() -> None:
    book = FontBook(18)
    lines = wrapped(LINE, book, 300, 9)
    assert " ".join(lines) == LINE
    assert all(width_px(line, book) <= 300 for line in lines)
    word = "長" * 60
    lines = wrapped(word, book, 300, 99)
    assert "".join(lines) == word
    assert all(width_px(line, book) <= 300 for line in lines)


def test_what_does_not_fit_must_be_seen_to_be_cut() -> None:
    book = FontBook(18)
    lines = wrapped("word " * 200, book, 300, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(width_px(line, book) <= 300 for line in lines)


def test_an_empty_text_must_be_an_empty_plate() -> None:
    rgba = lettered("", FontBook(12), 100, 3)
    assert rgba.shape[2] == 4
    assert not (rgba[..., 0] > 100).any()


def test_without_fonts_latin_must_still_be_drawn_and_the_rest_be_told(tmp_path: Path) -> None:
    (tmp_path / "Damaged.ttf").write_bytes(b"no font at all")
    book = FontBook(20, [tmp_path, tmp_path / "absent"])
    assert book.missing("Mako, わに · わ") == "わに"
    assert book.runs("Mako")[0][1] is book.last_resort
    rgba = lettered("Mako", book, 400, 1)
    assert (rgba[..., 0] > 200).any()


def test_a_character_must_come_from_a_font_that_has_it() -> None:
    book = FontBook(20)
    text = "Avatar: 猫ボット by たびマル, 홍길동 · Žluťoučký"
    if book.missing("猫ボ홍"):
        pytest.skip("no font with Chinese, Japanese and Korean on this machine")
    runs = book.runs(text)
    assert "".join(piece for piece, _ in runs) == text
    for piece, font in runs:
        assert all(has(font, c) for c in piece), piece
    assert len({id(font) for _, font in runs}) >= 1
    one, two = (lettered(name, book, 400, 1) for name in ("猫", "犬"))
    assert one.shape == two.shape
    assert np.abs(one.astype(int) - two).max() > 100, "no boxes"


def test_a_font_that_lacks_a_character_must_be_found_out() -> None:
    latin = ImageFont.load_default(20)
    assert isinstance(latin, ImageFont.FreeTypeFont)
    assert has(latin, "a")
    assert has(latin, " ")
    assert not has(latin, "猫")
