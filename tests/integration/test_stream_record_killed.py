"""A recording whose process is killed, and one on a disk that is really full."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flow.clock import NS_PER_S, MonotonicClock
from stream.outputs.record import RecordOutput, RecordSettings
from tests.fixtures.flash_and_beep import FlashAndBeep, canned
from tests.fixtures.observe import observe

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import sys
from flow.clock import MonotonicClock
from flow.meter import Meter
from stream.settings import EncodeSettings
from stream.hub import Hub
from stream.outputs.record import RecordOutput, RecordSettings
from tests.fixtures.flash_and_beep import FlashAndBeep, play
clock = MonotonicClock()
hub = Hub(EncodeSettings(width=320, height=180), clock=clock, meter=Meter())
for path in sys.argv[1:]:
    hub.add(path, RecordOutput(RecordSettings(path=path)))
origin = clock.now() + 200_000_000
hub.start(origin)
sys.stdout.write("live\\n")
sys.stdout.flush()
play(hub, FlashAndBeep(320, 180), clock, origin, 60.0)
"""


def test_must_leave_playable_files_when_the_process_is_killed(tmp_path: Path) -> None:
    paths = [tmp_path / "show.mp4", tmp_path / "show.mkv"]
    clock = MonotonicClock()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, paths)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"live\n"
        clock.sleep_until(clock.now() + 4 * NS_PER_S)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    for path in paths:
        seen = observe(str(path))
        assert len(seen.numbers) > 30, path.name
        assert seen.numbers == sorted(set(seen.numbers))
        assert max(map(abs, seen.offsets_ms), default=0.0) < 20


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() != 0:
        folder.rmdir()
        pytest.skip("only root may mount a small disk")
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("this machine does not allow mounts")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_must_keep_what_fits_on_a_full_disk(small_disk: Path, kind: str) -> None:
    output = RecordOutput(RecordSettings(path=str(small_disk / f"show.{kind}")))
    tracks, packets = canned(FlashAndBeep(320, 180), 12.0)
    output.start(tracks)
    for packet in packets:
        output.push(packet)
    output.stop(10.0)
    status = output.status()
    assert (status.state, status.code) == ("failed", "output.disk_full")
    numbers = observe(str(output.path)).numbers
    assert numbers == list(range(len(numbers)))
    assert 30 <= len(numbers) < 360
