"""The house itself: names are ours alone, walls stand, nothing is left behind."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.conftest import ROOT

PACKAGES = ("flow", "capture", "avatar", "scenes", "render", "stream", "host", "assets")


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return listed.stdout.splitlines()


def test_our_package_names_must_belong_to_nobody_else() -> None:
    owners = packages_distributions()
    for name in PACKAGES:
        assert set(owners.get(name, ["mirrorstage"])) == {"mirrorstage"}


def test_every_built_asset_must_be_listed_with_its_licence_and_hash() -> None:
    rows = tomllib.loads((ROOT / "assets" / "LICENCES.toml").read_text("utf-8"))
    listed = {str(row["path"]): row for rows_of in rows.values() for row in rows_of}
    folders = ("avatars", "stages", "takes", "animations")
    files = [p for f in folders for p in sorted((ROOT / "assets" / f).glob("*")) if p.is_file()]
    assert files
    for path in files:
        name = path.relative_to(ROOT / "assets").as_posix()
        row = listed.get(name) or listed.get(f"assets/{name}")
        assert row is not None, f"{name} is not in LICENCES.toml"
        assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest(), name
        assert row["licence"] == "CC0-1.0"


def test_no_file_may_be_large_or_unfinished() -> None:
    unfinished = re.compile("TO" + "DO|FIX" + "ME|raise NotImplemented" + "Error")
    for name in tracked():
        path = ROOT / name
        if not path.is_file():
            continue
        assert path.stat().st_size < 3_000_000, name
        if path.suffix in (".py", ".ts"):
            text = path.read_text("utf-8")
            assert len(text.splitlines()) <= 400, f"{name} holds too many things"
            assert not unfinished.search(text), name


def test_lock_files_must_name_no_index() -> None:
    for name in tracked():
        if name.endswith((".lock", "package-lock.json")):
            assert "://" not in (ROOT / name).read_text("utf-8"), name


def test_every_module_must_import_without_a_device() -> None:
    modules = [
        n.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for n in tracked()
        if n.split("/")[0] in PACKAGES and n.endswith(".py") and not n.startswith("assets/build")
    ]
    script = "import importlib, sys\nfor m in sys.argv[1:]:\n    importlib.import_module(m)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *modules],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_list_of_error_codes_must_be_current() -> None:
    from tools.error_codes import OUT, document

    assert OUT.read_text("utf-8") == document(), "run: python -m tools.error_codes"


def test_every_link_in_the_documents_must_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_in_the_readme_must_exist() -> None:
    from host.cli import parser

    text = (ROOT / "README.md").read_text("utf-8")
    known = parser().format_help()
    for command in set(re.findall(r"mirrorstage ([a-z]+)", text)):
        assert f"    {command} " in known, command
    make = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"`?make ([a-z-]+)", text)):
        assert f"\n{target}:" in make, target
