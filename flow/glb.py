"""The container of avatars and stages: GLB (or glTF as JSON) to JSON and binary, and back.

glTF 2.0 specification, section 4 (GLB file format). Sizes are checked before anything is
allocated, and JSON is measured before it is parsed: a few megabytes of brackets would otherwise
become gigabytes of Python objects. What the JSON means is for those who read it to check.
"""

from __future__ import annotations

import json
import stat
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from flow.errors import AssetError

MAGIC = b"glTF"
_VERSION, _SHORTEST = 2, 20
_JSON, _BIN = 0x4E4F534A, 0x004E4942
MOST_FILE_BYTES = 512 << 20
MOST_JSON_VALUES = 1_000_000
_VALUE_BYTES = 150
"""What a JSON value takes as a Python object, dictionary entries included."""
_NOT_A_MODEL = "Choose a .glb, .vrm or .gltf file."
_DAMAGED = "The file is damaged: copy or download it again."
_CUT_SHORT = "The file is incomplete: copy or download it again."


@dataclass(frozen=True, slots=True)
class Container:
    """What is inside: the JSON object and the binary chunk (None when there is none)."""

    json: dict[str, Any]
    binary: memoryview | None
    oddities: tuple[str, ...] = ()
    """What was wrong with the wrapping and did not matter."""
    size: int = 0
    """Bytes of the file."""
    weight: int = 0
    """Bytes that `json` takes in memory, at most."""
    glb: bool = True
    """False for a JSON document, which may have its data in files beside it."""


def read_container(path: Path) -> Container:
    """Read and unwrap a file.

    Raises:
        AssetError: missing, unreadable, too large, not a model, truncated or not JSON.
    """
    return parse_container(read_file(path))


def read_file(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        AssetError: missing, unreadable or too large.
    """
    with readable():
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            # Reading a pipe or a device could last for ever.
            raise AssetError(
                "It is no file.", code="asset.unreadable", hint="Choose a .glb, .vrm or .gltf file."
            )
        size = state.st_size
        if size > MOST_FILE_BYTES:
            raise AssetError(
                f"The file is {size >> 20} MB; models up to {MOST_FILE_BYTES >> 20} MB are read.",
                code="asset.large",
                hint="Reduce its textures and meshes.",
            )
        return path.read_bytes()


@contextmanager
def readable() -> Iterator[None]:
    """Say plainly why a model or motion file could not be read.

    Raises:
        AssetError: ``asset.missing``, ``asset.unreadable`` for any OSError of the body.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise AssetError(
            "There is no such file.", code="asset.missing", hint="Check the path."
        ) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise AssetError(
            f"The file cannot be read: {why}.",
            code="asset.unreadable",
            hint="Check that it is a file and its permissions.",
        ) from error


def parse_container(data: bytes) -> Container:
    """Unwrap bytes that are a GLB or a glTF JSON document."""
    if data[:4] == MAGIC:
        return _glb(data)
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        root, weight, odd = _document(data, ())
        return Container(root, None, odd, len(data), weight, glb=False)
    raise AssetError(
        "The file is empty."
        if not data
        else "The file is not a model: it does not begin with glTF.",
        code="asset.format",
        hint=_NOT_A_MODEL,
    )


def _glb(data: bytes) -> Container:
    if len(data) < _SHORTEST:
        raise _cut("The file ends inside its header.")
    _, version, length = struct.unpack_from("<4sII", data)
    if version != _VERSION:
        raise AssetError(
            f"The file is binary glTF version {version}; version 2 is read.",
            code="asset.version",
            hint="Export it as glTF 2.0 or VRM.",
        )
    if length > len(data):
        raise _cut(f"The file should have {length} bytes and has {len(data)}.")
    oddities = ("has bytes after its declared length",) if length < len(data) else ()
    view = memoryview(data)
    size, kind = struct.unpack_from("<II", data, 12)
    if kind != _JSON:
        raise AssetError(
            "The first chunk of the file is not JSON.", code="asset.format", hint=_NOT_A_MODEL
        )
    if 20 + size > length:
        raise _cut("The JSON chunk is longer than the file.")
    root, weight, odd = _document(bytes(view[20 : 20 + size]), oddities)
    at = 20 + size + (-size % 4)
    binary = None
    chunks: Counter[int] = Counter()
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length:
            raise _cut("The binary chunk is longer than the file.")
        if kind == _BIN and binary is None:
            binary = view[at + 8 : at + 8 + size]
        if kind == _JSON or chunks[kind] or (kind == _BIN and sum(chunks.values())):
            odd = (*odd, "has a chunk too many, or one in the wrong place")
        chunks[kind] += 1
        at += 8 + size + (-size % 4)
    return Container(root, binary, odd, len(data), weight)


def _document(
    text: bytes, oddities: tuple[str, ...]
) -> tuple[dict[str, Any], int, tuple[str, ...]]:
    """The JSON object, the memory it takes, what was odd about it."""
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:]
        oddities = (*oddities, "begins with a byte order mark")
    values = sum(text.count(mark) for mark in (b",", b"[", b"{"))
    if values > MOST_JSON_VALUES:
        raise AssetError(
            f"The JSON has more than {MOST_JSON_VALUES} values.",
            code="asset.large",
            hint="Models that people can watch are far smaller: export it again.",
        )
    try:
        root = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError as error:
        raise _not_json("is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise _not_json("is not UTF-8") from error
    except ValueError as error:
        raise _not_json(f"cannot be parsed ({str(error)[:120]})") from error
    if not isinstance(root, dict):
        raise _not_json("is not an object")
    return root, len(text) + _VALUE_BYTES * values, oddities


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _not_json(why: str) -> AssetError:
    return AssetError(f"The JSON of the file {why}.", code="asset.json", hint=_DAMAGED)


def _cut(message: str) -> AssetError:
    return AssetError(message, code="asset.truncated", hint=_CUT_SHORT)


def pack_container(root: dict[str, Any], binary: bytes) -> bytes:
    """The GLB around a JSON object and its binary chunk: the reverse of `parse_container`."""
    text = json.dumps(root, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    size = 12 + 8 + len(text) + 8 + len(binary)
    return b"".join(
        (
            struct.pack("<4sII", MAGIC, _VERSION, size),
            struct.pack("<II", len(text), _JSON),
            text,
            struct.pack("<II", len(binary), _BIN),
            binary,
        )
    )
