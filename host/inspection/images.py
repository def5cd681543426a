"""The pictures inside a model's file, as they lie there: format, size, bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from avatar.read.document import Document, open_document
from avatar.read.jsonat import At
from avatar.read.pixels import plan
from flow.errors import AssetError
from flow.glb import read_container

_AS_IT_IS_PX = 1 << 16


def images(path: Path) -> list[dict[str, Any]]:
    """Of every picture its name, format, size and bytes; ``damaged`` where it has no header.

    Raises:
        AssetError: when the file cannot be opened any more.
    """
    document = open_document(path, read_container(path))
    return [_image(document, at, i) for i, at in enumerate(document.root.get("images").items())]


def _image(document: Document, at: At, i: int) -> dict[str, Any]:
    out: dict[str, Any] = {"name": f"image_{i}", "format": "damaged", "size": "", "bytes": 0}
    try:
        out["name"] = at.get("name").text(f"image_{i}") or f"image_{i}"
        view, uri = at.get("bufferView"), at.get("uri")
        data = document.fetch(uri) if view.absent else document.view(view)[0]
        out["bytes"] = len(data)
        found = plan(memoryview(data), _AS_IT_IS_PX)
    except (AssetError, ValueError, OSError, SyntaxError, EOFError):
        return out
    return out | {"format": found.format, "size": f"{found.size[0]}x{found.size[1]}"}
