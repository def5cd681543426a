"""What a back end hands back: a plate, and perhaps a sprite that lies over a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from flow.spec import U8, Spec
from render.camera import Rect


@dataclass(frozen=True, slots=True)
class Layers:
    """One picture in at most two layers, so that a plate which stays need not be drawn again.

    The memory is the back end's and valid until its next `draw`.
    """

    plate: Annotated[U8, Spec((-1, -1, 4), "BGRA, top row first, opaque", "uint8")]
    version: int
    """Changes whenever the plate's pixels may have."""
    sprite: U8 | None = None
    """(h, w, 4) BGRA premultiplied, the size of `rect`."""
    rect: Rect = Rect(0, 0, 0, 0)
