"""The pure glTF part: a file to a `flow.mesh.Model`, without knowing what a humanoid is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar.read.accessors import Accessors
from avatar.read.check import check
from avatar.read.document import Document, naming, open_document
from avatar.read.images import Textures
from avatar.read.jsonat import At
from avatar.read.materials import Materials
from avatar.read.meshes import MOST_PRIMITIVES, Meshes
from avatar.read.nodes import Nodes, read_nodes
from avatar.read.progress import Counter, Told
from flow.glb import read_container
from flow.mesh import Alpha, Model, Primitive, Skin, Texture
from flow.spec import U8

MOST_SLOTS = 20_000
_SOLID = 255


@dataclass(frozen=True, slots=True)
class Gltf:
    """A model and how the file's own numbering maps to it (VRM extensions point by it)."""

    model: Model
    node: dict[int, int]
    """glTF node index → model node index."""
    slots: dict[int, tuple[int, int]]
    """glTF node index → first morph slot and number of slots of the mesh it carries."""
    mesh_nodes: dict[int, tuple[int, ...]]
    """glTF mesh index → glTF nodes that carry it."""
    material_count: int
    """Materials of the file; the model has one more, the default."""


def load_model(path: Path | str, *, max_texture_px: int = 1024, told: Told | None = None) -> Model:
    """A GLB, VRM or glTF file as a model. `told` hears how far loading is.

    Raises:
        AssetError: missing, damaged, hostile, or using something that is not read.
    """
    path = Path(path)
    with naming(path):
        document = open_document(path, read_container(path))
        return build(document, max_texture_px, told).model


def build(document: Document, max_texture_px: int, told: Told | None = None) -> Gltf:
    """Everything the file draws."""
    nodes = read_nodes(document)
    accessors = Accessors(document)
    skins = _skins(document, accessors, nodes)
    counter = Counter(document, told)
    with Textures(document, max_texture_px) as textures:
        materials = Materials(document, textures)
        textures.start()
        meshes = Meshes(document, accessors, materials)
        gltf = _build(document, nodes, skins, materials, meshes)
        textures.finish(counter.add)
        check(document)
        return replace(gltf, model=replace(gltf.model, textures=_opaque(materials, textures.used)))


def _build(
    document: Document, nodes: Nodes, skins: list[Skin], materials: Materials, meshes: Meshes
) -> Gltf:
    """The model without its pictures."""
    primitives: list[Primitive] = []
    names: list[str] = []
    defaults: list[float] = []
    slots: dict[int, tuple[int, int]] = {}
    carriers: dict[int, list[int]] = {}
    mirrored = _mirrored(nodes)
    for g, i in nodes.place.items():
        node = nodes.source[i]
        if node.get("mesh").absent or i not in nodes.drawn:
            continue
        mesh = document.root.get("meshes").element(node.get("mesh"), "mesh")
        skin = -1
        if not node.get("skin").absent:
            skin = node.get("skin").index(len(skins), "skin")
        pieces = meshes.read(node.get("mesh"), len(skins[skin].joints) if skin >= 0 else 0)
        targets = _morph_names(mesh, pieces)
        slots[g] = (len(names), len(targets))
        carriers.setdefault(node.get("mesh").integer(), []).append(g)
        defaults += _weights(document, node, mesh, len(targets))
        for piece in pieces:
            skinned = skin if piece.joints is not None else -1
            flip = skinned < 0 and bool(mirrored[i])
            triangles = np.ascontiguousarray(piece.triangles[:, ::-1]) if flip else piece.triangles
            primitives.append(
                replace(piece, node=i, skin=skinned, morph_offset=len(names), triangles=triangles)
            )
        names += targets
        if len(primitives) > MOST_PRIMITIVES or len(names) > MOST_SLOTS:
            raise node.fault("brings the model over what can be drawn", code="asset.large")
    model = Model(
        name=document.path.stem,
        node_names=nodes.names,
        parents=nodes.parents,
        rest_translation=nodes.translation,
        rest_rotation=nodes.rotation,
        rest_scale=nodes.scale,
        primitives=tuple(primitives),
        materials=materials.all,
        textures=(),
        skins=tuple(skins),
        morph_names=tuple(names),
        morph_defaults=np.array(defaults, np.float32),
    )
    by_mesh = {m: tuple(gs) for m, gs in carriers.items()}
    return Gltf(model, nodes.place, slots, by_mesh, len(materials.sources))


