"""Open Sound Control 1.0: packets of bytes to messages and back (opensoundcontrol.org, "OSC 1.0").

Every packet comes from a stranger: what is not OSC raises `OscError`, nothing else, and no packet
makes us work for longer than its own length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Argument = int | float | str | bytes | bool | None

_BUNDLE = b"#bundle\0"
_NOW = b"\0\0\0\0\0\0\0\1"
"""The time tag that means: at once."""
_DEEPEST = 4
_MOST_ARGUMENTS = 64
_NUMBERS = {
    "i": struct.Struct(">i"), "f": struct.Struct(">f"), "h": struct.Struct(">q"),
    "d": struct.Struct(">d"), "t": struct.Struct(">Q"), "c": struct.Struct(">i"),
    "r": struct.Struct(">I"), "m": struct.Struct(">I"),
}  # fmt: skip
_WITHOUT_BYTES: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": None}
_SEVEN = struct.Struct(">7f")
_PLACED = "sfffffff"
"""A name, a place and a rotation: nine in ten messages of a motion stream."""


class OscError(ValueError):
    """Bytes that are not OSC."""


class Message(NamedTuple):
    """One message: what it is about, and what it says."""

    address: str
    arguments: tuple[Argument, ...]


def decode(packet: bytes) -> list[Message]:
    """The messages of a packet in order, those of nested bundles too; time tags are ignored.

    Raises:
        OscError: it is not OSC; nothing of a packet that is damaged anywhere is used.
    """
    found: list[Message] = []
    try:
        _element(packet, 0, len(packet), found, 0)
    except (struct.error, UnicodeDecodeError, IndexError) as fault:
        raise OscError(f"The packet ends too early or holds no text: {fault}.") from None
    return found


def _element(data: bytes, start: int, end: int, found: list[Message], depth: int) -> None:
    if not data.startswith(_BUNDLE, start, end):
        found.append(_message(data, start, end))
        return
    if depth >= _DEEPEST:
        raise OscError("Bundles are nested too deeply.")
    at = start + len(_BUNDLE) + len(_NOW)
    if at > end:
        raise OscError("A bundle has no time tag.")
    while at < end:
        (size,) = _NUMBERS["i"].unpack_from(data, at)
        at += 4
        if size <= 0 or size % 4 or at + size > end:
            raise OscError(f"A bundle's element of {size} bytes does not fit.")
        _element(data, at, at + size, found, depth + 1)
        at += size


def _message(data: bytes, start: int, end: int) -> Message:
    if data[start : start + 1] != b"/":
        raise OscError("A message has no address.")
    address, at = _text(data, start, end)
    if at >= end:  # old senders leave the type tags of messages without arguments out
        return Message(address, ())
    types, at = _text(data, at, end)
    if not types.startswith(","):
        raise OscError(f"The message {address[:60]} has no types.")
    types = types[1:]
    if types == _PLACED:
        name, at = _text(data, at, end)
        if at + _SEVEN.size > end:
            raise OscError("An argument lies outside its message.")
        return Message(address, (name, *_SEVEN.unpack_from(data, at)))
    if len(types) > _MOST_ARGUMENTS:
        raise OscError(f"The message {address[:60]} has {len(types)} arguments.")
    arguments: list[Argument] = []
    for kind in types:
        argument, at = _argument(kind, data, at, end)
        if at > end:
            raise OscError("An argument lies outside its message.")
        arguments.append(argument)
    return Message(address, tuple(arguments))


def _argument(kind: str, data: bytes, at: int, end: int) -> tuple[Argument, int]:
    """One argument and where the next begins."""
    if kind in _NUMBERS:
        number = _NUMBERS[kind]
        return number.unpack_from(data, at)[0], at + number.size
    if kind in "sS":
        return _text(data, at, end)
    if kind in _WITHOUT_BYTES:
        return _WITHOUT_BYTES[kind], at
    if kind == "b":
        (size,) = _NUMBERS["i"].unpack_from(data, at)
        if size < 0 or at + 4 + size > end:
            raise OscError("A blob lies outside its message.")
        return data[at + 4 : at + 4 + size], at + 4 + (size + 3) // 4 * 4
    raise OscError("An argument has an unknown type.")


def _text(data: bytes, start: int, end: int) -> tuple[str, int]:
    """A string and where the next element begins: strings end with one to four zeros."""
    stop = data.find(b"\0", start, end)
    if stop < 0:
        raise OscError("A string has no end.")
    after = start + (stop - start) // 4 * 4 + 4
    if after > end:
        raise OscError("A string is not padded.")
    return data[start:stop].decode("utf-8"), after


def text(value: str) -> bytes:
    """A string as OSC has it."""
    raw = value.encode("utf-8")
    return raw + b"\0" * (4 - len(raw) % 4)


def message(address: str, types: str, arguments: Sequence[int | float | str]) -> bytes:
    """A message; `types` is one letter of ``i``, ``f``, ``s`` for each argument."""
    parts = [text(address), text("," + types)]
    for kind, value in zip(types, arguments, strict=True):
        parts.append(text(str(value)) if kind == "s" else _NUMBERS[kind].pack(value))
    return b"".join(parts)


def sized(element: bytes) -> bytes:
    """An element as bundles have it."""
    return _NUMBERS["i"].pack(len(element)) + element


def bundles(elements: Iterable[bytes], most_bytes: int) -> list[bytes]:
    """Packets of at most `most_bytes` with all of `elements` (`sized` ones) in order."""
    packets: list[bytes] = []
    begin = _BUNDLE + _NOW
    parts, length = [begin], len(begin)
    for element in elements:
        if length + len(element) > most_bytes and len(parts) > 1:
            packets.append(b"".join(parts))
            parts, length = [begin], len(begin)
        parts.append(element)
        length += len(element)
    if len(parts) > 1:
        packets.append(b"".join(parts))
    return packets
