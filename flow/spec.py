"""Shape and unit of an array field, written in its type: ``Annotated[Array, Spec(...)]``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

F32: TypeAlias = NDArray[np.float32]
U8: TypeAlias = NDArray[np.uint8]
U16: TypeAlias = NDArray[np.uint16]
U32: TypeAlias = NDArray[np.uint32]
I32: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Spec:
    """Shape (``-1`` for any length), what the numbers mean, and the element type."""

    shape: tuple[int, ...]
    meaning: str
    dtype: str = "float32"

    def fault(self, value: Any) -> str | None:
        """Why `value` does not satisfy this spec, or None when it does."""
        if not isinstance(value, np.ndarray):
            return f"is {type(value).__name__}, not an array"
        if value.dtype != np.dtype(self.dtype):
            return f"has type {value.dtype}, not {self.dtype}"
        if value.ndim != len(self.shape) or any(
            want not in (-1, have) for want, have in zip(self.shape, value.shape, strict=True)
        ):
            return f"has shape {value.shape}, not {self.shape}"
        if value.dtype.kind == "f" and not bool(np.isfinite(value).all()):
            return "has numbers that are not finite"
        return None


def specs_of(kind: type) -> dict[str, Spec]:
    """The specs of the array fields of a dataclass, optional fields included."""
    found: dict[str, Spec] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        for part in (hint, *get_args(hint)):
            if get_origin(part) is Annotated:
                for note in part.__metadata__:
                    if isinstance(note, Spec):
                        found[name] = note
    return found


def faults(value: Any) -> list[str]:
    """Everything wrong with the arrays of a dataclass instance, as ``field: why``."""
    specs = specs_of(type(value))
    out: list[str] = []
    for field in fields(value):
        if field.name in specs and (item := getattr(value, field.name)) is not None:
            why = specs[field.name].fault(item)
            if why:
                out.append(f"{field.name}: {why}")
    return out
