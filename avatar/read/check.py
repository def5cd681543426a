"""What is wrong with a document beyond what is read of it.

A model is loaded from what it draws; a reference to nothing in a part that nobody draws does no
harm, but whoever made the file wants to know. The rules are the Khronos validator's errors about
structure: references, empty arrays, buffer views and accessors that do not fit, extensions that
are used and not declared. Nothing here refuses a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from avatar.read.document import SUPPORTED, Document
from avatar.read.jsonat import At
from avatar.read.materials import texcoord_of, uv_set_of
from flow.errors import AssetError

_IGNORED = "Nothing that is drawn needs it."
_READ = "It was read as it is."
MOST_CHECKED = 50_000
_ANIM = "animations[].samplers[]"
_PBR = "materials[].pbrMetallicRoughness"
_REFERENCES: tuple[tuple[str, str], ...] = (
    ("accessors[].bufferView", "bufferViews"),
    ("accessors[].sparse.indices.bufferView", "bufferViews"),
    ("accessors[].sparse.values.bufferView", "bufferViews"),
    ("bufferViews[].buffer", "buffers"),
    ("images[].bufferView", "bufferViews"),
    ("textures[].source", "images"),
    ("textures[].sampler", "samplers"),
    ("textures[].extensions.EXT_texture_webp.source", "images"),
    (f"{_PBR}.baseColorTexture.index", "textures"),
    (f"{_PBR}.metallicRoughnessTexture.index", "textures"),
    ("materials[].normalTexture.index", "textures"),
    ("materials[].occlusionTexture.index", "textures"),
    ("materials[].emissiveTexture.index", "textures"),
    ("meshes[].primitives[].attributes.*", "accessors"),
    ("meshes[].primitives[].indices", "accessors"),
    ("meshes[].primitives[].material", "materials"),
    ("meshes[].primitives[].targets[].*", "accessors"),
    ("nodes[].mesh", "meshes"),
    ("nodes[].skin", "skins"),
    ("nodes[].camera", "cameras"),
    ("skins[].skeleton", "nodes"),
    ("skins[].joints[]", "nodes"),
    ("skins[].inverseBindMatrices", "accessors"),
    ("scenes[].nodes[]", "nodes"),
    ("scene", "scenes"),
    (f"{_ANIM}.input", "accessors"),
    (f"{_ANIM}.output", "accessors"),
    ("animations[].channels[].target.node", "nodes"),
)
_ARRAYS = (
    "accessors", "animations", "buffers", "bufferViews", "cameras", "images", "materials",
    "meshes", "nodes", "samplers", "scenes", "skins", "textures", "extensionsUsed",
    "extensionsRequired", "nodes[].children", "meshes[].primitives",
)  # fmt: skip
_EXTENDED = (
    "materials[]", "textures[]", "samplers[]", "images[]", "nodes[]", "meshes[]", "scenes[]",
    "meshes[].primitives[]", "materials[].pbrMetallicRoughness",
)  # fmt: skip
_SIZES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_TOON = "extensions.VRMC_materials_mtoon"
_MAPS = (
    "normalTexture", "occlusionTexture", "emissiveTexture",
    "pbrMetallicRoughness.metallicRoughnessTexture", f"{_TOON}.shadeMultiplyTexture",
    f"{_TOON}.shadingShiftTexture", f"{_TOON}.rimMultiplyTexture",
    f"{_TOON}.outlineWidthMultiplyTexture", f"{_TOON}.uvAnimationMaskTexture",
)  # fmt: skip
_ATTRIBUTES = frozenset({"POSITION", "NORMAL", "TANGENT", "TEXCOORD", "COLOR"})
_INDICES = (5121, 5123, 5125, None)
_NEEDED = {
    "accessors[]": ("componentType", "count", "type"),
    "bufferViews[]": ("buffer", "byteLength"),
    "buffers[]": ("byteLength",),
    "meshes[]": ("primitives",),
    "meshes[].primitives[]": ("attributes",),
    "skins[]": ("joints",),
}


def check(document: Document) -> None:
    """Add a problem for everything that is wrong, whether or not it was read."""
    root = document.root
    if sum(len(v) for v in root.object().values() if isinstance(v, list)) > MOST_CHECKED:
        return
    _references(document)
    for where in _ARRAYS:
        for at in _at(root, where):
            if isinstance(at.value, list) and not at.value:
                document.problems.add("asset.empty", at, "is an empty array", _READ)
    for where, keys in _NEEDED.items():
        for at in _at(root, where):
            for key in keys:
                if isinstance(at.value, dict) and at.value.get(key) is None:
                    document.problems.add("asset.invalid", at, f"has no {key}", _IGNORED)
    _extensions(document)
    for where, look in _LOOKS:
        for at in _at(root, where):
            try:
                look(document, at)
            except AssetError as error:
                document.problems.tell(error, at, _IGNORED)
            except (TypeError, ValueError, OverflowError, AttributeError):
                document.problems.add("asset.invalid", at, "makes no sense", _IGNORED)


def _references(document: Document) -> None:
    root = document.root
    for where, what in _REFERENCES:
        known = root.value.get(what)
        count = len(known) if isinstance(known, list) else 0
        for at in _at(root, where):
            value = at.value
            if value is None or (value == -1 and what == "samplers"):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < count:
                document.problems.add(
                    "asset.range", at, f"points to nothing in {what} ({count} of them)", _IGNORED
                )


def _at(root: At, pattern: str) -> Iterator[At]:
    """The places a pattern names: ``[]`` is every element, ``*`` every member."""
    here = [root]
    for step in pattern.split("."):
        key, many = step.removesuffix("[]"), step.endswith("[]")
        found: list[At] = []
        for at in here:
            if not isinstance(at.value, dict):
                continue
            inner = [at.get(k) for k in at.value] if key == "*" else [at.get(key)]
            for it in inner:
                if many:
                    found += it.items() if isinstance(it.value, list) else []
                elif not it.absent:
                    found.append(it)
        here = found
    return iter(here)


def _extensions(document: Document) -> None:
    """Whatever is used must be declared."""
    root = document.root
    told = root.value.get("extensionsUsed")
    declared = {n for n in told if isinstance(n, str)} if isinstance(told, list) else set()
    for required in root.get("extensionsRequired").items():
        if required.text() not in declared:
            document.problems.add(
                "asset.extension", required, "is required and not in extensionsUsed", _READ
            )
    used: dict[str, At] = {}
    for where in ("", *_EXTENDED):
        for at in _at(root, where) if where else [root]:
            extensions = at.value.get("extensions") if isinstance(at.value, dict) else None
            if isinstance(extensions, dict):
                for name in extensions:
                    used.setdefault(name, at.get("extensions").get(name))
    for name, at in used.items():
        if name not in declared:
            document.problems.add("asset.extension", at, "is not in extensionsUsed", _READ)
    for place in [*root.get("extensionsUsed").items(), *used.values()]:
        name = place.text() if isinstance(place.value, str) else place.path.rpartition(".")[2]
        if name not in SUPPORTED:
            document.problems.add(
                "asset.unread", place, f"is {name[:80]}, which is not read", "It is left out."
            )
    if root.get("animations").items():
        document.problems.add(
            "asset.unread", root.get("animations"), "are the file's own movements",
            "They are not played: the performer moves the body.",
        )  # fmt: skip


def _node(document: Document, at: At) -> None:
    node: Any = at.value
    if not isinstance(node, dict):
        return
    add = document.problems.add
    if "mesh" not in node:
        for key in ("skin", "weights"):
            if key in node:
                add("asset.invalid", at.get(key), "is on a node without a mesh", _IGNORED)
    if "matrix" in node and node.keys() & {"translation", "rotation", "scale"}:
        add("asset.invalid", at.get("matrix"), "stands beside other transforms", "It counts.")


def _view(document: Document, at: At) -> None:
    size, offset = at.get("byteLength").integer(low=1), at.get("byteOffset").integer(0)
    buffers = At(document.root.value.get("buffers"), "buffers")
    buffer = buffers.element(at.get("buffer"), "buffer")
    if offset + size > buffer.get("byteLength").integer(low=1):
        raise at.fault("reaches past the end of its buffer", code="asset.range")
    stride = at.get("byteStride")
    if not stride.absent and (stride.integer(low=4, high=252) % 4 or stride.integer() > size):
        raise stride.fault("is no multiple of four, or wider than the view")


def _accessor(document: Document, at: At) -> None:
    """Alignment and extent (glTF 2.0, 3.6.2.4)."""
    size = _SIZES.get(at.get("componentType").integer(0), 0)
    width = _WIDTHS.get(at.get("type").text(), 0)
    if not size or not width:
        raise at.fault("is of no known type")
    views: Any = document.root.value.get("bufferViews")
    offset, count = at.get("byteOffset").integer(0), at.get("count").integer(low=1)
    sparse = at.get("sparse")
    if not sparse.absent and sparse.get("count").integer(low=1) > count:
        raise sparse.get("count").fault("is more than there are", code="asset.range")
    if offset % size:
        document.problems.add("asset.align", at, f"does not start at a multiple of {size}", _READ)
    ref = at.get("bufferView").value
    if not (isinstance(views, list) and isinstance(ref, int) and 0 <= ref < len(views)):
        return
    view = At(views[ref], f"bufferViews[{ref}]")
    if (offset + view.get("byteOffset").integer(0)) % size:
        document.problems.add(
            "asset.align", at, f"does not lie at a multiple of {size} in its buffer", _READ
        )
    stride = view.get("byteStride").integer(0) or size * width
    if stride < size * width:
        raise at.fault("is wider than the byteStride of its view", code="asset.range")
    if offset + stride * (count - 1) + size * width > view.get("byteLength").integer(0):
        raise at.fault("reaches past the end of its buffer view", code="asset.range")


def _primitive(document: Document, at: At) -> None:
    """Attributes that belong together, and what kind of numbers they must be."""
    accessors: Any = document.root.value.get("accessors")
    attributes = at.value.get("attributes")

    def one(ref: Any) -> dict[str, Any]:
        it = accessors[ref] if isinstance(ref, int) and 0 <= ref < len(accessors or ()) else {}
        return it if isinstance(it, dict) else {}

    place = at.get("attributes")
    for key in attributes:
        set_of = key.partition("_")
        if set_of[0] in ("JOINTS", "WEIGHTS"):
            other = ("WEIGHTS" if set_of[0] == "JOINTS" else "JOINTS") + "_" + set_of[2]
            if other not in attributes:
                document.problems.add("asset.invalid", place.get(key), f"has no {other}", _READ)
        elif set_of[0] not in _ATTRIBUTES and not key.startswith("_"):
            document.problems.add("asset.invalid", place.get(key), "is no attribute", _IGNORED)
    if "POSITION" in attributes and not one(attributes["POSITION"]).keys() >= {"min", "max"}:
        document.problems.add(
            "asset.invalid", place.get("POSITION"), "is an accessor without min and max", _READ
        )
    if "indices" in at.value and one(at.value["indices"]).get("componentType") not in _INDICES:
        document.problems.add("asset.invalid", at.get("indices"), "are no unsigned integers", _READ)
    for target in at.get("targets").items():
        for key, ref in target.members():
            if key not in attributes:
                document.problems.add("asset.invalid", ref, "moves what is not there", _READ)
            elif key == "POSITION" and not one(ref.value).keys() >= {"min", "max"}:
                document.problems.add(
                    "asset.invalid", ref, "is an accessor without min and max", _READ
                )


def _mesh(document: Document, at: At) -> None:
    primitives = at.get("primitives").items()
    targets = primitives[0].get("targets").items() if primitives else []
    weights = at.get("weights")
    if not weights.absent and len(weights.items()) != len(targets):
        why = f"has {len(weights.items())} numbers for {len(targets)} targets"
        document.problems.add("asset.invalid", weights, why, _READ)


def _material(document: Document, at: At) -> None:
    """Whether all maps use the same texture coordinates; a primitive carries one set."""
    wanted = uv_set_of(at)
    for where in _MAPS:
        for ref in _at(at, where):
            if isinstance(ref.value, dict) and texcoord_of(ref) != wanted:
                document.problems.add(
                    "asset.uv", ref, f"uses TEXCOORD_{texcoord_of(ref)} and other maps another set",
                    f"TEXCOORD_{wanted} is used for all.",
                )  # fmt: skip


def _uri(document: Document, at: At) -> None:
    uri = at.get("uri")
    if at.path.startswith("buffers"):
        at.get("byteLength").integer(low=1)
    if uri.absent:
        return
    text = uri.text()
    if text.startswith("data:"):
        if ";base64," not in text:
            raise uri.fault("is no base64 data")
    elif ":" in text or not text or document.folder is None:
        raise uri.fault("is no relative address", code="asset.external")


def _scene(document: Document, at: At) -> None:
    children = {c.value for c in _at(document.root, "nodes[].children[]") if type(c.value) is int}
    for ref in at.get("nodes").items():
        if ref.value in children:
            document.problems.add("asset.tree", ref, "is below another node", _READ)


_LOOKS: tuple[tuple[str, Callable[[Document, At], None]], ...] = (
    ("nodes[]", _node),
    ("bufferViews[]", _view),
    ("accessors[]", _accessor),
    ("meshes[]", _mesh),
    ("meshes[].primitives[]", _primitive),
    ("buffers[]", _uri),
    ("images[]", _uri),
    ("scenes[]", _scene),
    ("materials[]", _material),
)
