"""Words under pictures that stand side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from flow.spec import U8
from host.lettering.draw import width_px, wrapped
from host.lettering.fonts import FontBook

STRIP_EM, LABEL_EM = 3.2, 0.85
INK, PALE, PAPER = (44, 49, 58), (104, 111, 123), (248, 249, 251)


def captioned(picture: U8, labels: Sequence[str], line: str, *, em_px: int = 20) -> U8:
    """`picture` (h, w, 3) of equal panels, each with its label, and a strip with `line` below."""
    height, width = picture.shape[:2]
    strip = round(STRIP_EM * em_px)
    out = Image.new("RGB", (width, height + strip), PAPER)
    out.paste(Image.fromarray(picture), (0, 0))
    pen = ImageDraw.Draw(out)
    panel = width // len(labels)
    small, book = FontBook(round(LABEL_EM * em_px)), FontBook(em_px)
    for number, label in enumerate(labels):
        left = number * panel
        if number:
            pen.line([(left, 0), (left, height)], fill=PAPER, width=2)
        _write(pen, label, small, (left + em_px, 1.7 * em_px), PALE)
    fitting = (wrapped(line, book, width - 2 * em_px, 1) or [""])[0]
    baseline = height + round(strip / 2 + em_px * 0.35)
    _write(pen, fitting, book, ((width - width_px(fitting, book)) / 2, baseline), INK)
    return np.asarray(out)


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    book: FontBook,
    at: tuple[float, float],
    ink: tuple[int, int, int],
) -> None:
    x, baseline = at
    for piece, font in book.runs(text):
        pen.text((x, baseline), piece, font=font, fill=ink, anchor="ls")
        x += font.getlength(piece)
