"""No file may take more than four times its size and 300 MB, or for ever, or crash.

Each file is loaded in a process of its own kind, where memory can be weighed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.fixtures.bombs import LOADED, REFUSED, all_bombs

RESET = Path("/proc/self/clear_refs")
pytestmark = [
    pytest.mark.skipif(not RESET.exists(), reason="only Linux tells the most memory used"),
    pytest.mark.timeout(600),
]
FIXED = 300 << 20
PER_BYTE = 4
ENDLESS_S = 300
"""No bound on speed: a machine may be busy. It is for what never ends."""


def weigh(paths: list[Path], *options: str) -> Iterator[dict[str, Any]]:
    """What `tests.fixtures.weigh` says of each file."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fixtures.weigh", *options, *map(str, paths)],
        cwd=ROOT, capture_output=True, text=True, timeout=ENDLESS_S, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"died at {paths[len(lines)].name}: {done.stderr[-2000:]}"
    assert len(lines) == len(paths)
    for line in lines:
        yield json.loads(line)


def within(told: dict[str, Any]) -> bool:
    return bool(told["memory"] <= PER_BYTE * told["size"] + FIXED)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every bomb, weighed."""
    folder = tmp_path_factory.mktemp("bombs")
    paths = []
    for name, make in all_bombs():
        paths.append(folder / name)
        paths[-1].write_bytes(make())
    return {line["name"]: line for line in weigh(paths)}


@pytest.mark.parametrize("name", [*REFUSED, *LOADED])
def test_a_bomb_must_stay_small(told: dict[str, dict[str, Any]], name: str) -> None:
    assert within(told[name]), f"{told[name]['memory'] >> 20} MB"


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_an_avatar_must_be_refused_by_its_fault(
    told: dict[str, dict[str, Any]], name: str
) -> None:
    assert told[name]["code"] == REFUSED[name][1], told[name]["sentence"]


@pytest.mark.parametrize("name", LOADED)
def test_what_is_only_heavy_must_load_and_say_what_was_left_out(
    told: dict[str, dict[str, Any]], name: str
) -> None:
    code = LOADED[name][1]
    assert told[name]["code"] == "", told[name]["sentence"]
    assert not code or code in told[name]["problems"]


@pytest.mark.shared
def test_every_avatar_of_the_corpus_must_stay_small(shared: Path) -> None:
    avatars = shared / "data" / "avatars"
    paths = [p for p in sorted(avatars.rglob("*.vrm")) if p.is_file()]
    assert len(paths) > 150
    untold = []
    for path, line in zip(paths, weigh(paths), strict=True):
        assert within(line), line
        if path.parent.name.startswith("broken") and not line["code"] and not line["problems"]:
            untold.append(path.stem)
    # A mirrored node is right glTF, whatever that file's maker thought.
    assert untold == ["scale_negative"]


@pytest.mark.shared
def test_every_validator_case_must_stay_small(shared: Path) -> None:
    cases = shared / "data" / "avatars" / "gltf_validator"
    paths = [p for p in sorted(cases.rglob("*")) if p.suffix in (".gltf", ".glb")]
    assert len(paths) > 300
    assert all(within(line) for line in weigh(paths, "--model"))
