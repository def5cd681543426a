"""A real terminal, read key by key, and put back whatever ends the show."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.fixtures.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals")

READER = """
import sys
from host.keys import keyboard
from host.signals import ending_on_signals
from flow.clock import MonotonicClock
clock, ended = MonotonicClock(), []
with ending_on_signals(lambda: ended.append(1)), keyboard() as keys:
    sys.stdout.write(f"ready {type(keys).__name__}\\n"); sys.stdout.flush()
    while not ended:
        for key in keys.pressed():
            if key == "x": raise RuntimeError("broken")
            if key == "q": ended.append(1)
            sys.stdout.write(f"key {key}\\n"); sys.stdout.flush()
        clock.sleep_until(clock.now() + 5_000_000)
"""
CONTROLLING = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"


class Desk:
    """A terminal with a program in front of it."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self.master, self.process = master, process
        self.said = b""

    def reads_keys(self) -> bool:
        """Whether the terminal hands over each key at once (and does not echo it)."""
        local = termios.tcgetattr(self.master)[3]
        return not local & termios.ICANON and not local & termios.ECHO

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def hears(self, words: str) -> bool:
        """Whether the program has said so by now; waits a little."""

        def heard() -> bool:
            os.set_blocking(self.master, False)
            with suppress(OSError):
                self.said += os.read(self.master, 65536)
            return words.encode() in self.said

        return wait_for(heard)


def stopped(pid: int) -> bool:
    """Whether a process was stopped."""
    stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    return stat.rpartition(")")[2].split()[0] == "T"


@contextmanager
def desk(*command: str, folder: Path | None = None) -> Iterator[Desk]:
    """`command` in the foreground of a terminal of its own."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield Desk(master, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        os.close(master)
        os.close(slave)


def reader(**more: Any) -> Any:
    return desk(sys.executable, "-c", CONTROLLING + READER, **more)


def test_keys_must_come_one_by_one_and_the_terminal_be_put_back() -> None:
    with reader() as at:
        assert not at.reads_keys()
        assert at.hears("ready Terminal")
        assert at.reads_keys()
        at.type("wé")
        assert at.hears("key w") and at.hears("key é")
        at.type("\x1b[A")  # an arrow
        at.type("q")
        assert at.hears("key q")
        assert at.process.wait(10) == 0
        assert b"key [" not in at.said
        assert not at.reads_keys()


@pytest.mark.parametrize("end", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "ctrl-c", "crash"])
def test_whatever_ends_the_program_the_terminal_must_be_as_it_was(end: str) -> None:
    with reader() as at:
        before = termios.tcgetattr(at.master)
        assert at.hears("ready Terminal") and at.reads_keys()
        if end.startswith("SIG"):
            at.process.send_signal(getattr(signal, end))
        else:
            at.type("\x03" if end == "ctrl-c" else "x")
        at.process.wait(10)
        assert termios.tcgetattr(at.master) == before


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_a_stopped_program_must_lend_the_terminal_back_and_take_it_again() -> None:
    """A small shell starts it in the background, brings it to the front; then comes Ctrl-Z."""
    shell = CONTROLLING + (
        "import os, signal, subprocess, sys\n"
        "signal.signal(signal.SIGTTOU, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {READER!r}], process_group=0)\n"
        "os.tcsetpgrp(0, child.pid)\n"
        "print('child', child.pid, flush=True)\n"
        "sys.exit(child.wait())\n"
    )
    with desk(sys.executable, "-c", shell) as at:
        assert at.hears("ready Terminal") and at.hears("child ")
        assert wait_for(at.reads_keys), "brought to the front, it takes the terminal"
        child = int(at.said.split(b"child ")[1].split()[0])
        os.kill(child, signal.SIGTSTP)
        assert wait_for(lambda: stopped(child))
        assert not at.reads_keys()
        os.kill(child, signal.SIGCONT)
        assert wait_for(at.reads_keys)
        at.type("kq")
        assert at.hears("key k")
        assert at.process.wait(10) == 0
        assert not at.reads_keys()


def test_without_a_terminal_nothing_must_be_read_or_changed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READER.replace("while not ended", "while False")],
        input=b"q", capture_output=True, timeout=20, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout == b"ready NoKeyboard\n"


def test_a_program_in_the_background_must_leave_the_terminal_alone() -> None:
    """As in `mirrorstage live &`: reading would stop it."""
    script = CONTROLLING + (
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {READER!r}], process_group=0)\n"
        "print('child', child.pid, flush=True)\n"
        "sys.exit(child.wait())\n"
    )
    with desk(sys.executable, "-c", script) as at:
        assert at.hears("ready Terminal") and at.hears("child ")
        assert not at.reads_keys()
        at.type("w\n")
        assert at.process.poll() is None
        assert b"key w" not in at.said
        os.kill(int(at.said.split(b"child ")[1].split()[0]), signal.SIGTERM)
        assert at.process.wait(10) == 0


def test_a_show_must_obey_its_keys(tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(
        '[motion]\nsource = "synthetic"\n'
        '[picture]\nsize = "320x180"\nfps = 20\nbackend = "software"\n'
        '[[expression]]\nname = "happy"\nkey = "h"\n'
        '[[animation]]\nname = "wave"\nfile = "wave"\nkey = "w"\n'
        '[[output]]\nkind = "null"\n'
    )
    live = CONTROLLING + "import sys\nfrom host.cli import main\nsys.exit(main(sys.argv[1:]))"
    with desk(sys.executable, "-c", live, "live", "show.toml", folder=tmp_path) as at:
        assert at.hears("Keys: h expression happy, w animation wave, ? lists them.")
        at.type("h")
        assert at.hears("Expression: happy.")
        at.type("wh")
        assert at.hears("Animation wave.") and at.hears("Expression: as tracked.")
        at.type("\x03")
        assert at.process.wait(20) == 0
        assert at.hears("On air for")
        assert not at.reads_keys()
