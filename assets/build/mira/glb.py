"""The growing glTF document: binary views, dense and sparse accessors, the GLB container."""

from __future__ import annotations

from typing import Any

import numpy as np

from assets.build.mira.mesh import F64
from flow.glb import pack_container

_COMPONENT = {"float32": 5126, "uint16": 5123, "uint32": 5125, "uint8": 5121}
_KIND = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class Writer:
    """The growing glTF document and its binary chunk."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def view(self, data: bytes, target: int | None = None) -> int:
        """Append bytes at a multiple of four."""
        self.blob += b"\0" * (-len(self.blob) % 4)
        entry: dict[str, Any] = {
            "buffer": 0, "byteOffset": len(self.blob), "byteLength": len(data),
        }  # fmt: skip
        if target is not None:
            entry["target"] = target
        self.blob += data
        self.views.append(entry)
        return len(self.views) - 1

    def accessor(
        self, values: np.ndarray, target: int | None = None, bounds: bool = False,
        normalized: bool = False,
    ) -> int:  # fmt: skip
        """Append an array as a dense accessor."""
        flat = np.ascontiguousarray(values.reshape(len(values), -1))
        entry: dict[str, Any] = {
            "bufferView": self.view(flat.tobytes(), target),
            "componentType": _COMPONENT[str(values.dtype)],
            "count": len(flat),
            "type": _KIND[flat.shape[1]],
        }
        if bounds:
            entry["min"] = flat.min(0).tolist()
            entry["max"] = flat.max(0).tolist()
        if normalized:
            entry["normalized"] = True
        self.accessors.append(entry)
        return len(self.accessors) - 1

    def sparse(self, moved: F64) -> int:
        """Append displacements as a sparse accessor that stores only what moves."""
        values = moved.astype(np.float32)
        rows = np.flatnonzero(np.abs(values).max(1) > 2e-5)
        if len(rows) == 0:
            rows = np.array([0])
        some = values[rows]
        # Bounds are over the whole accessor: the rows left out are zero.
        low, high = np.minimum(some.min(0), 0), np.maximum(some.max(0), 0)
        if len(rows) == len(values):
            low, high = some.min(0), some.max(0)
        self.accessors.append({
            "componentType": 5126, "count": len(values), "type": "VEC3",
            "min": low.tolist(), "max": high.tolist(),
            "sparse": {
                "count": len(rows),
                "indices": {
                    "bufferView": self.view(rows.astype(np.uint16).tobytes()),
                    "componentType": 5123,
                },
                "values": {"bufferView": self.view(some.tobytes())},
            },
        })  # fmt: skip
        return len(self.accessors) - 1

    def pack(self, document: dict[str, Any]) -> bytes:
        """The document with everything appended so far, as a binary glTF."""
        self.blob += b"\0" * (-len(self.blob) % 4)
        document = {
            **document,
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.blob)}],
        }
        return pack_container(document, bytes(self.blob))
