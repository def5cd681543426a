"""A JSON value that knows where it stands, so that every complaint can name the place.

Files come from strangers: nothing about a value is believed before one of these methods checked
it. `fault` makes the error; callers decide whether it refuses the file or only one piece of it
(see `avatar.read.problem`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from flow.errors import AssetError

DAMAGED_HINT = "The file is damaged or was written by a faulty exporter: export it again."
_LARGEST = 1e30


class Note(Protocol):
    """Takes down something odd (`avatar.read.problem.Problems.add`)."""

    def __call__(self, code: str, at: At, why: str, remedy: str) -> None:
        """Note that the value `at` is odd."""


@dataclass(frozen=True, slots=True)
class At:
    """A value and its path, such as ``nodes[3].rotation``. An absent value is None.

    `note` hears of numbers that were brought into their range.
    """

    value: Any
    path: str = ""
    note: Note | None = field(default=None, repr=False, compare=False)

    def fault(
        self, why: str, *, code: str = "asset.invalid", hint: str = DAMAGED_HINT
    ) -> AssetError:
        """An error about this place."""
        return AssetError(f"{self.path or 'The document'} {why}.", code=code, hint=hint)

    @property
    def absent(self) -> bool:
        """Whether there is nothing here (missing or null)."""
        return self.value is None

    def object(self) -> dict[str, Any]:
        """The JSON object here; empty when absent."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.fault("is not an object")
        return self.value

    def get(self, key: str) -> At:
        """The member `key`, absent when there is none."""
        return At(self.object().get(key), f"{self.path}.{key}" if self.path else key, self.note)

    def at(self, *keys: str) -> At:
        """A member several levels down."""
        here = self
        for key in keys:
            here = here.get(key)
        return here

    def extension(self, name: str) -> At:
        """``extensions.NAME``; absent when the container is not an object."""
        return self.get("extensions").get(name)

    def members(self) -> Iterator[tuple[str, At]]:
        """The members of the object here, in file order."""
        for key in self.object():
            yield key, self.get(key)

    def items(self, most: int = 1 << 20) -> list[At]:
        """The elements of the array here; empty when absent."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.fault("is not an array")
        if len(self.value) > most:
            raise self.fault(
                f"has {len(self.value)} elements, more than {most}", code="asset.large"
            )
        return [At(v, f"{self.path}[{i}]", self.note) for i, v in enumerate(self.value)]

    def every(self, pattern: str) -> list[At]:
        """The places below that a pattern names: ``a[].b`` is b of every element, ``*`` any member.

        What is absent or of another type has no places.
        """
        here = [self]
        for step in pattern.split("."):
            key, many = step.removesuffix("[]"), step.endswith("[]")
            found: list[At] = []
            for at in here:
                if not isinstance(at.value, dict):
                    continue
                for it in [at.get(k) for k in at.value] if key == "*" else [at.get(key)]:
                    if many:
                        found += it.items() if isinstance(it.value, list) else []
                    elif not it.absent:
                        found.append(it)
            here = found
        return here

    def element(self, reference: At, what: str) -> At:
        """The element that the integer at `reference` points to."""
        items = self.value if isinstance(self.value, list) else []
        i = reference.index(len(items), what)
        return At(items[i], f"{self.path}[{i}]", self.note)

    def integer(self, default: int | None = None, low: int = 0, high: int = (1 << 53) - 1) -> int:
        """The integer here, within `low` and `high`; `default` when absent."""
        if self.value is None and default is not None:
            return default
        value = self.value
        if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fault("is missing" if value is None else "is not an integer")
        if not low <= value <= high:
            raise self.fault(f"is {value}, outside {low}..{high}")
        return value

    def index(self, count: int, what: str) -> int:
        """The integer here as an index into `count` things called `what`."""
        value = self.integer(low=-(1 << 53))
        if not 0 <= value < count:
            raise self.fault(f"points to {what} {value}, but there are {count}", code="asset.range")
        return value

    def number(
        self, default: float | None = None, low: float = -_LARGEST, high: float = _LARGEST
    ) -> float:
        """The finite number here, clamped to `low` and `high`; `default` when absent."""
        if self.value is None and default is not None:
            return default
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fault("is missing" if value is None else "is not a number")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.fault("is not finite", code="asset.nan")
        if abs(value) > _LARGEST:
            raise self.fault("is too large a number")
        within = min(max(float(value), low), high)
        if within != value and self.note is not None:
            self.note(
                "asset.clamped", self, f"is {value:g}, outside {low:g} to {high:g}",
                f"Taken as {within:g}.",
            )  # fmt: skip
        return within

    def numbers(self, count: int, default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        """Exactly `count` finite numbers; `default` when absent."""
        if self.value is None and default is not None:
            return default
        items = self.items()
        if len(items) != count:
            raise self.fault(f"has {len(items)} numbers instead of {count}")
        return tuple(item.number() for item in items)

    def vector(self, keys: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """VRM 0.x vectors, written as objects: ``{"x": 0, "y": 1, "z": 0}``."""
        if self.value is None:
            return default
        return tuple(self.get(k).number(d) for k, d in zip(keys, default, strict=True))

    def text(self, default: str = "") -> str:
        """The string here, at most 4096 characters; `default` when absent or something else."""
        if isinstance(self.value, str):
            return self.value[:4096]
        self._not("a text")
        return default

    def flag(self, default: bool = False) -> bool:
        """The boolean here; `default` when absent or something else."""
        if isinstance(self.value, bool):
            return self.value
        self._not("true or false")
        return default

    def _not(self, what: str) -> None:
        if self.value is not None and self.note is not None:
            self.note("asset.invalid", self, f"is not {what}", "It counts as not said.")
