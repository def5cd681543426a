"""Meshes to drawable pieces: triangles, skin weights, sparse morph targets.

Every primitive is compacted to the vertices its triangles use: exporters share one vertex buffer
(and its fifty morph targets) between all materials of a face. Large arrays are worked on in blocks,
so that nothing takes several times its own size for a moment.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.read.accessors import Accessors
from avatar.read.document import Document
from avatar.read.jsonat import At
from avatar.read.materials import Materials
from flow.mesh import Morph, Primitive
from flow.spec import F32, U16, U32

MOST_VERTICES = 4_000_000
MOST_TRIANGLES = 8_000_000
MOST_MORPHS = 4096
MOST_PRIMITIVES = 4096
MOST_FLAT = 1_000_000
"""Vertices of a mesh without normals; a larger one is drawn smooth."""
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_CORNERS = 3
_INFLUENCES = 4
_LIGHTEST = 1e-8
_SHORTEST = 1e-12
_STILL_M = 1e-7
_BLOCK = 1 << 18

_Sparse = tuple[U32, F32]


class Meshes:
    """Turns meshes into primitives; a mesh used by several nodes is read once."""

    def __init__(self, document: Document, accessors: Accessors, materials: Materials) -> None:
        self._document = document
        self._accessors = accessors
        self._materials = materials
        self._cache: dict[tuple[int, int], list[Primitive]] = {}
        self._deltas: dict[int, _Sparse] = {}
        self._vertices = 0
        self._triangles = 0

    def read(self, ref: At, joint_count: int) -> list[Primitive]:
        """The primitives of a mesh for a skin of `joint_count` joints (0: not skinned)."""
        at = self._document.root.get("meshes").element(ref, "mesh")
        key = (ref.integer(), joint_count)
        if key not in self._cache:
            name = at.get("name").text(f"mesh_{ref.integer()}")
            sources = at.get("primitives").items(MOST_PRIMITIVES)
            pieces = (self._primitive(p, name, joint_count) for p in sources)
            self._cache[key] = [p for p in pieces if p is not None]
        return self._cache[key]

    def _primitive(self, at: At, name: str, joint_count: int) -> Primitive | None:
        attributes = at.get("attributes")
        mode = at.get("mode").integer(_TRIANGLES, high=6)
        if mode < _TRIANGLES or attributes.get("POSITION").absent:
            self._document.problems.add(
                "asset.primitive", at, "has points or lines or nothing", "It is not drawn."
            )
            return None
        positions = self._accessors.floats(attributes.get("POSITION"), 3)
        corners = self._indices(at, mode, len(positions))
        if not len(corners):
            return None
        # glTF 2.0, 3.7.2.1: without normals every triangle is flat, so it shares no vertices.
        flat = attributes.get("NORMAL").absent and 3 * len(corners) <= MOST_FLAT
        used, triangles = _apart(corners) if flat else _compact(corners, len(positions))
        self._count(at, len(used), len(triangles))
        material = self._materials.index(at.get("material"))
        count = len(positions)
        positions = np.ascontiguousarray(positions[used])
        # Counted while the other attributes are read; in the end the piece is counted as a whole.
        held = 3 * positions.nbytes + triangles.nbytes
        self._document.budget.keep(held, at)
        normals = self._optional(attributes.get("NORMAL"), 3, count, used)
        if normals is None:
            normals = smooth_normals(positions, triangles)
        normals = unit_normals(normals)
        uv = self._optional(
            attributes.get(f"TEXCOORD_{self._materials.uv_set(material)}"), 2, count, used
        )
        joints, weights = self._skinning(attributes, joint_count, count, used)
        piece = Primitive(
            name=name,
            node=-1,
            material=material,
            positions=positions,
            normals=normals,
            uv=np.zeros((len(used), 2), np.float32) if uv is None else uv,
            triangles=triangles,
            color=self._color(attributes.get("COLOR_0"), count, used),
            joints=joints,
            weights=weights,
            morphs=tuple(
                self._morph(target, count, used) for target in at.get("targets").items(MOST_MORPHS)
            ),
        )
        self._document.budget.keep(_bytes(piece), at)
        self._document.budget.give_back(held)
        return piece

    def _indices(self, at: At, mode: int, count: int) -> U32:
        ref = at.get("indices")
        if ref.absent:
            flat = np.arange(count, dtype=np.uint32)
        else:
            flat = self._accessors.integers(ref, 1)[:, 0]
            if int(flat.max()) >= count:
                raise ref.fault("points past the last vertex", code="asset.range")
        if mode == _TRIANGLES:
            return flat[: len(flat) // 3 * 3].reshape(-1, 3)
        if len(flat) < _CORNERS:
            return np.zeros((0, 3), np.uint32)
        if mode == _FAN:
            return np.stack([np.full_like(flat[2:], flat[0]), flat[1:-1], flat[2:]], axis=1)
        strip = np.stack([flat[:-2], flat[1:-1], flat[2:]], axis=1)
        strip[1::2] = strip[1::2, ::-1]
        return strip

    def _count(self, at: At, vertices: int, triangles: int) -> None:
        self._vertices += vertices
        self._triangles += triangles
        if self._vertices > MOST_VERTICES or self._triangles > MOST_TRIANGLES:
            raise at.fault(
                "brings the model over the vertices that can be drawn",
                code="asset.large",
                hint="Simplify the model: 25 000 triangles are plenty for a live show.",
            )

    def _optional(self, ref: At, width: int, count: int, used: NDArray[Any]) -> F32 | None:
        """An attribute that the model can do without."""
        if ref.absent:
            return None
        values = self._accessors.floats(ref, width, mend=True)
        self._same_length(ref, values, count)
        return np.ascontiguousarray(values[used])

    def _same_length(self, ref: At, values: NDArray[Any], count: int) -> None:
        if len(values) != count:
            raise ref.fault(f"has {len(values)} elements for {count} vertices")

    def _color(self, ref: At, count: int, used: NDArray[Any]) -> F32 | None:
        if ref.absent:
            return None
        raw = self._accessors.raw(ref)
        self._same_length(ref, raw, count)
        if raw.dtype.kind != "f" or raw.shape[1] not in (3, 4):
            self._document.problems.add("asset.color", ref, "is no colour", "It is left out.")
            return None
        color = np.ones((len(used), 4), np.float32)
        color[:, : raw.shape[1]] = np.nan_to_num(raw[used])
        return np.clip(color, 0.0, 1.0)

    def _skinning(
        self, attributes: At, joint_count: int, count: int, used: NDArray[Any]
    ) -> tuple[U16 | None, F32 | None]:
        if not joint_count or attributes.get("JOINTS_0").absent:
            return None, None
        joints, weights = [], []
        for group in range(8):
            ref = attributes.get(f"JOINTS_{group}")
            if ref.absent:
                break
            joints.append(self._accessors.integers(ref, 4))
            weight = attributes.get(f"WEIGHTS_{group}")
            weights.append(np.maximum(self._accessors.floats(weight, 4, mend=True), 0.0))
            self._same_length(ref, joints[-1], count)
            self._same_length(weight, weights[-1], count)
        j = np.concatenate(joints, axis=1)[used]
        w = np.concatenate(weights, axis=1)[used]
        if j.shape[1] > _INFLUENCES:
            strongest = np.argsort(-w, axis=1, kind="stable")[:, :_INFLUENCES]
            j, w = np.take_along_axis(j, strongest, 1), np.take_along_axis(w, strongest, 1)
        j = np.where(w > 0.0, j, np.uint32(0))
        if int(j.max()) >= joint_count:
            raise attributes.get("JOINTS_0").fault(
                f"points to joint {int(j.max())}, but the skin has {joint_count}",
                code="asset.range",
            )
        total = w.sum(axis=1, keepdims=True)
        # A vertex that no joint holds follows the first one, as GPU implementations do.
        first = np.array([1, 0, 0, 0], np.float32)
        w = np.where(total > _LIGHTEST, w / np.maximum(total, _LIGHTEST), first)
        return j.astype(np.uint16), np.ascontiguousarray(w, np.float32)

    def _morph(self, at: At, count: int, used: NDArray[Any]) -> Morph:
        self._document.budget.check(8 * (count + len(used)), at)
        moved = [self._delta(at.get(key), count) for key in ("POSITION", "NORMAL")]
        touched = np.zeros(count, bool)
        for vertices, _ in moved:
            touched[vertices] = True
        kept = np.flatnonzero(touched[used])
        row = np.full(count, -1, np.int32)
        out = np.zeros((2, len(kept), 3), np.float32)
        for k, (vertices, values) in enumerate(moved):
            row[vertices] = np.arange(len(vertices), dtype=np.int32)
            rows = row[used[kept]]
            out[k, rows >= 0] = values[rows[rows >= 0]]
            row[vertices] = -1
        return Morph(kept.astype(np.uint32), out[0], out[1])

    def _delta(self, ref: At, count: int) -> _Sparse:
        """The vertices a morph accessor moves and how; shared accessors are read once."""
        if ref.absent:
            return np.zeros(0, np.uint32), np.zeros((0, 3), np.float32)
        key = ref.integer()
        if key not in self._deltas:
            values = self._accessors.floats(ref, 3, mend=True)
            self._same_length(ref, values, count)
            # Column by column: numpy is slow at reducing rows of three.
            x, y, z = (np.abs(values[:, k]) > _STILL_M for k in range(3))
            moving = np.flatnonzero(x | y | z).astype(np.uint32)
            self._deltas[key] = (moving, values[moving])
            self._document.budget.keep(16 * len(moving), ref)
        vertices, values = self._deltas[key]
        if len(vertices) and int(vertices[-1]) >= count:
            raise ref.fault("has more elements than the mesh has vertices", code="asset.range")
        return vertices, values


def _bytes(piece: Primitive) -> int:
    """What the arrays of a primitive take."""
    arrays: list[NDArray[Any]] = [piece.positions, piece.normals, piece.uv, piece.triangles]
    arrays += [a for a in (piece.color, piece.joints, piece.weights) if a is not None]
    for morph in piece.morphs:
        arrays += [morph.vertices, morph.positions, morph.normals]
    return sum(a.nbytes for a in arrays)


def _blocks(count: int) -> list[slice]:
    return [slice(i, i + _BLOCK) for i in range(0, count, _BLOCK)]


def _compact(triangles: U32, count: int) -> tuple[NDArray[Any], U32]:
    """The vertices that triangles use, and the triangles in their numbering."""
    mask = np.zeros(count, bool)
    for some in _blocks(len(triangles)):
        mask[triangles[some]] = True
    used = np.flatnonzero(mask).astype(np.uint32)
    place = np.cumsum(mask, dtype=np.uint32) - np.uint32(1)
    out = np.zeros_like(triangles, order="C")
    for some in _blocks(len(triangles)):
        out[some] = place[triangles[some]]
    return used, out


def _apart(triangles: U32) -> tuple[NDArray[Any], U32]:
    """Every corner a vertex of its own."""
    used = np.ascontiguousarray(triangles).ravel()
    return used, np.arange(len(used), dtype=np.uint32).reshape(-1, 3)


def smooth_normals(positions: F32, triangles: U32) -> F32:
    """Area-weighted vertex normals for meshes that bring none."""
    out = np.zeros((len(positions), 3), np.float32)
    for k in range(3):
        a, b = (k + 1) % 3, (k + 2) % 3
        total = np.zeros(len(positions))
        for some in _blocks(len(triangles)):
            corner = positions[triangles[some]].astype(np.float64)
            u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
            face = u[:, a] * v[:, b] - u[:, b] * v[:, a]
            total += np.bincount(triangles[some].ravel(), np.repeat(face, 3), len(positions))
        out[:, k] = total
    return out


def unit_normals(normals: F32) -> F32:
    """Unit normals; those without a direction point up, so that light never meets a zero."""
    out = np.zeros((len(normals), 3), np.float32)
    for some in _blocks(len(normals)):
        wide = normals[some].astype(np.float64)
        length = np.sqrt((wide**2).sum(axis=1, keepdims=True))
        good = length > _SHORTEST**2
        out[some] = np.where(good, wide / np.where(good, length, 1.0), [0.0, 1.0, 0.0])
    return out
