"""Comparing pictures with stored ones; a difference leaves three pictures to look at."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from flow.spec import U8

FOLDER = Path(__file__).parent
TOLERANCE = 1
"""Steps of 255 that rounding may differ by between processors."""
STRAY = 0.002
"""Share of pixels that may differ more: an edge may fall on the other side of a pixel's middle."""


def assert_same_picture(rgba: U8, name: str) -> None:
    """`rgba` must look like ``tests/golden/NAME.png``.

    With MIRRORSTAGE_GOLDEN=write in the environment the stored picture is replaced instead; look
    at it before you commit it.
    """
    path = FOLDER / f"{name}.png"
    if os.environ.get("MIRRORSTAGE_GOLDEN") == "write":
        Image.fromarray(rgba).save(path, optimize=True)
        return
    assert path.is_file(), f"no stored picture {path.name}: make it with MIRRORSTAGE_GOLDEN=write"
    wanted = np.array(Image.open(path).convert("RGBA"))
    assert rgba.shape == wanted.shape
    difference = np.abs(rgba.astype(np.int16) - wanted.astype(np.int16)).max(axis=-1)
    stray = float((difference > TOLERANCE).mean())
    if stray > STRAY:
        folder = Path(tempfile.gettempdir()) / "mirrorstage-golden"
        folder.mkdir(exist_ok=True)
        Image.fromarray(rgba).save(folder / f"{name}.got.png")
        Image.fromarray(wanted).save(folder / f"{name}.wanted.png")
        shown = np.minimum(difference * 8, 255).astype(np.uint8)
        Image.fromarray(shown).save(folder / f"{name}.difference.png")
        worst = int(difference.max())
        raise AssertionError(
            f"{name}: {stray:.2%} of the pixels differ (worst by {worst}); see {folder}"
        )
