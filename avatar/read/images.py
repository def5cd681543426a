"""Textures: decoded only when a material uses them, several at a time, never a reason to fail.

A picture that cannot be decoded becomes one white pixel and a problem, so that the material's own
colour shows. Pillow leaves Python's lock while it decodes: the pictures are decoded beside the
meshes, by as many threads as there are cores (four at most).
"""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import numpy as np

from avatar.read import pixels
from avatar.read.document import Document
from avatar.read.jsonat import At
from flow.errors import AssetError
from flow.mesh import Texture
from flow.spec import U8

MOST_TOTAL_PIXELS = 1 << 30
"""Over all pictures of a file, which is sixty-four of 4096 x 4096: ten seconds of decoding."""
MOST_THREADS = 4
SMALLEST_PX = 64
_FILTERS = {
    9728: "nearest",
    9729: "linear",
    9984: "nearest_mipmap_nearest",
    9985: "linear_mipmap_nearest",
    9986: "nearest_mipmap_linear",
    9987: "linear_mipmap_linear",
}
_REPEAT, _CLAMP, _MIRROR = 10497, 33071, 33648
DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, OverflowError,
    MemoryError, RuntimeError, AttributeError, AssertionError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's decoders raise on damaged pictures."""
_WHITE = "A plain white texture stands in."


@dataclass(slots=True)
class _Picture:
    """One picture of the file, wherever its bytes are."""

    at: At
    data: memoryview
    plan: pixels.Plan | None = None
    fault: AssetError | None = None
    decoding: Future[U8] | None = None


