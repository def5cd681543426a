"""A stage file opened with suspicion: counts and references are checked before anyone reads.

Everything a hostile file can make big is bounded here, so that the loaders behind this file
work on memory in proportion to the bytes that are really there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flow.errors import AssetError
from flow.glb import read_container

MAX_NODES = 20_000
MAX_DECODED_BYTES = 512 << 20
COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_NORMALISED = {5120: 127.0, 5121: 255.0, 5122: 32767.0, 5123: 65535.0}
TRIANGLES, STRIP = 4, 5
UNREADABLE = {
    "KHR_draco_mesh_compression": "Draco",
    "EXT_meshopt_compression": "meshopt",
    "KHR_texture_basisu": "Basis",
}


@dataclass(frozen=True, slots=True)
class StageFile:
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


def refuse(where: str, why: str, hint: str = "", code: str = "asset.invalid") -> AssetError:
    """The error for a stage file that cannot be used."""
    return AssetError(
        f"The stage {where} {why}.",
        code=code,
        hint=hint or "Export it again as a binary glTF 2.0 file (.glb).",
    )


def open_stage_file(path: Path) -> StageFile:
    """Read and check a GLB.

    Raises:
        AssetError: missing, unreadable, damaged, hostile, compressed or not one file; ``asset.*``.
    """
    where = path.name
    try:
        box = read_container(path)
    except AssetError as e:
        raise e.within(where) from e
    file = StageFile(where, box.json, box.binary or memoryview(b""))
    try:
        _check(file)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
        raise refuse(where, f"breaks the glTF rules ({type(e).__name__}: {e})"[:200]) from e
    return file


def _check(file: StageFile) -> None:
    """Refuse what a loader would trip over; any exception here means the file is wrong."""
    for key in ("nodes", "meshes", "accessors", "bufferViews", "materials", "textures", "images",
                "samplers", "scenes"):  # fmt: skip
        rows = file.header.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            raise TypeError(f"'{key}' is not a list of objects")
    for name in file.header.get("extensionsRequired", []):
        if name in UNREADABLE:
            raise refuse(
                file.where,
                f"is compressed with {UNREADABLE[name]}, which is not read here",
                "Export it without compression.",
                "asset.compressed",
            )
    for i, view in enumerate(file.rows("bufferViews")):
        start, size = _count(view.get("byteOffset", 0)), _count(view["byteLength"])
        if view.get("buffer", 0) != 0 or "uri" in file.rows("buffers")[0]:
            raise refuse(
                file.where,
                "keeps its data in other files",
                "Pack it into one .glb.",
                "asset.external",
            )
        if start + size > len(file.binary):
            raise refuse(file.where, f"has a bufferView {i} past its end", "", "asset.range")
    decoded = sum(_accessor_bytes(file, i, a) for i, a in enumerate(file.rows("accessors")))
    if decoded > MAX_DECODED_BYTES:
        raise refuse(file.where, "unpacks to more than 512 MB", "", "asset.large")
    _check_tree(file)


def _accessor_bytes(file: StageFile, index: int, row: dict[str, Any]) -> int:
    item = COMPONENT_BYTES[row["componentType"]] * COMPONENTS[row["type"]]
    count = _count(row["count"])
    if "bufferView" in row:
        view = file.rows("bufferViews")[_count(row["bufferView"])]
        stride = _count(view.get("byteStride", item)) or item
        end = _count(row.get("byteOffset", 0)) + max(0, count - 1) * stride + item * bool(count)
        if end > view["byteLength"]:
            raise refuse(file.where, f"has an accessor {index} past its data", "", "asset.range")
    return count * item


def _check_tree(file: StageFile) -> None:
    """Every node has one parent at most and no node is its own ancestor."""
    nodes, meshes = file.rows("nodes"), file.rows("meshes")
    if len(nodes) > MAX_NODES:
        raise refuse(file.where, f"has more than {MAX_NODES} nodes", "", "asset.large")
    for mesh in meshes:
        for p in mesh["primitives"]:
            for accessor in (
                *p["attributes"].values(),
                *([p["indices"]] if "indices" in p else []),
            ):
                file.rows("accessors")[_count(accessor)]
            if "material" in p:
                file.rows("materials")[_count(p["material"])]
    seen: set[int] = set()
    waiting = file.roots()
    while waiting:
        index = _count(waiting.pop())
        if index in seen:
            raise refuse(
                file.where, f"has a node {index} with two parents or a loop", "", "asset.cycle"
            )
        seen.add(index)
        if "mesh" in nodes[index]:
            meshes[_count(nodes[index]["mesh"])]
        waiting.extend(nodes[index].get("children", []))


def _count(value: Any) -> int:
    """A non-negative integer, or the exception that `open_stage_file` turns into a sentence."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise ValueError(f"{value!r:.40} is not a count or an index")
    return value
