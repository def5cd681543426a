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
    kept = [rows[0], *(r for r in rows[1:] if tomllib.loads(r).get("path") != name)]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    row = "\n".join(
        f'{key} = "{value}"'
        for key, value in (
            ("path", name),
            ("sha256", digest),
            ("licence", LICENCE),
            ("author", AUTHOR),
            ("script", script),
        )
    )
    kept[-1] = kept[-1].rstrip("\n") + "\n\n"
    table.write_text("[[file]]".join([*kept, f"\n{row}\n"]), "utf-8")