def _skins(document: Document, accessors: Accessors, nodes: Nodes) -> list[Skin]:
    out: list[Skin] = []
    for at in document.root.get("skins").items(MOST_PRIMITIVES):
        refs = at.get("joints").items(1 << 16)
        if not refs:
            raise at.fault("has no joints")
        joints = [nodes.place[r.index(len(nodes.place), "node")] for r in refs]
        inverse = np.broadcast_to(np.eye(4, dtype=np.float32), (len(joints), 4, 4)).copy()
        ref = at.get("inverseBindMatrices")
        if not ref.absent:
            values = accessors.floats(ref, 16)
            if len(values) < len(joints):
                raise ref.fault(f"has {len(values)} matrices for {len(joints)} joints")
            inverse = np.ascontiguousarray(
                values[: len(joints)].reshape(-1, 4, 4).transpose(0, 2, 1)
            )
        out.append(Skin(np.array(joints, np.int32), inverse))
    return out


def _mirrored(nodes: Nodes) -> NDArray[np.bool_]:
    """Which nodes stand in a mirrored space: their triangles turn the other way round."""
    odd: NDArray[np.bool_] = np.sign(nodes.scale).prod(axis=1) < 0
    for i, parent in enumerate(nodes.parents):
        if parent >= 0:
            odd[i] ^= odd[parent]
    return odd


def _morph_names(mesh: At, pieces: list[Primitive]) -> list[str]:
    count = max((len(p.morphs) for p in pieces), default=0)
    extras = mesh.get("extras")
    told = extras.get("targetNames") if isinstance(extras.value, dict) else At(None)
    if not isinstance(told.value, list):
        # Older exporters (UniVRM 0.x) name the targets on the first primitive.
        primitives = mesh.get("primitives").items()
        extras = primitives[0].get("extras") if primitives else At(None)
        told = extras.get("targetNames") if isinstance(extras.value, dict) else At(None)
    given = told.value if isinstance(told.value, list) else []
    owner = mesh.get("name").text("mesh")
    return [
        f"{owner}/{str(given[k])[:200] if k < len(given) else f'target_{k}'}" for k in range(count)
    ]


def _weights(document: Document, node: At, mesh: At, count: int) -> list[float]:
    at = node.get("weights") if not node.get("weights").absent else mesh.get("weights")
    weights = [0.0] * count
    with document.problems.tolerate(at, "The morph targets start at zero."):
        given = [w.number(low=-10.0, high=10.0) for w in at.items(MOST_SLOTS)]
        return (given + weights)[:count]
    return weights


def _opaque(materials: Materials, textures: list[Texture]) -> tuple[Texture, ...]:
    """Opaque materials ignore alpha, but their pictures often carry junk in it: make it 255."""
    seen_through = {m.base_map.texture for m in materials.all if m.alpha is not Alpha.OPAQUE}
    plain = {m.base_map.texture for m in materials.all} - seen_through
    out = []
    solid: dict[int, U8] = {}
    for i, texture in enumerate(textures):
        rgba = texture.rgba
        if i in plain and bool((rgba[..., 3] != _SOLID).any()):
            # Two textures may share a picture that a third one sees through.
            if id(rgba) not in solid:
                solid[id(rgba)] = rgba.copy()
                solid[id(rgba)][..., 3] = _SOLID
            texture = replace(texture, rgba=solid[id(rgba)])  # noqa: PLW2901
        out.append(texture)
    return tuple(out)
