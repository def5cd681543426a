"""Pictures from cameras: a thread reads without pause, the reader gets the newest."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from capture.picture import Picture
from capture.settings import CaptureSettings, Origin
from flow.clock import NS_PER_S, Clock
from flow.errors import DeviceError, MirrorstageError
from flow.lanes import Latest
from flow.spec import U8

_SILENT_NS = 2 * NS_PER_S
_REOPEN_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_NETWORK_TIMEOUT_MS = 5000


class Camera(Protocol):
    """An opened camera: the part of ``cv2.VideoCapture`` that is used."""

    def read(self) -> tuple[bool, U8 | None]:
        """Wait for the next picture; False when there was none."""
        ...

    def release(self) -> None:
        """Close."""
        ...


class LivePictures:
    """The newest picture of a camera, reopened with growing pauses when it falls silent.

    `open_camera` is called in the constructor, where its errors are raised, and then only in the
    reading thread. With `give_up_s` the camera is lost for good after that long without pictures.
    """

    def __init__(
        self,
        shown: str,
        open_camera: Callable[[], Camera],
        clock: Clock,
        *,
        give_up_s: float | None = None,
    ) -> None:
        self._shown = shown
        self._open = open_camera
        self._clock = clock
        self._give_up_ns = None if give_up_s is None else int(give_up_s * NS_PER_S)
        self._slot: Latest[Picture] = Latest()
        self._stop = threading.Event()
        self._lost_since: int | None = None
        self._failure: MirrorstageError | None = None
        self.trouble = ""
        self.reopened = 0
        camera = open_camera()
        self._thread = threading.Thread(
            target=self._run, args=(camera,), name="camera", daemon=True
        )
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Cameras never end."""
        return False

    @property
    def skipped(self) -> int:
        """Pictures that were overwritten unread."""
        return self._slot.overwritten

    def read(self, timeout_s: float) -> Picture | None:
        """The newest picture.

        Raises:
            DeviceError: ``device.camera_lost`` when it stayed away for `give_up_s`.
        """
        picture = self._slot.take(timeout_s)
        if picture is None and self._failure is not None:
            raise self._failure
        return picture

    def close(self) -> None:
        """Ask the thread to release the camera; a driver that hangs is not waited for long."""
        self._stop.set()
        self._thread.join(1.0)

    def _run(self, first: Camera) -> None:
        camera: Camera | None = first
        attempt = 0
        newest = self._clock.now()
        while not self._stop.is_set():
            if camera is None:
                if self._stop.wait(_REOPEN_S[min(attempt, len(_REOPEN_S) - 1)]):
                    return
                attempt += 1
                camera = self._reopen()
                if camera is None and self._gone_for_good(newest):
                    return
                continue
            ok, pixels = camera.read()
            now = self._clock.now()
            if ok and pixels is not None:
                self._slot.put(Picture(pixels, now))
                newest, attempt, self.trouble = now, 0, ""
                continue
            self._stop.wait(0.01)  # some drivers fail at once: do not spin
            if now - newest > _SILENT_NS or not ok:
                self.trouble = f"Camera {self._shown} gives no pictures; opening it again."
                camera.release()
                camera = None
        if camera is not None:
            camera.release()

    def _reopen(self) -> Camera | None:
        try:
            camera = self._open()
        except MirrorstageError as error:
            self.trouble = error.message
            return None
        self.reopened += 1
        return camera

    def _gone_for_good(self, newest: int) -> bool:
        if self._give_up_ns is None or self._clock.now() - newest < self._give_up_ns:
            return False
        self._failure = DeviceError(
            f"Camera {self._shown} disappeared.",
            code="device.camera_lost",
            hint="Plug it in again or choose another with --source webcam:NUMBER.",
            retryable=True,
        )
        return True


def open_live(origin: Origin, settings: CaptureSettings, clock: Clock) -> LivePictures:
    """A local or network camera."""
    if origin.kind == "network":
        return LivePictures(origin.shown, lambda: _network_camera(origin), clock)
    return LivePictures(
        origin.shown, lambda: _webcam(origin.target, settings), clock, give_up_s=30.0
    )


def _network_camera(origin: Origin) -> Camera:
    import cv2

    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _NETWORK_TIMEOUT_MS]
    limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _NETWORK_TIMEOUT_MS]
    with _ffmpeg_options("rtsp_transport;tcp|fflags;nobuffer"):
        camera: Any = cv2.VideoCapture(origin.target, cv2.CAP_FFMPEG, limits)
    if not camera.isOpened():
        camera.release()
        raise DeviceError(
            f"The camera at {origin.shown} does not answer with pictures.",
            code="device.camera_unreachable",
            hint="Check the address, user name and password, and that this machine reaches it.",
            retryable=True,
        )
    return _opened(camera)


@contextmanager
def _ffmpeg_options(options: str) -> Iterator[None]:
    """OpenCV reads FFmpeg's options from the environment; left there, files would not open."""
    name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
    before = os.environ.get(name)
    os.environ[name] = options if before is None else before
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


def _opened(camera: Camera) -> Camera:
    """Name an OpenCV object as what is used of it."""
    return camera


def check_webcam(target: str) -> None:
    """Raise what can be known about a local camera without opening it (Linux only).

    Raises:
        DeviceError: ``device.no_camera`` or ``device.camera_denied``.
    """
    if sys.platform != "linux":
        return
    node = Path(target if target.startswith("/") else f"/dev/video{target}")
    if not node.exists():
        raise no_camera(target)
    if not os.access(node, os.R_OK | os.W_OK):
        raise DeviceError(
            f"This user may not open camera {node}.",
            code="device.camera_denied",
            hint="Add the user to the group 'video' and log in again.",
        )


def no_camera(target: str) -> DeviceError:
    """The error for a camera that is not there."""
    from capture.devices import list_cameras

    known = ", ".join(f"webcam:{d.id} ({d.name})" for d in list_cameras())
    return DeviceError(
        f"There is no camera {target}.",
        code="device.no_camera",
        hint=f"Found: {known}."
        if known
        else "No camera was found; plug one in, or use --source file:PATH or --source synthetic.",
        retryable=True,
    )


def _webcam(target: str, settings: CaptureSettings) -> Camera:
    import cv2

    from capture.devices import open_camera

    check_webcam(target)
    camera = open_camera(int(target) if target.isdecimal() else target)
    if camera.isOpened():
        # Most webcams reach 720p30 over USB 2 only as Motion-JPEG.
        camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        camera.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        camera.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
        camera.set(cv2.CAP_PROP_FPS, settings.fps)
        camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if camera.read()[0]:
            return _opened(camera)
    camera.release()
    if sys.platform != "linux" and not target.startswith("/"):
        raise no_camera(target)
    raise DeviceError(
        f"Camera {target} is there but gives no pictures; another program may be using it.",
        code="device.camera_busy",
        hint="Close other programs that use the camera, or choose another one.",
        retryable=True,
    )
