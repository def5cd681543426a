"""``mirrorstage new``: a commented show file to start from."""

from __future__ import annotations

import argparse
import shlex
import sys
from importlib.resources import files

from flow.errors import ShowFileError
from flow.paths import user_path


def run(arguments: argparse.Namespace) -> int:
    """Write the template; never over an existing file."""
    path = user_path(arguments.file)
    text = files("host.templates").joinpath(f"{arguments.template}.toml").read_text("utf-8")
    made = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as out:
            made = True
            out.write(text)
    except FileExistsError:
        raise ShowFileError(
            f"{path} exists already and is left as it is.",
            code="show.exists",
            hint="Choose another name.",
        ) from None
    except OSError as fault:
        if made:  # half a show (a full disk) is none
            path.unlink(missing_ok=True)
        raise ShowFileError(
            f"{path} cannot be written: {fault.strerror}.",
            code="show.unwritable",
            hint="Choose a folder you may write to.",
        ) from fault
    sys.stderr.write(f"Wrote {path}. Go live with: mirrorstage live {shlex.quote(str(path))}\n")
    return 0
