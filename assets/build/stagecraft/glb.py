"""A small GLB writer for static, unlit stages: one mesh per page, byte for byte repeatable."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from assets.build.stagecraft.patch import Array
from flow.glb import pack_container


@dataclass(frozen=True, slots=True)
class Part:
    """One drawable: float arrays (v, 3), (v, 3), (v, 2), triangles (t, 3), encoded picture."""

    name: str
    positions: Array
    normals: Array
    uv: Array
    triangles: np.ndarray[Any, np.dtype[np.uint16]]
    picture: bytes
    mime: str
    blend: bool = False
    double_sided: bool = False


def encoded(rgb: np.ndarray[Any, np.dtype[np.uint8]], quality: int = 88) -> tuple[bytes, str]:
    """JPEG for colour, PNG where there is alpha."""
    out = io.BytesIO()
    if rgb.shape[2] == 4:
        Image.fromarray(rgb, "RGBA").save(out, "PNG", optimize=True)
        return out.getvalue(), "image/png"
    Image.fromarray(rgb, "RGB").save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
    return out.getvalue(), "image/jpeg"


def written(parts: list[Part], anchors: dict[str, list[float]], name: str) -> bytes:
    """The file. `anchors` become empty nodes ``anchor.NAME`` at positions in metres."""
    binary = bytearray()
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []

    def view(data: bytes, target: int | None = None) -> int:
        binary.extend(b"\0" * (-len(binary) % 4))
        row = {"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)}
        if target is not None:
            row["target"] = target
        views.append(row)
        binary.extend(data)
        return len(views) - 1

    def accessor(
        values: np.ndarray[Any, Any],
        kind: str,
        component: int,
        target: int,
        *,
        bounded: bool = False,
    ) -> int:
        row: dict[str, Any] = {
            "bufferView": view(values.tobytes(), target),
            "componentType": component,
            "count": values.size if kind == "SCALAR" else len(values),
            "type": kind,
        }
        if bounded:
            row["min"] = values.min(axis=0).tolist()
            row["max"] = values.max(axis=0).tolist()
        accessors.append(row)
        return len(accessors) - 1

    meshes, nodes, materials, images = [], [], [], []
    for i, part in enumerate(parts):
        images.append({"name": part.name, "mimeType": part.mime, "bufferView": view(part.picture)})
        material: dict[str, Any] = {
            "name": part.name,
            "pbrMetallicRoughness": {
                "baseColorTexture": {"index": i},
                "metallicFactor": 0.0,
                "roughnessFactor": 0.9,
            },
            "extensions": {"KHR_materials_unlit": {}},
        }
        if part.blend:
            material["alphaMode"] = "BLEND"
        if part.double_sided:
            material["doubleSided"] = True
        materials.append(material)
        attributes = {
            "POSITION": accessor(part.positions.astype("<f4"), "VEC3", 5126, 34962, bounded=True),
            "NORMAL": accessor(part.normals.astype("<f4"), "VEC3", 5126, 34962),
            "TEXCOORD_0": accessor(part.uv.astype("<f4"), "VEC2", 5126, 34962),
        }
        indices = accessor(part.triangles.astype("<u2").ravel(), "SCALAR", 5123, 34963)
        primitive = {"attributes": attributes, "indices": indices, "material": i}
        meshes.append({"name": part.name, "primitives": [primitive]})
        nodes.append({"name": part.name, "mesh": i})
    for key, place in anchors.items():
        nodes.append({"name": f"anchor.{key}", "translation": place})
    header = {
        "asset": {"version": "2.0", "generator": "mirrorstage assets.build"},
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"name": name, "nodes": list(range(len(nodes)))}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": materials,
        "textures": [{"source": i, "sampler": 0} for i in range(len(parts))],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "images": images,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary) + -len(binary) % 4}],
    }
    return pack_container(header, bytes(binary))
