"""A take's body: about a second of motion frames as one block, packed bit for bit.

Block (little-endian): ``<4sIIqI`` = magic ``MSTB``, frames, bytes of payload, time of the first
frame (ns since the take's begin), crc32 of all that and of the payload; then the payload.

Payload, deflated: times (int64 each, ns since the take's begin), lengths (uint32 each), then the
`flow.wire` bytes of all frames. Where a frame is as long as the one before it, their exclusive
or is stored; then all words are split into four planes (first bytes, second bytes ...). Neither
changes a bit after decoding, both make motion shrink well: neighbouring frames share their sign,
exponent and high mantissa bits.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from flow.errors import AssetError

MAGIC = b"MSTB"
HEADER = struct.Struct("<4sIIqI")
_CHECKED = HEADER.size - 4
MAX_FRAMES = 512
MAX_PAYLOAD = 16 << 20
_MAX_RAW = 64 << 20

Record = tuple[int, bytes]
"""Time (ns since the take's begin) and a `flow.wire` frame."""


def pack_block(records: list[Record]) -> bytes:
    """The records as a block."""
    times = np.array([t for t, _ in records], "<i8").tobytes()
    lengths = np.array([len(data) for _, data in records], "<u4").tobytes()
    body = b"".join(_differences([data for _, data in records]))
    payload = zlib.compress(times + lengths + _planes(body), 9)
    first = records[0][0]
    head = HEADER.pack(MAGIC, len(records), len(payload), first, 0)[:_CHECKED]
    return head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head))) + payload


def is_whole(head: bytes, payload: bytes) -> bool:
    """Whether a block's checksum holds."""
    crc: int = HEADER.unpack(head)[4]
    return crc == zlib.crc32(payload, zlib.crc32(head[:_CHECKED]))


def unpack_block(head: bytes, payload: bytes) -> list[Record]:
    """The records of a block.

    Raises:
        AssetError: ``take.damaged``.
    """
    count = HEADER.unpack(head)[1]
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(payload, _MAX_RAW)
    except zlib.error as error:
        raise damaged("a block cannot be unpacked") from error
    table = 12 * count
    if inflater.unconsumed_tail or len(raw) < table:
        raise damaged("a block has another size than it says")
    times = np.frombuffer(raw, "<i8", count)
    lengths = np.frombuffer(raw, "<u4", count, offset=8 * count)
    if int(lengths.astype(np.int64).sum()) != len(raw) - table:
        raise damaged("a block's frames have other lengths than it says")
    body = _unplanes(raw[table:])
    records: list[Record] = []
    before = b""
    at = 0
    for time, length in zip(times.tolist(), lengths.tolist(), strict=True):
        data = _xor(body[at : at + length], before)
        records.append((time, data))
        before, at = data, at + length
    return records


def damaged(why: str, path: object = "the take") -> AssetError:
    """The error for a take whose bytes are wrong."""
    return AssetError(
        f"Take {path} is damaged: {why}." if path != "the take" else f"The take is damaged: {why}.",
        code="take.damaged",
        hint="Record it again, or take an intact copy.",
    )


def _differences(frames: list[bytes]) -> list[bytes]:
    return [_xor(data, before) for data, before in zip(frames, [b"", *frames], strict=False)]


def _xor(data: bytes, before: bytes) -> bytes:
    if len(data) != len(before):
        return data
    return (np.frombuffer(data, np.uint8) ^ np.frombuffer(before, np.uint8)).tobytes()


def _planes(body: bytes) -> bytes:
    whole = len(body) // 4 * 4
    words = np.frombuffer(body, np.uint8, whole).reshape(-1, 4)
    return np.ascontiguousarray(words.T).tobytes() + body[whole:]


def _unplanes(body: bytes) -> bytes:
    whole = len(body) // 4 * 4
    words = np.frombuffer(body, np.uint8, whole).reshape(4, -1)
    return np.ascontiguousarray(words.T).tobytes() + body[whole:]
