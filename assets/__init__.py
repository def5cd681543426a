"""Built-in hosts, stages, takes, animations, made by scripts; LICENCES.toml names every file."""

from __future__ import annotations

from pathlib import Path

from flow.errors import AssetError
from flow.paths import is_file, user_path

HOME = Path(__file__).resolve().parent
SUFFIXES = {"avatars": ".vrm", "stages": ".glb", "takes": ".take", "animations": ".vrma"}
_SINGULAR = {
    "avatars": "avatar",
    "stages": "stage",
    "takes": "take",
    "animations": "animation",
}


def built_in(kind: str) -> dict[str, Path]:
    """Name to path of everything built in of `kind` (avatars, stages, takes, animations)."""
    return {p.stem: p for p in sorted((HOME / kind).glob("*" + SUFFIXES[kind]))}


def locate(kind: str, name_or_path: str) -> Path:
    """The file meant by a built-in name or a path.

    Raises:
        AssetError: ``asset.missing`` when it is neither.
    """
    known = built_in(kind)
    if name_or_path in known:
        return known[name_or_path]
    path = user_path(name_or_path)
    if is_file(path):
        return path
    raise AssetError(
        f"There is no {_SINGULAR[kind]} '{name_or_path}'.",
        code="asset.missing",
        hint=f"Give a file or one of the built-in names: {', '.join(known) or 'none built yet'}.",
    )
