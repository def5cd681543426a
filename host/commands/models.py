"""``mirrorstage models``: the tracker's model files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from capture.models import fetch as fetching
from capture.models import store
from host.progress import Bar


def run(arguments: argparse.Namespace) -> int:
    """Show, verify or fetch; exit status 3 when something needed is missing or damaged."""
    folder = Path(arguments.folder).expanduser() if arguments.folder else store.default_folder()
    if arguments.action == "fetch":
        with Bar(sys.stderr) as bar:
            fetching.fetch(folder, bar)
    rows = store.describe(folder)
    complete = store.is_complete(folder)
    if arguments.json:
        sys.stdout.write(
            json.dumps({"folder": str(folder), "complete": complete, "models": rows}) + "\n"
        )
    else:
        sys.stdout.write(f"Models in {folder}:\n")
        for row in rows:
            sys.stdout.write(
                f"  {row['state']:8} {row['file']:34} {row['size'] / 1e6:6.1f} MB  {row['what']}\n"
            )
        if not complete:
            sys.stdout.write("Not complete. Type: mirrorstage models fetch\n")
    return 0 if complete else 3
