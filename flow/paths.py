"""Paths as people type them, and whether a file can be written there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def user_path(text: str | os.PathLike[str]) -> Path:
    """The path meant by `text`, a leading ``~`` or ``~name`` being somebody's home.

    Where that is nobody (a container without a user entry), the ``~`` stays a plain character and
    the message about the missing file shows it; `Path.expanduser` raises there.
    """
    return Path(os.path.expanduser(text))  # noqa: PTH111 - see above


def cache_home(
    environ: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Path | None:
    """This program's folder among the user's caches; None for a user who has no home."""
    env = os.environ if environ is None else environ
    user = Path(env.get("HOME") or user_path("~"))
    if not user.is_absolute():
        return None
    if platform == "darwin":
        cache = user / "Library" / "Caches"
    elif platform == "win32":
        cache = Path(env.get("LOCALAPPDATA") or user / "AppData" / "Local")
    else:
        # The XDG base directory specification says to ignore relative paths here.
        xdg = env.get("XDG_CACHE_HOME", "")
        cache = Path(xdg) if xdg.startswith("/") else user / ".cache"
    return cache / "mirrorstage"


def is_file(path: Path) -> bool:
    """Whether there is a file; also False for names no file can have and folders of others."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # `Path.is_file` itself raises these before Python 3.14
        return False


def check_writable(path: Path) -> None:
    """Find out whether a file at `path` can be written, before the work whose result it is to hold.

    Missing folders are made; an existing file keeps its content.

    Raises:
        OSError: what writing would raise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    there = path.exists()
    with path.open("ab"):
        pass
    if not there:
        path.unlink()
