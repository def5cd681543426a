"""The command line: answers at once, speaks plainly, never with a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from host.cli import main, parser
from tests.conftest import ROOT

COMMANDS = (
    "live", "new", "check", "devices", "doctor", "inspect", "models", "take", "bench", "describe",
    "solve", "blinks",
)  # fmt: skip
HEAVY = ("numpy", "pydantic", "cv2", "mediapipe", "panda3d", "av", "aiohttp", "scipy", "PIL")


def test_help_must_import_nothing_heavy() -> None:
    script = (
        "import sys; from host.cli import parser; parser().format_help();"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_must_have_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([command, "--help"])
    assert leaving.value.code == 0
    assert command in capsys.readouterr().out


def test_all_commands_must_be_modules() -> None:
    from importlib import import_module

    for command in COMMANDS:
        assert callable(import_module(f"host.commands.{command}").run)
    assert parser().prog == "mirrorstage"


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["live", "none.toml"], 2, "show.missing"),
        (["live", "--source", "nonsense"], 2, "show.source"),
        (["live", "--size", "huge"], 2, "show.invalid"),
        (["live", "--set", "nonsense"], 2, "show.set"),
        (["inspect", "nobody.vrm"], 3, "asset.missing"),
        (["bench", "nonsense"], 2, "bench.unknown"),
        (["bench", "show", "--source", "file:none.mp4"], 3, "asset.missing"),
        (["describe", "nonsense"], 2, "show.unknown_plugin"),
        (["live", "--source", "take:nothing.take"], 3, "asset.missing"),
        (["take", "record", "--source", "file:none.mp4", "-o", "x.take"], 3, "asset.missing"),
        (["take", "record", "--source", "take:none.take", "-o", "x.take"], 3, "asset.missing"),
        (["take", "record", "--source", "synthetic", "-o", "."], 3, "take.unwritable"),
        (["live", "--source", "nonsense", "--report", "."], 7, "report.unwritable"),
        (["live", "--source", "rtsp://", "--output", "null"], 2, "show.source"),
        (["inspect", "mira", "--picture", "."], 7, "picture.unwritable"),
        (["inspect", "x" * 5000], 3, "asset.missing"),
        (["live", "--duration", "inf"], 2, "show.invalid"),
        (["new", "."], 2, "show.exists"),
    ],
)
def test_a_fault_must_be_one_sentence_with_code_and_status(
    arguments: list[str],
    status: int,
    code: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == status
    said = capsys.readouterr().err
    assert f"[{code}]" in said
    assert "Traceback" not in said


def test_json_faults_must_be_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "nobody.vrm", "--json"]) == 3
    data = json.loads(capsys.readouterr().out)
    assert data["error"]["code"] == "asset.missing"
    assert data["error"]["hint"]


def test_new_must_write_a_show_that_checks_and_never_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deep" / "show.toml"
    assert main(["new", str(path), "--template", "museum"]) == 0
    before = path.read_bytes()
    assert main(["new", str(path)]) == 2
    assert "[show.exists]" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_describe_must_list_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert "output.record" in data
    assert "picture" in data["show"]["properties"]
    assert main(["describe", "rtmp"]) == 0
    assert "url" in capsys.readouterr().out


def test_devices_must_answer_without_any(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"cameras", "microphones"}


def test_a_terminal_that_knows_only_ascii_must_not_end_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "host.cli", "describe", "show"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"motion.source" in done.stdout


@pytest.mark.parametrize(
    ("option", "value", "status", "code"),
    [
        ("--source", "file:none.mp4", 3, "asset.missing"),
        ("--source", "file:show.toml", 3, "asset.unreadable_video"),
        ("--source", "take:show.toml", 3, "take.not_a_take"),
        ("--source", "images:.", 3, "asset.missing"),
        ("--shot", "none", 2, "show.shot"),
        ("--output", "rtmp://host/app", 2, "show.output"),
    ],
)
def test_check_must_find_what_live_would_find(
    option: str,
    value: str,
    status: int,
    code: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "show.toml", "--template", "museum"]) == 0
    assert main(["check", "show.toml", option, value]) == status
    said = capsys.readouterr()
    assert (said.out + said.err).count(f"[{code}]") == 1


def test_doctor_must_refuse_a_port_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--port", "99999", "--json"]) == 1
    page = next(f for f in json.loads(capsys.readouterr().out) if f["what"] == "browser page")
    assert page["state"] == "fault"


def test_describe_must_know_the_sections(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "picture"]) == 0
    assert "fps: integer = 30" in capsys.readouterr().out


def test_inspect_must_know_the_built_in_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "greeting", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] > 0


def test_commands_to_type_must_survive_spaces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my show.toml"
    assert main(["new", str(path)]) == 0
    assert f"mirrorstage live '{path}'" in capsys.readouterr().err
