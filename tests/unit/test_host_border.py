"""Between a command and its terminal: closed, full and broken streams, interrupts, surprises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from host import cli
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the streams")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line with $M as the command."""
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env={**ENVIRONMENT, "M": f"{sys.executable} -m host.cli"},
    )


def test_closed_streams_must_end_nothing() -> None:
    done = shell("$M describe page >&- 2>&- <&-")
    assert done.returncode == 0
    done = shell("$M describe nonsense >&- 2>&-")
    assert done.returncode == 2
    done = shell("$M describe page >&-")
    assert (done.returncode, done.stderr) == (0, "")


def test_no_file_may_take_the_place_of_a_closed_stream() -> None:
    code = "import os; from host import border; border.hold_streams(); print(os.open('/', 0))"
    done = subprocess.run(
        ["sh", "-c", f'{sys.executable} -c "{code}" 2>&- <&-'],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT,
    )
    assert int(done.stdout) > 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_output_to_a_full_disk_must_be_said_and_is_a_failure() -> None:
    done = shell("$M describe --json >/dev/full")
    assert done.returncode == 7
    assert "[output.print]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_must_not_be_complained_about() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "host.cli", "describe", "--json"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        env=ENVIRONMENT,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def command_that(monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    """Let every command raise `fault`."""

    def run(_: object) -> int:
        raise fault

    monkeypatch.setattr(cli, "import_module", lambda _: SimpleNamespace(run=run))


def test_the_unforeseen_must_be_one_sentence_and_its_traceback_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    command_that(monkeypatch, ZeroDivisionError("division by zero"))
    assert cli.main(["devices"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "ZeroDivisionError: division by zero" in said
    assert "[internal]" in said
    (report,) = tmp_path.glob("mirrorstage-fault-*.txt")
    assert str(report) in said
    assert "Traceback" in report.read_text("utf-8")


def test_an_interrupt_while_a_command_is_being_imported_must_end_calmly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    assert cli.main(["devices"]) == 130
    assert capsys.readouterr().err == "\nStopped.\n"
