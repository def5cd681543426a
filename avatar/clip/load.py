"""A motion file to a clip, whatever it is called: VRMA, a humanoid's glTF animation, or BVH."""

from __future__ import annotations

from pathlib import Path

from avatar.clip.bvh import looks_like_bvh, read_bvh
from avatar.clip.clip import Clip
from avatar.clip.humanoid_gltf import read_humanoid
from avatar.clip.retarget import retarget
from avatar.clip.vrma import EXTENSION, read_vrma
from avatar.read.document import open_document
from flow.errors import AssetError
from flow.glb import MAGIC, read_container, readable

KINDS = ".vrma, .glb or .bvh"
_HEAD = 64


def load_clip(path: Path | str, *, animation: str = "", place: bool = True) -> Clip:
    """Load a clip; oddities that can be lived with are in its `problems`.

    Args:
        path: A VRM animation, a glTF animation of a humanoid, or a BVH, by content.
        animation: Which one of a glTF file with several; the first without a name.
        place: Let recordings (not VRM animations, whose makers chose) begin where the avatar
            stands and facing the audience.

    Raises:
        AssetError: missing, damaged, hostile, or no motion of a humanoid.
    """
    path = Path(path)
    try:
        return _load(path, animation, place)
    except AssetError as error:
        raise error.within(path.name) from error


def _load(path: Path, animation: str, place: bool) -> Clip:
    with readable():
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if looks_like_bvh(head):
            return read_bvh(path, place=place)
    if head[:4] != MAGIC and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        raise AssetError(
            "The file is empty." if not head else "The file is no motion that is known.",
            code="asset.format",
            hint=f"Choose a {KINDS} file.",
        )
    document = open_document(path, read_container(path))
    if document.root.extension(EXTENSION).absent:
        return retarget(read_humanoid(document, animation), animation or path.stem, place=place)
    return read_vrma(document, animation or path.stem, animation)
