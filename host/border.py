"""The border between a command and its terminal: what happens to what nobody caught.

Standard streams may be closed, full, broken or unable to show a character; none of that may end a
show or print a traceback. Imports little: every command starts here.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from typing import Any, TextIO

from flow.errors import MirrorstageError, OutputError


def hold_streams() -> None:
    """Make standard streams safe to write to.

    A closed one becomes the null device: otherwise the next file to be opened gets its number, and
    what native libraries print would go into a recording. A terminal that cannot show a character
    shows '?' instead.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    _watch_output()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def tell(fault: MirrorstageError, *, as_json: bool) -> int:
    """Say `fault` on standard error, as data on standard output too when asked; its exit status."""
    with suppress(OSError):
        if as_json:
            sys.stdout.write(json.dumps({"error": fault.as_dict()}, ensure_ascii=False) + "\n")
            sys.stdout.flush()
    with suppress(OSError):
        sys.stderr.write(f"mirrorstage: {fault} [{fault.code}]\n")
    return fault.exit_status


def _watch_output() -> None:
    """Let standard output say that it was the one that failed."""
    out = sys.stdout
    if not isinstance(out, io.TextIOWrapper):
        return  # replaced by a test or an embedding program
    raw = getattr(out.buffer, "raw", out.buffer)  # unbuffered, it has no raw below it
    if type(raw) is io.FileIO:
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(raw.fileno(), "w", closefd=False)),
            encoding=out.encoding,
            line_buffering=out.line_buffering or raw is out.buffer,
        )


class PrintError(OSError):
    """Standard output, and no other file, could not be written."""


class _Output(io.FileIO):
    """Standard output, whose failures can be told from those of the files a show writes."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as fault:
            raise PrintError(fault.errno, fault.strerror) from None


def refused(fault: PrintError) -> OutputError:
    """The error for standard output that does not take what is printed (a full disk)."""
    return OutputError(
        f"What was to be printed could not be written: {fault.strerror}.",
        code="output.print",
        hint="Free some space, or print to another place.",
    )


def drop_output(stream: TextIO | None = None) -> None:
    """Let what is still to be printed go nowhere, without a complaint at the interpreter's end.

    Args:
        stream: Which standard stream; standard output when None.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(null, (stream or sys.stdout).fileno())
    os.close(null)


def let_go() -> None:
    """Flush standard error; what a terminal that has gone did not take is dropped.

    The interpreter would try once more at its end, fail and turn the exit status into 120.
    """
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        drop_output(sys.stderr)


def unexpected(fault: Exception) -> MirrorstageError:
    """The error for what should not have happened; the traceback goes into a file for a report."""
    place = ""
    with suppress(OSError):
        handle, place = tempfile.mkstemp(prefix="mirrorstage-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            traceback.print_exception(fault, file=file)
    said = str(fault).strip().rstrip(".").partition("\n")[0]
    return MirrorstageError(
        f"Something went wrong inside Mirrorstage ({type(fault).__name__}: {said}).",
        code="internal",
        hint=f"Please report it, with {place}." if place else "Please report it.",
    )
