"""The Khronos validator's own cases: the right ones load, the wrong ones are refused or told.

Each case has the validator's report beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from avatar.read.document import open_document
from avatar.read.gltf import build
from flow.errors import AssetError
from flow.glb import read_container

ERROR = 0
UNTOLD = {
    # Bounds are read by nobody here; the numbers themselves are checked.
    "ACCESSOR_MIN_MISMATCH", "ACCESSOR_ELEMENT_OUT_OF_MIN_BOUND", "ACCESSOR_MAX_MISMATCH",
    "ACCESSOR_ELEMENT_OUT_OF_MAX_BOUND",
    # Cameras are the stage's.
    "CAMERA_XMAG_YMAG_ZERO", "ONE_OF_MISMATCH",
    # Pictures and meshes that nothing wears are not opened.
    "IMAGE_DATA_INVALID", "IMAGE_UNEXPECTED_EOS", "IO_ERROR", "INVALID_URI",
    "ACCESSOR_INDEX_PRIMITIVE_RESTART",
    # Read all the same, and drawn right.
    "MESH_PRIMITIVE_ACCESSOR_UNALIGNED", "MESH_PRIMITIVE_ACCESSOR_WITHOUT_BYTESTRIDE",
    "NODE_SKIN_NO_SCENE", "UNEXPECTED_EXTENSION_OBJECT", "NON_REQUIRED_EXTENSION",
}  # fmt: skip
"""Errors that need not be told, and why."""

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[tuple[Path, list[dict[str, Any]]]]:
    """Files and the errors of their reports."""
    root = shared / "data" / "avatars" / "gltf_validator"
    out = []
    for path in sorted(root.rglob("*")):
        report = path.with_name(path.name + ".report.json")
        if path.suffix in (".gltf", ".glb") and report.exists():
            told = json.loads(report.read_text()).get("issues", {}).get("messages", [])
            out.append((path, [m for m in told if m["severity"] == ERROR]))
    assert len(out) > 150
    return out


def read(path: Path) -> tuple[str, list[str]]:
    """The code of the refusal, or the sentences of what is odd."""
    try:
        document = open_document(path, read_container(path))
        build(document, 16)
    except AssetError as error:
        assert error.hint
        return error.code, []
    return "", [p.sentence for p in document.problems.found]


def test_a_case_without_errors_must_load(cases: list[tuple[Path, list[dict[str, Any]]]]) -> None:
    right = [path for path, errors in cases if not errors]
    assert len(right) > 30
    refused = {path.name: read(path)[0] for path in right if read(path)[0]}
    assert not refused


def test_a_case_with_errors_must_be_refused_or_told(
    cases: list[tuple[Path, list[dict[str, Any]]]],
) -> None:
    untold = []
    for path, errors in cases:
        if errors and not {e["code"] for e in errors} <= UNTOLD:
            code, sentences = read(path)
            if not code and not sentences:
                untold.append((path.name, [e["code"] for e in errors]))
    assert not untold
