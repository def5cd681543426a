"""``mirrorstage take review``: source, landmarks and avatar side by side, as video or stills."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import assets
from avatar.perform.performer import Performer
from capture.process import CaptureSettings
from flow.clock import NS_PER_S, MonotonicClock
from flow.errors import AssetError, OutputError, ShowFileError
from flow.paths import check_writable, is_file, user_path
from flow.pose import Driver
from flow.spec import U8
from host.clips import Progress
from host.easel import Easel
from host.progress import Bar
from host.review.moments import ClipMaterial, Material, Moment, TakeMaterial
from host.review.panels import Layout, Sheet
from host.review.writer import FilmWriter, rate
from host.signals import ending_on_signals
from host.targets import keep_existing

AREA_PX = 640 * 360
"""Of one panel, when no size is given: its shape is the clip's."""
WIDEST, TALLEST = 2.4, 0.5
_TAKE = b"MSTAKE"


@dataclass(slots=True)
class _Stop:
    asked: bool = False

    def ask(self) -> None:
        """End after the moment that is being drawn."""
        self.asked = True


def run(arguments: argparse.Namespace) -> int:
    """Make what was asked for; what is done when it is stopped is kept."""
    out = _target(arguments.out, ".mp4", arguments)
    sheet = _target(arguments.sheet, ".png", arguments)
    if out is None and sheet is None:
        raise ShowFileError(
            "It is not said where the review goes.",
            code="take.no_target",
            hint="Add -o review.mp4 or --sheet review.png.",
        )
    stop = _Stop()
    with contextlib.ExitStack() as closers:
        closers.enter_context(ending_on_signals(stop.ask))
        material = _material(arguments, stop)
        bar = closers.enter_context(Bar(sys.stderr, unit="s", scale=1.0))
        pictures, stills, at = _review(material, arguments, (out, sheet), stop, bar)
    if not pictures:
        raise AssetError(f"{arguments.source} has no moment to show.", code="take.empty")
    if sheet is not None:
        _save(stills, sheet)
    data = {
        "files": [str(path) for path in (out, sheet) if path],
        "pictures": pictures,
        "seconds": round(at / NS_PER_S, 3),
        "stopped": stop.asked,
        "damage": material.damage,
    }
    _tell(data, as_json=arguments.json)
    return 0


def _material(arguments: argparse.Namespace, stop: _Stop) -> Material:
    """A take (by its first bytes or its built-in name), else a video or a folder of pictures."""
    text = str(arguments.source).removeprefix("take:")
    path = user_path(text)
    if text in assets.built_in("takes") or (is_file(path) and _is_take(path)):
        return TakeMaterial(assets.locate("takes", text))
    known = text.startswith(("file:", "images:"))
    source = text if known else f"{'images' if path.is_dir() else 'file'}:{text}"
    settings = CaptureSettings(source, profile=arguments.profile)
    return ClipMaterial(settings, MonotonicClock(), lambda: stop.asked)


def _is_take(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_TAKE)) == _TAKE
    except OSError:
        return False


def _review(
    material: Material,
    arguments: argparse.Namespace,
    targets: tuple[Path | None, Path | None],
    stop: _Stop,
    bar: Bar,
) -> tuple[int, list[U8], int]:
    """Draw every moment; how many, the stills of the sheet, and the time of the last."""
    out, wants_stills = targets[0], targets[1] is not None
    stills: list[U8] = []
    marks = _marks(material.seconds, arguments.moments) if wants_stills else iter(())
    mark = next(marks, None)
    count, at = 0, 0
    performer = Performer(source_driver=Driver.HUMAN, mirrored=arguments.mirror)
    with contextlib.ExitStack() as closers:
        easel: Easel | None = None
        film: FilmWriter | None = None
        page: Sheet | None = None
        for moment in material.moments():
            if easel is None or page is None:
                layout = _layout(moment, arguments.size)
                page = Sheet(layout)
                easel = closers.enter_context(
                    Easel(
                        (layout.width, layout.height),
                        avatar=arguments.avatar,
                        backend=arguments.backend,
                        fps=material.fps,
                    )
                )
                easel.director.cut_to(arguments.shot)
                if out is not None:
                    film = closers.enter_context(
                        FilmWriter(out, layout.size, rate(material.fps), material.sound)
                    )
            performer.feed(moment.frame)
            pose = performer.pose(moment.frame.captured)
            stage = easel.frame(count, pose)
            at = moment.at
            due = mark is not None and at >= mark * NS_PER_S
            if film is not None or due:
                picture = page.compose(
                    pixels=moment.pixels,
                    frame=moment.frame,
                    avatar=easel.renderer.picture(stage)[..., :3],
                    drivers=pose.driver,
                    at=at,
                )
                if film is not None:
                    film.add(picture, at)
                if due:
                    stills.append(picture)
                    mark = next(marks, None)
            count += 1
            bar(Progress("Reviewing", at / NS_PER_S, material.seconds))
            if stop.asked:
                break
    return count, stills, at


def _marks(seconds: float, moments: int) -> Iterator[float]:
    """The times of the stills: the middles of equal parts."""
    return iter(((np.arange(moments) + 0.5) * max(seconds, 0.0) / moments).tolist())


def _layout(moment: Moment, size: str | None) -> Layout:
    panels = 2 if moment.pixels is None else 3
    if size is not None:
        width, height = (int(side) // 2 * 2 for side in size.split("x"))
        return Layout(width, height, panels)
    aspect = min(max(moment.frame.aspect, TALLEST), WIDEST)
    tall = math.sqrt(AREA_PX / aspect)
    return Layout(round(tall * aspect / 2) * 2, round(tall / 2) * 2, panels)


def _target(text: str | None, suffix: str, arguments: argparse.Namespace) -> Path | None:
    """Where something goes, known to be free and writable.

    Raises:
        ShowFileError: ``take.format``.
        OutputError: ``take.exists``, ``take.unwritable``.
    """
    if text is None:
        return None
    path = user_path(text)
    if path.suffix.lower() != suffix:
        raise ShowFileError(
            f"'{path.name}' does not end in {suffix}.",
            code="take.format",
            hint=f"Name it {path.stem}{suffix}.",
        )
    keep_existing(path, force=arguments.force)
    try:
        check_writable(path)
    except OSError as fault:
        raise OutputError(
            f"{path} cannot be written: {fault.strerror}.",
            code="take.unwritable",
            hint="Check the folder, its rights and the free space.",
        ) from fault
    return path


def _save(stills: list[U8], path: Path) -> None:
    """The stills in one picture, two beside each other where they are narrow."""
    columns = 2 if stills[0].shape[1] <= 4 * stills[0].shape[0] and len(stills) > 2 else 1  # noqa: PLR2004
    stills += [np.zeros_like(stills[0])] * (-len(stills) % columns)
    rows = [np.hstack(stills[i : i + columns]) for i in range(0, len(stills), columns)]
    Image.fromarray(np.vstack(rows)).save(path)


def _tell(data: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(data) + "\n")
        return
    if data["damage"]:
        sys.stderr.write(f"{data['damage']} The rest was used.\n")
    if data["stopped"]:
        sys.stderr.write("Stopped before the end; what was done is kept.\n")
    names = " and ".join(data["files"])
    sys.stderr.write(f"Wrote {names}: {data['pictures']} pictures, {data['seconds']:.1f} s.\n")
