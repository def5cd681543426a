"""``mirrorstage new``: a commented show file to start from."""

from __future__ import annotations

import argparse
import sys
from importlib.resources import files
from pathlib import Path

from flow.errors import ShowFileError


def run(arguments: argparse.Namespace) -> int:
    """Write the template; never over an existing file."""
    path = Path(arguments.file).expanduser()
    text = files("host.templates").joinpath(f"{arguments.template}.toml").read_text("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise ShowFileError(
            f"{path} exists already and is left as it is.",
            code="show.exists",
            hint="Choose another name.",
        ) from None
    except OSError as fault:
        raise ShowFileError(
            f"{path} cannot be written: {fault.strerror}.", code="show.unwritable"
        ) from fault
    sys.stderr.write(f"Wrote {path}. Go live with: mirrorstage live {path}\n")
    return 0
