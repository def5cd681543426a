"""PNG files too large to be decoded at once, strip by strip.

Pillow decodes a PNG whole: a picture of 16384 x 16384 takes a gigabyte, whatever it is shrunk to
afterwards. Here the stream is inflated a strip of rows at a time. A row's filter looks only at the
row above, so each strip is handed to Pillow as a small PNG of its own, whose first row is the last
one of the strip before. Every lane of bytes is filtered by itself, which makes the high bytes of a
16-bit picture an 8-bit picture, and packed pixels one of grey bytes.

PNG specification (third edition), sections 7.2, 9 and 11. Interlaced pictures have no such strips.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flow.spec import U8

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_GREY, _RGB, _PALETTE, _GREY_ALPHA = 0, 2, 3, 4
_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}
_BYTE, _WORD = 8, 16
STRIP_BYTES = 4 << 20
_FEED = 1 << 16


@dataclass(frozen=True, slots=True)
class Header:
    """What a PNG says about itself before its pixels."""

    width: int
    height: int
    depth: int
    kind: int
    interlaced: bool


def header(data: memoryview) -> Header | None:
    """The header of a PNG; None when the bytes are something else."""
    if bytes(data[:8]) != SIGNATURE or bytes(data[12:16]) != b"IHDR" or len(data) < 33:  # noqa: PLR2004
        return None
    width, height, depth, kind, _, _, laced = struct.unpack(">IIBBBBB", data[16:29])
    if kind not in _CHANNELS or depth not in (1, 2, 4, 8, 16) or not width or not height:
        return None
    return Header(width, height, depth, kind, laced != 0)


def strips(data: memoryview, rows: int) -> Iterator[U8]:
    """The picture as arrays (at most `rows`, width, 4), straight alpha, from the top.

    Raises:
        ValueError: the file ends early or is no PNG that has strips.
    """
    head = header(data)
    if head is None or head.interlaced:
        raise ValueError("no PNG in strips")
    channels = _CHANNELS[head.kind]
    wide = head.depth == _WORD
    line = (head.width * channels * head.depth + 7) // 8
    step = channels if head.depth >= _BYTE else 1
    colors = _Colors(head, data)
    above = np.zeros(0, np.uint8)
    for raw in _filtered(data, line + 1, head.height, rows):
        some = raw
        if wide:
            some = np.concatenate([raw[:, :1], raw[:, 1::2]], axis=1)
        plain = _unfiltered(above, some, step)
        above = plain[-1]
        yield colors.rgba(plain)


def _filtered(data: memoryview, line: int, height: int, rows: int) -> Iterator[U8]:
    """Inflated rows with their filter bytes, `rows` at a time."""
    inflate = zlib.decompressobj()
    feed = _idat(data)
    rest = b""
    done = 0
    while done < height:
        want = min(rows, height - done) * line
        held: list[bytes] = []
        size = 0
        while size < want:
            if not rest:
                rest = next(feed, b"")
                if not rest:
                    raise ValueError("the picture ends early")
            try:
                held.append(inflate.decompress(rest, want - size))
            except zlib.error as error:
                raise ValueError("its stream is damaged") from error
            size += len(held[-1])
            rest = inflate.unconsumed_tail
            if inflate.eof and size < want:
                raise ValueError("the picture ends early")
        done += want // line
        yield np.frombuffer(held[0] if len(held) == 1 else b"".join(held), np.uint8).reshape(
            -1, line
        )


def _idat(data: memoryview) -> Iterator[bytes]:
    for kind, body in _chunks(data):
        if kind == b"IDAT":
            for at in range(0, len(body), _FEED):
                yield bytes(body[at : at + _FEED])


def _chunks(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        yield bytes(data[at + 4 : at + 8]), data[at + 8 : at + 8 + size]
        at += 12 + size


def _unfiltered(above: U8, raw: U8, step: int) -> U8:
    """(rows, bytes) samples of filtered rows below the row `above` (empty: none)."""
    from PIL import Image

    kind = _KINDS[step]
    width, height = (raw.shape[1] - 1) // step, len(raw) + bool(len(above))
    # The row above comes first, as a row without a filter.
    body = bytearray(b"\0" + above.tobytes() if len(above) else b"")
    body += np.ascontiguousarray(raw).data
    parts = [SIGNATURE]
    for name, text in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(body, 0)),
        (b"IEND", b""),
    ):
        check = zlib.crc32(text, zlib.crc32(name))
        parts += [struct.pack(">I", len(text)), name, text, struct.pack(">I", check)]
    with Image.open(io.BytesIO(b"".join(parts)), formats=("PNG",)) as image:
        samples: U8 = np.asarray(image, np.uint8).reshape(height, -1)
    return samples[1:] if len(above) else samples


class _Colors:
    """Turns samples into RGBA: palettes, greys, packed pixels and transparent colours."""

    def __init__(self, head: Header, data: memoryview) -> None:
        self._head = head
        found: dict[bytes, memoryview] = {}
        for kind, body in _chunks(data):
            if kind == b"IDAT":
                break
            found.setdefault(kind, body)
        clear = bytes(found.get(b"tRNS", b""))
        depth = min(head.depth, _BYTE)
        self._table: NDArray[np.uint8] | None = None
        self._key: NDArray[Any] | None = None
        if head.kind in (_GREY, _PALETTE):
            table = np.full((1 << depth, 4), 255, np.uint8)
            if head.kind == _GREY:
                table[:, :3] = (np.arange(1 << depth) * 255 // ((1 << depth) - 1))[:, None]
                if len(clear) >= 2 and head.depth <= _BYTE:  # noqa: PLR2004
                    table[int.from_bytes(clear[:2]) & ((1 << depth) - 1), 3] = 0
            else:
                entries = np.frombuffer(bytes(found.get(b"PLTE", b"")), np.uint8)
                entries = entries[: len(entries) // 3 * 3].reshape(-1, 3)[: 1 << depth]
                table[:, :3] = 0
                table[: len(entries), :3] = entries
                alpha = np.frombuffer(clear, np.uint8)[: 1 << depth]
                table[: len(alpha), 3] = alpha
            # One look-up gives all pixels that share a byte.
            shifts = np.arange(_BYTE - depth, -1, -depth)
            self._table = table[np.arange(256)[:, None] >> shifts & ((1 << depth) - 1)]
        elif head.kind == _RGB and len(clear) >= 6 and head.depth == _BYTE:  # noqa: PLR2004
            self._key = np.frombuffer(clear[1:6:2], np.uint8)

    def rgba(self, samples: U8) -> U8:
        """(rows, width, 4) of (rows, bytes)."""
        head, rows = self._head, len(samples)
        if self._table is not None:
            return self._table[samples].reshape(rows, -1, 4)[:, : head.width]
        out = np.full((rows, head.width, 4), 255, np.uint8)
        if head.kind == _GREY_ALPHA:
            pairs = samples.reshape(rows, head.width, 2)
            out[..., :3], out[..., 3] = pairs[..., :1], pairs[..., 1]
            return out
        pixels = samples.reshape(rows, head.width, -1)
        out[..., : pixels.shape[2]] = pixels
        if self._key is not None:
            out[(pixels == self._key).all(axis=2), 3] = 0
        return out
