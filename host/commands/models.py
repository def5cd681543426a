"""``mirrorstage models``: the tracker's model files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from capture.models import fetch as fetching
from capture.models import store
from flow.errors import AssetError
from flow.paths import user_path
from host.progress import Bar


def run(arguments: argparse.Namespace) -> int:
    """Show, verify or fetch; exit status 3 when something needed is missing or damaged."""
    folder = user_path(arguments.folder) if arguments.folder else store.home()
    if arguments.action == "fetch":
        with Bar(sys.stderr) as bar:
            fetching.fetch(folder, bar)
    elif arguments.action == "verify":
        with Bar(sys.stderr) as bar:
            store.verify(bar, folder=folder)
    rows = store.describe(folder)
    problem = _problem(folder, rows)
    if arguments.json:
        data = {"folder": str(folder), "complete": not problem, "models": rows}
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
        return 3 if problem else 0
    sys.stdout.write(f"Models in {folder}:\n")
    for row in rows:
        size = int(str(row["bytes"])) or int(str(row["published_bytes"]))
        sys.stdout.write(
            f"  {row['state']:8} {row['name']:12} {size / 1e6:6.1f} MB  {row['purpose']}\n"
        )
    sys.stdout.write((problem or "The tracker has all it needs.") + "\n")
    return 3 if problem else 0


def _problem(folder: Path, rows: list[dict[str, object]]) -> str:
    """Why the tracker cannot work with `folder`; empty when it can."""
    damaged = [str(r["path"]) for r in rows if r["state"] == "damaged"]
    if damaged:
        return f"Damaged: {', '.join(damaged)}. Type: mirrorstage models fetch"
    try:
        store.resolve("full", folder=folder)
    except AssetError as fault:
        return str(fault)
    return ""
