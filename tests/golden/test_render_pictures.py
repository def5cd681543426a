"""What the back ends draw, pixel by pixel. GL is compared on the software rasteriser only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from flow.stage import Overlay
from render.engine import Renderer
from tests.fixtures.models import corner, doll
from tests.fixtures.rendering import (
    BACKENDS,
    BackendName,
    frame,
    nobody,
    posed_doll,
    renderer_or_skip,
)
from tests.golden.compare import assert_same_picture


@pytest.fixture(params=BACKENDS)
def renderer(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    backend: BackendName = request.param
    opened = renderer_or_skip(backend)
    device = str(opened.info()["device"])
    if backend == "gl" and "llvmpipe" not in device:
        opened.close()
        pytest.skip(f"stored pictures were drawn by llvmpipe, not {device}")
    opened.set_stage(corner(), (0.05, 0.05, 0.1))
    opened.add_avatar("doll", doll())
    yield opened
    opened.close()


def test_doll_on_stage(renderer: Renderer) -> None:
    assert_same_picture(renderer.picture(frame()), f"doll_{renderer.info()['backend']}")


def test_doll_turned_smiling_and_flushed(renderer: Renderer) -> None:
    picture = renderer.picture(frame(posed_doll()))
    assert_same_picture(picture, f"posed_{renderer.info()['backend']}")


def test_doll_alone_on_nothing(renderer: Renderer) -> None:
    picture = renderer.picture(frame(), transparent=True)
    assert_same_picture(picture, f"alone_{renderer.info()['backend']}")


def test_empty_stage(renderer: Renderer) -> None:
    assert_same_picture(renderer.picture(nobody()), f"stage_{renderer.info()['backend']}")


def test_caption_over_doll(renderer: Renderer) -> None:
    card = np.zeros((40, 120, 4), np.uint8)
    card[:] = (20, 30, 60, 160)
    card[4:36, 4:116] = (240, 230, 120, 200)
    picture = renderer.picture(frame(overlays=(Overlay("card", card, 0.3, 0.6),)))
    assert_same_picture(picture, f"caption_{renderer.info()['backend']}")
