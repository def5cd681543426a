"""AMF0 values (Adobe AMF 0 specification, December 2007): what RTMP commands are made of."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeAlias, Union

Value: TypeAlias = Union[bool, float, str, dict[str, "Value"], list["Value"], None]  # noqa: UP007

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED = 0, 1, 2, 3, 5, 6
_ECMA_ARRAY, _END, _STRICT_ARRAY, _DATE, _LONG_STRING = 8, 9, 10, 11, 12
_MAX_DEPTH = 16
_SHORT = 0xFFFF


class EcmaArray(dict[str, Value]):
    """An object that is written as an ECMA array, as players expect of ``onMetaData``."""


def encode(*values: Value) -> bytes:
    """Values one behind the other."""
    return b"".join(map(_encode, values))


def _encode(value: Value) -> bytes:  # noqa: PLR0911
    match value:
        case None:
            return bytes((_NULL,))
        case bool():
            return bytes((_BOOLEAN, value))
        case int() | float():
            return struct.pack(">Bd", _NUMBER, value)
        case str():
            text = value.encode()
            if len(text) > _SHORT:
                return struct.pack(">BI", _LONG_STRING, len(text)) + text
            return struct.pack(">B", _STRING) + _key(text)
        case EcmaArray():
            return struct.pack(">BI", _ECMA_ARRAY, len(value)) + _members(value)
        case dict():
            return bytes((_OBJECT,)) + _members(value)
        case list():
            return struct.pack(">BI", _STRICT_ARRAY, len(value)) + encode(*value)


def _members(value: dict[str, Value]) -> bytes:
    parts = [_key(name.encode()) + _encode(item) for name, item in value.items()]
    return b"".join(parts) + bytes((0, 0, _END))


def _key(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def decode(data: bytes) -> Sequence[Value]:
    """All values in `data`.

    Raises:
        ValueError: when it is cut short, nested too deeply or of a kind that commands never have.
    """
    out: list[Value] = []
    at = 0
    try:
        while at < len(data):
            value, at = _decode(data, at, 0)
            out.append(value)
    except (struct.error, IndexError) as error:
        raise ValueError("An AMF0 value is cut short.") from error
    return out


def _decode(data: bytes, at: int, depth: int) -> tuple[Value, int]:  # noqa: PLR0911
    if depth > _MAX_DEPTH:
        raise ValueError("AMF0 values are nested too deeply.")
    kind, at = data[at], at + 1
    match kind:
        case 0:
            return struct.unpack_from(">d", data, at)[0], at + 8
        case 1:
            return bool(data[at]), at + 1
        case 2:
            return _text(data, at, ">H")
        case 12:
            return _text(data, at, ">I")
        case 3:
            return _object(data, at, depth)
        case 8:
            return _object(data, at + 4, depth)
        case 5 | 6:
            return None, at
        case 10:
            (count,) = struct.unpack_from(">I", data, at)
            items: list[Value] = []
            at += 4
            for _ in range(min(count, len(data))):
                item, at = _decode(data, at, depth + 1)
                items.append(item)
            return items, at
        case 11:
            return struct.unpack_from(">d", data, at)[0], at + 10
    raise ValueError(f"AMF0 kind {kind} is not known.")


def _text(data: bytes, at: int, size: str) -> tuple[str, int]:
    (count,) = struct.unpack_from(size, data, at)
    at += struct.calcsize(size)
    if at + count > len(data):
        raise IndexError
    return data[at : at + count].decode(errors="replace"), at + count


def _object(data: bytes, at: int, depth: int) -> tuple[dict[str, Value], int]:
    out: dict[str, Value] = {}
    while True:
        name, at = _text(data, at, ">H")
        if not name and data[at] == _END:
            return out, at + 1
        out[name], at = _decode(data, at, depth + 1)
