"""The options that `live` and `check` share, as a show."""

from __future__ import annotations

import argparse
import json
import os
from itertools import count
from pathlib import Path
from typing import Any

from flow.errors import ShowFileError
from flow.paths import user_path
from host.showfile import Show, load_show, validate

_PLACES = {
    "source": ("motion", "source"),
    "profile": ("motion", "profile"),
    "mirror": ("motion", "mirrored"),
    "avatar": ("avatar", "model"),
    "purpose": ("purpose", "use"),
    "stage": ("stage", "model"),
    "shot": ("stage", "shot"),
    "sound": ("sound", "source"),
    "size": ("picture", "size"),
    "fps": ("picture", "fps"),
    "backend": ("picture", "backend"),
}


def show_of(arguments: argparse.Namespace) -> Show:
    """The show that file, environment, ``--set`` and options make, in rising precedence.

    Raises:
        ShowFileError: with every mistake.
    """
    path = user_path(arguments.show) if arguments.show else None
    base = load_show(path, environment=os.environ, overrides=arguments.overrides)
    data: dict[str, Any] = base.model_dump()
    for option, (section, key) in _PLACES.items():
        value = getattr(arguments, option, None)
        if value is not None:
            data[section][key] = value
    if getattr(arguments, "window", False):
        data["picture"]["window"] = True
    for text in getattr(arguments, "animation", None) or ():
        data["animation"].append(_animation(text, {a["name"] for a in data["animation"]}))
    if arguments.duration is not None:
        data["duration_s"] = arguments.duration
    if arguments.output:
        data["output"] = [_output(text) for text in arguments.output]
    elif not data["output"]:
        data["output"] = [{"kind": "page"}]
    return validate(json.loads(json.dumps(data)), "the command line")


def _animation(text: str, taken: set[str]) -> dict[str, Any]:
    """An animation that plays from the start, again and again, under a name of its own."""
    stem = Path(text).stem or text
    names = (f"{stem} {n}" if n > 1 else stem for n in count(1))
    name = next(name for name in names if name not in taken)
    return {"name": name, "file": text, "start": "auto", "loop": True}


def _output(text: str) -> dict[str, Any]:
    from stream.outputs import parse

    kind, settings = parse(text)
    if not kind:
        raise ShowFileError(f"'{text}' is no output.", code="show.output")
    return {"kind": kind, **settings}
