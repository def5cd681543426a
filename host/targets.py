"""Files that a command is about to write."""

from __future__ import annotations

from pathlib import Path

from flow.errors import OutputError
from flow.paths import is_file


def keep_existing(path: Path, *, force: bool) -> None:
    """Leave a file that is there already alone, unless `force` says otherwise.

    Raises:
        OutputError: ``take.exists``.
    """
    if is_file(path) and not force:
        raise OutputError(
            f"{path} exists already and is left as it is.",
            code="take.exists",
            hint="Choose another name or add --force.",
        )
