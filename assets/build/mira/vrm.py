"""Writes pieces, bones, springs and expressions as one VRM 1.0 file."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from assets.build.mira.look import Look, linear
from assets.build.mira.mesh import F64, Piece
from assets.build.mira.morphs import BLOCKS_BLINK, PRESETS
from assets.build.mira.skeleton import EYE, PARENTS, PLACES
from assets.build.mira.springs import Chain, Collider, colliders
from flow.motion import ARKIT_NAMES
from flow.pose import HUMAN_BONES

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


def _nodes(chains: list[Chain]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The bone tree: humanoid first, then chains, parents before children."""
    places = dict(PLACES)
    parents: dict[str, str | None] = dict(PARENTS)
    for chain in chains:
        last = chain.parent
        for bone, point in zip(chain.bones(), chain.points, strict=True):
            places[bone] = np.array(point)
            parents[bone] = last
            last = bone
    names = list(places)
    order = [b for b in HUMAN_BONES] + [n for n in names if n not in HUMAN_BONES]
    index = {name: i + 1 for i, name in enumerate(order)}
    nodes: list[dict[str, Any]] = [{"name": "Mira", "children": []}]
    for name in order:
        parent = parents[name]
        origin = places[parent] if parent else np.zeros(3)
        nodes.append({"name": name, "translation": np.round(places[name] - origin, 6).tolist()})
    for name in order:
        parent = parents[name]
        nodes[index[parent] if parent else 0].setdefault("children", []).append(index[name])
    return nodes, index


def _world(nodes: list[dict[str, Any]]) -> F64:
    out = np.zeros((len(nodes), 3))
    for i, node in enumerate(nodes):
        for child in node.get("children", []):
            out[child] = out[i] + np.array(nodes[child]["translation"])
    return out


def _influences(piece: Piece, index: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """The four strongest bones of every vertex, normalised."""
    names = sorted(piece.weights)
    table = np.stack([piece.weights[n] for n in names], 1)
    top = np.argsort(-table, axis=1, kind="stable")[:, :4]
    value = np.take_along_axis(table, top, 1)
    if value.shape[1] < 4:
        pad = ((0, 0), (0, 4 - value.shape[1]))
        value, top = np.pad(value, pad), np.pad(top, pad)
    value[value < 0.01] = 0.0
    value /= value.sum(1, keepdims=True)
    share = np.round(value * 255).astype(np.int64)
    share[:, 0] += 255 - share.sum(1)
    slots = np.array([index[n] - 1 for n in names])[top]
    slots[share == 0] = 0
    return slots.astype(np.uint8), share.astype(np.uint8)


def _material(
    name: str, look: Look, shade: list[float], texture: int, outline: float, rim: float,
    toony: float = 0.92, shift: float = -0.05,
) -> dict[str, Any]:  # fmt: skip
    mtoon: dict[str, Any] = {
        "specVersion": "1.0",
        "shadeColorFactor": shade,
        "shadeMultiplyTexture": {"index": texture},
        "shadingShiftFactor": shift,
        "shadingToonyFactor": toony,
        "giEqualizationFactor": 0.9,
        "parametricRimColorFactor": [round(rim * c, 4) for c in (0.85, 0.88, 1.0)],
        "parametricRimFresnelPowerFactor": 4.5,
        "parametricRimLiftFactor": 0.0,
        "rimLightingMixFactor": 0.6,
        "outlineWidthMode": "worldCoordinates" if outline else "none",
    }
    if outline:
        mtoon["outlineWidthFactor"] = outline
        mtoon["outlineColorFactor"] = linear(look.lash)
        mtoon["outlineLightingMixFactor"] = 0.3
    return {
        "name": name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [1.0, 1.0, 1.0, 1.0],
            "baseColorTexture": {"index": texture},
            "metallicFactor": 0.0,
            "roughnessFactor": 0.9,
        },
        "extensions": {"VRMC_materials_mtoon": mtoon},
    }


