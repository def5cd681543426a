"""Laying models out for drawing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flow.mesh import Alpha, Map, MToon
from flow.stage import CameraShot
from render.camera import Rect, clip_from_world, crop, light_from_world
from render.model import lay_out
from render.software.extent import SNAP_PX, covered
from render.software.floor import FLAT_M, is_floor, occluders
from render.software.subdivide import subdivided
from render.textures import with_alpha
from render.uv import uv_matrix
from tests.fixtures.models import corner, doll
from tests.fixtures.rendering import SHOT


def test_drawing_order_must_be_opaque_mask_blend() -> None:
    layout = lay_out(doll())
    assert [part.alpha for part in layout.parts] == [
        Alpha.OPAQUE,
        Alpha.OPAQUE,
        Alpha.MASK,
        Alpha.BLEND,
    ]


def test_blended_parts_must_follow_their_render_queue_offsets() -> None:
    model = doll()
    materials = list(model.materials)
    for index, offset in ((0, 2), (1, -3), (2, 0)):
        materials[index] = replace(
            materials[index],
            alpha=Alpha.BLEND,
            base_color=(1.0, 1.0, 1.0, 0.5),
            mtoon=MToon(render_queue_offset=offset),
        )
    layout = lay_out(replace(model, materials=tuple(materials)))
    assert [part.material for part in layout.parts] == [3, 1, 2, 0]


def test_parts_must_be_contiguous_and_keep_every_triangle() -> None:
    layout = lay_out(doll())
    assert sum(len(part.triangles) for part in layout.parts) == doll().triangle_count
    for part in layout.parts:
        assert part.triangles.min() >= part.start
        assert part.triangles.max() < part.stop
        assert (layout.material_of[part.start : part.stop] == part.material).all()


def test_blend_without_transparent_texels_must_become_opaque() -> None:
    model = doll()
    textures = list(model.textures)
    solid = textures[1].rgba.copy()
    solid[..., 3] = 255
    textures[1] = replace(textures[1], rgba=solid)
    layout = lay_out(replace(model, textures=tuple(textures)))
    assert {part.material: part.alpha for part in layout.parts}[2] is Alpha.OPAQUE


def test_first_person_only_pieces_must_not_be_drawn() -> None:
    model = doll()
    first = replace(model.primitives[0], first_person="firstPersonOnly")
    layout = lay_out(replace(model, primitives=(first, *model.primitives[1:])))
    assert len(layout.positions) == doll().vertex_count - len(first.positions)


def test_a_model_without_anything_must_lay_out() -> None:
    layout = lay_out(replace(doll(), primitives=()))
    assert layout.positions.shape == (0, 3)
    assert layout.parts == ()


def test_opaque_textures_must_lose_their_junk_alpha() -> None:
    rgba = np.full((2, 2, 4), 37, np.uint8)
    assert (with_alpha(rgba, Alpha.OPAQUE, 0.5)[..., 3] == 255).all()
    assert (with_alpha(rgba, Alpha.MASK, 0.5)[..., 3] == 0).all()
    assert (with_alpha(rgba, Alpha.MASK, 0.1)[..., 3] == 255).all()
    assert (rgba == 37).all(), "the input was changed"


def test_texture_transform_must_be_khr_texture_transform() -> None:
    # KHR_texture_transform: translation * rotation * scale, rotation counter-clockwise.
    matrix = uv_matrix(Map(0, (0.5, 0.25), (2.0, 3.0), np.pi / 2))
    at = matrix[:, :2] @ np.array([1.0, 0.0]) + matrix[:, 2]
    np.testing.assert_allclose(at, [0.5, 0.25 - 2.0], atol=1e-6)


def test_the_target_must_be_the_middle_of_the_picture() -> None:
    clip = clip_from_world(SHOT, 16 / 9) @ np.append(SHOT.target, 1.0)
    np.testing.assert_allclose(clip[:2] / clip[3], 0.0, atol=1e-6)


def test_field_of_view_must_be_vertical() -> None:
    shot = CameraShot(np.array([0, 0, 2], np.float32), np.zeros(3, np.float32), 90.0)
    clip = clip_from_world(shot, 2.0) @ np.array([4.0, 2.0, 0.0, 1.0])
    np.testing.assert_allclose(clip[:2] / clip[3], 1.0, atol=1e-5)


def test_cropping_must_stretch_the_rectangle_over_clip_space() -> None:
    clip = clip_from_world(SHOT, 2.0)
    rect = Rect(100, 20, 50, 40)
    left_top = np.array([100 / 200 * 2 - 1, 1 - 20 / 100 * 2, 0.3, 1.0])
    into = crop(clip, rect, 200, 100) @ np.linalg.inv(clip.astype(np.float64))
    out = into @ left_top
    np.testing.assert_allclose(out[:2] / out[3], [-1.0, 1.0], atol=1e-4)


def test_the_light_must_see_the_whole_sphere() -> None:
    direction = np.array([0.4, -0.8, -0.45], np.float32)
    direction /= np.linalg.norm(direction)
    centre = np.array([0.3, 0.8, -0.2], np.float32)
    matrix = light_from_world(direction, centre, 1.25, 1024)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(50, 3))
    points = centre + points / np.linalg.norm(points, axis=1, keepdims=True) * 1.2
    at = np.c_[points, np.ones(50)] @ matrix.T
    assert np.abs(at[:, :3]).max() <= 1.0
    nearer = np.append(centre - 0.5 * direction, 1.0) @ matrix.T
    assert nearer[2] < (np.append(centre, 1.0) @ matrix.T)[2]


def test_the_drawn_rectangle_must_hold_every_vertex() -> None:
    positions = lay_out(corner()).positions[8:]
    clip = clip_from_world(SHOT, 2.0)
    rect, near, far = covered([positions], clip, 400, 200)
    at = np.c_[positions, np.ones(len(positions))] @ clip.T
    x = (at[:, 0] / at[:, 3] * 0.5 + 0.5) * 400
    y = (0.5 - at[:, 1] / at[:, 3] * 0.5) * 200
    assert rect.x <= x.min() and x.max() <= rect.x + rect.width
    assert rect.y <= y.min() and y.max() <= rect.y + rect.height
    assert rect.x % SNAP_PX == rect.y % SNAP_PX == 0
    assert near == pytest.approx(at[:, 3].min(), abs=1e-4)
    assert far == pytest.approx(at[:, 3].max(), abs=1e-4)


def test_something_outside_the_picture_must_cover_nothing() -> None:
    clip = clip_from_world(SHOT, 2.0)
    aside = np.array([[40.0, 0.0, 0.0], [41.0, 1.0, 0.0]], np.float32)
    behind = np.array([[0.0, 0.0, 30.0]], np.float32)
    assert covered([aside], clip, 400, 200)[0].width == 0
    assert covered([behind], clip, 400, 200)[0].width == 0
    assert covered([], clip, 400, 200)[0].width == 0


def test_only_what_stands_before_the_avatar_must_hide_it() -> None:
    layout = lay_out(corner())
    clip = clip_from_world(SHOT, 2.0)
    before = occluders(layout, layout.positions, clip, 3.7)
    crate = next(part for part in layout.parts if part.material == 2)
    high = layout.positions[crate.triangles, 1].max(axis=1) > FLAT_M
    np.testing.assert_array_equal(before, crate.triangles[high])  # not the floor, not the wall
    assert len(occluders(layout, layout.positions, clip, 2.0)) == 0


def test_cutting_a_stage_must_keep_its_surface() -> None:
    model = corner()
    cut = subdivided(model)
    for before, after in zip(model.primitives, cut.primitives, strict=True):
        corners = after.positions[after.triangles]
        edges = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
        assert edges.max() <= 0.91

        def area(positions: np.ndarray, triangles: np.ndarray) -> float:
            a, b, c = (positions[triangles[:, i]].astype(np.float64) for i in range(3))
            return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())

        wanted = area(before.positions, before.triangles)
        assert area(after.positions, after.triangles) == pytest.approx(wanted, rel=1e-5)
    floor = lay_out(cut)
    flat = is_floor(floor.positions, floor.triangles)
    assert flat.sum() > 2
