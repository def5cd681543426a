"""The formulas of VRMC_materials_mtoon-1.0, vertex by vertex, and where textures are sampled."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.clock import NS_PER_S
from flow.mesh import RGB, Alpha, Map, Material, Model, MToon, Shading, Texture
from flow.spec import F32
from flow.stage import Light
from render.animate import Mover
from render.color import EXPOSURE, display_from_linear, linear_from_display
from render.gl.material import vectors
from render.gl.shader import MAP_ROWS
from render.model import lay_out
from render.software.carry import carried
from render.surface import metal_rough
from render.texels import MOST_HEADROOM, Texels, coarse, read
from render.toon import SOFTEST_EDGE, ToonLight
from render.uv import is_uniform, moved, transformed, uv_matrix
from tests.fixtures.models import doll
from tests.fixtures.rendering import LIGHT

EYE = np.array([0.4, 1.5, 3.0], np.float32)


def dressed(mtoon: MToon, base: RGB = (0.8, 0.6, 0.5), **extra: object) -> Model:
    """The doll's head alone, in one material."""
    material = Material("m", Shading.MTOON, (*base, 1.0), mtoon=mtoon)
    material = replace(material, **extra)  # type: ignore[arg-type]
    return replace(doll(), primitives=(doll().primitives[0],), materials=(material,))


def shaded(model: Model, light: Light = LIGHT) -> tuple[F32, F32, F32]:
    """Positions, unit normals and linear colours of the model as modelled."""
    layout = lay_out(model)
    toon = ToonLight(layout)
    toon.shade(layout.positions, layout.normals, EYE, light)
    return layout.positions, layout.normals, toon.color


def by_the_book(
    material: Material, position: F32, normal: F32, light: Light
) -> tuple[float, float, float]:
    """The specification's pseudocode for one point under one light, without textures."""
    mtoon = material.mtoon
    assert mtoon is not None
    toward = -light.key_direction / np.linalg.norm(light.key_direction)
    view = (EYE - position) / np.linalg.norm(EYE - position)
    edge = max(1.0 - mtoon.shading_toony, SOFTEST_EDGE)
    shading = float(normal @ toward) + mtoon.shading_shift
    shading = min(max((shading + edge) / (2.0 * edge), 0.0), 1.0)
    up, sky = float(normal[1]), light.sky
    raw, even = 1.0 - sky + sky * up, 1.0 - sky
    gi = raw + (even - raw) * mtoon.gi_equalization
    fresnel = min(max(1.0 - float(normal @ view) + mtoon.rim_lift, 0.0), 1.0)
    rim = fresnel ** max(mtoon.rim_fresnel_power, 1e-5)
    out = []
    for k in range(3):
        key, ambient = EXPOSURE * light.key_color[k], EXPOSURE * light.ambient_color[k]
        shade, lit = mtoon.shade_color[k], material.base_color[k]
        color = key * (shade + (lit - shade) * shading) + ambient * gi * lit
        lighting = key + ambient * even
        mixed = 1.0 + (lighting - 1.0) * mtoon.rim_lighting_mix
        out.append(color + rim * mtoon.rim_color[k] * mixed + material.emissive[k])
    return out[0], out[1], out[2]


unit = st.floats(0.0, 1.0, width=32)
rgb = st.tuples(unit, unit, unit)


@settings(max_examples=25, deadline=None)
@given(
    st.builds(
        MToon,
        shade_color=rgb,
        shading_shift=st.floats(-1.0, 1.0, width=32),
        shading_toony=unit,
        gi_equalization=unit,
        rim_color=rgb,
        rim_fresnel_power=st.floats(0.5, 8.0, width=32),
        rim_lift=st.floats(-0.5, 0.5, width=32),
        rim_lighting_mix=unit,
    ),
    rgb,
    rgb,
)
def test_vertices_must_be_lit_by_the_book(mtoon: MToon, base: RGB, emissive: RGB) -> None:
    light = replace(LIGHT, rim_color=(0.0, 0.0, 0.0))
    model = dressed(mtoon, base, emissive=emissive)
    positions, normals, color = shaded(model, light)
    for at in range(0, len(positions), 61):
        wanted = by_the_book(model.materials[0], positions[at], normals[at], light)
        assert np.abs(color[at] - wanted).max() < 1e-4


def test_evened_out_ambient_light_must_not_tell_up_from_down() -> None:
    dark = replace(LIGHT, key_color=(0.0, 0.0, 0.0), rim_color=(0.0, 0.0, 0.0))
    spread = {}
    for even in (0.0, 0.5, 1.0):
        _, _, color = shaded(dressed(MToon(gi_equalization=even)), dark)
        spread[even] = float(color.max(axis=0)[0] - color.min(axis=0)[0])
    assert spread[1.0] == pytest.approx(0.0, abs=1e-6)
    assert spread[0.5] == pytest.approx(spread[0.0] / 2.0, rel=1e-4)
    assert spread[0.0] > 0.1


