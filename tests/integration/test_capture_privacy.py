"""Pictures stay in the capture process: everything that leaves it is caught and looked through.

The process is watched from outside, by the messages at the other end of its pipe, by what it
printed, and, where strace is installed, by every system call of it and its native libraries
through which a byte could leave.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from capture.settings import CaptureSettings
from flow import wire
from flow.motion import MotionFrame
from flow.spec import U8
from tests.fixtures.leak import pictures_in, shrunk
from tests.fixtures.leaving import Call, Left, calls_of, can_watch, leave, raw_messages

pytestmark = [pytest.mark.shared, pytest.mark.timeout(180)]

PICTURES = 60
LARGEST = 28 + 4 * (52 + 16 + 33 * 7 + 2 * (21 * 6 + 1))
"""Bytes of a frame with everything a show may know of a performer: 2240."""
WRITES = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg", "sendmmsg"}
MOVES = {"splice", "vmsplice", "tee", "sendfile", "copy_file_range", "process_vm_writev"}
OTHER_WAYS = {
    "memfd_create", "shmget", "shmat", "msgget", "msgsnd", "mq_open", "ptrace", "io_uring_setup",
    "bind", "listen", "link", "linkat", "symlink", "symlinkat", "rename", "renameat2", "mkdir",
    "mkdirat",
}  # fmt: skip


def _clip(shared: Path) -> Path:
    return shared / "data" / "videos" / "face" / "lp_s13.mp4"  # a whole body, gesturing


def _settings(shared: Path, **more: object) -> CaptureSettings:
    values = {
        "source": f"file:{_clip(shared)}",
        "loop": False,
        "realtime": False,
        "schedule": "every",
        "models_dir": str(shared / "data" / "models"),
    }
    return CaptureSettings(**values | more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def left(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """All that left a process that watched a performer, as a show starts it."""
    folder = tmp_path_factory.mktemp("left")
    if can_watch():
        return leave(_settings(shared), folder, PICTURES)
    raw = raw_messages(_settings(shared), folder / "log", PICTURES)
    return Left(raw, (folder / "log").read_bytes(), [])


@pytest.fixture(scope="module")
def with_landmarks(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[MotionFrame]:
    """The same pictures, by a show that says that landmarks may leave."""
    log = tmp_path_factory.mktemp("landmarks") / "log"
    raw = raw_messages(_settings(shared, landmarks=True), log, PICTURES)
    return [wire.unpack(data) for data in raw if data[:4] == b"MSMF"]


@pytest.fixture(scope="module")
def pictures(shared: Path) -> list[U8]:
    """What the camera saw."""
    video = cv2.VideoCapture(str(_clip(shared)))
    return [np.asarray(video.read()[1], np.uint8) for _ in range(PICTURES)]


def test_only_motion_and_reports_leave_and_they_are_small(left: Left) -> None:
    assert len(left.frames) >= PICTURES
    assert all(any(p is not None for p in (f.face, f.body)) for f in map(wire.unpack, left.frames))
    assert max(map(len, left.frames)) <= LARGEST
    rest = [data for data in left.messages if data[:4] != b"MSMF"]
    for data in rest:
        assert data[:4] == b"MSST"
        report = json.loads(data[4:])
        assert set(report) == {"state", "sentence", "numbers"}
        assert all(isinstance(n, float | int) for n in report["numbers"].values())
        assert len(data) < 1000
    assert sum(map(len, rest)) < 100 * len(left.frames) + 2000
    assert len(left.log) < 4096


def test_no_picture_leaves_whole_shrunk_or_as_numbers(left: Left, pictures: list[U8]) -> None:
    for picture in (pictures[0], pictures[PICTURES // 2]):
        assert pictures_in(left.everything, picture) == []


def _hidden(kind: str, picture: U8) -> bytes:
    if kind == "jpeg":
        return bytes(cv2.imencode(".jpg", picture)[1])
    grey = picture.astype(np.float64).mean(axis=2)
    if kind == "row":
        return bytes(grey[len(grey) // 2].astype(np.uint8))
    small = shrunk(grey, 16)
    if kind == "thumbnail":
        return small.astype(np.uint8).tobytes()
    if kind == "coarse":
        return (small // 16 * 16).astype(np.uint8).tobytes()
    return (small / 255).astype(np.float32).tobytes()


@pytest.mark.parametrize("kind", ["jpeg", "row", "thumbnail", "coarse", "floats"])
def test_a_picture_that_did_leave_would_be_found(kind: str, left: Left, pictures: list[U8]) -> None:
    leak = _hidden(kind, pictures[0])
    data = left.everything
    assert pictures_in(data[:5001] + leak + data[5001:], pictures[0])


def test_no_point_of_the_face_leaves_unless_the_show_says_so(
    left: Left, with_landmarks: list[MotionFrame]
) -> None:
    everything = left.everything
    points = weights = 0
    for data, known in zip(left.frames, with_landmarks, strict=False):
        frame = wire.unpack(data)
        assert (frame.face is None) == (known.face is None)
        if frame.face is None or known.face is None:
            continue
        assert frame.face.points is None
        assert known.face.points is not None
        # The same pictures give the same numbers, so that what is looked for is what was there.
        assert known.face.weights.tobytes() in everything
        weights += 1
        points += sum(row.tobytes() in everything for row in known.face.points)
        points += sum(row[:2].tobytes() in everything for row in known.face.points)
    assert weights > PICTURES // 2
    assert points == 0


def test_a_show_that_says_nothing_asks_for_no_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    import capture.process
    from flow.clock import ManualClock
    from host.showfile import Motion
    from host.sources import choose_motion

    asked: list[bool] = []

    class Noted:
        def __init__(self, settings: CaptureSettings, _: object) -> None:
            asked.append(settings.landmarks)

        def start(self) -> None: ...

        def stop(self) -> None: ...

    monkeypatch.setattr(capture.process, "CaptureProcess", Noted)
    for motion in (Motion(source="file:a.mp4"), Motion(source="file:a.mp4", landmarks=True)):
        source = choose_motion(motion, ManualClock(1)).source
        source.start()
        source.stop()
    assert asked == [False, True]


def _secrets(folder: Path, kind: str) -> str:
    """A picture sequence without anybody in it: what it shows is the secret."""
    random = np.random.default_rng(len(kind))
    for number in range(12):
        if kind == "blocks":
            small = random.integers(0, 256, (12, 16, 3), np.uint8)
            picture = small.repeat(20, axis=0).repeat(20, axis=1)
        else:
            ramp = np.linspace(0, 255, 320, dtype=np.uint8)
            picture = np.roll(np.tile(ramp[None, :, None], (240, 1, 3)), 11 * number, axis=1)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return f"images:{folder}"


def test_with_nobody_in_view_what_leaves_is_the_same_whatever_is_seen(
    shared: Path, tmp_path: Path
) -> None:
    told: list[list[bytes]] = []
    for kind in ("blocks", "ramps"):
        folder = tmp_path / kind
        folder.mkdir()
        settings = _settings(shared, source=_secrets(folder, kind), fps=25.0)
        raw = raw_messages(settings, tmp_path / f"{kind}.log")
        frames = [data for data in raw if data[:4] == b"MSMF"]
        assert len(frames) == 12
        # All but the stamp, which is the time of day: head, what is there, number, aspect.
        told.append([data[:16] + data[24:] for data in frames])
        assert {len(data) for data in frames} == {28}
        assert (tmp_path / f"{kind}.log").stat().st_size < 4096
    assert told[0] == told[1]


@pytest.fixture(scope="module")
def calls(left: Left) -> Iterator[list[Call]]:
    if not left.calls:
        pytest.skip("strace is not installed, or this is not Linux")
    calls = calls_of(left.calls)
    assert {"openat", "mmap", "write", "execve"} <= {call.name for call in calls}, "it was watched"
    yield calls


def test_no_socket_shared_memory_or_other_way_out_is_made(calls: list[Call]) -> None:
    for call in calls:
        assert call.name not in OTHER_WAYS | MOVES, call
        if call.name in {"socket", "connect"} and not call.result.startswith("-1"):
            assert "AF_INET" not in call.arguments, call
            assert "AF_UNIX" not in call.arguments, call
        if call.name == "mmap" and "MAP_SHARED" in call.arguments:
            assert "PROT_WRITE" not in call.arguments, call
    assert sum(call.name == "execve" and call.result == "0" for call in calls) == 1


def test_no_file_is_opened_to_be_written_but_the_log(calls: list[Call]) -> None:
    opened = set()
    for call in calls:
        if call.name in {"open", "openat", "openat2", "creat"} and call.result[0] != "-":
            writing = re.search(r"O_WRONLY|O_RDWR|O_CREAT|creat", call.name + call.arguments)
            path = re.search(r'"([^"]*)"', call.arguments)
            assert path is not None, call
            if writing:
                opened.add(path[1])
    logs = {path for path in opened if path.endswith("/log")}
    assert len(logs) == 1
    assert opened - logs <= {"/proc/self/comm", "/dev/null"}


def test_bytes_go_into_the_pipe_the_log_and_nowhere_else(calls: list[Call], left: Left) -> None:
    by_target: dict[str, int] = {}
    for call in calls:
        if call.name in WRITES and (count := re.match(r"\d+", call.result)):
            where = re.match(r"\d+<([^>]*)>", call.arguments)
            assert where is not None, call
            by_target[where[1]] = by_target.get(where[1], 0) + int(count[0])
    pipes = {t for t in by_target if t.startswith(("UNIX", "socket:", "pipe:"))}
    assert len(pipes) == 1, by_target
    framed = sum(4 + len(data) for data in left.messages)
    assert by_target[next(iter(pipes))] == framed, "all that went into the pipe was looked at"
    for target in set(by_target) - pipes:
        assert target.endswith(("/log", "comm", "[eventfd]")), by_target
        assert by_target[target] < 4096, by_target