class Textures:
    """The textures of one document in order of first use.

    `use` them, then `start` decoding, then `finish`. Leaving the ``with`` block ends the threads.
    """

    def __init__(self, document: Document, max_texture_px: int) -> None:
        self._document = document
        self._max_px = max(1, max_texture_px)
        self._slots: dict[int, int] = {}
        self._places: list[At] = []
        self._pictures: dict[tuple[str, int], _Picture] = {}
        self._wanted: list[_Picture | None] = []
        self._pool: ThreadPoolExecutor | None = None
        self._open = ExitStack()
        self.used: list[Texture] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._open.close()

    def use(self, ref: At) -> int:
        """Model texture index for the glTF texture that `ref` points to."""
        at = self._document.root.get("textures").element(ref, "texture")
        key = ref.integer()
        if key not in self._slots:
            self._slots[key] = len(self.used)
            s, t = self._wrapping(at.get("sampler"))
            near, far = self._filters(at.get("sampler"))
            name = at.get("name").text(f"texture_{key}")
            white = np.full((1, 1, 4), 255, np.uint8)
            wrap = (s != _CLAMP, t != _CLAMP, s == _MIRROR, t == _MIRROR)
            self.used.append(Texture(name, white, *wrap, near, far))
            self._places.append(at)
        return self._slots[key]

    def _wrapping(self, ref: At) -> tuple[int, int]:
        """``wrapS`` and ``wrapT``."""
        if ref.absent:
            return _REPEAT, _REPEAT
        try:
            sampler = self._document.root.get("samplers").element(ref, "sampler")
            s, t = (sampler.get(k).integer(_REPEAT) for k in ("wrapS", "wrapT"))
        except AssetError as error:
            self._document.problems.add(error.code, ref, "is no sampler", "The texture repeats.")
            return _REPEAT, _REPEAT
        for wrap in (s, t):
            if wrap not in (_REPEAT, _CLAMP, _MIRROR):
                self._document.problems.add(
                    "asset.invalid", sampler, f"wraps by {wrap}, which is no way of wrapping",
                    "The texture repeats.",
                )  # fmt: skip
        return s, t

    def _filters(self, ref: At) -> tuple[str, str]:
        """``magFilter`` and ``minFilter`` by name; smooth ones where the file says none."""
        smooth = ("linear", "linear_mipmap_linear")
        try:
            sampler = self._document.root.get("samplers").element(ref, "sampler")
            near, far = sampler.get("magFilter").integer(0), sampler.get("minFilter").integer(0)
        except AssetError:
            return smooth  # `_wrapping` has said it
        return _FILTERS.get(near, smooth[0]).partition("_")[0], _FILTERS.get(far, smooth[1])

    def start(self) -> None:
        """Look at every picture in use and begin to decode."""
        # Set by this thread alone, since the filters are one for all threads.
        self._open.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for at in self._places:
            self._wanted.append(None)
            with self._document.problems.tolerate(at, _WHITE):
                self._wanted[-1] = self._picture(at)
        work = [p for p in self._pictures.values() if p.fault is None]
        self._plan(work)
        work = [p for p in work if p.plan is not None]
        if work:
            threads = min(MOST_THREADS, os.cpu_count() or 1, len(work))
            self._pool = ThreadPoolExecutor(threads, "texture")
            for picture in work:
                picture.decoding = self._pool.submit(self._decode, picture)

    def finish(self, told: Callable[[int], None] | None = None) -> list[Texture]:
        """Wait for the pictures; `told` gets the encoded bytes of each that is done."""
        for picture in self._pictures.values():
            if picture.decoding is not None:
                try:
                    picture.decoding.result()
                except AssetError as error:
                    picture.fault = error
                    if picture.plan is not None:
                        self._document.budget.give_back(picture.plan.kept)
                if told is not None:
                    told(len(picture.data))
        for i, wanted in enumerate(self._wanted):
            if wanted is None:
                continue
            if wanted.decoding is None or wanted.fault is not None:
                with self._document.problems.tolerate(self._places[i], _WHITE):
                    raise wanted.fault or wanted.at.fault("is no picture")
                continue
            self.used[i] = replace(self.used[i], rgba=wanted.decoding.result())
        return self.used

    def _picture(self, at: At) -> _Picture:
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
        view = image.get("bufferView")
        key = ("image", source.integer()) if view.absent else ("view", view.integer())
        if key not in self._pictures:
            self._pictures[key] = self._found(image, view)
        return self._pictures[key]

    def _found(self, image: At, view: At) -> _Picture:
        picture = _Picture(image, memoryview(b""))
        try:
            if not view.absent:
                picture.data = self._document.view(view)[0]
            elif image.get("uri").absent:
                raise image.fault("has no data")
            else:
                picture.data = self._document.fetch(image.get("uri"))
        except AssetError as error:
            picture.fault = error
        return picture

    def _plan(self, pictures: list[_Picture]) -> None:
        """Sizes for all pictures that together stay in half of what is left."""
        total = 0
        for picture in pictures:
            with _named(picture):
                picture.plan = pixels.plan(picture.data, self._max_px)
                total += picture.plan.size[0] * picture.plan.size[1]
                if total > MOST_TOTAL_PIXELS:
                    picture.plan = None
                    raise ValueError("the file's pictures have too many pixels together")
        most_px, room = self._max_px, self._document.budget.left // 2
        planned = [p for p in pictures if p.plan is not None]
        while sum(p.plan.kept for p in planned if p.plan) > room and most_px > SMALLEST_PX:
            most_px //= 2
            for picture in planned:
                picture.plan = pixels.plan(picture.data, most_px)
        if most_px < self._max_px:
            self._document.problems.add(
                "asset.large",
                self._document.root.get("textures"),
                "take more memory than there is for them",
                f"They are drawn with at most {most_px} pixels a side.",
            )
        for picture in planned:
            if picture.plan is not None:
                try:
                    self._document.budget.keep(picture.plan.kept, picture.at)
                except AssetError as error:
                    picture.plan, picture.fault = None, error

    def _decode(self, picture: _Picture) -> U8:
        """Runs in the pool."""
        if picture.plan is None:
            raise picture.at.fault("is no picture")
        with self._document.budget.lend(picture.plan.passing, picture.at):
            try:
                return pixels.decode(picture.data, picture.plan)
            except DAMAGE as error:
                raise _fault(picture, error) from error


@contextmanager
def _named(picture: _Picture) -> Iterator[None]:
    """Turn what Pillow raises about a picture into its fault."""
    try:
        yield
    except DAMAGE as error:
        picture.fault = _fault(picture, error)


def _fault(picture: _Picture, error: BaseException) -> AssetError:
    why = str(error)[:100] or type(error).__name__
    return picture.at.fault(f"cannot be decoded ({why})", code="asset.image")
