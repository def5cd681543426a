"""Where the network files lie on this machine, and whether they are whole.

`resolve` is what the tracker calls: it looks at names and at the archives' directories (a few
milliseconds). `verify` reads every byte and compares hashes; it is for ``mirrorstage models``.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from capture.models.registry import BY_NAME, FACE_EXTRAS, MODELS, NEEDS, ModelFile, Need, Profile
from flow.errors import AssetError
from flow.paths import cache_home, user_path

State = Literal["ok", "rebuilt", "damaged", "missing"]

_CHUNK = 1 << 20
_FETCH = "Run: mirrorstage models fetch"


@dataclass(frozen=True, slots=True)
class ModelSet:
    """The files one tracking profile works with.

    `pose` and `hand` exist for the profiles ``upper`` and ``full``; under ``face`` they are only
    where such files would lie. Without `face_is_official` the face network gives points alone:
    `capture.models.fallback` then makes the weights and `capture.models.face_pose` the matrix.
    """

    face: Path
    pose: Path
    hand: Path
    face_is_official: bool
    pose_is_lite: bool
    sources: tuple[str, ...]
    """One sentence a file, for reports."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is, in bytes. `total` is 0 while unknown."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ModelState:
    """What lies on the disk for one model.

    ``ok``: the published file; ``rebuilt``: the same weights repacked; ``damaged``: a file that
    is not what its name says; ``missing``: none.
    """

    name: str
    state: State
    path: Path
    size: int
    note: str


def home(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """The models folder: ``MIRRORSTAGE_MODELS`` or the platform's cache folder of this user.

    Raises:
        AssetError: ``models.folder`` for a user who has no home (as in some containers).
    """
    env = os.environ if environ is None else environ
    if chosen := env.get("MIRRORSTAGE_MODELS"):
        return user_path(chosen)
    cache = cache_home(env, platform)
    if cache is None:
        raise AssetError(
            "This user has no home folder where the models could lie.",
            code="models.folder",
            hint="Set MIRRORSTAGE_MODELS to a folder of yours.",
        )
    return cache / "models"


def resolve(profile: Profile = "full", *, folder: Path | None = None) -> ModelSet:
    """The files for `profile`, the published ones before rebuilt ones.

    Args:
        profile: What is tracked: ``face`` alone, or face, pose and hands.
        folder: Where to look; the user's models folder when None.

    Raises:
        AssetError: ``models.missing`` or, when all there is is broken, ``models.damaged``.
    """
    where = home() if folder is None else folder
    chosen = [_choose(where, need) for need in NEEDS[profile]]
    found = {model.name: path for path, model in chosen}
    pose = next((n for n in found if n.startswith("pose")), "pose_lite")
    return ModelSet(
        face=found["face"],
        pose=found.get(pose, where / BY_NAME[pose].file),
        hand=found.get("hand", where / BY_NAME["hand"].file),
        face_is_official=set(FACE_EXTRAS) <= _members(found["face"]),
        pose_is_lite=pose == "pose_lite",
        sources=tuple(f"{name}: {path}" for name, path in found.items()),
    )


def _choose(folder: Path, need: Need) -> tuple[Path, ModelFile]:
    """The best whole file that serves `need`."""
    broken: list[tuple[Path, str]] = []
    for path, model in _candidates(folder, need):
        why = fault(model, path)
        if not why:
            return path, model
        broken.append((path, why))
    if broken:
        path, why = broken[0]
        raise AssetError(
            f"The model file {path} is damaged: {why}.", code="models.damaged", hint=_FETCH
        )
    model = BY_NAME[need[0]]
    raise AssetError(
        f"The {model.name} model ({model.file}: {model.purpose}) is not in {folder}.",
        code="models.missing",
        hint=_FETCH,
    )


def _candidates(folder: Path, need: Need) -> Iterator[tuple[Path, ModelFile]]:
    for model in (BY_NAME[name] for name in need):
        for name in model.names:
            try:
                if (path := folder / name).is_file():
                    yield path, model
            except OSError as error:  # a folder of somebody else
                raise AssetError(
                    f"The models folder {folder} cannot be read: {error.strerror}.",
                    code="models.folder",
                    hint="Set MIRRORSTAGE_MODELS to a folder of yours.",
                ) from error


def fault(model: ModelFile, path: Path) -> str:
    """Why `path` cannot be `model`, seen without reading it all; empty when nothing is wrong."""
    if not model.members:
        try:
            with path.open("rb") as file:
                head = file.read(8)
        except OSError as error:
            return f"it cannot be read ({error.strerror})"
        return "" if head[4:] == b"TFL3" else "not a TensorFlow Lite network"
    missing = set(model.members) - _members(path)
    return f"no {', '.join(sorted(missing))} inside" if missing else ""


def _members(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return set()


def verify(
    progress: Callable[[Progress], None] | None = None, *, folder: Path | None = None
) -> list[ModelState]:
    """Read and hash every model file; one state a model, in the registry's order."""
    where = home() if folder is None else folder
    total = sum(p.stat().st_size for m in MODELS for p, _ in _candidates(where, (m.name,)))
    done = 0

    def count(model: ModelFile, size: int) -> None:
        nonlocal done
        done += size
        if progress:
            progress(Progress(f"checking {model.name}", done, total))

    return [_state(where, model, count) for model in MODELS]


def _state(folder: Path, model: ModelFile, count: Callable[[ModelFile, int], None]) -> ModelState:
    """The best of the files that may be `model`."""
    states = [
        check(model, path, lambda size: count(model, size))
        for path, _ in _candidates(folder, (model.name,))
    ]
    order: tuple[State, ...] = ("ok", "rebuilt", "damaged")
    missing = ModelState(model.name, "missing", folder / model.file, 0, model.purpose)
    return min(states, key=lambda s: order.index(s.state), default=missing)


def file_sha256(path: Path) -> str:
    """The hash of a file, as the registry writes it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(model: ModelFile, path: Path, count: Callable[[int], None] | None = None) -> ModelState:
    """Whether the file at `path` is `model`, by its hash."""
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if count:
                    count(len(chunk))
    except OSError as error:
        return ModelState(model.name, "damaged", path, size, f"cannot be read: {error.strerror}")
    state, note = _judge(model, path, digest.hexdigest())
    return ModelState(model.name, state, path, size, note)


def _judge(model: ModelFile, path: Path, sha256: str) -> tuple[State, str]:
    if sha256 == model.sha256:
        return "ok", "the published file"
    if sha256 in model.rebuilt_sha256:
        return "rebuilt", "the published weights, repacked"
    if why := fault(model, path):
        return "damaged", why
    # Another flatbuffers release may lay the same network out in other bytes: a rebuilt archive
    # with another hash is good when its own check sums are.
    if path.name != model.file and model.members and _intact(path):
        return "rebuilt", "repacked weights; the archive is whole, its hash is not one we know"
    return "damaged", f"its sha256 is {sha256[:12]}…, not {model.sha256[:12]}…"


def _intact(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return False


def describe(folder: Path | None = None) -> list[dict[str, object]]:
    """Every model and its state as plain data, for ``mirrorstage models`` and its ``--json``."""
    return [
        {
            "name": state.name,
            "state": state.state,
            "path": str(state.path),
            "bytes": state.size,
            "note": state.note,
            "purpose": model.purpose,
            "licence": model.licence,
            "url": model.url,
            "published_bytes": model.size,
            "sha256": model.sha256,
            "needed_by": [p for p, needs in NEEDS.items() if any(model.name in n for n in needs)],
        }
        for model, state in zip(MODELS, verify(folder=folder), strict=True)
    ]
