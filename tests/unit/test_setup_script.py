"""tools/setup.sh on machines that are not this one: its programs are fakes, only bash is real."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a bash script")

LIBRARIES = (
    "libX11.so.6",
    "libEGL.so.1",
    "libGLESv2.so.2",
    "libGL.so.1",
    "libglib-2.0.so.0",
    "libportaudio.so.2",
)
REAL = ["bash", "basename", "cat", "cut", "dirname", "env", "grep", "mkdir", "readlink", "rm"]
REAL += ["sha256sum"]


class Machine:
    """A checkout and a PATH of fakes. Setting up ends at the virtual environment: no Python."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        self.checkout = folder / "a checkout"
        (self.checkout / "tools").mkdir(parents=True)
        shutil.copy(ROOT / "tools" / "setup.sh", self.checkout / "tools")
        for name in REAL:
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)
        self.fake("uname", "echo Linux")
        self.fake("id", "echo 1000")
        self.fake("find", "echo /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
        self.libraries(*LIBRARIES)

    def fake(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        path.chmod(0o755)

    def libraries(self, *names: str, more: int = 0) -> None:
        listed = [*names, *(f"libother{i}.so.1 (libc6,x86-64) => /lib/other" for i in range(more))]
        (self.bin.parent / "libraries").write_text("\n".join(listed) + "\n")
        self.fake("ldconfig", f"cat '{self.bin.parent / 'libraries'}'")

    def setup(self, want: str = "live") -> str:
        """What setting up says; it fails, for lack of a Python at the latest."""
        done = subprocess.run(
            [self.bin / "bash", "tools/setup.sh", want],
            cwd=self.checkout, env={"PATH": str(self.bin), "LC_ALL": "C"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        return done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_who_may_not_install_must_be_told_the_exact_line(machine: Machine) -> None:
    machine.libraries("libX11.so.6", "libGL.so.1", "libglib-2.0.so.0", "libportaudio.so.2")
    machine.fake("apt-get", "exit 100")
    machine.fake("sudo", "exit 1")  # wants a password
    said = machine.setup()
    assert "sudo apt-get install -y --no-install-recommends libegl1 libgles2\n" in said


def test_without_apt_the_missing_packages_must_be_named(machine: Machine) -> None:
    machine.libraries(*LIBRARIES[1:])
    said = machine.setup()
    assert "libx11-6" in said
    assert "Fedora" in said
    assert "Arch" in said
    assert "sudo apt-get" not in said


def test_without_apt_a_machine_that_has_all_must_go_on(machine: Machine) -> None:
    assert machine.setup().startswith("setup: Python 3.11, 3.12 or 3.13 is needed")


def test_a_long_list_of_libraries_must_be_read_to_its_end(machine: Machine) -> None:
    machine.libraries(*LIBRARIES, more=20_000)
    assert machine.setup().startswith("setup: Python")


def test_a_missing_sound_library_must_not_stop_it(machine: Machine) -> None:
    machine.libraries(*LIBRARIES[:-1])
    said = machine.setup()
    assert "optional system packages are missing" in said
    assert "libportaudio2" in said
    assert "setup: Python 3.11" in said


def test_one_package_nobody_knows_must_not_keep_the_others_away(machine: Machine) -> None:
    machine.fake("id", "echo 0")
    machine.fake(
        "apt-get",
        f"[ $1 = install ] || exit 0\n"
        f'for p in "$@"; do [ $p != chromium ] || exit 100; done\n'
        f"echo \"$DEBIAN_FRONTEND $*\" >>'{machine.log}'",
    )
    said = machine.setup("test")
    assert any(
        "noninteractive" in x and "ffmpeg" in x for x in machine.log.read_text().splitlines()
    )
    assert "sudo apt-get install -y --no-install-recommends chromium\n" in said


def test_sudo_must_hand_on_that_nobody_answers_questions(machine: Machine) -> None:
    machine.libraries(*LIBRARIES[:-1])
    machine.fake("sudo", '[ "$1" != -n ] || exit 0\nunset DEBIAN_FRONTEND\n"$@"')
    machine.fake("apt-get", f"echo \"$DEBIAN_FRONTEND $*\" >>'{machine.log}'")
    machine.setup()
    installed = [x for x in machine.log.read_text().splitlines() if "install" in x]
    assert installed
    assert all(x.startswith("noninteractive ") for x in installed)


def test_a_machine_without_chinese_and_japanese_must_be_told_of_a_font(machine: Machine) -> None:
    machine.fake("find", "exit 0")
    machine.fake("apt-get", "exit 100")
    machine.fake("sudo", "exit 1")
    said = machine.setup()
    assert "optional" in said
    assert "fonts-wqy-microhei" in said
