"""A GLB file opened with suspicion: sizes, counts and references are checked before anyone reads.

Everything a hostile file can make big is bounded here, so that the loaders behind this file
work on memory in proportion to the bytes that are really there.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flow.errors import AssetError

MAX_FILE_BYTES = 256 << 20
MAX_JSON_BYTES = 24 << 20
MAX_NODES = 20_000
MAX_DECODED_BYTES = 512 << 20
COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_NORMALISED = {5120: 127.0, 5121: 255.0, 5122: 32767.0, 5123: 65535.0}
TRIANGLES, STRIP = 4, 5
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
UNREADABLE = {
    "KHR_draco_mesh_compression": "Draco",
    "EXT_meshopt_compression": "meshopt",
    "KHR_texture_basisu": "Basis",
}


@dataclass(frozen=True, slots=True)
class Container:
    """A checked GLB: its JSON and its binary chunk (a view of the file's bytes)."""

    where: str
    header: dict[str, Any]
    binary: memoryview

    def rows(self, key: str) -> list[dict[str, Any]]:
        """A top-level list of objects; empty when the file has none."""
        rows: list[dict[str, Any]] = self.header.get(key, [])
        return rows

    def view(self, index: int) -> memoryview:
        """The bytes of a bufferView; its range was checked."""
        row = self.rows("bufferViews")[index]
        start = int(row.get("byteOffset", 0))
        return self.binary[start : start + int(row["byteLength"])]

    def divisor(self, accessor: int) -> float:
        """What the numbers of an accessor must be divided by (normalised integers)."""
        row = self.rows("accessors")[accessor]
        return _NORMALISED.get(row["componentType"], 1.0) if row.get("normalized") else 1.0

    def numbers(self, accessor: int) -> NDArray[np.float64]:
        """An accessor's values (n, components), normalised integers as fractions."""
        row = self.rows("accessors")[accessor]
        count, width = int(row["count"]), COMPONENTS[row["type"]]
        kind = np.dtype(_TYPES[row["componentType"]])
        if "bufferView" not in row or count == 0:
            return np.zeros((count, width))
        step = self.rows("bufferViews")[row["bufferView"]].get("byteStride", 0)
        step = step or width * kind.itemsize
        raw: NDArray[Any] = np.ndarray(
            (count, width),
            kind,
            self.view(row["bufferView"]),
            int(row.get("byteOffset", 0)),
            (step, kind.itemsize),
        )
        return raw.astype(np.float64) / self.divisor(accessor)

    def drawn(self) -> Iterator[tuple[int, int]]:
        """(node, mesh) of every node in the scene that draws something."""
        nodes = self.rows("nodes")
        waiting = self.roots()
        while waiting:
            index = waiting.pop()
            waiting.extend(nodes[index].get("children", []))
            if "mesh" in nodes[index]:
                yield index, nodes[index]["mesh"]

    def roots(self) -> list[int]:
        """The scene's root nodes, or every parentless node when the file names no scene."""
        scenes = self.rows("scenes")
        if scenes:
            return list(scenes[self.header.get("scene", 0)].get("nodes", []))
        children = {c for n in self.rows("nodes") for c in n.get("children", [])}
        return [i for i in range(len(self.rows("nodes"))) if i not in children]

    def triangles(self, mesh: int) -> int:
        """How many triangles a mesh says it has."""
        total = 0
        accessors = self.rows("accessors")
        for p in self.rows("meshes")[mesh]["primitives"]:
            corners = p["indices"] if "indices" in p else p["attributes"]["POSITION"]
            count = int(accessors[corners]["count"])
            mode = p.get("mode", TRIANGLES)
            total += count // 3 if mode == TRIANGLES else max(0, count - 2) if mode == STRIP else 0
        return total


def refuse(where: str, why: str, hint: str = "", code: str = "asset.damaged") -> AssetError:
    """The error for a stage file that cannot be used."""
    return AssetError(
        f"The stage {where} {why}.",
        code=code,
        hint=hint or "Export it again as a binary glTF 2.0 file (.glb).",
    )


def open_glb(path: Path) -> Container:
    """Read and check a GLB.

    Raises:
        AssetError: ``asset.missing``, ``asset.too_large``, ``asset.truncated``,
            ``asset.unsupported`` or ``asset.damaged``.
    """
    where = path.name
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES >> 20
            raise refuse(where, f"is larger than {limit} MB", "", "asset.too_large")
        data = path.read_bytes()
    except OSError as e:
        raise refuse(
            where, f"cannot be read ({e.strerror or e})", "Check the path.", "asset.missing"
        ) from e
    text, binary = _chunks(where, data)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise refuse(where, "has a header that is not JSON") from e
    if not isinstance(header, dict):
        raise refuse(where, "has a header that is not an object")
    box = Container(where, header, binary)
    try:
        _check(box)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
        raise refuse(where, f"breaks the glTF rules ({type(e).__name__}: {e})"[:200]) from e
    return box


def _chunks(where: str, data: bytes) -> tuple[bytes, memoryview]:
    if data[:4] != b"glTF":
        raise refuse(where, "is not a GLB file", "Give a binary glTF 2.0 file (.glb).")
    if len(data) < 20:  # noqa: PLR2004 - header and first chunk's header
        raise refuse(where, "ends inside its header", code="asset.truncated")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:  # noqa: PLR2004
        raise refuse(where, f"is glTF version {version}, not 2", code="asset.unsupported")
    if length > len(data):
        raise refuse(
            where, f"is cut off: {len(data)} of {length} bytes are there", "", "asset.truncated"
        )
    text, binary, at = b"", memoryview(b""), 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length:
            raise refuse(where, "has a chunk that ends past the file", "", "asset.truncated")
        if kind == JSON_CHUNK and not text:
            if size > MAX_JSON_BYTES:
                raise refuse(where, "has an absurdly large header", "", "asset.too_large")
            text = data[at + 8 : at + 8 + size]
        elif kind == BINARY_CHUNK and not binary:
            binary = memoryview(data)[at + 8 : at + 8 + size]
        at += 8 + size + (-size % 4)
    if not text:
        raise refuse(where, "has no JSON chunk")
    return text, binary


def _check(box: Container) -> None:
    """Refuse what a loader would trip over; any exception here means the file is wrong."""
    for key in ("nodes", "meshes", "accessors", "bufferViews", "materials", "textures", "images",
                "samplers", "scenes"):  # fmt: skip
        rows = box.header.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            raise TypeError(f"'{key}' is not a list of objects")
    for name in box.header.get("extensionsRequired", []):
        if name in UNREADABLE:
            raise refuse(
                box.where,
                f"is compressed with {UNREADABLE[name]}, which is not read here",
                "Export it without compression.",
                "asset.unsupported",
            )
    for i, view in enumerate(box.rows("bufferViews")):
        start, size = _count(view.get("byteOffset", 0)), _count(view["byteLength"])
        if view.get("buffer", 0) != 0 or "uri" in box.rows("buffers")[0]:
            raise refuse(box.where, "keeps its data in other files", "Pack it into one .glb.")
        if start + size > len(box.binary):
            raise refuse(box.where, f"has a bufferView {i} past its end", "", "asset.truncated")
    decoded = sum(_accessor_bytes(box, i, a) for i, a in enumerate(box.rows("accessors")))
    if decoded > MAX_DECODED_BYTES:
        raise refuse(box.where, "unpacks to more than 512 MB", "", "asset.too_large")
    _check_tree(box)


def _accessor_bytes(box: Container, index: int, row: dict[str, Any]) -> int:
    item = COMPONENT_BYTES[row["componentType"]] * COMPONENTS[row["type"]]
    count = _count(row["count"])
    if "bufferView" in row:
        view = box.rows("bufferViews")[_count(row["bufferView"])]
        stride = _count(view.get("byteStride", item)) or item
        end = _count(row.get("byteOffset", 0)) + max(0, count - 1) * stride + item * bool(count)
        if end > view["byteLength"]:
            raise refuse(box.where, f"has an accessor {index} past its data", "", "asset.truncated")
    return count * item


def _check_tree(box: Container) -> None:
    """Every node has one parent at most and no node is its own ancestor."""
    nodes, meshes = box.rows("nodes"), box.rows("meshes")
    if len(nodes) > MAX_NODES:
        raise refuse(box.where, f"has more than {MAX_NODES} nodes", "", "asset.too_large")
    for mesh in meshes:
        for p in mesh["primitives"]:
            for accessor in (
                *p["attributes"].values(),
                *([p["indices"]] if "indices" in p else []),
            ):
                box.rows("accessors")[_count(accessor)]
            if "material" in p:
                box.rows("materials")[_count(p["material"])]
    seen: set[int] = set()
    waiting = box.roots()
    while waiting:
        index = _count(waiting.pop())
        if index in seen:
            raise refuse(box.where, f"has a node {index} with two parents or a loop")
        seen.add(index)
        if "mesh" in nodes[index]:
            meshes[_count(nodes[index]["mesh"])]
        waiting.extend(nodes[index].get("children", []))


def _count(value: Any) -> int:
    """A non-negative integer, or the exception that `open_glb` turns into a sentence."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise ValueError(f"{value!r:.40} is not a count or an index")
    return value
