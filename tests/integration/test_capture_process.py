"""The capture process on real clips: what it sees, what crosses the pipe, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from capture import messages
from capture.messages import Failure, Report
from capture.process import CaptureProcess, CaptureSettings
from capture.supervise import Supervised
from flow import wire
from flow.clock import NS_PER_MS, NS_PER_S, MonotonicClock
from flow.errors import AssetError
from flow.motion import LOOKED_FACE, MotionFrame
from tests.conftest import ROOT
from tests.fixtures.leaving import frames_of, raw_messages
from tests.fixtures.waiting import wait_for

pytestmark = [pytest.mark.shared, pytest.mark.timeout(120)]
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def models(shared: Path) -> str:
    return str(shared / "data" / "models")


def test_a_body_clip_is_followed_and_only_motion_leaves_the_process(
    shared: Path, models: str, tmp_path: Path
) -> None:
    clip = shared / "data" / "videos" / "face" / "lp_s13.mp4"  # full body, gesturing
    settings = CaptureSettings(
        f"file:{clip}",
        loop=False,
        realtime=False,
        models_dir=models,
        mirrored=True,
        landmarks=True,
    )
    raw = raw_messages(settings, tmp_path / "log", 60)

    kinds = {data[:4] for data in raw}
    assert kinds == {b"MSMF", b"MSST"}, "frames and reports, nothing else"
    assert max(len(data) for data in raw) < messages.LIMIT
    assert all(len(data) < 1000 for data in raw if data[:4] == b"MSST")
    reports = [m for m in map(messages.unpack, raw) if isinstance(m, Report)]
    assert reports[0].state == "starting"
    assert reports[-1].state == "stopped"

    frames = [wire.unpack(data) for data in frames_of(raw)]
    assert len(frames) >= 60
    assert [f.seq for f in frames] == list(range(len(frames))), "no picture is left out"
    gaps = np.diff([f.captured for f in frames]) / NS_PER_MS
    assert np.allclose(gaps, 40.0, atol=1.0), "the file's own times"
    assert all(f.mirrored for f in frames)
    assert all(f.looked_for == 0b1111 for f in frames)
    found = {
        part: sum(getattr(f, part) is not None for f in frames) / len(frames)
        for part in ("face", "body", "left_hand", "right_hand")
    }
    assert found["face"] > 0.9, found
    assert found["body"] > 0.95, found
    assert found["left_hand"] > 0.5, found
    assert found["right_hand"] > 0.5, found
    _check_geometry(frames)


def _check_geometry(frames: list[MotionFrame]) -> None:
    for frame in frames:
        if frame.face is not None and frame.body is not None:
            nose = frame.body.image_points[0, :2]
            assert frame.face.points is not None
            assert np.allclose(frame.face.points[1, :2], nose, atol=0.06)
            head = frame.face.camera_from_head
            assert np.linalg.det(head[:3, :3]) == pytest.approx(1.0, abs=1e-3)
            assert -8.0 < head[2, 3] < -0.3, "metres in front of the camera"
        if frame.body is not None:
            for hand, wrist in ((frame.left_hand, 15), (frame.right_hand, 16)):
                if hand is not None:
                    away = hand.image_points[0, :2] - frame.body.image_points[wrist, :2]
                    assert np.abs(away).max() < 0.2
                    assert np.allclose(hand.points[0], 0.0)
                    assert 0.03 < np.linalg.norm(hand.points[9]) < 0.15, "a palm in metres"


def test_a_live_process_survives_ctrl_c_and_its_death_is_noticed(
    shared: Path, models: str, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = shared / "data" / "videos" / "face" / "lp_d9.mp4"
    clock = MonotonicClock()
    source = CaptureProcess(
        CaptureSettings(f"file:{clip}", profile="face", models_dir=models), clock
    )
    source.start()
    frames: list[MotionFrame] = []

    def collect() -> bool:
        frames.extend(source.poll_all())
        return len(frames) > 20

    try:
        assert wait_for(collect, LIMIT_S), source.status()
        assert sum(f.face is not None for f in frames) > 18
        assert all(f.body is None and f.looked_for == 1 for f in frames)
        stamps = np.diff([f.captured for f in frames])
        assert stamps.min() > 0
        assert abs(clock.now() - frames[-1].captured) < 10 * NS_PER_S, "one clock for both"

        process = source._process
        assert process is not None
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
        frames.clear()
        assert wait_for(collect, LIMIT_S), "Ctrl-C is the host's business"
        numbers = source.status().numbers or {}
        assert numbers["face_hz"] > 0
        assert numbers["cpu_ms_per_frame"] > 0

        os.kill(process.pid, signal.SIGKILL)
        assert wait_for(lambda: source.status().state == "failed", LIMIT_S)
        assert source.status().code == "capture.died"
        assert source.failure is not None
        assert source.failure.retryable
    finally:
        source.stop()
        source.stop()
    assert source.status().state == "stopped"
    assert not source._log.exists()
    out, err = capfd.readouterr()
    assert out + err == "", "libraries print nothing into the terminal"


PARENT = """
import os, sys
from capture.process import CaptureProcess, CaptureSettings
from flow.clock import MonotonicClock
if __name__ == "__main__":
    source = CaptureProcess(
        CaptureSettings("file:" + sys.argv[1], models_dir=sys.argv[2]), MonotonicClock()
    )
    source.start()
    print(source._process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="asks /proc and signals")
