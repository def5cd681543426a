"""Stages load whole: world space, the file's own meaning of colour, words beside the geometry."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assets import locate
from flow.errors import AssetError
from flow.mesh import Alpha, Shading
from scenes.director import Director
from scenes.shot import SHOT_NAMES
from scenes.stage import MANY_TRIANGLES, load_stage
from tests.fixtures.glb import Glb

WORDS = """
name = "Corner"
background = "#ff0000"
[light]
key_direction = [0.0, -2.0, 0.0]
[shots.wide]
eye = [0.0, 1.0, 4.0]
target = [0.0, 1.0, 0.0]
[anchors.desk]
position = [1.0, 0.5, 0.0]
yaw_deg = 90.0
"""


def picture(side: int, alpha: int = 255) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (side, side), (200, 100, 50, alpha)).save(out, "PNG")
    return out.getvalue()


def corner(*, side: int = 4, alpha: int = 255) -> Glb:
    """A textured, unlit quad, two metres to the right and mirrored."""
    glb = Glb()
    uv = np.array([[0, 0], [65535, 0], [65535, 65535], [0, 16384]], np.uint16)
    tint = np.array([[255, 128, 0, 255]] * 4, np.uint8)
    quad = glb.quad(
        TEXCOORD_0=glb.accessor(uv, normalized=True), COLOR_0=glb.accessor(tint, normalized=True)
    )
    glb.root["images"].append(
        {"bufferView": glb.view(picture(side, alpha)), "mimeType": "image/png"}
    )
    glb.root["textures"].append({"source": 0})
    glb.root["materials"].append(
        {
            "name": "paint",
            "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}},
            "extensions": {"KHR_materials_unlit": {}},
        }
    )
    mesh = glb.mesh([{**quad, "material": 0}])
    glb.node("wall", translation=[2, 0, 0], scale=[-1, 1, 1], mesh=mesh)
    glb.node("anchor.lamp", translation=[0, 2, 0])
    return glb


def test_positions_must_be_in_world_space_and_mirrors_keep_their_front(tmp_path: Path) -> None:
    stage = load_stage(corner().save(tmp_path / "corner.glb"))
    (piece,) = stage.model.primitives
    assert piece.positions.min(axis=0) == pytest.approx([1, 0, 0])
    assert piece.positions.max(axis=0) == pytest.approx([2, 1, 0])
    a, b, c = (piece.positions[i] for i in piece.triangles[0])
    assert float(np.cross(b - a, c - a) @ piece.normals[0]) > 0


def test_normalised_integers_must_become_fractions(tmp_path: Path) -> None:
    stage = load_stage(corner().save(tmp_path / "corner.glb"))
    (piece,) = stage.model.primitives
    assert piece.uv[3] == pytest.approx([0.0, 16384 / 65535], abs=1e-6)
    assert piece.color is not None
    assert piece.color[0] == pytest.approx([1.0, 128 / 255, 0.0, 1.0])


def test_unlit_and_opaque_must_be_kept_as_the_file_says(tmp_path: Path) -> None:
    stage = load_stage(corner(alpha=7).save(tmp_path / "corner.glb"))
    (material,) = stage.model.materials
    assert material.shading is Shading.UNLIT
    assert material.alpha is Alpha.OPAQUE
    (texture,) = stage.model.textures
    assert tuple(texture.rgba[0, 0]) == (200, 100, 50, 255)


def test_large_pictures_must_be_scaled_to_1024(tmp_path: Path) -> None:
    stage = load_stage(corner(side=1500).save(tmp_path / "corner.glb"))
    assert stage.model.textures[0].rgba.shape == (1024, 1024, 4)


def test_a_picture_that_cannot_be_decoded_is_a_problem_not_an_end(tmp_path: Path) -> None:
    glb = corner()
    glb.root["images"][0] = {"bufferView": glb.view(b"\x89PNG but not really")}
    stage = load_stage(glb.save(tmp_path / "corner.glb"))
    assert stage.model.materials[0].base_map.texture == -1
    assert any("picture" in p for p in stage.problems)


def test_words_beside_the_file_must_set_shots_light_and_anchors(tmp_path: Path) -> None:
    path = corner().save(tmp_path / "corner.glb")
    path.with_suffix(".toml").write_text(WORDS)
    stage = load_stage(path)
    assert stage.name == "Corner"
    assert stage.background == pytest.approx((1.0, 0.0, 0.0))
    assert set(stage.shots) == {"wide"}
    assert stage.light.key_direction == pytest.approx([0, -1, 0])
    assert set(stage.anchors) == {"host", "lamp", "desk"}
    assert stage.anchors["desk"] @ [0, 0, 1, 1] == pytest.approx([2.0, 0.5, 0.0, 1.0], abs=1e-6)
    assert stage.anchors["lamp"][:3, 3] == pytest.approx([0, 2, 0])


def test_every_mistake_in_the_words_must_be_named_with_its_path(tmp_path: Path) -> None:
    path = corner().save(tmp_path / "corner.glb")
    path.with_suffix(".toml").write_text(
        'name = "x"\nbackground = "red"\nfog = 1\n[shots.wide]\neye = [0.0, 1.0]\nfov_deg = 400.0\n'
    )
    with pytest.raises(AssetError) as caught:
        load_stage(path)
    assert caught.value.code == "stage.description"
    for place in ("background", "fog", "shots.wide.eye", "shots.wide.target", "shots.wide.fov_deg"):
        assert place in caught.value.message


@pytest.mark.parametrize("text", ["", "name = ", "[[[", "\udcff", 'name = "x"\n'])
def test_words_that_are_not_a_description_must_be_refused(tmp_path: Path, text: str) -> None:
    path = corner().save(tmp_path / "corner.glb")
    path.with_suffix(".toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(AssetError, match=r"corner\.toml"):
        load_stage(path)


def test_a_stage_without_words_must_still_have_three_shots_of_the_host(tmp_path: Path) -> None:
    stage = load_stage(corner().save(tmp_path / "corner.glb"))
    assert tuple(stage.shots) == SHOT_NAMES
    tall = [stage.shots[n].fov_deg * stage.shots[n].eye[2] for n in SHOT_NAMES]
    assert tall == sorted(tall, reverse=True)


def test_the_built_in_studio_must_stay_in_its_budget() -> None:
    path = locate("stages", "studio")
    stage = load_stage(path)
    assert path.stat().st_size < 1_500_000
    assert stage.model.triangle_count <= 8_000
    assert all(max(t.rgba.shape[:2]) <= 1024 for t in stage.model.textures)
    assert stage.problems == ()
    assert all(m.shading is Shading.UNLIT for m in stage.model.materials)
    assert set(SHOT_NAMES) <= set(stage.shots)
    assert {"host", "screen", "product"} <= set(stage.anchors)


def test_nothing_in_the_studio_may_stand_where_the_host_stands() -> None:
    stage = load_stage(locate("stages", "studio"))
    points = np.concatenate([p.positions for p in stage.model.primitives])
    near = np.hypot(points[:, 0], points[:, 2]) < 0.9
    assert points[near & (points[:, 1] < 2.6), 1].max() <= 1e-6


def test_nothing_in_the_studio_may_hide_the_host_from_a_camera() -> None:
    stage = load_stage(locate("stages", "studio"))
    points = np.concatenate([p.positions for p in stage.model.primitives])
    for name in stage.shots:
        director = Director(stage, host_height_m=1.6, aspect=16 / 9)
        director.cut_to(name)
        eye = director.shot(0, None).eye
        between = (points[:, 2] > 0.95) & (points[:, 2] < eye[2]) & (points[:, 1] > 0.0)
        assert not (between & (np.abs(points[:, 0]) < 1.0)).any() or points[between, 1].min() > 2.0


def test_real_stages_must_load_or_be_refused_with_a_remedy(shared: Path) -> None:
    files = sorted((shared / "data" / "stages").glob("*/*.glb"))
    assert files
    loaded = 0
    for path in files:
        try:
            stage = load_stage(path)
        except AssetError as e:
            assert e.code == "asset.compressed", path.name
            assert e.hint
            continue
        loaded += 1
        assert 0 < stage.model.triangle_count < MANY_TRIANGLES
        assert all(len(p.positions) == len(p.normals) == len(p.uv) for p in stage.model.primitives)
        assert all(p.triangles.max() < len(p.positions) for p in stage.model.primitives)
    assert loaded >= len(files) - 3  # three are Draco-compressed