def _materials(look: Look, textures: dict[str, int]) -> list[dict[str, Any]]:
    def ratio(shade: tuple[float, ...], base: tuple[float, ...]) -> list[float]:
        return [
            round(min(s / b, 1.0), 4)
            for s, b in zip(linear(shade), linear(base), strict=True)  # type: ignore[arg-type]
        ]

    t = textures
    skin = _material("skin", look, ratio(look.skin_shade, look.skin), t["skin"], 0.0011, 0.05)
    skin["extensions"]["VRMC_materials_mtoon"]["outlineColorFactor"] = linear(look.line)
    hair = _material("hair", look, ratio(look.hair_shade, look.hair), t["hair"], 0.0009, 0.03)
    hair["extensions"]["VRMC_materials_mtoon"]["outlineColorFactor"] = linear(look.hair_line)
    cloth = _material("cloth", look, [0.42, 0.40, 0.58], t["cloth"], 0.0014, 0.05)
    eye = _material("eye", look, [0.86, 0.86, 0.92], t["eye"], 0.0, 0.0, 0.9, 0.0)
    lines = _material("lines", look, [0.92, 0.90, 0.92], t["lines"], 0.0, 0.0, 0.9, 0.0)
    return [skin, eye, lines, hair, cloth]


def _extensions(
    index: dict[str, int], meshes: dict[str, tuple[int, list[str]]], chains: list[Chain]
) -> dict[str, Any]:
    def binds(weights: dict[str, float]) -> list[dict[str, Any]]:
        return [
            {"node": node, "index": targets.index(name), "weight": weight}
            for name, weight in weights.items()
            for node, targets in meshes.values()
            if name in targets
        ]

    def expression(weights: dict[str, float], name: str) -> dict[str, Any]:
        out: dict[str, Any] = {
            "isBinary": False,
            "overrideBlink": "block" if name in BLOCKS_BLINK else "none",
            "overrideLookAt": "none",
            "overrideMouth": "none",
        }
        made = binds(weights)
        if made:
            out["morphTargetBinds"] = made
        return out

    reach = {"inputMaxValue": 45.0}
    vrm = {
        "specVersion": "1.0",
        "meta": {
            "name": "Mira",
            "version": "1.0",
            "authors": ["Mirrorstage"],
            "copyrightInformation": "CC0 1.0: no rights reserved",
            # Readers accept only VRM's own licence here, with every permission below; CC0 follows.
            "licenseUrl": "https://vrm.dev/licenses/1.0/",
            "otherLicenseUrl": "https://creativecommons.org/publicdomain/zero/1.0/",
            "avatarPermission": "everyone",
            "allowExcessivelyViolentUsage": True,
            "allowExcessivelySexualUsage": True,
            "commercialUsage": "corporation",
            "allowPoliticalOrReligiousUsage": True,
            "allowAntisocialOrHateUsage": True,
            "creditNotation": "unnecessary",
            "allowRedistribution": True,
            "modification": "allowModificationRedistribution",
        },
        "humanoid": {"humanBones": {bone: {"node": index[bone]} for bone in HUMAN_BONES}},
        "firstPerson": {
            "meshAnnotations": [
                {"node": node, "type": "both" if name == "Body" else "thirdPersonOnly"}
                for name, (node, _) in meshes.items()
            ]
        },
        "lookAt": {
            "type": "bone",
            "offsetFromHeadBone": [
                0.0, round(EYE[1] - float(PLACES["head"][1]), 6), 0.06,
            ],
            "rangeMapHorizontalInner": {**reach, "outputScale": 5.6},
            "rangeMapHorizontalOuter": {**reach, "outputScale": 6.0},
            "rangeMapVerticalDown": {**reach, "outputScale": 4.6},
            "rangeMapVerticalUp": {**reach, "outputScale": 4.2},
        },
        "expressions": {
            "preset": {name: expression(w, name) for name, w in PRESETS.items()},
            "custom": {name: expression({name: 1.0}, name) for name in ARKIT_NAMES},
        },
    }  # fmt: skip
    shapes = colliders()
    groups = sorted({c.group for c in shapes})
    springs = {
        "specVersion": "1.0",
        "colliders": [_collider(c, index) for c in shapes],
        "colliderGroups": [
            {"name": g, "colliders": [i for i, c in enumerate(shapes) if c.group == g]}
            for g in groups
        ],
        "springs": [_spring(c, index, groups) for c in chains],
    }
    return {"VRMC_vrm": vrm, "VRMC_springBone": springs}


