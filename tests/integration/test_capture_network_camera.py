"""A camera over HTTP that drops its connection, on loopback."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from importlib import metadata

import numpy as np
import pytest

from capture import child, live
from capture.open import open_pictures
from capture.settings import CaptureSettings
from flow.errors import DeviceError

cv2 = pytest.importorskip("cv2")
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n"
    b"Connection: close\r\n\r\n"
)


class MjpegCamera:
    """Sends pictures to whoever connects; hangs up after `pictures` of them."""

    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self.connections = 0
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with client:
                try:
                    client.recv(4096)
                    client.sendall(HEAD)
                    for number in range(self.pictures):
                        client.sendall(_part(number))
                        if self._stop.wait(0.02):
                            return
                except OSError:
                    continue

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5.0)
        self._listener.close()


def _part(number: int) -> bytes:
    _, jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), number * 10 % 256, np.uint8))
    data = bytes(jpeg.tobytes())
    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data + b"\r\n"


@pytest.fixture
def camera() -> Iterator[MjpegCamera]:
    server = MjpegCamera(25)
    yield server
    server.close()


def test_a_network_camera_is_read_and_found_again_when_it_hangs_up(
    camera: MjpegCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_REOPEN_S", (0.05,))
    source = open_pictures(CaptureSettings(f"http://127.0.0.1:{camera.port}/video"))
    seen, stamps = 0, []
    for _ in range(400):
        picture = source.read(0.1)
        if picture is not None:
            assert picture.pixels.shape == (48, 64, 3)
            stamps.append(picture.captured)
            seen += camera.connections > 1
        if seen > 10:
            break
    source.close()
    assert camera.connections >= 2
    assert "OPENCV_FFMPEG_CAPTURE_OPTIONS" not in os.environ, "files opened later must not suffer"
    assert seen > 10, "pictures go on after it was opened again"
    assert np.diff(stamps).min() > 0


def test_a_network_camera_that_is_not_there_is_named_without_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(DeviceError, match=rf"127\.0\.0\.1:{port}") as caught:
        open_pictures(CaptureSettings(f"http://me:secret@127.0.0.1:{port}/video"))
    assert caught.value.code == "device.camera_unreachable"
    assert "secret" not in str(caught.value)
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("version", "closed"), [("0.10.33", False), ("0.10.35", True), ("1.2.2", True)]
)
def test_a_tracker_that_reports_home_finds_its_way_closed(
    version: str, closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: version)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards, whatever it was
        monkeypatch.delenv(name)
    for name in ("OPENCV_LOG_LEVEL", "OPENCV_FFMPEG_LOGLEVEL", "GLOG_minloglevel"):
        monkeypatch.setenv(name, "2")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    child._quieten()
    assert (os.environ.get("https_proxy") == "http://127.0.0.1:9") is closed
    assert (os.environ.get("HTTPS_PROXY") == "http://127.0.0.1:9") is closed
