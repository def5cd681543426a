"""Every toon feature as this renderer draws it, kept as a few numbers: the mean colours of 8 x 8
fields. A look at the pictures is what `make mtoon` is for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flow.spec import U8
from render.engine import Renderer
from tests.fixtures.rendering import BACKENDS, BackendName, renderer_or_skip
from tests.fixtures.toon_files import FEATURES
from tests.fixtures.toon_scenes import features, open_avatar, ours, over_background, shot_of

KEPT = Path(__file__).with_name("mtoon_numbers.json")
SIZE = (128, 128)
FIELDS = 8
TOLERANCE = 1.0
"""Steps of 255: an edge pixel that falls on the other side moves a field by a third of that."""


def fields(premultiplied: U8) -> NDArray[np.float64]:
    """(8, 8, 3) mean colours over the background."""
    rgb = over_background(premultiplied).astype(np.float64)
    step = SIZE[0] // FIELDS
    return np.asarray(rgb.reshape(FIELDS, step, FIELDS, step, 3).mean(axis=(1, 3)))


@pytest.fixture(params=BACKENDS)
def renderer(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    backend: BackendName = request.param
    opened = renderer_or_skip(backend, *SIZE)
    device = str(opened.info()["device"])
    if backend == "gl" and "llvmpipe" not in device:
        opened.close()
        pytest.skip(f"the numbers were drawn by llvmpipe, not {device}")
    opened.set_stage(None)
    yield opened
    opened.close()


def drawn(renderer: Renderer, folder: Path) -> dict[str, NDArray[np.float64]]:
    out = {}
    for case in features(folder):
        avatar = open_avatar(case)
        out[case.name] = fields(ours(renderer, avatar, shot_of(avatar), case.seconds))
    return out


def test_every_toon_feature_must_look_as_it_did(renderer: Renderer, tmp_path: Path) -> None:
    backend = str(renderer.info()["backend"])
    found = drawn(renderer, tmp_path)
    kept: dict[str, Any] = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    if os.environ.get("MIRRORSTAGE_GOLDEN") == "write":
        kept[backend] = {n: np.round(f, 1).reshape(-1).tolist() for n, f in found.items()}
        rows = [
            f' "{name}": {{\n'
            + ",\n".join(f'  "{k}": {json.dumps(v)}' for k, v in sorted(numbers.items()))
            + "\n }"
            for name, numbers in sorted(kept.items())
        ]
        KEPT.write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")
        return
    assert set(kept[backend]) == set(FEATURES)
    for name, now in found.items():
        wanted = np.array(kept[backend][name]).reshape(FIELDS, FIELDS, 3)
        worst = float(np.abs(now - wanted).max())
        assert worst <= TOLERANCE, f"{name} by {backend} is {worst:.1f} steps off somewhere"


def test_features_must_not_look_alike(renderer: Renderer, tmp_path: Path) -> None:
    found = drawn(renderer, tmp_path)
    for name, now in found.items():
        apart = float(np.abs(now - found["plain"]).max())
        # MToon takes no vertex colours.
        assert (apart < 0.5) is (name in {"plain", "vertex_colors"}), name
