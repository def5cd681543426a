"""``mirrorstage solve``: landmarks as JSON lines in, poses as JSON lines out (`host.landmarks`).

Each line is answered at once. A line that cannot be read is answered as if nobody were seen, so
that answers stay beside their lines; the first such line and their number are said at the end.
"""

from __future__ import annotations

import argparse
import json
import sys

from flow.errors import AssetError
from host.landmarks import RowError, RowSolver, parsed


def run(arguments: argparse.Namespace) -> int:
    """Solve standard input to its end."""
    solver = RowSolver(arguments.legs, arguments.hip_height, mirrored=arguments.mirror)
    lines = bad = 0
    first = ""
    for number, line in enumerate(sys.stdin.buffer, 1):
        text = line.decode("utf-8", errors="replace").strip()
        if not text:
            continue
        lines += 1
        try:
            pose = solver.solve(parsed(text))
        except RowError as fault:
            first = first or f"Line {number} of standard input {fault}."
            if arguments.strict:
                raise _unreadable(first) from None
            bad += 1
            pose = solver.without()
        sys.stdout.write(json.dumps(pose, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    if bad and bad == lines:
        raise _unreadable(first)
    if bad:
        sys.stderr.write(
            f"{first} {bad} of {lines} lines could not be read and were answered as if nobody "
            "were seen.\n"
        )
    return 0


def _unreadable(what: str) -> AssetError:
    return AssetError(
        what,
        code="landmarks.unreadable",
        hint='Each line is one object: {"t": seconds, "world": 33 points, "image": 33 points}.',
    )
