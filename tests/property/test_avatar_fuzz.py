"""A bounded share of the fuzzing that `make fuzz` does for minutes."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.glb import pack_glb
from tests.fixtures.hostile import attempt, bases, hostile


def test_the_whole_files_must_load_without_a_problem_of_ours(tmp_path: Path) -> None:
    for root, binary in bases():
        assert attempt(tmp_path / "whole.vrm", pack_glb(root, binary)) == ""


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 1 << 40))
def test_a_hostile_file_must_be_refused_or_give_a_body_that_moves(
    tmp_path: Path, seed: int
) -> None:
    attempt(tmp_path / "hostile.vrm", hostile(seed))
