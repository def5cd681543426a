"""Textures: decoded only when a material uses them, scaled down, and never a reason to fail.

A picture that cannot be decoded becomes one white pixel and a problem, so that the material's own
colour shows.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np

from avatar.read.document import Document, decode_uri
from avatar.read.jsonat import At
from flow.errors import AssetError
from flow.mesh import Texture
from flow.spec import U8

MOST_PIXELS = 1 << 26
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
_CLAMP = 33071


class Textures:
    """The textures of one document in order of first use."""

    def __init__(self, document: Document, max_texture_px: int) -> None:
        self._document = document
        self._max_px = max_texture_px
        self._slots: dict[int, int] = {}
        self._images: dict[int, U8] = {}
        self.used: list[Texture] = []

    def use(self, ref: At) -> int:
        """Model texture index for the glTF texture that `ref` points to."""
        at = self._document.root.get("textures").element(ref, "texture")
        key = ref.integer()
        if key not in self._slots:
            self._slots[key] = len(self.used)
            self.used.append(self._texture(at, key))
        return self._slots[key]

    def _texture(self, at: At, key: int) -> Texture:
        wrap_s, wrap_t = self._wrapping(at.get("sampler"))
        name = at.get("name").text(f"texture_{key}")
        rgba = np.full((1, 1, 4), 255, np.uint8)
        with self._document.problems.tolerate(at, "A plain white texture stands in."):
            rgba = self._image(at)
        return Texture(name, rgba, wrap_s, wrap_t)

    def _wrapping(self, ref: At) -> tuple[bool, bool]:
        if ref.absent:
            return True, True
        try:
            sampler = self._document.root.get("samplers").element(ref, "sampler")
            wraps = [sampler.get(k).integer(10497) for k in ("wrapS", "wrapT")]
        except AssetError as error:
            self._document.problems.add(error.code, ref, "is no sampler", "The texture repeats.")
            return True, True
        # Mirrored repeat is drawn as repeat: no avatar seen so far relies on it.
        return wraps[0] != _CLAMP, wraps[1] != _CLAMP

    def _image(self, at: At) -> U8:
        source = at.extension("EXT_texture_webp").get("source")
        if source.absent:
            source = at.get("source")
        if source.absent:
            packed = not at.extension("KHR_texture_basisu").absent
            raise at.fault(
                "is a KTX2 picture, which is not read" if packed else "has no picture",
                code="asset.compressed" if packed else "asset.invalid",
                hint="Use PNG, JPEG or WebP.",
            )
        image = self._document.root.get("images").element(source, "image")
        key = source.integer()
        if key not in self._images:
            self._images[key] = self._decode(image)
        return self._images[key]

    def _decode(self, at: At) -> U8:
        if at.get("bufferView").absent:
            if at.get("uri").absent:
                raise at.fault("has no data")
            data = decode_uri(at.get("uri"), self._document.budget)
        else:
            data = bytes(self._document.view(at.get("bufferView"))[0])
        return self._pixels(at, data)

    def _pixels(self, at: At, data: bytes) -> U8:
        from PIL import Image

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                    width, height = image.size
                    if width * height > MOST_PIXELS:
                        raise at.fault(f"has {width} x {height} pixels", code="asset.large")
                    shrink = self._max_px / max(width, height, 1)
                    size = (width, height)
                    if shrink < 1.0:
                        size = (max(1, int(width * shrink)), max(1, int(height * shrink)))
                        image.draft("RGB", size)
                    self._document.budget.spend(4 * size[0] * size[1], at)
                    rgba = image.convert("RGBA")
                    if rgba.size != size:
                        rgba = rgba.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
                    return np.array(rgba, np.uint8)
        except (
            OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError,
            OverflowError, MemoryError, NotImplementedError, struct.error, zlib.error,
            Image.DecompressionBombError,
        ) as error:  # fmt: skip
            why = str(error)[:100] or type(error).__name__
            raise at.fault(f"cannot be decoded ({why})", code="asset.image") from error
