"""Avatars for the host: found by name or path, decoded once, with a bar when it takes a while.

Environment: ``MIRRORSTAGE_CACHE`` is the folder of decoded avatars, or ``off``;
``MIRRORSTAGE_CACHE_MB`` how much they may take (2048).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

import assets
from avatar.read.cache import MOST_BYTES, Shelf
from avatar.read.load import load_avatar
from avatar.read.progress import Loading
from avatar.rig.avatar import Avatar
from flow.errors import ShowFileError
from flow.paths import cache_home, user_path
from host.progress import Bar

PATIENCE_S = 0.5
_OFF = ("off", "no", "0", "false")


def open_avatar(
    name_or_path: str,
    *,
    stream: TextIO | None = None,
    go_on: Callable[[], None] = lambda: None,
) -> Avatar:
    """The avatar that a built-in name or a path means.

    Args:
        name_or_path: As in a show file.
        stream: Where the bar is drawn; standard error when None.
        go_on: Called between the steps; what it raises ends the loading.

    Raises:
        AssetError: as `avatar.read.load.load_avatar`.
        ShowFileError: ``show.environment`` for a size of the cache that is no number.
    """
    path = assets.locate("avatars", name_or_path)
    shelf = shelf_of()
    with Bar(stream or sys.stderr, patience_s=PATIENCE_S) as bar:

        def told(how_far: Loading) -> None:
            go_on()
            bar(how_far)

        body = shelf.load(path, told=told) if shelf else load_avatar(path, told=told)
    _give_memory_back()
    return body


def _give_memory_back() -> None:
    """Decoding leaves glibc with twice the avatar's size in freed blocks, which it would keep."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # other C libraries have no such call
            ctypes.CDLL(None).malloc_trim(0)


def shelf_of(environ: Mapping[str, str] | None = None) -> Shelf | None:
    """The user's decoded avatars; None when they are not kept.

    Raises:
        ShowFileError: ``show.environment``.
    """
    env = os.environ if environ is None else environ
    chosen = env.get("MIRRORSTAGE_CACHE", "")
    if chosen.lower() in _OFF:
        return None
    most = env.get("MIRRORSTAGE_CACHE_MB", "")
    if most and not most.isdecimal():
        raise ShowFileError(
            f"MIRRORSTAGE_CACHE_MB is '{most}', not a number of megabytes.",
            code="show.environment",
            hint="Write a whole number, or leave it out for 2048.",
        )
    home = cache_home(env)
    if chosen:
        folder = user_path(chosen)
    elif home is not None:
        folder = home / "avatars"
    else:
        return None
    return Shelf(folder, int(most) << 20 if most else MOST_BYTES)
