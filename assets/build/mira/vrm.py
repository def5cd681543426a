"""Writes pieces, bones, springs and expressions as one VRM 1.0 file."""

from __future__ import annotations

from typing import Any

import numpy as np

from assets.build.mira.extensions import extensions
from assets.build.mira.glb import Writer
from assets.build.mira.look import Look
from assets.build.mira.materials import materials
from assets.build.mira.mesh import F64, Piece
from assets.build.mira.skeleton import PARENTS, PLACES
from assets.build.mira.springs import Chain
from flow.pose import HUMAN_BONES


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
    order = [*HUMAN_BONES, *(n for n in names if n not in HUMAN_BONES)]
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
    worn = materials(look, {n: i for i, n in enumerate(names)})
    slot = {m["name"]: i for i, m in enumerate(worn)}
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
        "materials": worn,
        "textures": [{"source": i, "sampler": 0} for i in range(len(images))],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 33071}],
        "images": images,
        "extensions": extensions(index, made, chains),
    }  # fmt: skip
    return out.pack(document)
