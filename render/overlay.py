"""Overlay pictures (captions, cards, labels) made ready for blending, once per version."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flow.spec import U8
from flow.stage import Overlay
from render.camera import Rect


@dataclass(frozen=True, slots=True)
class Placed:
    """An overlay inside the picture: premultiplied `bgra` covering `rect`."""

    bgra: U8
    rect: Rect


def premultiplied(rgba: U8) -> U8:
    """Straight RGBA as premultiplied BGRA."""
    alpha = rgba[..., 3:4].astype(np.uint16)
    out = np.zeros_like(rgba)
    out[..., :3] = (rgba[..., 2::-1].astype(np.uint16) * alpha + 127) // 255
    out[..., 3] = rgba[..., 3]
    return out


class OverlayBook:
    """Remembers prepared overlays by name until their version changes or they leave."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._ready: dict[str, tuple[tuple[int, int], U8]] = {}

    def place(self, overlays: tuple[Overlay, ...]) -> list[Placed]:
        """Every visible overlay, cut to the picture, in the order given."""
        width, height = self._size
        out: list[Placed] = []
        seen: dict[str, tuple[tuple[int, int], U8]] = {}
        for overlay in overlays:
            key = (overlay.version, id(overlay.rgba))
            known = self._ready.get(overlay.name)
            if known is None or known[0] != key:
                known = (key, premultiplied(overlay.rgba))
            seen[overlay.name] = known
            bgra = known[1]
            x, y = round(overlay.x * width), round(overlay.y * height)
            x0, y0 = max(x, 0), max(y, 0)
            x1, y1 = min(x + bgra.shape[1], width), min(y + bgra.shape[0], height)
            if x1 > x0 and y1 > y0:
                part = bgra[y0 - y : y1 - y, x0 - x : x1 - x]
                out.append(Placed(part, Rect(x0, y0, x1 - x0, y1 - y0)))
        self._ready = seen
        return out
