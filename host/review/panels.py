"""Panels side by side with what they show written under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from flow.clock import NS_PER_S
from flow.motion import LOOKED_BODY, LOOKED_FACE, LOOKED_LEFT, LOOKED_RIGHT, MotionFrame
from flow.pose import Driver, Part
from flow.spec import U8
from host.lettering.fonts import FontBook
from host.review import skeleton
from host.review.skeleton import Box

PAPER, INK, PALE, FAINT = (18, 20, 24), (235, 238, 243), (128, 135, 146), (70, 75, 84)
DRIVERS: Mapping[Driver, tuple[int, int, int]] = {
    Driver.HUMAN: (150, 230, 160),
    Driver.REPLAY: (130, 190, 255),
    Driver.AI: (255, 170, 90),
    Driver.IDLE: PALE,
}
DIM = 0.35
"""How bright the picture is under the landmarks."""
_SEEN = (
    ("face", LOOKED_FACE, skeleton.FACE),
    ("body", LOOKED_BODY, skeleton.BODY),
    ("left_hand", LOOKED_LEFT, skeleton.LEFT),
    ("right_hand", LOOKED_RIGHT, skeleton.RIGHT),
)

Words = Sequence[tuple[str, tuple[int, int, int]]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes in pixels; everything is even, as H.264 wants it."""

    width: int
    height: int
    panels: int

    @property
    def em(self) -> int:
        """Height of the letters."""
        return max(min(self.height // 24, self.width // 42), 9)

    @property
    def strip(self) -> int:
        """Height of the words under the panels."""
        return round(self.em * 3.6 / 2) * 2

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole."""
        return self.width * self.panels, self.height + self.strip


class Sheet:
    """Puts panels together; keeps its fonts."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._book = FontBook(layout.em)

    def compose(
        self,
        *,
        pixels: U8 | None,
        frame: MotionFrame,
        avatar: U8,
        drivers: Mapping[Part, Driver],
        at: int,
    ) -> U8:
        """(h, w, 3) RGB: the picture (BGR, or none), the landmarks and the drawn avatar (RGB)."""
        out = Image.new("RGB", self.layout.size, PAPER)
        source, box = self._fitted(pixels, frame.aspect)
        x = 0
        if source is not None:
            out.paste(source, (0, 0))
            x = self.layout.width
        ground = Image.new("RGB", (self.layout.width, self.layout.height), (0, 0, 0))
        if source is not None:
            ground = Image.blend(ground, source, DIM)
        skeleton.draw(ground, frame, box)
        out.paste(ground, (x, 0))
        out.paste(Image.fromarray(np.ascontiguousarray(avatar)), (x + self.layout.width, 0))
        self._words(out, frame, drivers, at)
        return np.asarray(out)

    def _fitted(self, pixels: U8 | None, aspect: float) -> tuple[Image.Image | None, Box]:
        """The picture in its panel, and the box it fills."""
        width, height = self.layout.width, self.layout.height
        inside = min(width, height * aspect), min(height, width / aspect)
        box = ((width - inside[0]) / 2, (height - inside[1]) / 2, *inside)
        if pixels is None:
            return None, box
        panel = Image.new("RGB", (width, height), (0, 0, 0))
        picture = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
        size = max(round(inside[0]), 1), max(round(inside[1]), 1)
        small = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
        panel.paste(small, (round(box[0]), round(box[1])))
        return panel, box

    def _words(
        self, out: Image.Image, frame: MotionFrame, drivers: Mapping[Part, Driver], at: int
    ) -> None:
        pen = ImageDraw.Draw(out)
        seconds = at / NS_PER_S
        time = f"{int(seconds) // 60}:{seconds % 60:06.3f}"
        first = self.layout.panels - 2
        if first:
            self._write(pen, 0, 0, [("source", PALE)])
            self._write(pen, 0, 1, [(time, INK), (f"picture {frame.seq}", PALE)])
        lines: list[Words] = [[("landmarks", PALE)], _seen(frame)]
        if not first:
            lines[0] = [(time, INK), ("landmarks", PALE)]
        for row, line in enumerate(lines):
            self._write(pen, first, row, line)
        self._write(pen, first + 1, 0, _by(drivers))
        self._write(pen, first + 1, 1, _parts(drivers))

    def _write(self, pen: ImageDraw.ImageDraw, panel: int, row: int, words: Words) -> None:
        em = self.layout.em
        x = panel * self.layout.width + 0.6 * em
        baseline = self.layout.height + (1.4 + 1.4 * row) * em
        for text, ink in words:
            pen.text((x, baseline), text, font=self._book.first, fill=ink, anchor="ls")
            x += self._book.first.getlength(text) + 0.7 * em


def _seen(frame: MotionFrame) -> Words:
    """Every part: in its colour when seen, pale when not found, faint when not looked for."""
    words = []
    for name, bit, ink in _SEEN:
        if getattr(frame, name) is not None:
            words.append((name.replace("_", " "), ink))
        else:
            words.append((name.replace("_", " "), PALE if frame.looked_for & bit else FAINT))
    return [("seen:", PALE), *words]


def _by(drivers: Mapping[Part, Driver]) -> Words:
    """Who drives anything at all."""
    present = [driver for driver in DRIVERS if driver in drivers.values()]
    return [("driven by", PALE), *((str(driver), DRIVERS[driver]) for driver in present)]


def _parts(drivers: Mapping[Part, Driver]) -> Words:
    """Every part in the colour of who drives it."""
    words = []
    for part in Part:
        name = str(part).replace("left_", "l.").replace("right_", "r.")
        words.append((name, DRIVERS[drivers.get(part, Driver.IDLE)]))
    return words
