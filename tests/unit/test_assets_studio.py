"""The built-in studio is what its script builds."""

from __future__ import annotations

import numpy as np
import pytest

from assets import locate
from assets.build.studio import PAGES, build, studio
from scenes.stage import load_stage


def test_the_file_must_hold_the_geometry_of_its_script() -> None:
    stage = load_stage(locate("stages", "studio"))
    pieces = {m.name: p for m, p in zip(stage.model.materials, stage.model.primitives, strict=True)}
    made = studio()
    for page in PAGES:
        points = np.concatenate([p.points.reshape(-1, 3) for p in made.patches if p.page == page])
        assert np.allclose(pieces[page].positions, points, atol=1e-5), page


def test_fronts_must_look_the_way_their_normals_do() -> None:
    for p in studio().patches:
        right = np.diff(p.points, axis=1)[:-1]
        up = np.diff(p.points, axis=0)[:, :-1]
        agree = np.sum(np.cross(right, up) * p.normals[:-1, :-1], axis=2)
        if p.page != "green":  # leaves and stems are drawn from both sides
            assert agree.sum() >= 0, p.paint


@pytest.mark.long
def test_building_twice_must_give_the_same_bytes() -> None:
    first, count = build(small=True, pages=("green",))
    assert count > 500
    assert build(small=True, pages=("green",))[0] == first
