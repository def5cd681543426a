"""Lines of text on a dark, see-through plate."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from flow.spec import U8
from host.lettering.fonts import FontBook

INK = (255, 255, 255, 235)
PLATE = (0, 0, 0, 115)
LINE_HEIGHT = 1.3
"""Of an em."""
PADDING = 0.4
"""Of an em, on every side."""


def lettered(text: str, book: FontBook, max_width_px: int, max_lines: int) -> U8:
    """`text` as an (h, w, 4) RGBA picture with straight alpha, at most `max_width_px` wide.

    Breaks at spaces, within words only where one alone is too wide. What does not fit into
    `max_lines` is cut and ends with an ellipsis.
    """
    size = book.size_px
    padding = max(round(size * PADDING), 2)
    lines = wrapped(text, book, max(max_width_px - 2 * padding, size), max_lines)
    step = round(size * LINE_HEIGHT)
    width = min(int(np.ceil(max(width_px(line, book) for line in lines))) + 2 * padding,
                max_width_px)  # fmt: skip
    picture = Image.new("RGBA", (width, step * len(lines) + 2 * padding), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    box = (0, 0, width - 1, picture.height - 1)
    pen.rounded_rectangle(box, radius=padding, fill=PLATE)
    ink = Image.new("L", picture.size, 0)
    pen = ImageDraw.Draw(ink)
    for row, line in enumerate(lines):
        x = float(padding)
        baseline = padding + row * step + round((step + size * 0.7) / 2)
        for piece, font in book.runs(line):
            pen.text((x, baseline), piece, font=font, fill=255, anchor="ls")
            x += font.getlength(piece)
    return _over(np.asarray(picture), np.asarray(ink))


def wrapped(text: str, book: FontBook, max_width_px: int, max_lines: int) -> list[str]:
    """`text` in lines of at most `max_width_px`."""
    lines: list[str] = []
    line = ""
    words = text.split()
    while words:
        word = words.pop(0)
        wider = f"{line} {word}" if line else word
        if width_px(wider, book) <= max_width_px:
            line = wider
        elif line:
            lines.append(line)
            line = ""
            words.insert(0, word)
        else:
            fitting = _fitting(word, book, max_width_px)
            lines.append(word[:fitting])
            words.insert(0, word[fitting:])
    lines = [*lines, line] if line else lines
    if len(lines) > max_lines:
        last = lines[max_lines - 1]
        while last and width_px(last + "…", book) > max_width_px:
            last = last[:-1]
        lines = [*lines[: max_lines - 1], last.rstrip() + "…"]
    return lines or [""]


def width_px(text: str, book: FontBook) -> float:
    """How wide `text` is drawn."""
    return float(sum(font.getlength(piece) for piece, font in book.runs(text)))


def _fitting(word: str, book: FontBook, max_width_px: int) -> int:
    """How many characters of a long word fit into a line; at least one."""
    count = len(word)
    while count > 1 and width_px(word[:count], book) > max_width_px:
        count -= 1
    return count


def _over(plate: U8, ink: U8) -> U8:
    """White ink of coverage `ink` over `plate`, straight alpha."""
    cover = ink.astype(np.float32)[..., None] / 255 * (INK[3] / 255)
    under = plate[..., 3:].astype(np.float32) / 255
    alpha = cover + under * (1 - cover)
    color = np.array(INK[:3], np.float32) * cover + plate[..., :3] * under * (1 - cover)
    out = np.zeros(plate.shape, np.uint8)
    out[..., :3] = np.rint(color / np.maximum(alpha, 1e-6))
    out[..., 3:] = np.rint(alpha * 255)
    return out
