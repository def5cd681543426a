"""A bounded share of the fuzzing that `make fuzz` does for minutes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures import hostile_clips
from tests.fixtures.glb import pack_glb
from tests.fixtures.hostile import Base, attempt, bases, hostile


def test_the_whole_files_must_load_without_a_problem_of_ours(tmp_path: Path) -> None:
    for root, binary in bases():
        assert attempt(tmp_path / "whole.vrm", pack_glb(root, binary)) == ""


WRONG: tuple[Any, ...] = (None, True, -1, 1e30, "x", [None], {"x": []})


def test_a_value_of_an_extension_of_the_wrong_type_must_be_lived_with(tmp_path: Path) -> None:
    """VRM, MToon, springs, colliders, constraints, transforms, licence: each value in turn."""
    for whole, binary in bases():
        for k, place in enumerate(extension_places(whole)):
            if k % 3 == 0:
                _wrong(tmp_path, (whole, binary), place, WRONG[k // 3 % len(WRONG)])


@pytest.mark.long
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_every_value_of_every_extension_of_the_wrong_type_must_be_lived_with(
    tmp_path: Path, wrong: Any
) -> None:
    for base in bases():
        for place in extension_places(base[0]):
            _wrong(tmp_path, base, place, wrong)


def _wrong(tmp_path: Path, base: Base, place: tuple[Any, ...], wrong: Any) -> None:
    """Only what an avatar cannot do without refuses the file: its version, its bones."""
    root = json.loads(json.dumps(base[0]))
    inner = root
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = wrong
    assert not attempt(tmp_path / "wrong.vrm", pack_glb(root, base[1])) or _vital(place), place


def extension_places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside an ``extensions`` object."""
    out = []
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in members:
        here = (*path, key)
        if "extensions" in path:
            out.append(here)
        if isinstance(inner, dict | list):
            out += extension_places(inner, here)
    return out


def _vital(place: tuple[Any, ...]) -> bool:
    names = [p for p in place if isinstance(p, str)]
    return (
        names[-1] in ("VRMC_vrm", "VRM", "humanoid", "humanBones", "hips", "specVersion")
        or names[-2:] in (["hips", "node"], ["humanBones", "node"], ["humanBones", "bone"])
        or names[:1] == ["nodes"]
    )


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 1 << 40))
def test_a_hostile_file_must_be_refused_or_give_a_body_that_moves(
    tmp_path: Path, seed: int
) -> None:
    attempt(tmp_path / "hostile.vrm", hostile(seed))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 1 << 40))
def test_a_hostile_motion_must_be_refused_or_play(tmp_path: Path, seed: int) -> None:
    hostile_clips.attempt(tmp_path / "hostile.vrma", hostile_clips.hostile(seed))
