"""The window shows the programme and hands over what is typed into it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.peer

TYPE = """
import numpy as np
from render.window import PictureWindow
window, picture = PictureWindow(64, 36), np.zeros((36, 64, 4), np.uint8)
window.show(picture)
device = window._window.get_input_device(0)  # as the window system hands keys to the engine
for key in ("w", "\\u55b5", "\\t", "?"):
    device.keystroke(ord(key))
window.show(picture)
print(window.pressed(), len(window.pressed()))
window.close()
"""


@pytest.fixture
def display() -> Iterator[str]:
    """A screen that nobody sees."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("no Xvfb: apt-get install xvfb")
    with subprocess.Popen(
        [server, "-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield f":{process.stdout.readline().strip()}"
        process.terminate()


def test_characters_typed_into_the_window_must_be_handed_over_once(display: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TYPE],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DISPLAY": display, "PYTHONUTF8": "1"},
        capture_output=True, text=True, encoding="utf-8", timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "w喵? 0\n"
