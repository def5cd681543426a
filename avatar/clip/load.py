"""A motion file to a clip, whatever it is: VRMA, a humanoid glTF animation, or BVH."""

from __future__ import annotations

from pathlib import Path

from avatar.clip.clip import Clip
from avatar.clip.vrma import read_vrma
from avatar.read.document import open_document
from flow.errors import AssetError
from flow.glb import read_container


def load_clip(path: Path | str) -> Clip:
    """Load a clip; oddities that can be lived with are in its `problems`.

    Raises:
        AssetError: missing, damaged, hostile, or no motion of a humanoid.
    """
    path = Path(path)
    try:
        document = open_document(path, read_container(path))
        return read_vrma(document, path.stem)
    except AssetError as error:
        raise error.within(path.name) from error
