"""Keeps native libraries from writing into the user's terminal for a moment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send what is written to file descriptor 2 meanwhile to nowhere (process-wide, short use).

    PortAudio's ALSA and JACK probing prints dozens of lines that mean nothing to a user.
    """
    with suppress(OSError):
        sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # no standard error at all (pythonw)
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
