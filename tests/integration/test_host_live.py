"""The running show as its user runs it: words on a terminal, files, an exit status."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from tests.conftest import ROOT
from tests.fixtures.waiting import wait_for

SMALL = ("--size", "320x180", "--fps", "20", "--backend", "software")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "host.cli", *arguments]


def start(*arguments: str, folder: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("live", *SMALL, *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str, folder: Path, **environment: str) -> tuple[int, str, str]:
    process = start(*arguments, folder=folder, **environment)
    out, said = process.communicate(timeout=50)
    return process.returncode, out, said


def hear(said: str, process: subprocess.Popen[str]) -> list[str]:
    """Read the show's words until one contains `said`."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if said in line:
            return lines
    raise AssertionError(f"'{said}' was never said: {lines}")


def frames_in(path: Path) -> tuple[int, int]:
    """Pictures that decode and blocks of sound that decode."""
    with av.open(str(path)) as media:
        pictures = sum(1 for _ in media.decode(video=0))
    with av.open(str(path)) as media:
        blocks = sum(1 for _ in media.decode(audio=0))
    return pictures, blocks


def holds(path: Path, pictures: int, blocks: int) -> bool:
    """Whether a recording that is still being written has more than these already."""
    try:
        seen, heard = frames_in(path)
    except (av.FFmpegError, IndexError):  # not there yet, or no track yet
        return False
    return seen > pictures and heard > blocks


def test_a_show_must_report_what_it_did(tmp_path: Path) -> None:
    status, out, said = run(
        "--source", "synthetic", "--duration", "3", "--output", "record:show.mp4",
        "--output", "null", "--report", "report.json", "--json", folder=tmp_path,
    )  # fmt: skip
    assert status == 0, said
    data: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert json.loads(out) == data
    frames = data["frames"]
    assert frames["drawn"] > 10
    assert frames["drawn"] + frames["lagged"] in range(58, 63), (
        "3 s at 20 fps, none unaccounted for"
    )
    assert set(frames) >= {"drawn", "lagged", "skipped", "dropped"}
    assert 0 < data["fps"]["held"] <= 20.5
    latency = data["latency_ms"]["captured_to_encoded"]
    assert 0 < latency["p50"] <= latency["p95"]
    memory = data["memory_mb"]
    assert 0 < memory["start"] <= memory["peak"]
    assert {"solve", "rig", "springs", "draw", "convert", "encode"} <= set(data["cpu_ms_per_frame"])
    pictures, blocks = frames_in(tmp_path / "show.mp4")
    assert pictures == frames["drawn"] - frames["skipped"]
    assert blocks > 100


