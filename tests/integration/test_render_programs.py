"""Shader programs: where one does not compile, the engine draws plain white and says nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import render.gl.material
from flow.mesh import Alpha, Map, Material, Model, MToon, Shading
from flow.stage import StageFrame
from render.gl.shader import program
from render.skin import rest_rig
from tests.fixtures.models import doll
from tests.fixtures.rendering import BACKENDS, LIGHT, SHOT, BackendName, renderer_or_skip
from tests.fixtures.toon_scenes import features, open_avatar


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The programs in use, by their switches."""
    found: dict[str, Any] = {}

    def watched(vertex: str, fragment: str, switches: frozenset[str] = frozenset()) -> Any:
        shader = program(vertex, fragment, switches)
        found[f"{fragment} {' '.join(sorted(switches))}"] = shader
        return shader

    monkeypatch.setattr(render.gl.material, "program", watched)
    return found


def plain(material: Material) -> Model:
    """The doll in one material."""
    model = doll()
    primitives = tuple(replace(p, material=0) for p in model.primitives)
    return replace(model, primitives=primitives, materials=(material,))


def test_every_program_must_compile(made: dict[str, Any], tmp_path: Path) -> None:
    renderer = renderer_or_skip("gl", 64, 64)
    models = [open_avatar(case).model for case in features(tmp_path)]
    for shading, alpha, mapped in product((Shading.PBR, Shading.UNLIT), Alpha, (False, True)):
        use = Map(1, (0.1, 0.0)) if mapped else Map()
        models.append(
            plain(
                Material(
                    "m", shading, (1.0, 1.0, 1.0, 0.5), Map(1), (0.1, 0.1, 0.1), use, use,
                    metallic_roughness_map=use, occlusion_map=use, alpha=alpha,
                )
            )
        )  # fmt: skip
    for number, model in enumerate(models):
        renderer.set_stage(model if number % 2 else None)
        renderer.add_avatar("it", model)
        frame = StageFrame(number, 0, 0, {"it": rest_rig(model)}, SHOT, LIGHT)
        assert np.ptp(renderer.picture(frame)[..., 3]) == 0
        renderer.remove_avatar("it")
    renderer.close()
    assert len(made) > 25
    broken = [switches for switches, shader in made.items() if shader.get_error_flag()]
    assert not broken, broken


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("glow", ["rim_color", "emissive"])
def test_an_expression_must_light_up_what_is_dark_at_rest(backend: BackendName, glow: str) -> None:
    renderer = renderer_or_skip(backend)
    model = plain(Material("m", Shading.MTOON, (0.2, 0.2, 0.2, 1.0), mtoon=MToon()))
    renderer.add_avatar("it", model)
    rest = rest_rig(model)
    lit = replace(rest, materials={0: {glow: (0.0, 0.8, 0.0)}})
    pictures = [
        renderer.picture(StageFrame(n, 0, 0, {"it": rig}, SHOT, LIGHT), transparent=True)
        for n, rig in enumerate((rest, lit, rest))
    ]
    renderer.close()
    before, during, after = (picture.astype(np.int16) for picture in pictures)
    assert (during - before)[..., 1].max() > 60
    assert (during - before)[..., 0].max() < 3
    assert (after == before).all()
