"""Camera matrices in the column-vector convention, and cropping them to a part of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flow.spec import F32
from flow.stage import CameraShot

F64 = NDArray[np.float64]
NEAR_M = 0.1
FAR_M = 60.0


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of picture pixels, `y` counted from the top row."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices of a (height, width, ...) picture."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def touches(self, other: Rect) -> bool:
        """Whether the two share a pixel."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def clip_from_world(
    shot: CameraShot, aspect: float, near_m: float = NEAR_M, far_m: float = FAR_M
) -> F32:
    """(4, 4) OpenGL clip space from world: perspective with `shot`'s vertical field of view."""
    eye = np.asarray(shot.eye, np.float64)
    view = np.eye(4)
    view[:3, :3] = _looking(eye - np.asarray(shot.target, np.float64))
    view[:3, 3] = -view[:3, :3] @ eye
    focal = 1.0 / np.tan(np.radians(shot.fov_deg) / 2.0)
    projection = np.zeros((4, 4))
    projection[0, 0] = focal / aspect
    projection[1, 1] = focal
    projection[2, 2] = (far_m + near_m) / (near_m - far_m)
    projection[2, 3] = 2.0 * far_m * near_m / (near_m - far_m)
    projection[3, 2] = -1.0
    return (projection @ view).astype(np.float32)


def crop(clip: F32, rect: Rect, width: int, height: int) -> F32:
    """`clip` restricted so that `rect` of a `width` x `height` picture fills the clip square."""
    scale = np.eye(4, dtype=np.float32)
    scale[0, 0] = width / rect.width
    scale[1, 1] = height / rect.height
    scale[0, 3] = (width - 2.0 * rect.x) / rect.width - 1.0
    scale[1, 3] = 1.0 - (height - 2.0 * rect.y) / rect.height
    return np.asarray(scale @ clip, np.float32)


def light_from_world(direction: F32, centre: F32, radius_m: float, texels: int) -> F32:
    """(4, 4) orthographic clip space of a distant light around a sphere, snapped to its texels.

    Snapping keeps shadow edges from crawling while the sphere moves with the avatar.
    """
    rotation = _looking(-np.asarray(direction, np.float64))
    middle = rotation @ np.asarray(centre, np.float64)
    step = 2.0 * radius_m / texels
    middle[:2] = np.round(middle[:2] / step) * step
    out = np.eye(4)
    out[:3, :3] = rotation / radius_m
    out[:3, 3] = -middle / radius_m
    out[2] *= -1.0
    return out.astype(np.float32)


_VERTICAL = 0.999


def _looking(back: F64) -> F64:
    """(3, 3) camera from world: rows right, up and `back`, the way from target to eye.

    An eye that sits on its target looks along world -z; a view along the vertical takes -z as up.
    """
    length = float(np.linalg.norm(back))
    back = back / length if length > 1e-9 else np.array([0.0, 0.0, 1.0])  # noqa: PLR2004
    up = np.array([0.0, 1.0, 0.0] if abs(back[1]) < _VERTICAL else [0.0, 0.0, -1.0])
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back])
