"""Our own values to bytes and back: one JSON text, then the arrays as they lie in memory.

For files that this program wrote itself (`avatar.read.cache`). Nothing in them can run: the
classes are those listed here, everything else is numbers, texts and arrays of numbers. What does
not fit is a ValueError.

Layout: magic (8), length of the JSON text (8), CRC-32 of all that follows (8), the text, then the
arrays, each at a multiple of 64.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.licence import terms
from avatar.rig import avatar, constraint, expression, humanoid, look_at, spring
from flow import mesh

MAGIC = b"MSfroz\x00\x01"
_HEAD = struct.Struct("<8sQQ")
_ALIGN = 64
_OWNERS = (terms, avatar, constraint, expression, humanoid, look_at, spring, mesh)
_OWN = [c for m in _OWNERS for c in vars(m).values() if getattr(c, "__module__", "") == m.__name__]
_CLASSES: dict[str, Any] = {c.__name__: c for c in _OWN if isinstance(c, type) and is_dataclass(c)}
_ENUMS: dict[str, Any] = {
    c.__name__: c for c in _OWN if isinstance(c, type) and issubclass(c, StrEnum)
}
_KINDS = "biuf"


def freeze(value: Any) -> list[bytes | memoryview]:
    """The bytes of a value in pieces, to be written one after the other.

    Raises:
        ValueError, TypeError: something that has no place in such a file.
    """
    arrays: list[NDArray[Any]] = []
    places: dict[int, list[Any]] = {}
    end = 0

    def place(it: NDArray[Any]) -> list[Any]:
        nonlocal end
        if id(it) not in places:
            if it.dtype.kind not in _KINDS:
                raise TypeError(f"no arrays of {it.dtype}")
            arrays.append(it)
            places[id(it)] = [it.dtype.str, list(it.shape), end]
            end += it.nbytes + -it.nbytes % _ALIGN
        return places[id(it)]

    def plain(it: Any) -> Any:
        if it is None or isinstance(it, bool | int | float) or type(it) is str:
            return it
        kind = type(it)
        if kind is np.ndarray:
            return {"a": place(it)}
        if kind in (tuple, list):
            return {"t" if kind is tuple else "l": [plain(v) for v in it]}
        if kind is dict:
            return {"d": [[plain(k), plain(v)] for k, v in it.items()]}
        return _special(it) or {"c": [kind.__name__, [plain(v) for v in _parts(it)]]}

    text = json.dumps(plain(value), allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-(_HEAD.size + len(text)) % _ALIGN)
    body: list[bytes | memoryview] = [text]
    for array in arrays:
        whole = np.ascontiguousarray(array)
        if whole.nbytes:
            body.append(whole.reshape(-1).view(np.uint8).data)
        body.append(bytes(-whole.nbytes % _ALIGN))
    check = 0
    for piece in body:
        check = zlib.crc32(piece, check)
    return [_HEAD.pack(MAGIC, len(text), check), *body]


def _special(it: Any) -> dict[str, Any]:
    if isinstance(it, StrEnum) and _ENUMS.get(type(it).__name__) is type(it):
        return {"e": [type(it).__name__, it.value]}
    return {"p": str(it)} if isinstance(it, Path) else {}


def _parts(it: Any) -> list[Any]:
    """The fields of one of our values."""
    if _CLASSES.get(type(it).__name__) is not type(it):
        raise TypeError(f"no {type(it).__name__}")
    return [getattr(it, f.name) for f in fields(it)]


def thaw(data: NDArray[np.uint8]) -> Any:
    """The value whose bytes these are. Its arrays are views of `data`, and writable where it is.

    Raises:
        ValueError: not such bytes, or damaged ones.
    """
    if len(data) < _HEAD.size:
        raise ValueError("too short")
    magic, length, check = _HEAD.unpack(data[: _HEAD.size].tobytes())
    if magic != MAGIC or length > len(data) - _HEAD.size:
        raise ValueError("no frozen value")
    if zlib.crc32(data[_HEAD.size :].data) != check:
        raise ValueError("damaged")
    text = data[_HEAD.size : _HEAD.size + length].tobytes()
    base = data[_HEAD.size + length :]
    made: dict[tuple[Any, ...], NDArray[Any]] = {}

    def value(it: Any) -> Any:
        if not isinstance(it, dict):
            return it
        ((kind, of),) = it.items()
        return makers[kind](of)

    def array(of: list[Any]) -> NDArray[Any]:
        kind, shape, at = of
        key = (kind, *shape, at)
        if key not in made:
            dtype = np.dtype(kind)
            if dtype.kind not in _KINDS:
                raise ValueError("no array of numbers")
            size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            if min(shape, default=0) < 0 or not 0 <= at <= len(base) - size:
                raise ValueError("an array beyond the end")
            made[key] = base[at : at + size].view(dtype).reshape(shape)
        return made[key]

    def instance(of: list[Any]) -> Any:
        name, given = of
        return _CLASSES[name](*[value(v) for v in given])

    makers: dict[str, Any] = {
        "a": array,
        "e": lambda of: _ENUMS[of[0]](of[1]),
        "p": Path,
        "t": lambda of: tuple(value(v) for v in of),
        "l": lambda of: [value(v) for v in of],
        "d": lambda of: {value(k): value(v) for k, v in of},
        "c": instance,
    }
    try:
        return value(json.loads(text))
    except (KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise ValueError("not one of our values") from error
