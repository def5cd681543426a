"""Every kind of picture must arrive as it looks, whatever its size, and in little memory."""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from avatar.read import pixels, png
from avatar.read.pixels import decode, plan


def pattern(height: int, width: int, channels: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Smooth colour with some noise, so that encoders use all their filters."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * (3 + k) + y * (5 - k)) % 256 for k in range(channels)]
    noise = np.random.default_rng(height * width).integers(0, 9, (height, width, channels))
    return ((np.stack(planes, -1) + noise) % 256).astype(np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> memoryview:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return memoryview(out.getvalue())


def read(data: memoryview, most_px: int = 4096) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return decode(data, plan(data, most_px))


def raw_png(
    width: int, height: int, depth: int, kind: int, rows: bytes, *extra: bytes
) -> memoryview:
    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    chunks = [chunk(e[:4], e[4:]) for e in extra]
    parts = [png.SIGNATURE, chunk(b"IHDR", head), *chunks]
    parts += [chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return memoryview(b"".join(parts))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png_must_look_as_pillow_shows_it(mode: str) -> None:
    image = Image.fromarray(pattern(40, 37, 4)).convert(mode)
    want = np.asarray(image.convert("RGBA"))
    assert np.array_equal(read(encoded(image)), want)


def test_sixteen_bits_must_lose_the_low_byte_not_clip() -> None:
    grey = (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)
    got = read(encoded(Image.fromarray(grey)))
    assert np.array_equal(got[..., 0], (grey >> 8).astype(np.uint8))
    assert (got[..., 3] == 255).all()


def test_clear_colours_must_be_clear() -> None:
    palette = Image.fromarray(pattern(16, 16, 3)).quantize(16)
    palette.info["transparency"] = 3
    want = np.asarray(palette.convert("RGBA"))
    assert np.array_equal(read(encoded(palette, transparency=3)), want)
    assert (want[..., 3] == 0).any()


def test_the_first_picture_of_an_animation_must_be_taken() -> None:
    frames = [Image.new("RGB", (8, 8), c) for c in ("red", "blue")]
    data = encoded(frames[0], save_all=True, append_images=frames[1:])
    assert read(data)[0, 0].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 95, "subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_kind_of_jpeg_must_look_as_pillow_shows_it(
    mode: str, options: dict[str, Any]
) -> None:
    data = encoded(Image.fromarray(pattern(64, 64, 3)).convert(mode), "JPEG", **options)
    with Image.open(io.BytesIO(data)) as image:
        want = np.asarray(image.convert("RGB"))
    assert np.array_equal(read(data)[..., :3], want)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_must_be_measured_without_being_opened(mode: str, lossless: bool) -> None:
    image = Image.fromarray(pattern(33, 57, 4)).convert(mode)
    data = encoded(image, "WEBP", lossless=lossless)
    assert plan(data, 999).size == (57, 33)
    assert read(data).shape == (33, 57, 4)
    if lossless:
        opaque = np.asarray(image.convert("RGBA"))
        assert np.array_equal(read(data), opaque) or mode == "RGBA"


def test_an_interlaced_png_must_be_read() -> None:
    rows = pattern(1, 1, 3)
    data = bytearray(raw_png(1, 1, 8, 2, b"\0" + rows.tobytes()))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    assert read(memoryview(bytes(data)))[0, 0, :3].tolist() == rows[0, 0].tolist()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2),
                     (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)]),
    st.integers(1, 40), st.integers(1, 30), st.integers(1, 9), st.integers(0, 2**32),
)  # fmt: skip
def test_a_picture_in_strips_must_be_the_picture(
    kind: tuple[int, int], width: int, height: int, rows: int, seed: int
) -> None:
    color, depth = kind
    rng = random.Random(seed)
    line = (width * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color] * depth + 7) // 8
    # Every filter, on noise: a mistake in one row spoils all below it.
    body = b"".join(bytes([rng.randrange(5)]) + rng.randbytes(line) for _ in range(height))
    extra = []
    if color == 3:
        extra = [b"PLTE" + rng.randbytes(3 << depth), b"tRNS" + rng.randbytes(1 << depth >> 1)]
    elif color == 2 and depth == 8:
        extra = [b"tRNS" + bytes([0, 1, 0, 2, 0, 3])]
    data = raw_png(width, height, depth, color, body, *extra)
    got = np.concatenate(list(png.strips(data, rows)))
    if color == 0 and depth == 16:
        with Image.open(io.BytesIO(data)) as image:
            grey = (np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)
        want = np.stack([grey, grey, grey, np.full_like(grey, 255)], -1)
    else:
        with Image.open(io.BytesIO(data)) as image:
            want = np.asarray(image.convert("RGBA"))
    assert np.array_equal(got, want)


