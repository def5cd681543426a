"""The members of a file's ``meta``, each with the place it stands at and what is odd about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from avatar.licence.terms import Statement
from avatar.read.jsonat import At
from avatar.read.problem import Problems

MOST_TEXTS = 64
LONGEST_TEXT = 200
_T = TypeVar("_T", bound=str)
_CODE = "licence.field"


class Statements:
    """Reads ``meta`` and remembers in `said` which field decided which term.

    Args:
        at: The ``meta`` object.
        extension: Its extension's name, for the reader: ``VRM`` or ``VRMC_vrm``.
        problems: Takes what is odd.
    """

    def __init__(self, at: At, extension: str, problems: Problems) -> None:
        self._at = at
        self._prefix = f"{extension}.meta"
        self._problems = problems
        self.said: dict[str, Statement] = {}
        at.object()  # raises here, once, when it is none

    def note(self, term: str, key: str, value: str) -> None:
        """Remember that the member `key` with this `value` decided `term`."""
        self.said[term] = Statement(f"{self._prefix}.{key}", value[:LONGEST_TEXT])

    def text(self, key: str, *, needed: bool = False) -> str:
        """The text at `key`; empty when it is none."""
        at = self._at.get(key)
        if at.absent:
            if needed:
                self._odd(at, "is missing", "It counts as not said.")
        elif not isinstance(at.value, str):
            self._odd(at, "is not text", "It counts as not said.")
        return at.text()

    def texts(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        """The list of texts at `key`; what is none is left out."""
        at = self._at.get(key)
        if at.absent:
            if needed:
                self._odd(at, "is missing", "Nobody can be named as the author.")
            return ()
        if not isinstance(at.value, list):
            self._odd(at, "is not a list of texts", "It counts as not said.")
            return ()
        for item in at.items(1 << 20)[:MOST_TEXTS]:
            if not isinstance(item.value, str):
                self._odd(item, "is not text", "It is left out.")
        texts = (v for v in at.value[:MOST_TEXTS] if isinstance(v, str))
        return tuple(v[:LONGEST_TEXT] for v in texts if v.strip())

    def flag(self, term: str, key: str) -> bool:
        """The boolean at `key`: False, the strictest, when it is absent or none."""
        at = self._at.get(key)
        if at.absent:
            return False
        if not isinstance(at.value, bool):
            self._odd(at, "is neither true nor false", "It counts as the strictest, false.")
            self.note(term, key, f"{_shown(at.value)}, which counts as false")
            return False
        self.note(term, key, str(at.value).lower())
        return at.value

    def choice(self, term: str, key: str, known: Iterable[_T], strictest: _T) -> _T:
        """The word at `key`: `strictest` when it is absent or none of `known`."""
        at = self._at.get(key)
        if at.absent:
            return strictest
        for word in known:
            if at.value == word:
                self.note(term, key, word)
                return word
        what = "is not text" if not isinstance(at.value, str) else "is a word that VRM has not"
        self._odd(at, f"{what} ({_shown(at.value)})", f"It counts as the strictest, {strictest}.")
        self.note(term, key, f"{_shown(at.value)}, which counts as {strictest}")
        return strictest

    def _odd(self, at: At, why: str, remedy: str) -> None:
        self._problems.add(_CODE, at, why, remedy)


def without_conditions(url: str) -> bool:
    """Whether an address is that of a waiver (CC0), which adds no conditions."""
    return "://creativecommons.org/publicdomain/zero/" in url.lower()


def _shown(value: object) -> str:
    return repr(value)[:40]