def test_toon_light_must_ignore_vertex_colors() -> None:
    model = dressed(MToon())
    painted = replace(
        model.primitives[0], color=np.tile([0.1, 0.2, 0.3, 0.4], (model.vertex_count, 1))
    )
    assert (lay_out(replace(model, primitives=(painted,))).color == 1.0).all()
    plain = replace(model.materials[0], shading=Shading.UNLIT, mtoon=None)
    kept = lay_out(replace(model, primitives=(painted,), materials=(plain,)))
    assert kept.color[0, 3] == pytest.approx(0.4)


def test_unlit_vertices_must_show_the_texture_as_it_is() -> None:
    material = Material("m", Shading.UNLIT, base_map=Map(0))
    model = replace(dressed(MToon()), materials=(material,))
    layout = lay_out(model)
    out = ToonLight(layout).shade(layout.positions, layout.normals, EYE, LIGHT)
    assert (out[:, :3] == 255).all()


def test_a_dark_texture_must_leave_room_for_a_glow() -> None:
    dark = Texture("dark", np.full((4, 4, 4), 40, np.uint8))
    model = dressed(MToon(), (1.0, 1.0, 1.0), base_map=Map(0), emissive=(0.4, 0.4, 0.4))
    model = replace(model, textures=(dark,))
    gain = Texels(model).headroom(model.materials[0])
    assert gain == pytest.approx(255 / 40)
    layout = lay_out(model)
    toon = ToonLight(layout)
    out = toon.shade(layout.positions, layout.normals, EYE, LIGHT)
    shown = out[:, :3].astype(np.float64) * (40 * gain) / 255.0
    wanted = display_from_linear(toon.color) * 255.0
    assert np.abs(shown - wanted).max() < 1.0, "texture times vertex colour is the lit colour"
    black = Texture("black", np.zeros((4, 4, 4), np.uint8))
    assert Texels(replace(model, textures=(black,))).headroom(model.materials[0]) == MOST_HEADROOM


def test_moving_must_turn_about_the_middle_before_it_scrolls() -> None:
    turn = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], float)  # a quarter, as the spec's matrix
    middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], float)
    scroll = np.array([[1, 0, 0.2], [0, 1, 0.1], [0, 0, 1]], float)
    wanted = scroll @ middle @ turn @ np.linalg.inv(middle)
    assert np.allclose(moved((0.2, 0.1, math.pi / 2)), wanted, atol=1e-6)


def test_a_transform_must_follow_the_movement() -> None:
    mtoon = MToon(shade_map=Map(0, (0.5, 0.0), (2.0, 1.0)), uv_scroll=(0.25, 0.0))
    material = Material("m", Shading.MTOON, base_map=Map(0), mtoon=mtoon)
    rows = vectors(material, {"uv_move": (0.25, 0.0, 0.0)})
    at = MAP_ROWS["shade"]
    assert rows[at, :3] == pytest.approx([2.0, 0.0, 1.0]), "moved first, then twice as dense"
    assert rows[MAP_ROWS["base"], :3] == pytest.approx([1.0, 0.0, 0.25])


@pytest.mark.parametrize(
    ("maps", "uniform"),
    [
        ({"base_map": Map(0)}, True),
        ({"base_map": Map(0), "emissive_map": Map(1)}, True),
        ({"base_map": Map(0), "emissive_map": Map(1, (0.1, 0.0))}, False),
        ({"emissive_map": Map(1, (0.1, 0.0))}, False),
        ({}, True),
    ],
)
def test_maps_must_share_coordinates_only_when_they_are_alike(
    maps: dict[str, Map], uniform: bool
) -> None:
    assert is_uniform(Material("m", **maps)) is uniform  # type: ignore[arg-type]


def test_a_mask_must_keep_the_whole_way_and_nothing_else_may() -> None:
    plain = dressed(MToon(uv_scroll=(0.3, -0.2), uv_rotation=0.5))
    masked = dressed(MToon(uv_scroll=(0.3, -0.2), uv_rotation=0.5, uv_mask=Map(0)))
    for model, wanted in (
        (plain, (0.0, 0.0, 5.0 % (2 * math.pi))),
        (masked, (3.0, -2.0, 5.0)),
    ):
        move = Mover(model).at({}, 10 * NS_PER_S)[0]["uv_move"]
        apart = np.abs(np.subtract(move, wanted))
        assert np.minimum(apart, np.abs(1.0 - apart)).max() < 1e-9


def test_still_textures_must_cost_nothing() -> None:
    overrides = {0: {"base_color": (1.0, 0.0, 0.0, 1.0)}}
    assert Mover(doll()).at(overrides, NS_PER_S) is overrides


def test_vertices_must_read_the_texel_under_them() -> None:
    quarters = np.zeros((2, 2, 4), np.float32)
    quarters[0, 0, 0] = quarters[0, 1, 1] = quarters[1, 0, 2] = 1.0
    at = np.array([[0.25, 0.25], [0.75, 0.25], [1.25, -0.25], [0.5, 0.25]], np.float32)
    found = read(quarters, at)[:, :3]
    assert found.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]]
    assert read(quarters, at, repeat_u=False, repeat_v=False)[2, 1] == 1.0, "clamped to the edge"


