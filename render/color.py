"""Colour: light is worked out linear, pictures and textures are display values (sRGB-encoded)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flow.stage import Light

EXPOSURE = 1.0 / 1.315
"""Scales `flow.stage.Light` so that its default key and the ambient light that a wall gets together
(1 + 0.7 x 0.45) make a white surface display white."""

LINEAR_BELOW = 0.0031308
DISPLAY_BELOW = 0.04045


def display_from_linear(linear: Any) -> NDArray[np.float32]:
    """Encode linear colour with the sRGB transfer function (IEC 61966-2-1); above 1 clips to 1."""
    value = np.clip(np.asarray(linear, np.float32), 0.0, 1.0)
    high = 1.055 * np.power(np.maximum(value, 1e-6), 1.0 / 2.4) - 0.055
    return np.where(value <= LINEAR_BELOW, value * 12.92, high).astype(np.float32)


def linear_from_display(display: Any) -> NDArray[np.float32]:
    """The inverse of `display_from_linear` for values 0..1."""
    value = np.asarray(display, np.float32)
    high = np.power((value + 0.055) / 1.055, 2.4)
    return np.where(value <= DISPLAY_BELOW, value / 12.92, high).astype(np.float32)


def light_colors(light: Light) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(3,), (3,) linear: what a white Lambert surface sends out under key and ambient light.

    Under the key alone that it faces, and under the ambient light alone from all around.
    """
    key = np.asarray(light.key_color, np.float32)
    ambient = np.asarray(light.ambient_color, np.float32)
    return np.float32(EXPOSURE) * key, np.float32(EXPOSURE) * ambient


def unit(vector: Any) -> NDArray[np.float32]:
    """`vector` scaled to length one; a zero vector points straight down."""
    value = np.asarray(vector, np.float32)
    length = float(np.linalg.norm(value))
    return value / length if length > 1e-9 else np.array([0.0, -1.0, 0.0], np.float32)  # noqa: PLR2004
