"""Puts a picture together: plate, sprite, overlays; converts only what changed since the plate.

The plate and its I420 conversion are kept while its version stays. A frame then costs a copy of the
converted plate plus work on the rectangles that the avatar and the overlays cover.
"""

from __future__ import annotations

import numpy as np

from flow.spec import U8
from flow.stage import Overlay
from render.camera import Rect
from render.convert import Converter
from render.layers import Layers
from render.overlay import OverlayBook, Placed


class Compositor:
    """Composes `Layers` and overlays into I420 or BGRA of one size."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._converter = Converter(width, height)
        self._overlays = OverlayBook(width, height)
        self._version = -1
        self._plate = np.zeros((height * 3 // 2, width), np.uint8)
        self._tile = np.zeros(height * width * 4, np.uint8)

    def i420(self, layers: Layers, overlays: tuple[Overlay, ...], out: U8) -> None:
        """Compose into `out` (h * 3 / 2, w)."""
        placed = self._overlays.place(overlays)
        rects = _dirty(layers, placed, self.width, self.height)
        if layers.sprite is None and not rects:
            self._converter.convert(layers.plate, out)
            return
        if layers.version != self._version:
            self._converter.convert(layers.plate, self._plate)
            self._version = layers.version
        np.copyto(out, self._plate)
        for rect in rects:
            tile = self._compose(layers, placed, rect)
            self._converter.convert(tile, out, rect)

    def bgra(self, layers: Layers, overlays: tuple[Overlay, ...]) -> U8:
        """Compose into a new (h, w, 4) BGRA picture, premultiplied where the plate is clear."""
        placed = self._overlays.place(overlays)
        whole = Rect(0, 0, self.width, self.height)
        return self._compose(layers, placed, whole).copy()

    def _compose(self, layers: Layers, placed: list[Placed], rect: Rect) -> U8:
        """The finished pixels of `rect`, in memory that the next call reuses."""
        tile = self._tile[: rect.width * rect.height * 4].reshape(rect.height, rect.width, 4)
        np.copyto(tile, layers.plate[rect.slices])
        if layers.sprite is not None:
            lay_over(tile, rect, layers.sprite, layers.rect)
        for overlay in placed:
            lay_over(tile, rect, overlay.bgra, overlay.rect)
        return tile


def lay_over(tile: U8, at: Rect, sprite: U8, where: Rect) -> None:
    """Blend a premultiplied BGRA `sprite` covering `where` over `tile` covering `at`, in place."""
    import cv2

    if not at.touches(where):
        return
    x0, y0 = max(at.x, where.x), max(at.y, where.y)
    x1 = min(at.x + at.width, where.x + where.width)
    y1 = min(at.y + at.height, where.y + where.height)
    under = tile[y0 - at.y : y1 - at.y, x0 - at.x : x1 - at.x]
    over = sprite[y0 - where.y : y1 - where.y, x0 - where.x : x1 - where.x]
    keep = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(over, 3)), cv2.COLOR_GRAY2BGRA)
    dimmed = cv2.multiply(under, keep, scale=1.0 / 255.0)
    np.copyto(under, cv2.add(dimmed, over))


def _dirty(layers: Layers, placed: list[Placed], width: int, height: int) -> list[Rect]:
    """Disjoint even rectangles around everything that lies over the plate."""
    found = [_even(overlay.rect, width, height) for overlay in placed]
    if layers.sprite is not None:
        found.append(_even(layers.rect, width, height))
    out: list[Rect] = []
    for candidate in found:
        rect = candidate
        while True:
            clash = next((other for other in out if other.touches(rect)), None)
            if clash is None:
                break
            out.remove(clash)
            rect = rect.union(clash)
        if rect.width > 0 and rect.height > 0:
            out.append(rect)
    return out


def _even(rect: Rect, width: int, height: int) -> Rect:
    """`rect` grown to even edges inside the picture (chroma samples cover 2 x 2 pixels)."""
    x0, y0 = max(rect.x, 0) & ~1, max(rect.y, 0) & ~1
    x1 = min((rect.x + rect.width + 1) & ~1, width)
    y1 = min((rect.y + rect.height + 1) & ~1, height)
    return Rect(x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))
