"""Avatars as they were decoded before: a second load of a heavy file reads arrays, not pictures.

An entry is found by the file's content (SHA-256), its name, the size of textures and the code that
reads files: a changed file or a changed loader makes another entry. Entries are written beside
their place and renamed, so that none is ever half there; one that is damaged is thrown away and
the file read anew. When all entries take too much, those unused for longest go.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import PIL

import avatar.licence
import avatar.read
import avatar.rig
import flow
from avatar.read.document import naming
from avatar.read.frozen import freeze, thaw
from avatar.read.load import avatar_of
from avatar.read.progress import Loading, Told
from avatar.rig.avatar import Avatar
from flow.glb import parse_container, read_file

MOST_BYTES = 2 << 30
SMALLEST_FILE = 4 << 20
"""Lighter files are read as fast as an entry would be."""
_SUFFIX = ".frozen"
_OLD_PART_S = 3600.0


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of decoded avatars of one user."""

    folder: Path
    most_bytes: int = MOST_BYTES
    smallest_file: int = SMALLEST_FILE

    def load(
        self, path: Path | str, *, max_texture_px: int = 1024, told: Told | None = None
    ) -> Avatar:
        """What `avatar.read.load.load_avatar` gives, from the shelf where it stands there.

        Raises:
            AssetError: what `load_avatar` raises. The shelf itself fails silently: it only helps.
        """
        path = Path(path)
        with naming(path):
            data = read_file(path)
            if len(data) < self.smallest_file:
                return avatar_of(path, parse_container(data), max_texture_px, told)[0]
            place = self.folder / (_key(data, path.stem, max_texture_px) + _SUFFIX)
            found = self._take(place)
            if found is not None:
                if told is not None:
                    told(Loading(path.name, len(data), len(data)))
                return replace(found, path=path)
            made, whole = avatar_of(path, parse_container(data), max_texture_px, told)
        if whole:
            self._put(place, made)
        return made

    def _take(self, place: Path) -> Avatar | None:
        try:
            data = np.fromfile(place, np.uint8)
        except OSError:
            return None
        try:
            found = thaw(data)
            if isinstance(found, Avatar):
                with contextlib.suppress(OSError):
                    os.utime(place)
                return found
        except ValueError:
            pass
        with contextlib.suppress(OSError):
            place.unlink()
        return None

    def _put(self, place: Path, made: Avatar) -> None:
        part = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
        try:
            pieces = freeze(made)
            size = sum(len(p) for p in pieces)
            if size > self.most_bytes:
                return
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_room(size)
            with part.open("xb") as out:
                out.writelines(pieces)
            part.replace(place)
        except (OSError, ValueError, TypeError):
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def entries(self) -> list[tuple[Path, int, float]]:
        """Path, bytes and time of last use of every entry, the oldest first."""
        found = []
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if path.suffix in (_SUFFIX, ".part"):
                    with contextlib.suppress(OSError):
                        state = path.stat()
                        found.append((path, state.st_size, state.st_mtime))
        return sorted(found, key=lambda entry: entry[2])

    def _make_room(self, size: int) -> None:
        entries = self.entries()
        newest = entries[-1][2] if entries else 0.0
        total = sum(size for _, size, _ in entries)
        for path, taken, used in entries:
            # A part without an owner is what a killed program left.
            stray = path.suffix == ".part" and used < newest - _OLD_PART_S
            if total + size > self.most_bytes or stray:
                with contextlib.suppress(OSError):
                    path.unlink()
                    total -= taken

    def clear(self) -> int:
        """Throw all entries away; returns the bytes that they took."""
        freed = 0
        for path, size, _ in self.entries():
            with contextlib.suppress(OSError):
                path.unlink()
                freed += size
        return freed


def _key(data: bytes, stem: str, max_texture_px: int) -> str:
    it = hashlib.sha256()
    for part in (_reader(), stem.encode("utf-8", "surrogateescape"), str(max_texture_px).encode()):
        it.update(len(part).to_bytes(8, "little") + part)
    it.update(data)
    return it.hexdigest()


@cache
def _reader() -> bytes:
    """A mark of the code that reads files and of the values it makes."""
    it = hashlib.sha256(f"{np.__version__} {PIL.__version__}".encode())
    for package in (avatar.read, avatar.rig, avatar.licence, flow):
        for path in sorted(Path(package.__path__[0]).glob("*.py")):
            it.update(f"{package.__name__}/{path.name}\n".encode())
            it.update(path.read_bytes())
    return it.digest()
