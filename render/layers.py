"""What a back end hands back: a plate, perhaps a shadow on it, perhaps a sprite over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from flow.spec import U8, Spec
from render.camera import Rect

NOWHERE = Rect(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Layers:
    """One picture in layers, so that a plate which stays need not be drawn again.

    The memory is the back end's and valid until its next `draw`.
    """

    plate: Annotated[U8, Spec((-1, -1, 4), "BGRA, top row first", "uint8")]
    version: int
    """Changes whenever the plate's pixels may have."""
    shade: U8 | None = None
    """(h, w) what is left of the plate's light, 0..255, the size of `shade_rect`."""
    shade_rect: Rect = NOWHERE
    sprite: U8 | None = None
    """(h, w, 4) BGRA premultiplied, the size of `rect`."""
    rect: Rect = NOWHERE