def test_a_killed_show_must_leave_a_recording_that_plays(tmp_path: Path) -> None:
    process = start("--source", "synthetic", "--output", "record:show.mp4", folder=tmp_path)
    hear("On air", process)
    assert wait_for(lambda: holds(tmp_path / "show.mp4", 15, 50))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    pictures, blocks = frames_in(tmp_path / "show.mp4")
    assert pictures > 15
    assert blocks > 50


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_show_must_end_in_order(tmp_path: Path, number: signal.Signals) -> None:
    process = start(
        "--source", "take:greeting", "--output", "record:show.mkv", "--report", "r.json",
        folder=tmp_path,
    )  # fmt: skip
    hear("On air", process)
    assert wait_for(lambda: holds(tmp_path / "show.mkv", 5, 0))
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert "Recorded" in said
    assert json.loads((tmp_path / "r.json").read_text())["frames"]["drawn"] > 5
    assert frames_in(tmp_path / "show.mkv")[0] > 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_show_stopped_while_it_is_built_must_not_begin(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = start("--source", "take:greeting", "--output", "record:show.mkv", folder=tmp_path)
    hear("Motion:", process)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert said.endswith("\nStopped.\n")
    assert "On air" not in said
    assert not list(tmp_path.iterdir())


def test_a_show_whose_terminal_is_closed_must_go_on(tmp_path: Path) -> None:
    process = start(
        "--source", "take:greeting", "--output", "record:show.mkv", "--duration", "2", "--json",
        folder=tmp_path,
    )  # fmt: skip
    hear("Motion:", process)
    assert process.stderr is not None
    process.stderr.close()
    assert process.stdout is not None
    with process.stdout:
        data = json.loads(process.stdout.read())
    assert process.wait(20) == 0
    assert data["frames"]["drawn"] > 5


def test_a_busy_port_must_end_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, _, said = run(
            "--source", "synthetic", "--output", f"page:{port}", folder=tmp_path
        )  # fmt: skip
    assert status == 7
    assert "[output.port_busy]" in said
    assert f"page:{port + 1}" in said
    assert "Traceback" not in said


def test_an_unreachable_server_must_not_stop_the_show(tmp_path: Path) -> None:
    with socket.socket() as other:  # bound but not listening: refuses connections
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        status, _, said = run(
            "--source", "synthetic", "--duration", "3",
            "--output", f"rtmp://127.0.0.1:{port}/live/secretkey", "--output", "record:show.mp4",
            folder=tmp_path,
        )  # fmt: skip
    assert status == 7, "a show that never reached its room says so"
    assert "Nothing was streamed" in said
    assert f"127.0.0.1:{port}" in said
    assert "secretkey" not in said, "keys are never spoken"
    assert frames_in(tmp_path / "show.mp4")[0] > 20


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("--source", "file:none.mp4"), "asset.missing", 3),
        (("--source", "webcam:77"), "device.no_camera", 5),
        (("--source", "file:noise.mp4"), "asset.unreadable_video", 3),
        (("--source", "synthetic", "--avatar", "noise.vrm"), "", 3),
        (("--source", "synthetic", "--stage", "noise.glb"), "", 3),
        (("--source", "synthetic", "--output", "record:/proc/none/show.mp4"), "output.", 7),
        (("--source", "synthetic", "--shot", "upside-down"), "show.shot", 2),
        (("kindless.toml",), "show.output", 2),
    ],
)
def test_what_cannot_be_a_show_must_be_said_before_it_begins(
    tmp_path: Path, arguments: tuple[str, ...], code: str, status: int
) -> None:
    for name in ("noise.mp4", "noise.vrm", "noise.glb"):
        (tmp_path / name).write_bytes(os.urandom(5000))
    (tmp_path / "kindless.toml").write_text('[[output]]\npath = "x.mp4"\n')
    output = () if {"--output", "kindless.toml"} & set(arguments) else ("--output", "null")
    exit_status, _, said = run(*arguments, *output, "--duration", "3", folder=tmp_path)
    assert exit_status == status, said
    assert f"[{code}" in said
    assert "Traceback" not in said


def test_a_full_disk_must_keep_what_was_recorded_and_go_on(tmp_path: Path) -> None:
    """A file size limit is a full disk that needs no root."""
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000));"
        "from host.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "live", *SMALL, "--source", "synthetic", "--duration", "6",
         "--set", "encode.video_kbps=1500", "--output", "record:show.mp4", "--output", "null",
         "--json"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 7, done.stderr
    data = json.loads(done.stdout)
    assert data["outputs"]["record"]["code"] == "output.disk_full"
    assert data["outputs"]["null"]["sent"] > data["outputs"]["record"].get("sent", 0)
    assert data["seconds"] > 5.5, "the show went on"
    assert frames_in(tmp_path / "show.mp4")[0] > 5


def test_settings_must_come_from_file_environment_and_options(tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(
        'name = "Mine"\n[motion]\nsource = "synthetic"\n[[output]]\nkind = "null"\n'
    )
    status, out, said = run(
        "show.toml", "--duration", "1", "--json", folder=tmp_path, MIRRORSTAGE__NAME="Theirs"
    )
    assert status == 0, said
    assert json.loads(out)["show"] == "Theirs"