def test_a_coarse_copy_must_not_mix_in_colors_nobody_sees() -> None:
    rgba = np.zeros((256, 256, 4), np.uint8)
    rgba[::2] = (200, 100, 50, 255)  # every other row is clear black
    assert coarse(rgba)[..., :3].mean(axis=(0, 1)) == pytest.approx(
        np.array([200, 100, 50]) / 255.0, rel=0.01
    )


def test_texels_without_a_texture_must_be_white() -> None:
    assert (Texels(doll()).at(Map(), np.zeros((3, 2), np.float32)) == 1.0).all()


def test_uv_matrix_and_points_must_agree() -> None:
    use = Map(0, (0.1, 0.2), (2.0, 3.0), 0.4)
    at = np.array([[0.3, 0.7]], np.float32)
    cos, sin = math.cos(0.4), math.sin(0.4)
    x, y = 0.3 * 2.0, 0.7 * 3.0
    wanted = (cos * x + sin * y + 0.1, -sin * x + cos * y + 0.2)
    assert transformed(at, uv_matrix(use))[0] == pytest.approx(wanted, abs=1e-6)


@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=9))
def test_decoding_must_undo_encoding(values: list[float]) -> None:
    there = display_from_linear(np.array(values, np.float32))
    assert np.abs(linear_from_display(there) - values).max() < 1e-5


def test_a_rough_white_surface_must_send_out_what_the_light_says() -> None:
    toward = -LIGHT.key_direction / np.linalg.norm(LIGHT.key_direction)
    normal = np.tile(toward.astype(np.float32), (1, 1))
    material = Material("m", metallic=0.0, roughness=1.0)
    base = np.ones((1, 3), np.float32)
    out = metal_rough(base, material, normal, normal.copy(), replace(LIGHT, sky=0.0))
    diffuse = EXPOSURE * (np.array(LIGHT.key_color) + LIGHT.ambient_color)
    gloss = EXPOSURE * np.array(LIGHT.key_color) * 0.04 / 4.0  # F0 times GGX's flat lobe
    assert np.abs(out[0] - diffuse - gloss).max() < 0.01


@settings(max_examples=40, deadline=None)
@given(unit, unit, st.integers(0, 2**32 - 1))
def test_metal_and_gloss_must_stay_finite_and_positive(
    metallic: float, roughness: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    normal, eye = (rng.normal(size=(64, 3)) for _ in range(2))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    eye /= np.linalg.norm(eye, axis=1, keepdims=True)
    material = Material("m", metallic=metallic, roughness=roughness)
    base = rng.random((64, 3)).astype(np.float32)
    out = metal_rough(base, material, normal.astype(np.float32), eye.astype(np.float32), LIGHT)
    assert np.isfinite(out).all()
    assert (out >= 0.0).all()


def test_a_black_texel_must_not_blacken_the_texture_around_it() -> None:
    letters = np.zeros((64, 64, 4), np.uint8)
    letters[..., 3] = 255
    letters[30:34, 30:34, :3] = 255  # all vertices lie on black
    mtoon = MToon(shade_color=(0.5, 0.5, 0.5), shade_map=Map(0))
    model = dressed(mtoon, (1.0, 1.0, 1.0), base_map=Map(0))
    model = replace(model, textures=(Texture("letters", letters),))
    light = replace(LIGHT, rim_color=(0.0, 0.0, 0.0))
    layout = lay_out(model)
    out = ToonLight(layout).shade(layout.positions, layout.normals, EYE, light)
    white = replace(model, materials=(replace(model.materials[0], base_map=Map()),))
    white_mtoon = replace(mtoon, shade_map=Map())
    white = replace(white, materials=(replace(white.materials[0], mtoon=white_mtoon),))
    layout = lay_out(white)
    wanted = ToonLight(layout).shade(layout.positions, layout.normals, EYE, light)
    # Display values multiply as light does, but for the straight foot of sRGB's curve.
    assert np.abs(out.astype(int) - wanted.astype(int)).max() < 24


def test_black_panels_must_carry_the_texture_that_glows() -> None:
    black = Texture("black", np.zeros((4, 4, 4), np.uint8))
    lines = Texture("lines", np.full((4, 4, 4), 255, np.uint8))
    glowing = Material(
        "panel", Shading.MTOON, base_map=Map(0), emissive=(1.0, 1.0, 1.0), emissive_map=Map(1)
    )
    plain, factor, clear = (
        replace(glowing, emissive=(0.0, 0.0, 0.0)),
        replace(glowing, base_map=Map(1), base_color=(0.0, 0.0, 0.0, 1.0)),
        replace(glowing, alpha=Alpha.BLEND, base_color=(1.0, 1.0, 1.0, 0.5)),
    )
    model = replace(
        doll(), textures=(black, lines), materials=(glowing, plain, factor, clear, Material("m"))
    )
    found = carried(model).materials
    assert [m.base_map.texture for m in found] == [1, -1, 1, 0, -1]
    assert found[0].base_color[:3] == found[2].base_color[:3] == (0.0, 0.0, 0.0)
    assert found[4] is model.materials[4]
