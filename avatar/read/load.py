"""A file to an avatar: VRM 1.0, VRM 0.x or a plain humanoid GLB."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from avatar.licence.terms import Meta
from avatar.read import plain, plain_faces, plain_pose, vrm0, vrm1
from avatar.read.document import Document, naming, open_document
from avatar.read.gltf import Gltf, build
from avatar.read.jsonat import At
from avatar.read.meta import meta_from_vrm1
from avatar.read.meta0 import meta_from_vrm0
from avatar.read.mtoon0 import migrate_materials
from avatar.read.progress import Told
from avatar.read.sized import sized
from avatar.read.springs_read import read_springs0, read_springs1
from avatar.rig.avatar import Avatar, Version
from avatar.rig.expression import Expression
from avatar.rig.humanoid import Humanoid, humanoid_of
from avatar.rig.spring import Springs
from flow.glb import Container, read_container
from flow.mesh import Model
from flow.pose import REQUIRED_BONES


def load_avatar(
    path: Path | str, *, max_texture_px: int = 1024, told: Told | None = None
) -> Avatar:
    """Load an avatar; oddities that can be lived with are in its `problems`.

    Args:
        path: A .vrm, .glb or .gltf file; its bytes tell which, not its name.
        max_texture_px: Larger pictures are shrunk to this many pixels a side.
        told: Hears how far loading is, in this thread.

    Raises:
        AssetError: missing, damaged, hostile, not a humanoid, or something that is not read.
    """
    path = Path(path)
    with naming(path):
        return avatar_of(path, read_container(path), max_texture_px, told)[0]


def avatar_of(
    path: Path, container: Container, max_texture_px: int, told: Told | None = None
) -> tuple[Avatar, bool]:
    """The avatar in a container, and whether all of it was in there (no files beside it).

    Raises:
        AssetError: as `load_avatar`, without the file's name.
    """
    document = open_document(path, container)
    return sized(_avatar(document, max_texture_px, told)), not document.external


def _avatar(document: Document, max_texture_px: int, told: Told | None) -> Avatar:
    version = _version(document)
    if version == "vrm1":
        return _vrm1(document, build(document, max_texture_px, told))
    if version == "vrm0":
        migrate_materials(document)
        return _vrm0(document, build(document, max_texture_px, told))
    return _plain(document, build(document, max_texture_px, told))


def _version(document: Document) -> Version:
    extensions = document.root.get("extensions")
    if not extensions.get("VRMC_vrm").absent:
        version = extensions.at("VRMC_vrm", "specVersion")
        if version.text("1.0") not in vrm1.VERSIONS:
            raise version.fault(
                f"is {version.text()!r}; VRM 0.x and 1.0 are read",
                code="asset.version",
                hint="Export the avatar as VRM 1.0.",
            )
        if not extensions.get("VRM").absent:
            document.problems.add(
                "asset.version", extensions.get("VRM"), "describes the avatar a second time",
                "VRM 1.0 counts; VRM 0.x is left out.",
            )  # fmt: skip
        return "vrm1"
    return "vrm0" if not extensions.get("VRM").absent else "glb"


def _vrm1(document: Document, gltf: Gltf) -> Avatar:
    at, problems = document.root.extension("VRMC_vrm"), document.problems
    bones = vrm1.read_bones(at.at("humanoid", "humanBones"), gltf, problems)
    expressions: dict[str, Expression] = {}
    look_at, meta, springs, flags = None, Meta(), Springs(), dict[int, str]()
    with problems.tolerate(at.get("expressions"), "The avatar has no expressions."):
        materials = document.root.get("materials")
        expressions = vrm1.read_expressions(at.get("expressions"), gltf, problems, materials)
    with problems.tolerate(at.get("lookAt"), "The avatar's eyes do not move."):
        look_at = vrm1.read_look_at(at.get("lookAt"))
    with problems.tolerate(at.get("meta"), "Its licence counts as the strictest."):
        meta = meta_from_vrm1(at.get("meta"), problems)
    with problems.tolerate(at.get("firstPerson"), "Every mesh is drawn."):
        flags = vrm1.read_first_person(at.get("firstPerson"), gltf, problems)
    swing = document.root.extension("VRMC_springBone")
    with problems.tolerate(swing, "Nothing swings."):
        springs = read_springs1(swing, gltf, problems)
    return Avatar(
        path=document.path,
        name=meta.name or document.path.stem,
        version="vrm1",
        model=_flagged(gltf.model, flags),
        humanoid=_humanoid(bones, at.get("humanoid"), document),
        expressions=expressions,
        look_at=look_at,
        springs=springs,
        constraints=vrm1.read_constraints(document, gltf),
        meta=meta,
        problems=tuple(problems.found),
    )


def _vrm0(document: Document, gltf: Gltf) -> Avatar:
    at, problems = document.root.extension("VRM"), document.problems
    gltf = replace(gltf, model=replace(gltf.model, root=vrm0.HALF_TURN))
    bones: dict[str, int] = {}
    human = at.at("humanoid", "humanBones")
    with problems.tolerate(human, "The bones count as missing."):
        bones = vrm0.read_bones(human, gltf, problems)
    expressions: dict[str, Expression] = {}
    look_at, meta, springs, flags = None, Meta(), Springs(), dict[int, str]()
    with problems.tolerate(at.get("blendShapeMaster"), "The avatar has no expressions."):
        expressions = vrm0.read_expressions(at.get("blendShapeMaster"), document, gltf)
    with problems.tolerate(at.get("firstPerson"), "The avatar's eyes do not move."):
        look_at = vrm0.read_look_at(at.get("firstPerson"), problems)
        flags = vrm0.read_first_person(at.get("firstPerson"), gltf, problems)
    with problems.tolerate(at.get("meta"), "Its licence counts as the strictest."):
        meta = meta_from_vrm0(at.get("meta"), problems)
    with problems.tolerate(at.get("secondaryAnimation"), "Nothing swings."):
        springs = read_springs0(at.get("secondaryAnimation"), gltf, problems)
    return Avatar(
        path=document.path,
        name=meta.name or document.path.stem,
        version="vrm0",
        model=_flagged(gltf.model, flags),
        humanoid=_humanoid(bones, at.get("humanoid"), document),
        expressions=expressions,
        look_at=look_at,
        springs=springs,
        constraints=(),
        meta=meta,
        problems=tuple(problems.found),
    )


def _plain(document: Document, gltf: Gltf) -> Avatar:
    bones = plain.guess_bones(gltf.model)
    humanoid = _humanoid(bones, At({}), document)
    model, done = plain_pose.stand(gltf.model, humanoid)
    for sentence in done:
        document.problems.add(
            "avatar.pose", At(None, "nodes"), sentence, "It is driven from there."
        )
    expressions = plain_faces.guess_expressions(model)
    return Avatar(
        path=document.path,
        name=document.path.stem,
        version="glb",
        model=model,
        humanoid=humanoid,
        expressions=expressions,
        look_at=plain_faces.guess_look_at(humanoid, expressions),
        springs=Springs(),
        constraints=(),
        meta=Meta(name=document.path.stem),
        problems=tuple(document.problems.found),
    )


def _humanoid(bones: dict[str, int], at: At, document: Document) -> Humanoid:
    if "hips" not in bones:
        raise At(None, at.path or "The model").fault(
            "has no hips bone: this is not a humanoid that can be moved",
            code="asset.humanoid",
            hint="Choose an avatar exported as VRM, with its humanoid bones assigned.",
        )
    missing = sorted(REQUIRED_BONES - set(bones))
    if missing:
        document.problems.add(
            "avatar.bone",
            at,
            f"lacks required bones: {', '.join(missing)}",
            "Their movement goes to the bones beside them.",
        )
    return humanoid_of(bones)


def _flagged(model: Model, flags: dict[int, str]) -> Model:
    """The model with first-person flags on its primitives."""
    if not flags:
        return model
    primitives = tuple(replace(p, first_person=flags.get(p.node, "auto")) for p in model.primitives)
    return replace(model, primitives=primitives)
