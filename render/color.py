"""Colour: the renderer works in display space (sRGB-encoded values), as VRM materials are authored.

Factors arrive linear (`flow.mesh`) and are encoded once at load, so that factor times texture in
display space is close to the product in linear light.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flow.stage import Light

EXPOSURE = 1.0 / 1.45
"""Scales `flow.stage.Light`'s default key + ambient (about 1.45) to display white."""

LINEAR_BELOW = 0.0031308


def display_from_linear(linear: Any) -> NDArray[np.float32]:
    """Encode linear colour with the sRGB transfer function (IEC 61966-2-1); above 1 clips to 1."""
    value = np.clip(np.asarray(linear, np.float32), 0.0, 1.0)
    high = 1.055 * np.power(np.maximum(value, 1e-6), 1.0 / 2.4) - 0.055
    return np.where(value <= LINEAR_BELOW, value * 12.92, high).astype(np.float32)


def light_tints(light: Light) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(3,) display-space tints of a fully lit and of an unlit surface under `light`."""
    key = np.asarray(light.key_color, np.float32)
    ambient = np.asarray(light.ambient_color, np.float32)
    return (
        display_from_linear(EXPOSURE * (key + ambient)),
        display_from_linear(EXPOSURE * ambient),
    )


def unit(vector: Any) -> NDArray[np.float32]:
    """`vector` scaled to length one; a zero vector points straight down."""
    value = np.asarray(vector, np.float32)
    length = float(np.linalg.norm(value))
    return value / length if length > 1e-9 else np.array([0.0, -1.0, 0.0], np.float32)  # noqa: PLR2004
