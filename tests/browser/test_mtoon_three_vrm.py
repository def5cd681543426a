"""Toon shading beside three-vrm in a real Chromium, in the same light from the same place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from render.engine import Renderer
from tests.fixtures.rendering import BackendName
from tests.fixtures.three_vrm import ThreeVrm, three_vrm
from tests.fixtures.toon_scenes import (
    BAR,
    Case,
    Difference,
    conformance,
    difference,
    features,
    open_avatar,
    our_renderer,
    ours,
    shot_of,
)

pytestmark = pytest.mark.peer

SIZE = (256, 256)
FEATURE_BAR = 1.5
"""GL draws every feature nearer than this; measured 0.01 to 1.1 (edges of masked texels)."""
SOFT_BAR = {"texture_transforms": 12.0, "uv_animation": 8.0, "nearest_mirrored": 17.0}
SOFT_BAR |= {"normal_map": 9.0, "two_textures": 6.0}
LACKS = ("uv_animation_mask", "cut_out", "blended_z_write")
"""What vertex colours cannot show: masks inside triangles, light on back faces."""


@pytest.fixture(scope="module")
def peer() -> Iterator[ThreeVrm]:
    with three_vrm() as opened:
        yield opened


@pytest.fixture(scope="module")
def gl() -> Iterator[Renderer]:
    with our_renderer("gl", SIZE) as renderer:
        yield renderer


@pytest.fixture(scope="module")
def software() -> Iterator[Renderer]:
    with our_renderer("software", SIZE) as renderer:
        yield renderer


def apart(case: Case, peer: ThreeVrm, renderer: Renderer) -> Difference:
    avatar = open_avatar(case)
    shot = shot_of(avatar)
    theirs = peer.draw(case.reference, shot, SIZE, case.seconds)
    return difference(ours(renderer, avatar, shot, case.seconds), theirs)


@pytest.mark.parametrize("backend", ["gl", "software"])
def test_conformance_avatars_must_look_as_in_three_vrm(
    backend: BackendName, shared: Path, peer: ThreeVrm, request: pytest.FixtureRequest
) -> None:
    renderer: Renderer = request.getfixturevalue(backend)
    found = {case.name: apart(case, peer, renderer) for case in conformance(shared)}
    assert len(found) >= 9
    for name, seen in found.items():
        # The rasteriser takes the nearest texel, which shows at the edges in a moving texture.
        bar = 9.0 if backend == "software" and name.startswith("uv_animation") else BAR
        assert seen.worst < bar, f"{name}: {seen}"
        assert seen.overlap > 0.98, f"{name}: {seen}"


def test_every_feature_must_look_as_in_three_vrm(
    peer: ThreeVrm, gl: Renderer, tmp_path: Path
) -> None:
    for case in features(tmp_path):
        seen = apart(case, peer, gl)
        assert seen.worst < FEATURE_BAR, f"{case.name}: {seen}"


def test_the_rasteriser_must_stay_near_three_vrm_where_vertices_can(
    peer: ThreeVrm, software: Renderer, tmp_path: Path
) -> None:
    for case in features(tmp_path):
        if case.name not in LACKS:
            seen = apart(case, peer, software)
            assert seen.worst < SOFT_BAR.get(case.name, BAR), f"{case.name}: {seen}"


def test_the_measure_must_notice_a_missing_rim(
    peer: ThreeVrm, gl: Renderer, tmp_path: Path
) -> None:
    cases = {case.name: case for case in features(tmp_path)}
    avatar = open_avatar(cases["plain"])
    shot = shot_of(avatar)
    theirs = peer.draw(cases["rim"].reference, shot, SIZE)
    assert difference(ours(gl, avatar, shot), theirs).worst > BAR
