"""Files beside a .gltf: its buffers and pictures.

A model comes from a stranger: it may name files of its own folder and the folders below it, and
nothing else on this machine or beyond.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from avatar.read.jsonat import At
from flow.errors import AssetError
from flow.glb import MOST_FILE_BYTES

_BESIDE = "Keep the files of a .gltf in its own folder, or save the model as one .glb."


def read_beside(folder: Path, uri: At, text: str) -> bytes:
    """The bytes of the file that a relative URI names (RFC 3986, percent-decoded).

    Raises:
        AssetError: ``asset.external`` for anything outside `folder`; ``asset.missing``,
            ``asset.unreadable``, ``asset.large``.
    """
    name = unquote(text)
    outside = uri.fault(
        f"points outside the model's folder ({name[:80]!r})", code="asset.external", hint=_BESIDE
    )
    if not name or any(mark in name for mark in (":", "\\", "\0")) or name.startswith("/"):
        raise outside
    try:
        home = folder.resolve()
        path = (home / name).resolve()
        if not path.is_relative_to(home):
            raise outside
        if not path.is_file():
            raise uri.fault(
                f"names {name[:80]!r}, which is not there", code="asset.missing", hint=_BESIDE
            )
        if path.stat().st_size > MOST_FILE_BYTES:
            raise uri.fault("names a file that is too large", code="asset.large")
        return path.read_bytes()
    except AssetError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise uri.fault(f"cannot be read: {why}", code="asset.unreadable", hint=_BESIDE) from error
