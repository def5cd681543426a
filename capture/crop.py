"""Square windows of a picture that stay put, so that tracking inside them does not break.

A network that tracks from picture to picture remembers where in *its* picture the thing was. A
window that follows every movement would make that memory wrong in each picture; a sticky one
makes it wrong only when it jumps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flow.spec import F32, U8

_MAX_DRIFT = 0.25
"""The target may leave the middle by this share of the half side before the window jumps."""

_MAX_RESIZE = 1.3


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture in pixels; it may reach outside."""

    left: float
    top: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle (x, y) in pixels."""
        return self.left + self.width / 2, self.top + self.height / 2


def square(x: float, y: float, side: float) -> Window:
    """The square of `side` pixels around (x, y)."""
    return Window(x - side / 2, y - side / 2, side, side)


def whole(picture: U8) -> Window:
    """All of a picture."""
    return Window(0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))


def settle(current: Window | None, target: Window) -> Window:
    """`current` while `target` lies well inside it, else `target`."""
    if current is None:
        return target
    (x, y), (tx, ty) = current.centre, target.centre
    drift = max(abs(tx - x), abs(ty - y)) / (current.width / 2)
    ratio = target.width / current.width
    if drift > _MAX_DRIFT or not 1 / _MAX_RESIZE < ratio < _MAX_RESIZE:
        return target
    return current


def cut(picture: U8, window: Window, side_px: int) -> U8:
    """The square `window` of a BGR picture as RGB of `side_px`, black where it reaches outside."""
    import cv2

    height, width = picture.shape[:2]
    left, top = round(window.left), round(window.top)
    right, bottom = round(window.left + window.width), round(window.top + window.height)
    inside = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if inside.size == 0:
        return np.zeros((side_px, side_px, 3), np.uint8)
    outside = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    bordered = cv2.copyMakeBorder(inside, *outside, cv2.BORDER_CONSTANT) if any(outside) else inside
    how = cv2.INTER_AREA if window.width > side_px else cv2.INTER_LINEAR
    resized = cv2.resize(bordered, (side_px, side_px), interpolation=how)
    return np.asarray(cv2.cvtColor(resized, cv2.COLOR_BGR2RGB), np.uint8)


def shrunk(picture: U8, side_px: int) -> U8:
    """All of a BGR picture as RGB, its longer side at most `side_px`."""
    import cv2

    height, width = picture.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1.0:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)


def to_picture(points: F32, window: Window, width: int, height: int) -> F32:
    """(n, 3) fractions of `window` as fractions of the picture; z keeps x's scale."""
    out = points.copy()
    out[:, 0] = (points[:, 0] * window.width + window.left) / width
    out[:, 1] = (points[:, 1] * window.height + window.top) / height
    out[:, 2] = points[:, 2] * (window.width / width)
    return out
