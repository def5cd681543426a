"""What one file may take: memory that stays, memory that passes, and bytes to work through.

The bar is that loading takes at most four times the file's size and 300 MB. The file itself stays
in memory while it is read (1x), its JSON once more as text (at most 1x); what is decoded from it
has the rest: twice its size and `ROOM_BYTES`. What remains is for what nobody counts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from avatar.read.jsonat import At

ROOM_BYTES = 250 << 20
WORK_BYTES = 1 << 30
_COPIES = 3
_TOO_LARGE = "Reduce the model's meshes and textures."


class Budget:
    """Asked before anything is allocated. May be used by several threads."""

    def __init__(self, file_bytes: int = 0, room: int = ROOM_BYTES) -> None:
        self.limit = 2 * file_bytes + room
        self._work = 16 * file_bytes + WORK_BYTES
        self._kept = 0
        self._lent = 0
        self._changed = threading.Condition()

    @property
    def left(self) -> int:
        """Bytes that can still be kept."""
        return self.limit - self._kept

    def keep(self, size: int, at: At) -> None:
        """Take `size` bytes for good, for what stands at `at`, or refuse."""
        with self._changed:
            self._take_turn(size, at)
            self._kept += size

    def grow(self, file_bytes: int) -> None:
        """Another file of this size belongs to the model."""
        with self._changed:
            self.limit += 2 * file_bytes
            self._work += 16 * file_bytes

    def give_back(self, size: int) -> None:
        """Return bytes that were kept."""
        with self._changed:
            self._kept -= size
            self._changed.notify_all()

    def check(self, size: int, at: At) -> None:
        """Refuse what cannot even be held for a moment, or what makes the file endless work.

        Whoever works on an array holds up to three of its size.
        """
        with self._changed:
            self._work -= size
            self._take_turn(_COPIES * size, at)
            if self._work < 0:
                raise at.fault(
                    "makes the file more work than any avatar is",
                    code="asset.large",
                    hint="Its meshes read the same bytes over and over: export it again.",
                )

    @contextmanager
    def lend(self, size: int, at: At) -> Iterator[None]:
        """`size` bytes for the body of the ``with``; waits for other threads to give theirs back.

        Raises:
            AssetError: ``asset.large`` when they would not be there even then.
        """
        with self._changed:
            self._take_turn(size, at)
            self._lent += size
        try:
            yield
        finally:
            with self._changed:
                self._lent -= size
                self._changed.notify_all()

    def _take_turn(self, size: int, at: At) -> None:
        """Wait until other threads gave back what they borrowed, or refuse if that is no help."""
        while self._lent and self._kept + self._lent + size > self.limit:
            self._changed.wait()
        if self._kept + size > self.limit:
            why = f"brings the model over {self.limit >> 20} MB"
            raise at.fault(why, code="asset.large", hint=_TOO_LARGE)
