"""A glTF file that was opened: its checked JSON root, its bytes, what may be spent on it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from avatar.read.beside import read_beside
from avatar.read.budget import Budget
from avatar.read.jsonat import At
from avatar.read.problem import Problems
from flow.errors import AssetError
from flow.glb import Container

SUPPORTED = frozenset(
    {
        "KHR_materials_emissive_strength", "KHR_materials_unlit", "KHR_mesh_quantization",
        "KHR_texture_transform", "EXT_texture_webp", "VRM", "VRMC_materials_mtoon",
        "VRMC_node_constraint", "VRMC_springBone", "VRMC_springBone_extended_collider", "VRMC_vrm",
        "VRMC_vrm_animation",
        "VRMC_materials_hdr_emissiveMultiplier",
    }
)  # fmt: skip

_UNPACK = "Export it without compression (for example `gltf-transform copy IN OUT`)."
_PACKED = {
    "KHR_draco_mesh_compression": f"uses Draco mesh compression, which is not read. {_UNPACK}",
    "EXT_meshopt_compression": f"uses meshopt compression, which is not read. {_UNPACK}",
    "KHR_meshopt_compression": f"uses meshopt compression, which is not read. {_UNPACK}",
    "KHR_texture_basisu": "uses KTX2 (Basis) textures, which are not read. Use PNG, JPEG or WebP.",
}


@dataclass(slots=True)
class Document:
    """One file being read."""

    path: Path
    root: At
    binary: memoryview | None
    problems: Problems = field(default_factory=Problems)
    budget: Budget = field(default_factory=Budget)
    folder: Path | None = None
    """Where the files of a .gltf may lie; None: everything must be in the one file."""
    size: int = 0
    """Bytes of the file."""
    external: bool = False
    """Whether anything was read from another file."""
    _buffers: dict[int, memoryview] = field(default_factory=dict)

    def buffer(self, ref: At) -> memoryview:
        """The bytes of the buffer that `ref` points to."""
        at = self.root.get("buffers").element(ref, "buffer")
        i = ref.integer()
        if i not in self._buffers:
            self._buffers[i] = self._open(at, i)
        return self._buffers[i]

    def _open(self, at: At, i: int) -> memoryview:
        size = at.get("byteLength").integer(low=1)
        uri = at.get("uri")
        if uri.absent:
            if i != 0 or self.binary is None:
                raise at.fault("has no data in the file", code="asset.truncated")
            data = self.binary
        else:
            data = self.fetch(uri)
        if len(data) < size:
            raise at.fault(f"should have {size} bytes and has {len(data)}", code="asset.truncated")
        return data[:size]

    def _without_data(self, ref: At) -> bool:
        at = self.root.get("buffers").element(ref, "buffer")
        return at.get("uri").absent and (ref.integer() != 0 or self.binary is None)

    def fetch(self, uri: At) -> memoryview:
        """The bytes behind a URI: base64 data, or a file beside a .gltf.

        Raises:
            AssetError: not base64, or a file that is missing or not allowed.
        """
        text = uri.value
        if isinstance(text, str) and text.startswith("data:"):
            return memoryview(_decoded(uri, text, self.budget))
        if self.folder is None or not isinstance(text, str):
            raise uri.fault(
                "points outside the file",
                code="asset.external",
                hint="Save the model as one file (.glb or .vrm).",
            )
        data = read_beside(self.folder, uri, text)
        self.external = True
        self.budget.grow(len(data))
        return memoryview(data)

    def view(self, ref: At) -> tuple[memoryview, int, At]:
        """The bytes of a buffer view, its byteStride (0: tightly packed) and its place."""
        at = self.root.get("bufferViews").element(ref, "buffer view")
        for name in ("EXT_meshopt_compression", "KHR_meshopt_compression"):
            # Files that do not require it have the plain data in the buffer, for readers like us.
            if not at.extension(name).absent and self._without_data(at.get("buffer")):
                raise packed(name)
        data = self.buffer(at.get("buffer"))
        offset, size = at.get("byteOffset").integer(0), at.get("byteLength").integer(low=1)
        if offset + size > len(data):
            raise at.fault("reaches past the end of its buffer", code="asset.range")
        stride = at.get("byteStride")
        return (
            data[offset : offset + size],
            0 if stride.absent else stride.integer(low=4, high=252),
            at,
        )


def _decoded(uri: At, text: str, budget: Budget) -> bytes:
    head, mark, body = text.partition(",")
    if not mark or not head.endswith(";base64"):
        raise uri.fault("is not base64 data")
    budget.keep(len(body) * 3 // 4, uri)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise uri.fault("is not base64 data") from error


def packed(name: str) -> AssetError:
    """The refusal of a compression that is not read."""
    sentence, hint = _PACKED[name].split(". ", 1)
    return AssetError(f"The model {sentence}.", code="asset.compressed", hint=hint)


def open_document(path: Path, container: Container) -> Document:
    """Check version and required extensions.

    Raises:
        AssetError: not glTF 2.x, or an extension is required that is not read.
    """
    problems = Problems()
    root = At(container.json, note=problems.add)
    budget = Budget(container.size)
    budget.keep(container.weight, root)
    folder = None if container.glb else path.parent
    document = Document(path, root, container.binary, problems, budget, folder, container.size)
    for oddity in container.oddities:
        document.problems.add("asset.container", root, oddity, "It was read anyway.")
    version = root.at("asset", "version")
    if version.text("2.0").partition(".")[0] != "2":
        raise version.fault(
            f"is {version.text()!r}; version 2 is read",
            code="asset.version",
            hint="Export the model as glTF 2.0 or VRM.",
        )
    if version.absent:
        document.problems.add("asset.version", version, "is missing", "Taken as 2.0.")
    for name in root.get("extensionsRequired").items():
        if name.text() in _PACKED:
            raise packed(name.text())
        if name.text() not in SUPPORTED:
            raise name.fault(
                f"requires {name.text()!r}, which is not read",
                code="asset.extension",
                hint="Export the model without that extension.",
            )
    return document


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of what is said about it; no memory is a fault like others."""
    try:
        yield
    except AssetError as error:
        raise error.within(path.name) from error
    except MemoryError as error:
        raise AssetError(
            f"{path.name}: This machine has no memory left to load the model.",
            code="asset.memory",
            hint="Close other programs, or choose a lighter model.",
        ) from error
