"""The triangles of a stage: trimesh reads them, world transforms are baked, materials merged.

trimesh gets a copy of the file that is already checked and stripped of all that is not
geometry: one mesh per primitive, names that are indices, no pictures, no addresses. So names
lead back to the file's own rows, and nothing it opens can reach outside the file.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from flow.glb import pack_container
from flow.mesh import Primitive
from flow.spec import F32
from scenes.stage_file import STRIP, TRIANGLES, StageFile, refuse

_TINY = 1e-12
# trimesh raises nearly everything on damaged files; this is "anything but a bug of ours or a stop".
_TRIMESH_RAISES = (ArithmeticError, AssertionError, AttributeError, BufferError, LookupError,
                   MemoryError, OSError, RuntimeError, TypeError, ValueError)  # fmt: skip


def read_primitives(file: StageFile) -> tuple[list[Primitive], list[int | None]]:
    """World-space primitives, one per material, and the file's index of each one's material.

    Raises:
        AssetError: ``asset.invalid`` when trimesh cannot read it, ``asset.nan`` or ``asset.range``
            when it reads what is no place or no vertex.
    """
    by_material: dict[int | None, list[Primitive]] = {}
    for material, piece in _pieces(file):
        by_material.setdefault(material, []).append(piece)
    order = sorted(by_material, key=lambda m: -1 if m is None else m)
    return [_merged(i, by_material[m]) for i, m in enumerate(order)], list(order)


def _pieces(file: StageFile) -> Iterator[tuple[int | None, Primitive]]:
    data, rows = _geometry_only(file)
    try:
        import trimesh

        logging.getLogger("trimesh").setLevel(logging.ERROR)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scene = trimesh.load_scene(io.BytesIO(data), file_type="glb", process=False)
            pieces: list[tuple[dict[str, Any], Primitive]] = []
            for node in sorted(scene.graph.nodes_geometry):
                world, name = scene.graph[node]
                geometry: Any = scene.geometry[str(name)]
                row = rows[str(name)]
                pieces.append((row, _piece(file, world, geometry, row)))
    except _TRIMESH_RAISES as e:
        raise refuse(file.where, f"cannot be read ({type(e).__name__}: {e})"[:200]) from e
    for row, piece in pieces:
        for part in (piece.positions, piece.normals, piece.uv):
            if not bool(np.isfinite(part).all()):
                raise refuse(
                    file.where, "has positions or directions that are not numbers", "", "asset.nan"
                )
        if len(piece.triangles) and int(piece.triangles.max()) >= len(piece.positions):
            raise refuse(
                file.where, "has triangles that use vertices it does not have", "", "asset.range"
            )
        if len(piece.triangles):
            yield row.get("material"), piece


def _geometry_only(file: StageFile) -> tuple[bytes, dict[str, dict[str, Any]]]:
    """A GLB with one mesh per primitive, and each mesh name's primitive row."""
    meshes: list[dict[str, Any]] = []
    rows: dict[str, dict[str, Any]] = {}
    parts: dict[int, list[int]] = {}
    for m, mesh in enumerate(file.rows("meshes")):
        for p, row in enumerate(mesh["primitives"]):
            if row.get("mode", TRIANGLES) not in (TRIANGLES, STRIP):
                continue
            keep = {k: v for k, v in row["attributes"].items() if k in ("POSITION", "NORMAL")}
            clean: dict[str, Any] = {"attributes": keep, "mode": row.get("mode", TRIANGLES)}
            if "indices" in row:
                clean["indices"] = row["indices"]
            name = f"{m}/{p}"
            rows[name] = row
            parts.setdefault(m, []).append(len(meshes))
            meshes.append({"name": name, "primitives": [clean]})
    nodes: list[dict[str, Any]] = [
        {
            "name": f"n{i}",
            **{k: n[k] for k in ("matrix", "translation", "rotation", "scale") if k in n},
            "children": list(n.get("children", [])),
        }
        for i, n in enumerate(file.rows("nodes"))
    ]
    for i, n in enumerate(file.rows("nodes")):
        for mesh_index in parts.get(n.get("mesh", -1), []):
            nodes[i]["children"].append(len(nodes))
            nodes.append({"name": f"n{len(nodes)}", "mesh": mesh_index})
    for node in nodes:
        if not node.get("children", True):
            del node["children"]
    header = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": file.roots()}],
        "nodes": nodes,
        "meshes": meshes,
        "accessors": file.rows("accessors"),
        "bufferViews": file.rows("bufferViews"),
        "buffers": [{"byteLength": len(file.binary)}],
    }
    return pack_container(header, bytes(file.binary)), rows


def _piece(file: StageFile, world: Any, mesh: Any, row: dict[str, Any]) -> Primitive:
    """One primitive in world space. `world` is (4, 4), `mesh` a trimesh.Trimesh."""
    attributes = row["attributes"]
    linear = np.asarray(world, np.float64)[:3, :3]
    points = np.asarray(mesh.vertices, np.float64) / file.divisor(attributes["POSITION"])
    triangles = np.ascontiguousarray(mesh.faces, np.uint32)
    cofactor = np.stack([np.cross(linear[i - 2], linear[i - 1]) for i in range(3)])
    if float(np.linalg.det(linear)) < 0.0:  # a mirror turns every triangle inside out
        triangles = np.ascontiguousarray(triangles[:, ::-1])
        cofactor = -cofactor
    normals = np.asarray(mesh.vertex_normals, np.float64) @ cofactor.T
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > _TINY, normals / np.maximum(length, _TINY), (0.0, 1.0, 0.0))
    uv = np.zeros((len(points), 2))
    if "TEXCOORD_0" in attributes:
        uv[:] = file.numbers(attributes["TEXCOORD_0"])
    color: F32 | None = None
    if "COLOR_0" in attributes:
        raw = file.numbers(attributes["COLOR_0"])
        color = np.ones((len(points), 4), np.float32)
        color[:, : raw.shape[1]] = raw
    return Primitive(
        "",
        0,
        0,
        (points @ linear.T + np.asarray(world)[:3, 3]).astype(np.float32),
        normals.astype(np.float32),
        uv.astype(np.float32),
        triangles,
        color,
    )


def _merged(index: int, pieces: list[Primitive]) -> Primitive:
    """All pieces of one material as one primitive (a static stage needs few, large draws)."""
    starts = np.cumsum([0, *(len(p.positions) for p in pieces)])
    color: F32 | None = None
    if any(p.color is not None for p in pieces):
        color = np.concatenate(
            [np.ones((len(p.positions), 4), np.float32) if p.color is None else p.color
             for p in pieces]
        )  # fmt: skip
    return Primitive(
        f"material {index}",
        0,
        index,
        np.concatenate([p.positions for p in pieces]),
        np.concatenate([p.normals for p in pieces]),
        np.concatenate([p.uv for p in pieces]),
        np.concatenate([p.triangles + np.uint32(s) for p, s in zip(pieces, starts, strict=False)]),
        color,
    )