def _collider(c: Collider, index: dict[str, int]) -> dict[str, Any]:
    def local(p: tuple[float, float, float]) -> list[float]:
        return np.round(np.array(p) - PLACES[c.bone], 5).tolist()

    shape: dict[str, Any] = {"offset": local(c.centre), "radius": c.radius}
    if c.tail is not None:
        shape["tail"] = local(c.tail)
    return {"node": index[c.bone], "shape": {"capsule" if c.tail else "sphere": shape}}


def _spring(c: Chain, index: dict[str, int], groups: list[str]) -> dict[str, Any]:
    joint = {
        "hitRadius": c.radius, "stiffness": c.stiffness, "gravityPower": c.gravity,
        "gravityDir": [0.0, -1.0, 0.0], "dragForce": c.drag,
    }  # fmt: skip
    return {
        "name": c.name,
        "joints": [{"node": index[b], **joint} for b in c.bones()],
        "colliderGroups": [groups.index(g) for g in c.groups],
    }


def write(
    pieces: dict[str, list[Piece]], chains: list[Chain], textures: dict[str, bytes], look: Look
) -> bytes:
    """The whole file. `pieces` are meshes by name, each a list of primitives."""
    out = Writer()
    nodes, index = _nodes(chains)
    bones = len(nodes) - 1
    bind = np.tile(np.eye(4, dtype=np.float32), (bones, 1, 1))
    bind[:, 3, :3] = -_world(nodes)[1:]
    images = [
        {"name": name, "mimeType": "image/png", "bufferView": out.view(data)}
        for name, data in textures.items()
    ]
    names = list(textures)
    materials = _materials(look, {n: i for i, n in enumerate(names)})
    slot = {m["name"]: i for i, m in enumerate(materials)}
    meshes: list[dict[str, Any]] = []
    made: dict[str, tuple[int, list[str]]] = {}
    roots = [0]
    for name, parts in pieces.items():
        targets = sorted({m for p in parts for m in p.morphs})
        primitives = []
        for p in parts:
            joints, weights = _influences(p, index)
            entry: dict[str, Any] = {
                "attributes": {
                    "POSITION": out.accessor(p.positions.astype(np.float32), 34962, True),
                    "NORMAL": out.accessor(p.normals.astype(np.float32), 34962),
                    "TEXCOORD_0": out.accessor(p.uv.astype(np.float32), 34962),
                    "JOINTS_0": out.accessor(joints, 34962),
                    "WEIGHTS_0": out.accessor(weights, 34962, normalized=True),
                },
                "indices": out.accessor(p.triangles.astype(np.uint16).ravel(), 34963),
                "material": slot[p.material],
            }
            if targets:
                zero = np.zeros_like(p.positions)
                entry["targets"] = [
                    {"POSITION": out.sparse(p.morphs.get(t, zero))} for t in targets
                ]
            primitives.append(entry)
        mesh: dict[str, Any] = {"name": name, "primitives": primitives}
        if targets:
            mesh["extras"] = {"targetNames": targets}
        made[name] = (len(nodes), targets)
        roots.append(len(nodes))
        nodes.append({"name": name, "mesh": len(meshes), "skin": 0})
        meshes.append(mesh)
    document = {
        "asset": {"version": "2.0", "generator": "Mirrorstage assets.build.mira"},
        "extensionsUsed": ["VRMC_vrm", "VRMC_springBone", "VRMC_materials_mtoon"],
        "scene": 0,
        "scenes": [{"nodes": roots}],
        "nodes": nodes,
        "meshes": meshes,
        "skins": [{
            "inverseBindMatrices": out.accessor(bind.reshape(bones, 16)),
            "joints": list(range(1, bones + 1)), "skeleton": 0,
        }],
        "materials": materials,
        "textures": [{"source": i, "sampler": 0} for i in range(len(images))],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 33071}],
        "images": images,
        "extensions": _extensions(index, made, chains),
    }  # fmt: skip
    document["accessors"], document["bufferViews"] = out.accessors, out.views
    out.blob += b"\0" * (-len(out.blob) % 4)
    document["buffers"] = [{"byteLength": len(out.blob)}]
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + len(out.blob)
    return b"".join([
        struct.pack("<III", 0x46546C67, 2, total),
        struct.pack("<II", len(text), 0x4E4F534A), text,
        struct.pack("<II", len(out.blob), 0x004E4942), bytes(out.blob),
    ])  # fmt: skip
