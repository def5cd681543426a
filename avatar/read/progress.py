"""How far a file is loaded, for those who show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from avatar.read.document import Document


@dataclass(frozen=True, slots=True)
class Loading:
    """`done` of `total` bytes of the file that `what` names."""

    what: str
    done: int
    total: int


Told = Callable[[Loading], None]


class Counter:
    """Adds up the bytes of what is done, and tells."""

    def __init__(self, document: Document, told: Told | None) -> None:
        self._what = document.path.name
        self._total = max(document.size, 1)
        self._told = told
        self._done = 0

    def add(self, size: int) -> None:
        """`size` more bytes are done."""
        self._done = min(self._done + size, self._total)
        if self._told is not None:
            self._told(Loading(self._what, self._done, self._total))
