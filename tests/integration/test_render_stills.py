"""A second renderer must see what ours see."""

from __future__ import annotations

import numpy as np
import pytest

from flow.errors import EngineError
from render.skin import rest_rig
from render.stills import Still, still
from tests.fixtures.models import doll
from tests.fixtures.rendering import (
    BACKENDS,
    SHOT,
    BackendName,
    frame,
    posed_doll,
    renderer_or_skip,
)

WIDTH, HEIGHT = 320, 180


@pytest.fixture(scope="module")
def reference() -> Still:
    try:
        return still(doll(), posed_doll(), SHOT, WIDTH, HEIGHT)
    except EngineError as fault:
        pytest.skip(str(fault))


@pytest.mark.parametrize("backend", BACKENDS)
def test_outlines_apart_the_figure_must_cover_the_same_pixels(
    backend: BackendName, reference: Still
) -> None:
    renderer = renderer_or_skip(backend)
    renderer.add_avatar("doll", doll())
    ours = renderer.picture(frame(posed_doll()), transparent=True)[..., 3] > 127
    renderer.close()
    solid, anything = reference.rgba[..., 3] > 127, reference.depth_m > 0.0
    assert solid.sum() > 3000
    assert (solid & ours).sum() > 0.99 * solid.sum(), "part of the figure is missing"
    assert (ours & ~anything).sum() < 0.08 * solid.sum(), "more than an outline is added"


def test_depth_must_be_metres_along_the_view(reference: Still) -> None:
    chest = reference.depth_m[90, 160]
    distance = float(np.linalg.norm(SHOT.eye - np.array([0.0, 0.85, 0.15])))
    assert chest == pytest.approx(distance, abs=0.15)


def test_nothing_must_be_where_the_model_is_not() -> None:
    model = doll()
    empty = type(model)(
        **{name: getattr(model, name) for name in model.__slots__ if name != "primitives"},
        primitives=(),
    )
    try:
        picture = still(empty, rest_rig(empty), SHOT, 64, 36)
    except EngineError as fault:
        pytest.skip(str(fault))
    assert picture.rgba[..., 3].max() == 0
