"""A heavy avatar file for the loading bench: the built-in host in a cape, about 60 MB.

A user's heavy avatar is twelve pictures of 4096 x 4096 and some eighty thousand triangles with
sixty morph targets; none is ours to ship. The cape's pictures are smooth colour with patches of
grain, so that they compress about as well as painted ones do.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import assets
from flow.glb import pack_container, read_container

PICTURES, SIDE_PX = 12, 4096
STRIPS, ROWS, COLUMNS = 12, 50, 47
MORPHS = 60
_GRAIN = 2.0
_LEVEL = 6
_TALL_M, _WIDE_M, _BEHIND_M = 1.2, 0.8, -0.25


def write_heavy(path: Path, *, side_px: int = SIDE_PX) -> Path:
    """Write the file; takes half a minute at full size."""
    box = read_container(assets.locate("avatars", "mira"))
    file = _File(json.loads(json.dumps(box.json)), bytearray(box.binary or b""))
    joint = len(file.root["skins"][0]["joints"]) // 2
    for strip in range(STRIPS):
        picture = _picture(side_px, strip)
        file.root["images"].append({"bufferView": file.view(picture), "mimeType": "image/png"})
        file.root["textures"].append({"source": len(file.root["images"]) - 1, "sampler": 0})
        texture = len(file.root["textures"]) - 1
        file.root["materials"].append(
            {
                "name": f"cape_{strip}",
                "pbrMetallicRoughness": {"baseColorTexture": {"index": texture}},
            }
        )
    primitives = [_strip(file, strip, joint) for strip in range(STRIPS)]
    file.root["meshes"].append(
        {"name": "cape", "primitives": primitives,
         "extras": {"targetNames": [f"cape_{k}" for k in range(MORPHS)]}}
    )  # fmt: skip
    file.root["nodes"].append({"name": "cape", "mesh": len(file.root["meshes"]) - 1, "skin": 0})
    file.root["scenes"][0]["nodes"].append(len(file.root["nodes"]) - 1)
    file.root["buffers"] = [{"byteLength": len(file.binary)}]
    path.write_bytes(pack_container(file.root, bytes(file.binary)))
    return path


class _File:
    """A document that is added to."""

    def __init__(self, root: dict[str, Any], binary: bytearray) -> None:
        self.root, self.binary = root, binary

    def view(self, data: bytes) -> int:
        self.binary += bytes(-len(self.binary) % 4)
        self.root["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        )
        self.binary += data
        return len(self.root["bufferViews"]) - 1

    def accessor(self, values: NDArray[Any], kind: str, component: int, **extra: Any) -> int:
        view = self.view(np.ascontiguousarray(values).tobytes())
        self.root["accessors"].append(
            {"bufferView": view, "componentType": component, "count": len(values), "type": kind}
            | extra
        )
        return len(self.root["accessors"]) - 1


def _picture(side_px: int, seed: int) -> bytes:
    """A PNG; every other one has alpha."""
    from PIL import Image

    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:side_px, 0:side_px].astype(np.float32) / np.float32(side_px)
    waves = [
        np.sin((7 + seed) * x + 3 * np.sin(5 * y)),
        np.cos(7 * y * x + seed),
        np.sin(3 * x + y),
    ]
    grain = random.normal(0, _GRAIN, (side_px, side_px)).astype(np.float32)
    grain *= np.sin(20 * x) * np.sin(20 * y) > 0.93  # noqa: PLR2004
    channels = [np.clip(127 + 90 * w + grain, 0, 255).astype(np.uint8) for w in waves]
    if seed % 2:
        channels.append(np.full_like(channels[0], 255))
    out = io.BytesIO()
    Image.fromarray(np.stack(channels, -1)).save(out, "PNG", compress_level=_LEVEL)
    return out.getvalue()


def _strip(file: _File, number: int, joint: int) -> dict[str, Any]:
    """One vertical strip of the cape with its share of the morph targets' movement."""
    v, u = np.mgrid[0 : ROWS + 1, 0 : COLUMNS + 1].astype(np.float32)
    u, v = (u / COLUMNS).ravel(), (v / ROWS).ravel()
    x = (number + u) / STRIPS * _WIDE_M - _WIDE_M / 2
    points = np.stack([x, 0.2 + v * _TALL_M, np.full_like(x, _BEHIND_M)], -1).astype(np.float32)
    corner = (np.arange(ROWS)[:, None] * (COLUMNS + 1) + np.arange(COLUMNS)).ravel()
    right, above = corner + 1, corner + COLUMNS + 1
    triangles = np.stack([corner, above, right, right, above, above + 1], -1).astype(np.uint16)
    count = len(points)
    normals = np.tile(np.array([0, 0, -1], np.float32), (count, 1))
    joints, weights = np.zeros((count, 4), np.uint8), np.zeros((count, 4), np.float32)
    joints[:, 0], weights[:, 0] = joint, 1.0
    targets = []
    for k in range(MORPHS):
        moved = np.zeros_like(points)
        bump = np.maximum(0.0, 0.2 - np.abs(v - k / MORPHS))
        moved[:, 2] = -bump * np.sin(np.pi * u)
        low, high = moved.min(axis=0).tolist(), moved.max(axis=0).tolist()
        targets.append({"POSITION": file.accessor(moved, "VEC3", 5126, min=low, max=high)})
    low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return {
        "attributes": {
            "POSITION": file.accessor(points, "VEC3", 5126, min=low, max=high),
            "NORMAL": file.accessor(normals, "VEC3", 5126),
            "TEXCOORD_0": file.accessor(np.stack([u, 1 - v], -1), "VEC2", 5126),
            "JOINTS_0": file.accessor(joints, "VEC4", 5121),
            "WEIGHTS_0": file.accessor(weights, "VEC4", 5126),
        },
        "indices": file.accessor(triangles.ravel(), "SCALAR", 5123),
        "material": len(file.root["materials"]) - STRIPS + number,
        "targets": targets,
    }
