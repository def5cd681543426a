"""Single parts of a document against the rules for them: nodes, views, accessors, meshes and so on.

`avatar.read.check` calls these for every part; what they raise or add becomes a problem.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from avatar.read.document import Document
from avatar.read.jsonat import At
from avatar.read.materials import texcoord_of, uv_set_of

IGNORED = "Nothing that is drawn needs it."
READ = "It was read as it is."
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


def _node(document: Document, at: At) -> None:
    node: Any = at.value
    if not isinstance(node, dict):
        return
    add = document.problems.add
    if "mesh" not in node:
        for key in ("skin", "weights"):
            if key in node:
                add("asset.invalid", at.get(key), "is on a node without a mesh", IGNORED)
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
        document.problems.add("asset.align", at, f"does not start at a multiple of {size}", READ)
    ref = at.get("bufferView").value
    if not (isinstance(views, list) and isinstance(ref, int) and 0 <= ref < len(views)):
        return
    view = At(views[ref], f"bufferViews[{ref}]")
    if (offset + view.get("byteOffset").integer(0)) % size:
        document.problems.add(
            "asset.align", at, f"does not lie at a multiple of {size} in its buffer", READ
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
                document.problems.add("asset.invalid", place.get(key), f"has no {other}", READ)
        elif set_of[0] not in _ATTRIBUTES and not key.startswith("_"):
            document.problems.add("asset.invalid", place.get(key), "is no attribute", IGNORED)
    if "POSITION" in attributes and not one(attributes["POSITION"]).keys() >= {"min", "max"}:
        document.problems.add(
            "asset.invalid", place.get("POSITION"), "is an accessor without min and max", READ
        )
    if "indices" in at.value and one(at.value["indices"]).get("componentType") not in _INDICES:
        document.problems.add("asset.invalid", at.get("indices"), "are no unsigned integers", READ)
    for target in at.get("targets").items():
        for key, ref in target.members():
            if key not in attributes:
                document.problems.add("asset.invalid", ref, "moves what is not there", READ)
            elif key == "POSITION" and not one(ref.value).keys() >= {"min", "max"}:
                document.problems.add(
                    "asset.invalid", ref, "is an accessor without min and max", READ
                )


def _mesh(document: Document, at: At) -> None:
    primitives = at.get("primitives").items()
    targets = primitives[0].get("targets").items() if primitives else []
    weights = at.get("weights")
    if not weights.absent and len(weights.items()) != len(targets):
        why = f"has {len(weights.items())} numbers for {len(targets)} targets"
        document.problems.add("asset.invalid", weights, why, READ)


def _material(document: Document, at: At) -> None:
    """Whether all maps use the same texture coordinates; a primitive carries one set."""
    wanted = uv_set_of(at)
    for where in _MAPS:
        for ref in at.every(where):
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
    children = {c.value for c in document.root.every("nodes[].children[]") if type(c.value) is int}
    for ref in at.get("nodes").items():
        if ref.value in children:
            document.problems.add("asset.tree", ref, "is below another node", READ)


LOOKS: tuple[tuple[str, Callable[[Document, At], None]], ...] = (
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
