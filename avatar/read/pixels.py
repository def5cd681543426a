"""One encoded picture to RGBA pixels, in little memory and no larger than wanted.

Colours and alpha are shrunk apart from each other (straight alpha): opaque materials carry junk
in their alpha, and what is clear must keep its colour, or edges would get a dark seam.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from avatar.read import png
from flow.spec import U8

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 1 << 28
MOST_SIDE_PX = 1 << 16
WHOLE_BYTES = 80 << 20
"""PNGs that decode to more are decoded in strips."""
_BAND_BYTES = 4 << 20
_STRIP_COPIES = 8
_WEBP_COPIES = 4
_COEFFICIENT_BYTES = 2

Format = Literal["png", "jpeg", "webp", "bmp"]
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (png.SIGNATURE, "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"BM", "bmp"),
)
_NATIVE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = 0xDA


@dataclass(frozen=True, slots=True)
class Plan:
    """How a picture will be decoded: its own size, the size it gets, bytes used meanwhile."""

    format: Format
    size: tuple[int, int]
    target: tuple[int, int]
    passing: int
    strips: bool = False

    @property
    def kept(self) -> int:
        """Bytes of the result."""
        return 4 * self.target[0] * self.target[1]


def plan(data: memoryview, most_px: int) -> Plan:
    """Look at the header only.

    Raises:
        ValueError: no picture, or one too large to be decoded.
        Whatever Pillow raises about damaged headers: see `DAMAGE`.
    """
    kind = _format(data)
    size, native = _measure(data, kind)
    width, height = size
    if width * height > MOST_PIXELS or max(size) >= MOST_SIDE_PX or min(size) < 1:
        raise ValueError(f"it has {width} x {height} pixels; {MOST_PIXELS} are decoded")
    shrink = min(1.0, most_px / max(size))
    target = max(1, int(width * shrink)), max(1, int(height * shrink))
    whole = native * width * height
    if kind == "png":
        head = png.header(data)
        if head is not None and not head.interlaced and whole > WHOLE_BYTES:
            row = width * native * (2 if head.depth > 8 else 1)  # noqa: PLR2004
            lines = max(1, height // target[1], png.STRIP_BYTES // row)
            return Plan(kind, size, target, _STRIP_COPIES * lines * row, strips=True)
    elif kind == "jpeg":
        whole = _jpeg_bytes(data, size, target)
    elif kind == "webp":
        whole *= _WEBP_COPIES
    return Plan(kind, size, target, whole + _BAND_BYTES)


def decode(data: memoryview, how: Plan) -> U8:
    """(height, width, 4) pixels of `how.target`, straight alpha.

    Raises:
        What `plan` raises.
    """
    tw, th = how.target
    factor = max(1, how.size[0] // tw), max(1, how.size[1] // th)
    if how.strips:
        row = 4 * how.size[0]
        lines = max(1, png.STRIP_BYTES // row // factor[1]) * factor[1]
        bands = [_reduced(_straight(b), factor) for b in png.strips(data, lines)]
        return _fit(np.concatenate(bands), how.target)
    with _opened(data, how.format) as image:
        image.draft("RGB", how.target)
        image.load()
        factor = max(1, image.size[0] // tw), max(1, image.size[1] // th)
        if image.mode.startswith("I"):
            # Pillow clips 16-bit greys to white where they should lose their low byte.
            high = (np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)
            return _fit(_reduced_image(_grey(high), factor), how.target)
        return _fit(_reduced_image(image, factor), how.target)


def _format(data: memoryview) -> Format:
    head = bytes(data[:16])
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    raise ValueError("it is no PNG, JPEG or WebP picture")


def _opened(data: memoryview, kind: Format) -> Image.Image:
    """The picture, not yet decoded.

    The classes themselves, not `Image.open`: its limit on pixels is one for all programs, ours
    (`MOST_PIXELS`, and the memory that a plan asks for) is for what is done here.
    """
    from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    stream = io.BytesIO(data)
    if kind == "png":
        return PngImagePlugin.PngImageFile(stream)
    if kind == "jpeg":
        return JpegImagePlugin.JpegImageFile(stream)
    if kind == "webp":
        return WebPImagePlugin.WebPImageFile(stream)
    return BmpImagePlugin.BmpImageFile(stream)


def _measure(data: memoryview, kind: Format) -> tuple[tuple[int, int], int]:
    """Width and height, and how many bytes Pillow needs for a pixel."""
    if kind == "png":
        head = png.header(data)
        if head is None:
            raise ValueError("its header is damaged")
        one = head.kind in (0, 3)
        return (head.width, head.height), (1 if head.depth <= 8 else 2) if one else 4  # noqa: PLR2004
    if kind == "webp":
        return _webp_size(data), 4
    with _opened(data, kind) as image:
        return image.size, _NATIVE_BYTES.get(image.mode, 4)


def _webp_size(data: memoryview) -> tuple[int, int]:
    """Without Pillow, whose decoder allocates the whole canvas when it is opened."""
    head = bytes(data[:30])
    kind = head[12:16]
    if len(head) == 30:  # noqa: PLR2004
        if kind == b"VP8X":
            return (
                1 + int.from_bytes(head[24:27], "little"),
                1 + int.from_bytes(head[27:30], "little"),
            )
        if kind == b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        if kind == b"VP8 ":
            w, h = struct.unpack_from("<HH", head, 26)
            return w & 0x3FFF, h & 0x3FFF
    raise ValueError("its header is damaged")


def _jpeg_bytes(data: memoryview, size: tuple[int, int], target: tuple[int, int]) -> int:
    """Lines are decoded one by one at 1/1, 1/2, 1/4 or 1/8, but layered pictures whole."""
    scale = next(
        (s for s in (8, 4, 2) if size[0] // s >= target[0] and size[1] // s >= target[1]), 1
    )
    layers = _jpeg_layers(data)
    return (4 * -(-size[0] // scale) * -(-size[1] // scale)) + (
        round(layers * _COEFFICIENT_BYTES * size[0] * size[1])
    )


def _jpeg_layers(data: memoryview) -> float:
    """How many numbers a pixel libjpeg must hold: all of a picture that comes in several scans.

    ITU-T T.81, B.2: a frame header says how each component is sampled, a scan header how many
    components follow.
    """
    at, planes, components, progressive = 2, 3.0, 3, True
    while at + 10 <= len(data):
        if data[at] != 0xFF:  # noqa: PLR2004
            break
        mark = data[at + 1]
        if mark == 0xFF:  # noqa: PLR2004
            at += 1
            continue
        if mark in _JPEG_BARE:
            at += 2
            continue
        if mark in _JPEG_FRAMES:
            components, progressive = data[at + 9], mark not in (0xC0, 0xC1)
            sampling = [(s >> 4, s & 15) for s in data[at + 11 : at + 10 + 3 * components : 3]]
            most = max((h * v for h, v in sampling), default=1) or 1
            planes = sum(h * v for h, v in sampling) / most
        if mark == _JPEG_SCAN:
            return planes if progressive or data[at + 4] < components else 0.0
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return planes


def _grey(values: U8) -> Image.Image:
    from PIL import Image

    return Image.fromarray(values)


def _straight(rgba: U8) -> Image.Image:
    """RGBA as four channels that Pillow does not multiply with each other."""
    from PIL import Image

    size = rgba.shape[1], rgba.shape[0]
    return Image.frombuffer("CMYK", size, np.ascontiguousarray(rgba), "raw", "CMYK", 0, 1)


def _reduced(image: Image.Image, factor: tuple[int, int]) -> U8:
    out: U8 = np.asarray(image if factor == (1, 1) else image.reduce(factor), np.uint8)
    return out


def _reduced_image(image: Image.Image, factor: tuple[int, int]) -> U8:
    """The whole picture reduced, band by band where it must be converted first."""
    if image.mode in ("RGB", "L") and "transparency" not in image.info:
        small = image if factor == (1, 1) else image.reduce(factor)
        return np.array(small.convert("RGBA"), np.uint8)
    width, height = image.size
    lines = max(1, _BAND_BYTES // (4 * width) // factor[1]) * factor[1]
    bands = []
    for top in range(0, height, lines):
        band = image.crop((0, top, width, min(height, top + lines)))
        if band.mode == "CMYK":
            band = band.convert("RGB")
        bands.append(_reduced(_straight(np.asarray(band.convert("RGBA"))), factor))
    return np.concatenate(bands)


def _fit(rgba: U8, target: tuple[int, int]) -> U8:
    """The last, fractional bit of shrinking."""
    if (rgba.shape[1], rgba.shape[0]) == target:
        return rgba
    from PIL import Image

    return np.array(_straight(rgba).resize(target, Image.Resampling.BOX), np.uint8)
