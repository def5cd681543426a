"""Colour conversion and composition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.spec import U8
from flow.stage import Overlay
from render.camera import Rect
from render.convert import Converter, planes
from render.layers import Layers
from render.plate import Compositor, bands, lay_over

WIDTH, HEIGHT = 64, 48


def exact(bgra: U8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """BT.709 limited range by the book (BT.709-6 items 3.2-3.4), unrounded, chroma averaged."""
    blue, green, red = (bgra[..., i].astype(np.float64) / 255.0 for i in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    height, width = luma.shape

    def half(plane: np.ndarray) -> np.ndarray:
        return np.asarray(plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)))

    return (
        16.0 + 219.0 * luma,
        half(128.0 + 224.0 * (blue - luma) / 1.8556),
        half(128.0 + 224.0 * (red - luma) / 1.5748),
    )


def converted(bgra: U8) -> U8:
    height, width = bgra.shape[:2]
    out = np.zeros((height * 3 // 2, width), np.uint8)
    Converter(width, height).convert(bgra, out)
    return out


def noise(seed: int = 0) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)


def test_conversion_must_stay_within_two_steps_of_the_formula() -> None:
    bgra = noise()
    corners = np.array(np.meshgrid([0, 255], [0, 255], [0, 255])).T.reshape(-1, 3)
    for index, color in enumerate(corners):
        bgra[:8, 8 * index : 8 * index + 8, :3] = color
    got = planes(converted(bgra), WIDTH, HEIGHT)
    for plane, wanted in zip(got, exact(bgra), strict=True):
        assert np.abs(plane.astype(np.float64) - wanted).max() <= 2.0


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        ((255, 0, 0), (63, 102, 240)),  # 601 would give 82
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
    ],
)
def test_primaries_must_be_bt709(rgb: tuple[int, int, int], yuv: tuple[int, int, int]) -> None:
    bgra = np.zeros((4, 4, 4), np.uint8)
    bgra[..., :3] = rgb[::-1]
    got = [int(plane[0, 0]) for plane in planes(converted(bgra), 4, 4)]
    assert np.abs(np.array(got) - yuv).max() <= 1


def test_a_converted_part_must_equal_that_part_of_the_whole() -> None:
    bgra = noise(1)
    whole = converted(bgra)
    rect = Rect(12, 6, 30, 22)
    parts = whole.copy()
    for plane in planes(parts, WIDTH, HEIGHT):
        plane[2:-2, 2:-2] = 7
    converter = Converter(WIDTH, HEIGHT)
    converter.convert(np.ascontiguousarray(bgra[rect.slices]), parts, rect)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[rect.slices] = True
    for got, wanted, mask in zip(
        planes(parts, WIDTH, HEIGHT),
        planes(whole, WIDTH, HEIGHT),
        (inside, inside[::2, ::2], inside[::2, ::2]),
        strict=True,
    ):
        np.testing.assert_array_equal(got[mask], wanted[mask])


def test_a_frame_made_of_tiles_must_equal_the_composed_picture() -> None:
    plate = noise(2)
    plate[..., 3] = 255
    sprite = noise(3)[:20, :24]
    sprite[..., :3] = np.minimum(sprite[..., :3], sprite[..., 3:])
    shade = noise(4)[:10, :30, 0].copy()
    card = noise(5)[:12, :18].copy()
    layers = Layers(plate, 1, shade, Rect(3, 33, 30, 10), sprite, Rect(16, 8, 24, 20))
    overlays = (Overlay("card", card, 0.5, 0.3), Overlay("edge", card, 0.9, -0.1))
    compositor = Compositor(WIDTH, HEIGHT)
    out = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)
    compositor.i420(layers, overlays, out)
    np.testing.assert_array_equal(out, converted(compositor.bgra(layers, overlays)))


def test_a_new_version_of_the_plate_must_show_at_once() -> None:
    compositor = Compositor(WIDTH, HEIGHT)
    sprite = np.zeros((8, 8, 4), np.uint8)
    out = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)
    for version, value in ((1, 200), (2, 40)):
        plate = np.full((HEIGHT, WIDTH, 4), value, np.uint8)
        layers = Layers(plate, version, sprite=sprite, rect=Rect(0, 0, 8, 8))
        compositor.i420(layers, (), out)
        assert abs(int(out[20, 40]) - (16 + value * 219 / 255)) <= 1


def test_a_new_version_of_an_overlay_must_show_at_once() -> None:
    compositor = Compositor(WIDTH, HEIGHT)
    layers = Layers(np.zeros((HEIGHT, WIDTH, 4), np.uint8), 1)
    rgba = np.full((8, 8, 4), 255, np.uint8)
    assert compositor.bgra(layers, (Overlay("a", rgba, 0.0, 0.0, 1),))[4, 4, 0] == 255
    rgba[..., :3] = 0
    assert compositor.bgra(layers, (Overlay("a", rgba, 0.0, 0.0, 2),))[4, 4, 0] == 0


def test_blending_must_follow_premultiplied_over() -> None:
    under = np.full((4, 4, 4), 200, np.uint8)
    under[..., 3] = 255
    over = np.zeros((4, 4, 4), np.uint8)
    over[...] = (30, 60, 90, 128)
    lay_over(under, Rect(0, 0, 4, 4), over, Rect(0, 0, 4, 4))
    wanted = np.array([30, 60, 90]) + 200 * (127 / 255)
    assert np.abs(under[0, 0, :3] - wanted).max() <= 1.0
    assert under[0, 0, 3] == 255


RECTS = st.lists(
    st.builds(Rect, st.integers(0, 12), st.integers(0, 12), st.integers(0, 9), st.integers(0, 9)),
    max_size=5,
)


@settings(max_examples=80, deadline=None)
@given(RECTS)
def test_bands_must_cover_the_same_pixels_once(rects: list[Rect]) -> None:
    wanted, got = np.zeros((24, 24), int), np.zeros((24, 24), int)
    for rect in rects:
        wanted[rect.slices] = 1
    for rect in bands(rects):
        got[rect.slices] += 1
    np.testing.assert_array_equal(got, wanted)
