"""VRM 0.x toon materials on their way to 1.0, and what a file says about its textures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from avatar.read.load import load_avatar
from flow.mesh import Alpha, Material, Model
from tests.fixtures.glb import Glb, vrm0, vrm1


def migrated(tmp_path: Path, *materials: dict[str, Any]) -> tuple[Material, ...]:
    glb, _ = vrm0(materialProperties=[{"shader": "VRM/MToon", **m} for m in materials])
    glb.root["materials"] += [{"name": f"m{i}"} for i, _ in enumerate(materials)]
    return load_avatar(glb.save(tmp_path / "a.vrm")).model.materials


def floats(**values: float) -> dict[str, Any]:
    return {"floatProperties": {f"_{key}": value for key, value in values.items()}}


@pytest.mark.parametrize(
    ("toony", "shift"), [(0.9, 0.0), (0.5, 0.3), (1.0, -0.5), (0.0, -1.0), (0.2, 1.0)]
)
def test_the_shading_ramp_must_begin_and_end_where_it_did(
    tmp_path: Path, toony: float, shift: float
) -> None:
    mtoon = migrated(tmp_path, floats(ShadeToony=toony, ShadeShift=shift))[0].mtoon
    assert mtoon is not None
    # 0.x: dark up to `shift`, lit from there to 1 by as much as it is not toony.
    dark, lit = shift, 1.0 + (shift - 1.0) * toony
    half = 1.0 - mtoon.shading_toony
    assert -half - mtoon.shading_shift == pytest.approx(dark, abs=1e-6)
    assert half - mtoon.shading_shift == pytest.approx(lit, abs=1e-6)


@pytest.mark.parametrize(
    ("mode", "name", "width"),
    [(0, "none", 0.0), (1, "worldCoordinates", 0.004), (2, "screenCoordinates", 0.002)],
)
def test_outline_widths_must_change_their_units(
    tmp_path: Path, mode: int, name: str, width: float
) -> None:
    mtoon = migrated(tmp_path, floats(OutlineWidthMode=mode, OutlineWidth=0.4))[0].mtoon
    assert mtoon is not None
    assert mtoon.outline_mode == name
    assert mtoon.outline_width == pytest.approx(width)


def test_outline_colour_must_mix_with_light_only_when_told(tmp_path: Path) -> None:
    fixed, mixed = migrated(
        tmp_path,
        floats(OutlineColorMode=0, OutlineLightingMix=0.7),
        floats(OutlineColorMode=1, OutlineLightingMix=0.7),
    )[:2]
    assert fixed.mtoon is not None
    assert mixed.mtoon is not None
    assert fixed.mtoon.outline_lighting_mix == 0.0
    assert mixed.mtoon.outline_lighting_mix == pytest.approx(0.7)


def test_render_queues_must_keep_their_order(tmp_path: Path) -> None:
    def clear(queue: int, write: float) -> dict[str, Any]:
        return {"renderQueue": queue, "keywordMap": {"_ALPHABLEND_ON": True}} | floats(ZWrite=write)

    found = migrated(tmp_path, clear(3010, 0), clear(3000, 0), clear(2502, 1), clear(2501, 1))
    offsets = [m.mtoon.render_queue_offset for m in found if m.mtoon is not None]
    assert offsets == [0, -1, 1, 0]
    assert [m.alpha for m in found[:4]] == [Alpha.BLEND] * 4
    writes = [m.mtoon.transparent_with_z_write for m in found if m.mtoon is not None]
    assert writes == [False, False, True, True]


def test_scrolling_must_turn_over_with_the_texture(tmp_path: Path) -> None:
    one = migrated(tmp_path, floats(UvAnimScrollX=0.5, UvAnimScrollY=0.25, UvAnimRotation=0.1))[0]
    assert one.mtoon is not None
    assert one.mtoon.uv_scroll == (0.5, -0.25)
    assert one.mtoon.uv_rotation == 0.1


def textured(tmp_path: Path, sampler: dict[str, Any]) -> Model:
    glb, _ = vrm1()
    _add_texture(glb, sampler)
    return load_avatar(glb.save(tmp_path / "a.vrm")).model


def _add_texture(glb: Glb, sampler: dict[str, Any]) -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((2, 2, 4), 200, np.uint8)).save(file, format="PNG")
    glb.root["images"].append({"bufferView": glb.view(file.getvalue()), "mimeType": "image/png"})
    glb.root["samplers"] = [sampler]
    glb.root["textures"].append({"source": 0, "sampler": 0})
    base = {"baseColorTexture": {"index": 0}}
    glb.root["materials"].append({"pbrMetallicRoughness": base})
    glb.node("quad", None, mesh=glb.mesh([{**glb.quad(), "material": 0}]))


@pytest.mark.parametrize(
    ("sampler", "near", "far"),
    [
        ({}, "linear", "linear_mipmap_linear"),
        ({"magFilter": 9728, "minFilter": 9729}, "nearest", "linear"),
        ({"magFilter": 9729, "minFilter": 9984}, "linear", "nearest_mipmap_nearest"),
        ({"magFilter": 7, "minFilter": 7}, "linear", "linear_mipmap_linear"),
    ],
)
def test_textures_must_be_sampled_as_the_file_says(
    tmp_path: Path, sampler: dict[str, Any], near: str, far: str
) -> None:
    texture = textured(tmp_path, sampler).textures[0]
    assert (texture.magnified, texture.minified) == (near, far)


def test_a_toon_material_without_a_shade_colour_must_be_black_there(tmp_path: Path) -> None:
    glb, _ = vrm1()
    toon = {"VRMC_materials_mtoon": {"specVersion": "1.0"}}
    glb.root["materials"].append({"extensions": toon})
    mtoon = load_avatar(glb.save(tmp_path / "a.vrm")).model.materials[0].mtoon
    assert mtoon is not None
    assert mtoon.shade_color == (0.0, 0.0, 0.0)
