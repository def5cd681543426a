"""The whole journey: a real clip in; a file, a real RTMP server and a real browser out, at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from capture.models.store import resolve
from flow.errors import AssetError
from tests.conftest import ROOT, shared_root
from tests.fixtures.chromium import Chromium
from tests.fixtures.nginx import Server, running
from tests.fixtures.waiting import free_port

pytestmark = [pytest.mark.peer, pytest.mark.shared]
VIDEOS = shared_root() / "data" / "videos"
CLIPS = sorted(p.relative_to(VIDEOS).as_posix() for p in VIDEOS.glob("*/*.mp4"))


@pytest.fixture(autouse=True)
def _models() -> None:
    try:
        resolve("full")
    except AssetError as fault:
        pytest.skip(str(fault))


def probe(source: str) -> dict[str, Any]:
    """What ffprobe counts when it decodes everything."""
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", source],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    streams = json.loads(said)["streams"]
    return {s["codec_type"]: s for s in streams}


def show(clip: Path, server: Server, folder: Path, seconds: int, size: str) -> dict[str, Any]:
    """Run the show with three outputs; pull from the server, watch in the browser."""
    port = free_port()
    pulled = folder / "pulled.flv"
    live = subprocess.Popen(
        [sys.executable, "-m", "host.cli", "live", "--source", f"file:{clip}",
         "--duration", str(seconds), "--size", size,
         "--output", f"record:{folder}/show.mp4", "--output", server.url("room"),
         "--output", f"page:{port}", "--json"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert live.stderr is not None
    for line in live.stderr:
        if "End with" in line:
            break
    pull = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-y", "-i", server.url("room"),
         "-t", str(seconds // 2), "-c", "copy", str(pulled)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with Chromium() as browser:
        browser.open(f"http://127.0.0.1:{port}")
        browser.wait_for("window.mirrorstage && mirrorstage.picture.decoded > 0", 20)
        out, said = live.communicate(timeout=seconds + 60)
        decoded = browser.evaluate("mirrorstage.picture.decoded")
        complaints = list(browser.log)
    pull.wait(timeout=10)
    assert live.returncode == 0, said
    report: dict[str, Any] = json.loads(out)
    return {
        "report": report,
        "recorded": probe(str(folder / "show.mp4")),
        "pulled": probe(str(pulled)),
        "decoded": decoded,
        "complaints": complaints,
    }


def judge(seen: dict[str, Any], size: str) -> None:
    report = seen["report"]
    drawn = report["frames"]["drawn"] - report["frames"]["skipped"]
    video, audio = seen["recorded"]["video"], seen["recorded"]["audio"]
    assert int(video["nb_read_frames"]) == drawn, "every picture is in the file"
    assert f"{video['width']}x{video['height']}" == size
    assert (video["codec_name"], audio["codec_name"]) == ("h264", "aac")
    assert video["color_space"] == "bt709"
    assert report["motion"]["frames"] > 10, "the tracker delivered"
    room = report["outputs"]["rtmp"]
    assert room["dropped"] == 0
    assert int(seen["pulled"]["video"]["nb_read_frames"]) > 0.3 * drawn, "half the show was pulled"
    assert seen["pulled"]["audio"]["codec_name"] == "aac"
    assert seen["decoded"] > 20
    assert not [c for c in seen["complaints"] if "exception" in c.lower()]


def test_one_clip_must_reach_file_server_and_browser(tmp_path: Path) -> None:
    clip = VIDEOS / "face" / "lp_d0.mp4"
    if not clip.is_file():
        pytest.skip(f"no measured data at {VIDEOS}")
    with running(tmp_path) as server:
        judge(show(clip, server, tmp_path, 8, "640x360"), "640x360")


@pytest.mark.long
@pytest.mark.parametrize("clip", CLIPS or ["none"])
def test_every_clip_must_make_a_ten_second_show(clip: str, tmp_path: Path) -> None:
    if clip == "none":
        pytest.skip(f"no measured data at {VIDEOS}")
    with running(tmp_path) as server:
        judge(show(VIDEOS / clip, server, tmp_path, 10, "1280x720"), "1280x720")