def test_the_process_dies_with_a_host_that_is_killed(
    shared: Path, models: str, tmp_path: Path
) -> None:
    clip = shared / "data" / "videos" / "face" / "lp_d0.mp4"
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, str(script), str(clip), models],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert _alive(pid)
        parent.kill()
    assert wait_for(lambda: not _alive(pid), LIMIT_S)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("content", [b"", b"not a video at all" * 100])
def test_an_unreadable_video_raises_at_the_start_even_when_supervised(
    content: bytes, models: str, tmp_path: Path
) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    settings = CaptureSettings(f"file:{path}", models_dir=models)
    clock = MonotonicClock()
    with pytest.raises(AssetError, match=r"broken\.mp4") as caught:
        Supervised(lambda: CaptureProcess(settings, clock), clock).start()
    assert caught.value.code == "asset.unreadable_video"
    assert caught.value.hint


def test_missing_models_are_said_before_anything_is_started(tmp_path: Path) -> None:
    settings = CaptureSettings("webcam", models_dir=str(tmp_path))
    with pytest.raises(AssetError) as caught:
        CaptureProcess(settings, MonotonicClock()).start()
    assert caught.value.code == "models.missing"
    assert "mirrorstage models fetch" in caught.value.hint


def test_damaged_networks_are_an_error_of_the_engine_not_a_crash(
    shared: Path, models: str, tmp_path: Path
) -> None:
    for name in ("face_landmarker.task", "pose_landmarker_lite.task", "hand_landmarker_w.task"):
        whole = (Path(models) / name).read_bytes()
        # The archive's directory stays, the network inside is overwritten.
        broken = whole[:2000] + bytes(len(whole) // 2) + whole[2000 + len(whole) // 2 :]
        (tmp_path / name).write_bytes(broken)
    clip = shared / "data" / "videos" / "face" / "lp_d0.mp4"
    raw = raw_messages(
        CaptureSettings(f"file:{clip}", models_dir=str(tmp_path), profile="face"),
        tmp_path / "log",
    )
    last = messages.unpack(raw[-1])
    assert isinstance(last, Failure)
    assert last.error.code in {"engine.tracker", "models.damaged"}


def test_a_live_face_must_not_wait_for_body_and_hands(
    shared: Path, models: str, tmp_path: Path
) -> None:
    clip = shared / "data" / "videos" / "face" / "lp_s13.mp4"
    settings = CaptureSettings(f"file:{clip}", models_dir=models, schedule="turns")
    frames = [wire.unpack(d) for d in frames_of(raw_messages(settings, tmp_path / "log", 30))]

    pictures: dict[int, list[MotionFrame]] = {}
    for frame in frames:
        pictures.setdefault(frame.seq, []).append(frame)
    assert sorted(pictures) == list(range(len(pictures)))
    both = [parts for parts in pictures.values() if len(parts) == 2]
    assert len(both) > 5
    for face, rest in both:
        assert face.captured == rest.captured
        assert face.looked_for == LOOKED_FACE
        assert rest.looked_for
        assert not rest.looked_for & LOOKED_FACE
        assert rest.face is None
    assert [f.captured for f in frames] == sorted(f.captured for f in frames)
