"""Writes docs/errors.md: every error code of the product, read from the code that raises it.

.venv/bin/python -m tools.error_codes [--check]
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from flow import errors

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "errors.md"
PACKAGES = ("flow", "capture", "avatar", "scenes", "render", "stream", "host", "assets")
HEAD = """# Error codes

Every fault is one sentence, a remedy where there is one, and a code that never changes its meaning.
The command line prints it as `mirrorstage: SENTENCE REMEDY [code]` and ends with the exit status of
its kind; `--json` prints it as data. Made from the code by `python -m tools.error_codes`; … stands
for what is known only then.

| exit status | kind |
|---|---|
"""


def words(node: ast.expr | None) -> str:
    """A string expression with … for its variable parts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(words(v) if isinstance(v, ast.Constant) else "…" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return words(node.left) + words(node.right)
    return "…" if node is not None else ""


def found(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """(code, sentence, remedy) of every call that names a code."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = {k.arg: k.value for k in node.keywords if k.arg}
        code = named.get("code")
        if isinstance(code, ast.Constant) and isinstance(code.value, str) and "." in code.value:
            sentence = words(node.args[0]) if node.args else "…"
            yield code.value, sentence, words(named.get("hint"))


def document() -> str:
    """The whole page."""
    rows: dict[str, tuple[str, str]] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for code, sentence, remedy in found(ast.parse(path.read_text("utf-8"))):
                known = rows.get(code, ("", ""))
                rows[code] = (known[0] or sentence, known[1] or remedy)
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.MirrorstageError)
    ]
    page = HEAD
    for kind in sorted(kinds, key=lambda k: k.exit_status):
        if "exit_status" in vars(kind):
            page += f"| {kind.exit_status} | {(kind.__doc__ or '').splitlines()[0]} |\n"
    page += "\n| code | what it says | what to do |\n|---|---|---|\n"
    for code, (sentence, remedy) in sorted(rows.items()):
        page += f"| `{code}` | {_cell(sentence)} | {_cell(remedy)} |\n"
    return page


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write the page, or check that it is current."""
    page = document()
    if "--check" in sys.argv:
        return int(OUT.read_text("utf-8") != page)
    OUT.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
