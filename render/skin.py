"""Morphs and skin on the CPU: one sparse product gives positions and normals of a whole model.

A skinned position is linear in the joint matrices: p = sum_k w_k M_k [r; 1]. With the rest vertex
r folded into the sparse matrix, one row gives a vertex's position and another its normal, in the
order the vertex buffer wants them. A morph moves r, so it rewrites the few rows it touches. Nothing
is allocated per frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import _sparsetools, csr_matrix

from flow.mesh import Model, Morph
from flow.spec import F32
from flow.stage import RigState
from render.model import Layout

# scipy's public `@` allocates its result (megabytes a frame, page faults included); the routine
# under it accumulates into memory that we own.


class Skinner:
    """Poses one model: `positions` (m, world) and `normals` (not unit length), both (v, 3) views.

    They alternate in `rows` (v, 6) when `interleaved`, else they lie one after the other.
    """

    def __init__(self, layout: Layout, *, interleaved: bool) -> None:
        vertices, columns, weights, nodes, binds = _influences(layout)
        count = len(layout.positions)
        self._nodes = nodes
        self._binds = binds
        self._rest = np.concatenate([layout.positions, layout.normals], axis=1)
        self._shape = (2 * count, 4 * len(nodes))
        self._palette = np.zeros((len(nodes), 4, 3), np.float32)
        self._product = np.zeros((len(nodes), 4, 4), np.float32)
        self._out = np.zeros(6 * count, np.float32)
        if interleaved:
            self.rows: F32 = self._out.reshape(count, 6)
            self.positions, self.normals = self.rows[:, :3], self.rows[:, 3:]
        else:
            self.rows = self._out.reshape(2 * count, 3)
            self.positions, self.normals = self.rows[:count], self.rows[count:]
        order = np.argsort(vertices, kind="stable")
        vertices, columns, weights = vertices[order], columns[order], weights[order]
        self._weights = weights
        per_vertex = np.bincount(vertices, minlength=count)
        # A position's row holds 4 numbers per influence (x, y, z, 1), a normal's holds 3.
        lengths = np.stack([4 * per_vertex, 3 * per_vertex], axis=1 if interleaved else 0).ravel()
        self._indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        position_row = 2 * vertices if interleaved else vertices
        normal_row = 2 * vertices + 1 if interleaved else vertices + count
        rank = np.arange(len(vertices)) - np.concatenate([[0], np.cumsum(per_vertex)])[vertices]
        self._at_position = self._indptr[position_row] + 4 * rank
        self._at_normal = self._indptr[normal_row] + 3 * rank
        self._indices = np.zeros(int(self._indptr[-1]), np.int32)
        self._data = np.zeros(int(self._indptr[-1]), np.float32)
        for axis in range(4):
            self._indices[self._at_position + axis] = 4 * columns + axis
        for axis in range(3):
            self._indices[self._at_normal + axis] = 4 * columns + axis
        self._write(np.arange(len(vertices)), self._rest[vertices])
        self._morphs = _Morphs(layout)
        touched = np.zeros(count, np.bool_)
        touched[self._morphs.vertices] = True
        self._touched_entries = np.flatnonzero(touched[vertices])
        place = np.zeros(count, np.int64)
        place[self._morphs.vertices] = np.arange(len(self._morphs.vertices))
        self._touched_place = place[vertices[self._touched_entries]]
        self._last_weights: F32 | None = None

    def _write(self, entries: NDArray[np.int64], rest: F32) -> None:
        """Fold rest vertices (n, 6) into the matrix at influence `entries`."""
        weight = self._weights[entries]
        at = self._at_position[entries]
        for axis in range(3):
            self._data[at + axis] = weight * rest[:, axis]
        self._data[at + 3] = weight
        at = self._at_normal[entries]
        for axis in range(3):
            self._data[at + axis] = weight * rest[:, 3 + axis]

    def pose(self, rig: RigState) -> None:
        """Write positions and normals of `rig`, over the last ones."""
        if len(self._morphs.vertices):
            weights = rig.morph_weights
            if self._last_weights is None or not np.array_equal(weights, self._last_weights):
                moved = self._morphs.apply(weights)
                self._write(self._touched_entries, moved[self._touched_place])
                self._last_weights = weights.copy()
        np.matmul(rig.world[self._nodes], self._binds, out=self._product)
        np.copyto(self._palette, self._product[:, :3, :].transpose(0, 2, 1))
        self._out.fill(0.0)
        _sparsetools.csr_matvecs(
            *self._shape,
            3,
            self._indptr,
            self._indices,
            self._data,
            self._palette.ravel(),
            self._out,
        )


class _Morphs:
    """All morph targets as one sparse matrix over the vertices that any of them moves."""

    def __init__(self, layout: Layout) -> None:
        entries = [
            (morph, first, primitive.morph_offset + slot)
            for primitive, first in layout.sources
            for slot, morph in enumerate(primitive.morphs)
            if len(morph.vertices)
        ]
        slots = len(layout.model.morph_names)
        touched = [morph.vertices.astype(np.int64) + first for morph, first, _ in entries]
        self.vertices = np.unique(np.concatenate(touched)) if touched else np.zeros(0, np.int64)
        self.rest = np.concatenate(
            [layout.positions[self.vertices], layout.normals[self.vertices]], axis=1
        )
        self._moved = self.rest.copy()
        rows, columns, values = [], [], []
        for (morph, _, slot), vertices in zip(entries, touched, strict=True):
            place = np.searchsorted(self.vertices, vertices).astype(np.int32)
            deltas = _deltas(morph)
            # Most targets move no normals: what is zero is left out before the matrix is sorted.
            moved = deltas != 0.0
            rows.append((place[:, None] * np.int32(6) + np.arange(6, dtype=np.int32))[moved])
            values.append(deltas[moved])
            columns.append(np.full(len(values[-1]), slot, np.int32))
        shape = (6 * len(self.vertices), max(slots, 1))
        if rows:
            coordinates = (np.concatenate(rows), np.concatenate(columns))
            self._matrix = csr_matrix((np.concatenate(values), coordinates), shape=shape)
        else:
            self._matrix = csr_matrix(shape, dtype=np.float32)

    def apply(self, weights: F32) -> F32:
        """(u, 6) moved rest vertices for morph `weights` (slots,)."""
        np.copyto(self._moved, self.rest)
        _sparsetools.csr_matvec(
            *self._matrix.shape,
            self._matrix.indptr,
            self._matrix.indices,
            self._matrix.data,
            np.ascontiguousarray(weights, np.float32),
            self._moved.ravel(),
        )
        return self._moved


def _deltas(morph: Morph) -> F32:
    normals = morph.normals if len(morph.normals) else np.zeros_like(morph.positions)
    return np.concatenate([morph.positions, normals], axis=1).astype(np.float32)


def _influences(
    layout: Layout,
) -> tuple[NDArray[np.int64], NDArray[np.int64], F32, NDArray[np.int64], F32]:
    """Per influence: vertex, palette column, weight; and the palette's nodes, inverse binds."""
    model = layout.model
    keys: dict[tuple[int, int], int] = {}
    nodes: list[int] = []
    binds: list[F32] = []
    identity = np.eye(4, dtype=np.float32)

    def column_of(skin: int, joint: int) -> int:
        found = keys.get((skin, joint))
        if found is None:
            found = keys[skin, joint] = len(nodes)
            nodes.append(int(model.skins[skin].joints[joint]) if skin >= 0 else joint)
            binds.append(model.skins[skin].inverse_bind[joint] if skin >= 0 else identity)
        return found

    vertices: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    columns: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    weights: list[F32] = [np.zeros(0, np.float32)]
    for primitive, first in layout.sources:
        count = len(primitive.positions)
        if primitive.skin < 0 or primitive.joints is None or primitive.weights is None:
            vertices.append(np.arange(first, first + count))
            columns.append(np.full(count, column_of(-1, primitive.node), np.int64))
            weights.append(np.ones(count, np.float32))
            continue
        row, slot = np.nonzero(primitive.weights > 1e-5)  # noqa: PLR2004
        joints = primitive.joints[row, slot].astype(np.int64)
        used, inverse = np.unique(joints, return_inverse=True)
        table = np.array([column_of(primitive.skin, int(joint)) for joint in used], np.int64)
        vertices.append(row + first)
        columns.append(table[inverse])
        weights.append(primitive.weights[row, slot])
    return (
        np.concatenate(vertices),
        np.concatenate(columns),
        np.concatenate(weights).astype(np.float32),
        np.array(nodes, np.int64),
        np.array(binds, np.float32).reshape(-1, 4, 4),
    )


def rest_rig(model: Model) -> RigState:
    """`model` as its file has it: node transforms and morph weights at rest."""
    count = len(model.parents)
    world = np.zeros((count, 4, 4), np.float32)
    for node in range(count):
        x, y, z, w = (float(part) for part in model.rest_rotation[node])
        local = np.eye(4, dtype=np.float32)
        local[:3, :3] = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ],
            np.float32,
        ) * model.rest_scale[node].astype(np.float32)
        local[:3, 3] = model.rest_translation[node]
        parent = int(model.parents[node])
        world[node] = (world[parent] if parent >= 0 else model.root) @ local
    weights = model.morph_defaults
    if len(weights) != len(model.morph_names):
        weights = np.zeros(len(model.morph_names), np.float32)
    return RigState(world=world, morph_weights=weights)
