"""What is wrong with a document beyond what is read of it.

A model is loaded from what it draws; a reference to nothing in a part that nobody draws does no
harm, but whoever made the file wants to know. The rules are the Khronos validator's errors about
structure: references, empty arrays, buffer views and accessors that do not fit, extensions that
are used and not declared. Nothing here refuses a file.
"""

from __future__ import annotations

from avatar.read.check_parts import IGNORED, LOOKS, READ
from avatar.read.document import SUPPORTED, Document
from avatar.read.jsonat import At
from flow.errors import AssetError

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
        for at in root.every(where):
            if isinstance(at.value, list) and not at.value:
                document.problems.add("asset.empty", at, "is an empty array", READ)
    for where, keys in _NEEDED.items():
        for at in root.every(where):
            for key in keys:
                if isinstance(at.value, dict) and at.value.get(key) is None:
                    document.problems.add("asset.invalid", at, f"has no {key}", IGNORED)
    _extensions(document)
    for where, look in LOOKS:
        for at in root.every(where):
            try:
                look(document, at)
            except AssetError as error:
                document.problems.tell(error, at, IGNORED)
            except (TypeError, ValueError, OverflowError, AttributeError):
                document.problems.add("asset.invalid", at, "makes no sense", IGNORED)


def _references(document: Document) -> None:
    root = document.root
    for where, what in _REFERENCES:
        known = root.value.get(what)
        count = len(known) if isinstance(known, list) else 0
        for at in root.every(where):
            value = at.value
            if value is None or (value == -1 and what == "samplers"):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < count:
                document.problems.add(
                    "asset.range", at, f"points to nothing in {what} ({count} of them)", IGNORED
                )


def _extensions(document: Document) -> None:
    """Whatever is used must be declared."""
    root = document.root
    told = root.value.get("extensionsUsed")
    declared = {n for n in told if isinstance(n, str)} if isinstance(told, list) else set()
    for required in root.get("extensionsRequired").items():
        if required.text() not in declared:
            document.problems.add(
                "asset.extension", required, "is required and not in extensionsUsed", READ
            )
    used: dict[str, At] = {}
    for where in ("", *_EXTENDED):
        for at in root.every(where) if where else [root]:
            extensions = at.value.get("extensions") if isinstance(at.value, dict) else None
            if isinstance(extensions, dict):
                for name in extensions:
                    used.setdefault(name, at.get("extensions").get(name))
    for name, at in used.items():
        if name not in declared:
            document.problems.add("asset.extension", at, "is not in extensionsUsed", READ)
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