def test_large_pngs_must_take_the_way_of_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.fromarray(pattern(300, 200, 4))
    data = encoded(image)
    assert not plan(data, 64).strips
    whole = read(data, 64)
    monkeypatch.setattr(pixels, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(png, "STRIP_BYTES", 5000)
    how = plan(data, 64)
    assert how.strips
    assert how.passing < 4 * 300 * 200
    assert np.array_equal(decode(data, how), whole)


def test_clear_pixels_must_keep_their_colour_when_shrunk() -> None:
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[..., 0] = 200
    got = read(encoded(Image.fromarray(rgba)), 16)
    assert (got == [200, 0, 0, 0]).all()


@pytest.mark.parametrize("size", [(100, 30), (30, 100), (64, 64), (65, 1), (1, 65), (127, 3)])
def test_shrunk_pictures_must_keep_their_shape_and_mean(size: tuple[int, int]) -> None:
    width, height = size
    image = Image.fromarray(pattern(height, width, 4))
    got = read(encoded(image), 32)
    assert max(got.shape[:2]) == 32 if max(size) > 32 else got.shape[:2] == (height, width)
    want = np.asarray(image).reshape(-1, 4).mean(axis=0)
    assert np.allclose(got.reshape(-1, 4).mean(axis=0), want, atol=16)


def test_a_plan_must_see_what_a_layered_jpeg_costs() -> None:
    image = Image.fromarray(pattern(256, 256, 3))
    flat = plan(encoded(image, "JPEG", subsampling=2), 32).passing
    layered = plan(encoded(image, "JPEG", progressive=True, subsampling=2), 32).passing
    full = plan(encoded(image, "JPEG", progressive=True, subsampling=0), 32).passing
    assert layered - flat == 2 * 1.5 * 256 * 256
    assert full - flat == 2 * 3 * 256 * 256


@pytest.mark.parametrize("cut", [4, 12, 20, 28, 40, 200])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_pictures_that_end_early_must_raise_what_is_known(kind: str, cut: int) -> None:
    from avatar.read.images import DAMAGE

    data = encoded(Image.fromarray(pattern(64, 64, 3)), kind)[:cut]
    with pytest.raises(DAMAGE):
        read(data)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP", "strips"]), st.integers(0, 1 << 30),
       st.integers(0, 255), st.integers(0, 1 << 30), st.integers(0, 255))  # fmt: skip
def test_any_flipped_byte_must_decode_or_raise_what_is_known(
    kind: str, at: int, value: int, at2: int, value2: int
) -> None:
    from avatar.read.images import DAMAGE

    data = bytearray(encoded(Image.fromarray(pattern(24, 24, 3)), kind.replace("strips", "PNG")))
    data[at % len(data)] = value
    data[at2 % min(len(data), 40)] = value2
    try:
        if kind == "strips":
            list(png.strips(memoryview(data), 5))
        elif (how := plan(memoryview(data), 16)).passing < 50 << 20:
            got = decode(memoryview(data), how)
            assert (got.shape[1], got.shape[0]) == how.target
    except DAMAGE:
        pass
