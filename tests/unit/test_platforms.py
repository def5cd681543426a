"""What differs between Linux, Windows and macOS, as far as Linux can tell."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from capture import devices
from capture.settings import CaptureSettings, origin_of
from flow.clock import ManualClock, counter
from host.commands.doctor import marks_for, port_is_free
from render.choose import may_have_graphics_processor
from render.panda import gl_module, remedy, window_module
from stream.outputs.target import parse
from tests.conftest import ROOT
from tests.unit.test_house import PACKAGES, tracked

SYSTEMS = ("linux", "win32", "darwin")

ELSEWHERE = """
import asyncio, importlib, logging, multiprocessing, os, signal, socket, subprocess, sys, tempfile
import multiprocessing.connection, multiprocessing.popen_spawn_posix, webbrowser
modules = sys.argv[1:]
for name in modules:
    importlib.import_module(name)
ours = {m.partition(".")[0] for m in modules}
for name in [n for n in sys.modules if n.partition(".")[0] in ours]:
    del sys.modules[name]
for name in ("fcntl", "termios", "resource", "pwd", "grp", "pty", "tty", "syslog"):
    sys.modules[name] = None
for module, names in {
    os: "fork killpg getuid geteuid getpgid setsid sched_getaffinity uname O_NONBLOCK O_CLOEXEC",
    signal: "SIGKILL SIGHUP SIGUSR1 SIGALRM SIGPIPE pthread_sigmask",
    socket: "SO_REUSEPORT TCP_USER_TIMEOUT AF_UNIX",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
for name in modules:
    importlib.import_module(name)
"""


def test_every_module_must_import_where_posix_is_missing() -> None:
    modules = [
        n.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for n in tracked()
        if n.split("/")[0] in PACKAGES and n.endswith(".py") and not n.startswith("assets/build")
    ]
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *modules],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("platform", SYSTEMS)
def test_a_stamp_must_mean_the_same_in_another_process(platform: str) -> None:
    now = counter(platform)
    script = f"from flow.clock import counter; print(counter({platform!r})())"
    before = now()
    there = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert before < int(there.stdout) < now()


def test_windows_must_not_count_in_steps_of_its_scheduler() -> None:
    import time

    assert counter("win32") is time.perf_counter_ns


def test_files_on_a_drive_must_be_understood() -> None:
    assert origin_of(r"file:C:\shows\clip.mp4").target == r"C:\shows\clip.mp4"
    assert origin_of(r"images:C:\shows\*.png").target == r"C:\shows\*.png"
    assert parse(r"record:C:\shows\x.mp4") == ("record", {"path": r"C:\shows\x.mp4"})


def test_gl_must_be_asked_for_by_a_name_that_the_engine_has_there() -> None:
    assert [gl_module(p) for p in SYSTEMS] == ["p3headlessgl", "pandagl", "pandagl"]
    assert [window_module(p) for p in SYSTEMS] == ["p3tinydisplay", "p3tinydisplay", "pandagl"]


def test_only_linux_is_told_to_install_packages() -> None:
    assert "apt-get" in remedy("apt-get install libegl1", "linux")
    assert not any("apt" in remedy("apt-get install libegl1", p) for p in ("win32", "darwin"))


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_picture_must_not_depend_on_a_window_system_by_itself(platform: str) -> None:
    assert not may_have_graphics_processor(platform)


class FakeCameras:
    """OpenCV where camera 0 is known to one back end only."""

    CAP_ANY, CAP_V4L2, CAP_DSHOW, CAP_AVFOUNDATION, CAP_MSMF = 0, 200, 700, 1200, 1400

    def __init__(self, known_to: int) -> None:
        self.known_to = known_to
        self.opened: list[SimpleNamespace] = []

    def VideoCapture(self, where: int | str, backend: int) -> SimpleNamespace:  # noqa: N802
        camera = SimpleNamespace(backend=backend, released=False)
        camera.isOpened = lambda: where == 0 and backend == self.known_to
        camera.release = lambda: setattr(camera, "released", True)
        self.opened.append(camera)
        return camera


@pytest.mark.parametrize("platform", SYSTEMS)
def test_a_camera_must_be_opened_by_the_back_end_that_knows_it(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_to = {
        "linux": FakeCameras.CAP_V4L2,
        "win32": FakeCameras.CAP_MSMF,
        "darwin": FakeCameras.CAP_AVFOUNDATION,
    }[platform]
    fake = FakeCameras(known_to)
    monkeypatch.setitem(sys.modules, "cv2", fake)
    camera = devices.open_camera(0, platform)
    assert camera.isOpened()
    assert [c.released for c in fake.opened] == [c is not camera for c in fake.opened]


def test_a_port_that_rests_is_free_but_not_where_sharing_takes_it_away() -> None:
    """Windows gives one port to two programs when asked as POSIX is asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not port_is_free(port)
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first keeps the port for a minute
            assert client.recv(1) == b""
    assert port_is_free(port, "posix")
    assert not port_is_free(port, "nt")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp936", "ascii"])
def test_good_and_bad_must_look_different_on_every_terminal(encoding: str) -> None:
    seen = {mark.encode(encoding, "replace") for mark in marks_for(encoding).values()}
    assert len(seen) == 3


def test_pictures_must_be_read_by_us_and_not_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV's own reading knows no names outside the code page of Windows."""
    import cv2
    import numpy as np

    from capture.open import open_pictures

    pixels = np.full((8, 8, 3), 90, np.uint8)
    (tmp_path / "演出 1.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (tmp_path / "演出 2.png").write_bytes(b"")
    monkeypatch.delattr(cv2, "imread")
    settings = CaptureSettings(f"images:{tmp_path}", loop=False, realtime=False)
    source = open_pictures(settings, ManualClock(0))
    first = source.read(0.1)
    assert first is not None
    assert np.array_equal(first.pixels, pixels)
    assert source.read(0.1) is None
    assert source.skipped == 1


def test_a_wheel_must_hold_what_a_show_needs_and_nothing_else() -> None:
    wheels = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    files = {f.distribution_path for f in wheels.WheelBuilder(str(ROOT)).recurse_included_files()}
    needed = {n for n in tracked() if n.split("/")[0] in PACKAGES}
    needed = {n for n in needed if not n.startswith("assets/build/") and (ROOT / n).is_file()}
    assert needed <= files
    folders = {f.split("/")[0] for f in files}
    assert folders == set(PACKAGES)
    beyond = {f for f in files - needed if not f.startswith("stream/web_dist/")}
    assert not {f for f in beyond if f.startswith("assets/build/")}
