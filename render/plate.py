"""Puts a picture together: plate, sprite, overlays; converts only what changed since the plate.

The plate and its I420 conversion are kept while its version stays. A frame then costs a copy of the
converted plate plus work on the rectangles that the avatar and the overlays cover.
"""

from __future__ import annotations

from itertools import pairwise

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
        if layers.shade is not None:
            darken(tile, rect, layers.shade, layers.shade_rect)
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
    under, over = _common(tile, at, sprite, where)
    clear = cv2.bitwise_not(cv2.extractChannel(over, 3))
    dimmed = cv2.multiply(under, cv2.merge([clear] * 4), scale=1.0 / 255.0)
    np.copyto(under, cv2.add(dimmed, over))


def darken(tile: U8, at: Rect, shade: U8, where: Rect) -> None:
    """Multiply `tile` covering `at` with `shade` (255 leaves it) covering `where`, in place."""
    import cv2

    if not at.touches(where):
        return
    under, over = _common(tile, at, shade, where)
    # GRAY2BGRA makes alpha 255, which leaves the tile's own alpha as it is.
    np.copyto(under, cv2.multiply(under, cv2.cvtColor(over, cv2.COLOR_GRAY2BGRA), scale=1 / 255.0))


def _common(tile: U8, at: Rect, other: U8, where: Rect) -> tuple[U8, U8]:
    """The parts of two pictures that show the same pixels."""
    x0, y0 = max(at.x, where.x), max(at.y, where.y)
    x1 = min(at.x + at.width, where.x + where.width)
    y1 = min(at.y + at.height, where.y + where.height)
    return (
        tile[y0 - at.y : y1 - at.y, x0 - at.x : x1 - at.x],
        other[y0 - where.y : y1 - where.y, x0 - where.x : x1 - where.x],
    )


def _dirty(layers: Layers, placed: list[Placed], width: int, height: int) -> list[Rect]:
    """Disjoint even rectangles that together hold everything over the plate."""
    found = [overlay.rect for overlay in placed]
    if layers.sprite is not None:
        found.append(layers.rect)
    if layers.shade is not None:
        found.append(layers.shade_rect)
    return bands([_even(rect, width, height) for rect in found])


def bands(rects: list[Rect]) -> list[Rect]:
    """Disjoint rectangles covering the same pixels: one per horizontal band and run of columns.

    A union's bounding box would be mostly empty when a shadow lies beside a standing figure.
    """
    solid = [rect for rect in rects if rect.width > 0 and rect.height > 0]
    edges = sorted({edge for rect in solid for edge in (rect.y, rect.y + rect.height)})
    out: list[Rect] = []
    for top, bottom in pairwise(edges):
        runs = sorted(
            (rect.x, rect.x + rect.width)
            for rect in solid
            if rect.y <= top and rect.y + rect.height >= bottom
        )
        merged: list[tuple[int, int]] = []
        for left, right in runs:
            if merged and left <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], right))
            else:
                merged.append((left, right))
        out.extend(Rect(left, top, right - left, bottom - top) for left, right in merged)
    return out


def _even(rect: Rect, width: int, height: int) -> Rect:
    """`rect` grown to even edges inside the picture (chroma samples cover 2 x 2 pixels)."""
    x0, y0 = max(rect.x, 0) & ~1, max(rect.y, 0) & ~1
    x1 = min((rect.x + rect.width + 1) & ~1, width)
    y1 = min((rect.y + rect.height + 1) & ~1, height)
    return Rect(x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))
