"""A file that only grows by whole pieces: what cannot be written leaves no trace."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from pathlib import Path

Opener = Callable[[Path, bool], io.RawIOBase]


def create(path: Path, overwrite: bool) -> io.RawIOBase:
    """Open `path` for writing without a buffer; fails when it exists, unless `overwrite`."""
    return open(path, "wb" if overwrite else "xb", buffering=0)  # noqa: PTH123


class AppendFile:
    """Appends pieces and patches bytes in place. One thread only.

    Raises:
        OSError: from any method; after one from `append` the file ends with the last whole piece.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.size = 0

    def append(self, piece: bytes) -> int:
        """Write a piece at the end; returns the offset where it begins."""
        begin = self.size
        try:
            self._write(piece)
        except OSError:
            with contextlib.suppress(OSError):
                self._raw.truncate(begin)
                self._raw.seek(begin)
            raise
        self.size = begin + len(piece)
        return begin

    def patch(self, offset: int, piece: bytes) -> None:
        """Replace bytes that were written before."""
        self._raw.seek(offset)
        self._write(piece)
        self._raw.seek(self.size)

    def sync(self) -> None:
        """Ask the system to put everything on the disk; not every file can."""
        with contextlib.suppress(OSError):
            os.fsync(self._raw.fileno())

    def close(self) -> None:
        """Close the file; idempotent."""
        self._raw.close()

    def _write(self, piece: bytes) -> None:
        view = memoryview(piece)
        while view:
            view = view[self._raw.write(view) or 0 :]
