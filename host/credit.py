"""The maker's name in the programme picture: where it stands, how large, and when."""

from __future__ import annotations

from typing import Literal

from flow.clock import NS_PER_S
from flow.stage import Overlay
from host.lettering.draw import lettered
from host.lettering.fonts import FontBook

Corner = Literal["lower-left", "lower-right", "upper-left", "upper-right"]
Shown = Literal["always", "periodic"]

SAFE = 0.05
"""Margin on every side, of the picture's width and height: the title-safe area of SMPTE ST 2046-1
is the inner 90 %."""
EMS_PER_PICTURE = 40
"""An em is this part of the shorter side: 18 pixels at 1280x720 and at 720x1280."""
SMALLEST_EM_PX = 10
LONGEST_LINE_EM = 36
MOST_LINES = 4
FIRST_S, AGAIN_S, EVERY_S = 20, 10, 180
"""Periodic: for so long at the start, then for so long in every so many seconds."""


class Credit:
    """A credit line, rasterised once, as the overlay of each picture.

    Args:
        text: The line.
        width: Of the picture, pixels.
        height: Likewise.
        corner: Where it stands.
        shown: All the time, or from time to time.
    """

    def __init__(
        self,
        text: str,
        width: int,
        height: int,
        *,
        corner: Corner = "lower-left",
        shown: Shown = "always",
    ) -> None:
        size_px = max(round(min(width, height) / EMS_PER_PICTURE), SMALLEST_EM_PX)
        book = FontBook(size_px)
        longest_px = min(round(width * (1 - 2 * SAFE)), LONGEST_LINE_EM * size_px)
        rgba = lettered(text, book, longest_px, MOST_LINES)
        right = 1 - SAFE - rgba.shape[1] / width
        bottom = 1 - SAFE - rgba.shape[0] / height
        self.text = text
        self.missing = book.missing(text)
        """Characters that no font of this machine has: they are drawn as boxes."""
        self._overlays = (
            Overlay(
                "credit",
                rgba,
                x=right if corner.endswith("right") else SAFE,
                y=bottom if corner.startswith("lower") else SAFE,
            ),
        )
        self._shown = shown
        self._since: int | None = None

    def at(self, due: int) -> tuple[Overlay, ...]:
        """The overlays of the picture that is due at `due` (ns)."""
        if self._since is None:
            self._since = due
        if self._shown == "periodic":
            seconds = (due - self._since) / NS_PER_S
            if seconds >= FIRST_S and seconds % EVERY_S >= AGAIN_S:
                return ()
        return self._overlays
