"""The file of a take.

File: ``MSTAKE`` and version (uint16), length (uint32) and crc32 (uint32) of a JSON header, the
header, then blocks (`capture.take_blocks`). Each block is on the disk before the next is begun:
a recording that was cut off plays up to its last whole block.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from capture.take_blocks import (
    HEADER,
    MAGIC,
    MAX_FRAMES,
    MAX_PAYLOAD,
    Record,
    damaged,
    is_whole,
    pack_block,
    unpack_block,
)
from flow import wire
from flow.clock import NS_PER_S, wall_seconds
from flow.errors import AssetError
from flow.motion import MotionFrame
from flow.paths import is_file

VERSION = 1
_START = struct.Struct("<6sHII")
_FILE_MAGIC = b"MSTAKE"
_MAX_HEADER = 64 << 10
_BLOCK_NS = NS_PER_S


@dataclass(frozen=True, slots=True)
class TakeInfo:
    """What a take says of itself."""

    made_by: str = "mirrorstage"
    source: str = ""
    """What was recorded: ``webcam``, ``file``, ``synthetic`` ...; never a path or an address."""
    created: str = ""
    """ISO 8601, or empty."""
    licence: str = ""
    title: str = ""


class TakeWriter:
    """Writes a take, a block a second. Use as a context manager or call `close`.

    Args:
        path: The file to make; one that is there is replaced.
        source: What is recorded: ``webcam``, ``file``, ``synthetic`` ...
        title: For people.
        licence: What others may do with it.
        created: ISO 8601; now when None.

    Raises:
        AssetError: ``take.unwritable`` when the file cannot be made or the disk is full; what was
            written before stays playable.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        source: str = "",
        title: str = "",
        licence: str = "",
        created: str | None = None,
    ) -> None:
        self.path = Path(path)
        if created is None:
            now = datetime.fromtimestamp(wall_seconds(), UTC)
            created = now.isoformat(timespec="seconds")
        info = TakeInfo(source=source, title=title, licence=licence, created=created)
        self._records: list[Record] = []
        self._begin: int | None = None
        self._last = 0
        self.frames = 0
        header = json.dumps(asdict(info), sort_keys=True).encode()
        start = _START.pack(_FILE_MAGIC, VERSION, len(header), zlib.crc32(header))
        try:
            self._file: BinaryIO = self.path.open("wb")
        except OSError as error:
            raise self._unwritable(error) from error
        self._put(start + header)

    def write(self, frame: MotionFrame) -> None:
        """Add a frame; times are relative to the first one's `captured` and never go back."""
        if self._begin is None:
            self._begin = frame.captured
        at = max(frame.captured - self._begin, self._last)
        if self._records and (
            at - self._records[0][0] >= _BLOCK_NS or len(self._records) >= MAX_FRAMES
        ):
            self._flush()
        self._records.append((at, wire.pack(frame)))
        self._last = at
        self.frames += 1

    def close(self) -> None:
        """Write what is left; idempotent."""
        if not self._file.closed:
            try:
                self._flush()
            finally:
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _flush(self) -> None:
        if self._records:
            records, self._records = self._records, []
            self._put(pack_block(records))

    def _put(self, data: bytes) -> None:
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> AssetError:
        return AssetError(
            f"Take {self.path} cannot be written: {error.strerror or error}.",
            code="take.unwritable",
            hint="Check the folder, its rights and the free space.",
        )


class TakeReader:
    """Reads a take. Opening checks every block once (fast); playing keeps one in memory.

    Attributes:
        info: The header.
        frames: How many frames there are.
        duration_ns: From the first frame to the last.
        cut_bytes: Bytes at the end that are no whole block: the recording was cut off there.

    Raises:
        AssetError: ``asset.missing``, ``take.not_a_take``, ``take.version``, ``take.damaged``,
            ``take.empty``.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not is_file(self.path):
            raise AssetError(f"There is no take {self.path}.", code="asset.missing")
        self._blocks: list[tuple[int, int, int]] = []  # offset, payload bytes, first time
        self.frames = 0
        self.cut_bytes = 0
        try:
            with self.path.open("rb") as file:
                self.info = self._read_header(file)
                self._scan(file)
        except OSError as error:
            raise AssetError(
                f"Take {self.path} cannot be read: {error.strerror}.",
                code="asset.unreadable",
                hint="Check that it is a file and its permissions.",
            ) from error
        if not self._blocks:
            raise AssetError(
                f"Take {self.path} has no motion in it.",
                code="take.empty",
                hint="The recording ended before its first second was written; record it again.",
            )
        self.duration_ns = self._block(len(self._blocks) - 1)[-1][0]

    def __iter__(self) -> Iterator[MotionFrame]:
        """The frames exactly as recorded."""
        for _, data in self.records():
            yield wire.unpack(data)

    def records(self) -> Iterator[Record]:
        """Time (ns since the begin) and the frame's bytes."""
        for index in range(len(self._blocks)):
            yield from self._block(index)

    @property
    def header(self) -> dict[str, str]:
        """What the take says of itself, as plain data."""
        return asdict(self.info)

    @property
    def damage(self) -> str:
        """What is missing, as a sentence; empty when it is whole."""
        if not self.cut_bytes:
            return ""
        return f"It was cut off: {self.cut_bytes} bytes at its end are no whole second."

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held open between reads."""

    def _read_header(self, file: BinaryIO) -> TakeInfo:
        start = file.read(_START.size)
        if len(start) < _START.size or not start.startswith(_FILE_MAGIC):
            raise AssetError(
                f"{self.path} is not a take.",
                code="take.not_a_take",
                hint="Takes are made with: mirrorstage take record.",
            )
        _, version, length, crc = _START.unpack(start)
        if version != VERSION:
            raise AssetError(
                f"Take {self.path} has version {version}; this program reads {VERSION}.",
                code="take.version",
                hint="Use the version of mirrorstage that recorded it, or a newer one.",
            )
        header = file.read(length) if length <= _MAX_HEADER else b""
        if len(header) != length or zlib.crc32(header) != crc:
            raise damaged("its header is broken", self.path)
        data = json.loads(header)
        known = {k: str(v) for k, v in data.items() if k in TakeInfo.__dataclass_fields__}
        return TakeInfo(**known)

    def _scan(self, file: BinaryIO) -> None:
        """Find and check the blocks."""
        size = self.path.stat().st_size
        while (at := file.tell()) < size:
            head = file.read(HEADER.size)
            if len(head) < HEADER.size:
                self.cut_bytes = size - at
                return
            magic, count, length, first, _ = HEADER.unpack(head)
            if magic != MAGIC or not 0 < count <= MAX_FRAMES or length > MAX_PAYLOAD:
                raise damaged(f"there is no block at byte {at}", self.path)
            payload = file.read(length)
            if len(payload) < length:
                self.cut_bytes = size - at
                return
            if not is_whole(head, payload):
                raise damaged(f"the block at byte {at} has a wrong checksum", self.path)
            self._blocks.append((at, length, first))
            self.frames += count

    def _block(self, index: int) -> list[Record]:
        at, length, _ = self._blocks[index]
        with self.path.open("rb") as file:
            file.seek(at)
            head, payload = file.read(HEADER.size), file.read(length)
        if len(payload) != length:
            raise damaged("it became shorter while it was read", self.path)
        return unpack_block(head, payload)
