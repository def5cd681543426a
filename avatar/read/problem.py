"""What is odd about a file that loads all the same, and what was done about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from avatar.read.jsonat import At
from avatar.rig.avatar import Problem
from flow.errors import AssetError

MOST = 200


@dataclass(slots=True)
class Problems:
    """The oddities of one file, at most `MOST` of them (a hostile file could have millions)."""

    found: list[Problem] = field(default_factory=list)

    def add(self, code: str, at: At, why: str, remedy: str) -> None:
        """Note that the value `at` is odd."""
        place = at.path or "The document"
        self._append(Problem(code, at.path, f"{place} {why}.", remedy))

    @contextmanager
    def tolerate(self, at: At, remedy: str) -> Iterator[None]:
        """Turn an AssetError of the body into a problem: this piece is left out, the file loads."""
        try:
            yield
        except AssetError as error:
            self.tell(error, at, remedy)

    def tell(self, error: AssetError, at: At, remedy: str) -> None:
        """Note what an error says; `remedy` is what was done instead."""
        self._append(Problem(error.code, at.path, error.message, remedy))

    def _append(self, problem: Problem) -> None:
        """Each oddity once, however often its place is read."""
        if len(self.found) < MOST and problem not in self.found:
            self.found.append(problem)
