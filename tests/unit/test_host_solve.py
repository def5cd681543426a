"""``mirrorstage solve`` and ``blinks``: a line for a line, and what cannot be read is told."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flow.pose import HUMAN_BONES
from host.cli import main
from host.commands.blinks import Lids
from host.landmarks import RowError, RowSolver, parsed
from tests.conftest import ROOT
from tests.fixtures.performer import MS, Scene, euler, turned


def row_of(scene: Scene, t: float) -> dict[str, Any]:
    body = scene.frame(0).body
    assert body is not None
    seen = body.visibility[:, None]
    return {
        "t": t,
        "world": np.round(np.hstack([body.points, seen]), 4).tolist(),
        "image": np.round(np.hstack([body.image_points, seen]), 4).tolist(),
    }


ARM_UP = Scene(turned(leftUpperArm=euler("z", 60)))
NOBODY = {"t": 0.1, "world": None, "image": None}


class Pipe:
    """Standard input made of text or bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def solved(
    lines: list[str], monkeypatch: pytest.MonkeyPatch, *options: str, ending: str = "\n"
) -> int:
    data = "".join(line + ending for line in lines).encode()
    monkeypatch.setattr(sys, "stdin", Pipe(data))
    return main(["solve", *options])


def test_every_line_must_have_its_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps(row_of(ARM_UP, i / 30)) for i in range(5)] + [json.dumps(NOBODY)]
    assert solved(lines, monkeypatch) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [round(a["t"], 3) for a in answers] == [0.0, 0.033, 0.067, 0.1, 0.133, 0.1]
    for answer in answers:
        assert set(answer["bones"]) == set(HUMAN_BONES)
        assert np.allclose(np.linalg.norm(list(answer["bones"].values()), axis=1), 1, atol=1e-4)
        assert len(answer["hipsPos"]) == 3
    x, y, z, w = answers[4]["bones"]["leftUpperArm"]
    shoulder = answers[4]["bones"]["leftShoulder"]
    lifted = 2 * np.degrees(np.arctan2(z, w)) + 2 * np.degrees(np.arctan2(shoulder[2], shoulder[3]))
    assert abs(lifted - 60) < 3
    assert abs(x) + abs(y) < 0.1


def test_an_answer_must_depend_on_lines_before_it_only() -> None:
    rows = [row_of(ARM_UP, i / 30) for i in range(12)]
    other = [*rows[:6], *(row_of(Scene(), i / 30) for i in range(6, 12))]
    first, second = RowSolver(), RowSolver()
    a, b = [first.solve(r) for r in rows], [second.solve(r) for r in other]
    assert a[:6] == b[:6]
    assert a[11] != b[11]


def test_lines_that_cannot_be_read_must_be_counted_and_the_first_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = json.dumps(row_of(ARM_UP, 0.0))
    nan = good.replace('"world": [[', '"world": [[NaN, 0, 0], [', 1)
    lines = [good, "{", "[1]", '{"t": "soon"}', '{"t": 1, "world": [[1, 2]]}', nan, "[" * 100_000]
    assert solved(lines, monkeypatch) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == len(lines)
    assert "Line 2 of standard input is not JSON. 6 of 7 lines" in said.err


def test_strictly_the_first_bad_line_must_end_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps(NOBODY), '{"t": 0.2, "world": [[1, 2, 3]]}', json.dumps(NOBODY)]
    assert solved(lines, monkeypatch, "--strict") == 3
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert "Line 2 of standard input has not 33 points" in said.err
    assert "[landmarks.unreadable]" in said.err


def test_nothing_but_bad_lines_must_be_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert solved(["nonsense", "more"], monkeypatch) == 3
    assert "Line 1 of standard input is not JSON." in capsys.readouterr().err


def test_no_lines_must_be_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert solved([], monkeypatch) == 0
    assert solved(["", "  "], monkeypatch, ending="\r\n") == 0


@pytest.mark.parametrize(
    "damage",
    [
        {"t": float("inf")}, {"t": True}, {"t": 1e300}, {"w": 0}, {"h": "tall"},
        {"world": [[0, 0, 0, 0]] * 32}, {"world": "x" * 33}, {"world": [[None] * 4] * 33},
        {"world": [[1e30] * 4] * 33}, {"image": [[0, float("nan"), 0]] * 33},
        {"leftHandWorld": [[0, 0]] * 21}, {"rightHandWorld": {"a": 1}},
        {"face": [[0, 0, 0]] * 478, "mat": [[1, 0, 0, 0]] * 4, "blend": {"jawOpen": "wide"}},
    ],
)  # fmt: skip
def test_damaged_rows_must_say_why_and_change_nothing(damage: dict[str, Any]) -> None:
    solver, other = RowSolver(), RowSolver()
    rows = [row_of(ARM_UP, i / 30) for i in range(3)]
    for row in rows[:2]:
        solver.solve(row)
        other.solve(row)
    with pytest.raises(RowError, match="has"):
        solver.solve({**rows[2], **damage})
    assert solver.solve(rows[2]) == other.solve(rows[2])


def test_time_that_goes_back_must_keep_the_pose() -> None:
    solver = RowSolver()
    last = [solver.solve(row_of(ARM_UP, t)) for t in (0.0, 0.033, 0.066)][-1]
    again = solver.solve(row_of(Scene(), 0.01))
    assert again["bones"] == last["bones"]


def test_visibilities_and_pictures_may_be_left_out() -> None:
    row = row_of(ARM_UP, 0.0)
    bare = {"world": [point[:3] for point in row["world"]]}
    assert RowSolver().solve(parsed(json.dumps(bare)))["bones"]["leftUpperArm"][2] > 0.3


def test_answers_must_not_wait_for_the_end_of_the_input() -> None:
    command = [sys.executable, "-m", "host.cli", "solve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for i in range(3):
            child.stdin.write(json.dumps(row_of(ARM_UP, i / 30)) + "\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["t"] == i / 30
        child.stdin.close()
        assert child.wait(30) == 0


def test_blinks_must_have_a_weight_for_every_picture() -> None:
    lids = Lids()
    opened, shut = (
        {"eyeBlinkLeft": 0.05, "eyeBlinkRight": 0.05},
        dict.fromkeys(("eyeBlinkLeft", "eyeBlinkRight"), 0.7),
    )
    for seq in range(80):
        if seq in {20, 21}:
            continue  # left out by the reader
        closed = seq in {60, 61, 62}
        scene = Scene(weights=shut if closed else opened, body=False, face=seq > 4)
        lids.feed(scene.frame(seq * 33 * MS, seq))
    weights = lids.weights()
    assert len(weights) == lids.pictures == 80
    assert lids.faces == 73
    assert weights[:5] == [0.0] * 5
    assert max(weights[:55]) < 0.2
    assert max(weights[60:64]) > 0.7
    assert weights[79] < 0.2
    assert Lids().weights() == []


def test_a_video_that_is_not_there_must_be_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "lids.json"
    assert main(["blinks", str(tmp_path / "none.mp4"), "-o", str(out)]) != 0
    assert "none.mp4" in capsys.readouterr().err
    assert not out.exists()


def test_a_file_that_cannot_be_written_must_be_said_before_watching(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["blinks", "whatever.mp4", "-o", str(tmp_path)]) == 7
    assert "[blinks.unwritable]" in capsys.readouterr().err
