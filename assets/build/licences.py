"""Keeps assets/LICENCES.toml: one ``[[file]]`` table for each built-in file."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
LICENCE, AUTHOR = "CC0-1.0", "Mirrorstage"


def record(path: Path, script: str) -> None:
    """Add or renew the row of `path`, leaving all others as and where they are."""
    table = HOME / "LICENCES.toml"
    text = table.read_text("utf-8") if table.exists() else "# Every built-in file: ours, CC0.\n"
    name = path.resolve().relative_to(HOME).as_posix()
    rows = text.split("[[file]]")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    values = (name, digest, LICENCE, AUTHOR, script)
    keys = ("path", "sha256", "licence", "author", "script")
    row = "\n" + "\n".join(f'{k} = "{v}"' for k, v in zip(keys, values, strict=True)) + "\n\n"
    known = [k for k, r in enumerate(rows[1:], 1) if tomllib.loads(r).get("path") == name]
    if known:
        rows[known[0]] = row
    else:
        rows[-1] = rows[-1].rstrip("\n") + "\n\n"
        rows.append(row)
    table.write_text("[[file]]".join(rows).rstrip("\n") + "\n", "utf-8")
