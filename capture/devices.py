"""Which cameras and microphones this machine has. Nothing here raises."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture.quiet import quiet_stderr

_PROBED_CAMERAS = 5
_SYS = Path("/sys/class/video4linux")
_DEV = Path("/dev")


@dataclass(frozen=True, slots=True)
class Device:
    """A camera or microphone. `id` is what ``webcam:ID`` or ``--microphone ID`` takes."""

    id: str
    name: str
    kind: str
    """``camera`` or ``microphone``."""
    is_default: bool = False


def list_cameras() -> list[Device]:
    """The cameras, in the order of their numbers; the first is the default."""
    with suppress(Exception):
        if sys.platform == "linux":
            from capture.v4l2 import can_capture

            return v4l2_cameras(_SYS, _DEV, can_capture)
        return _probed_cameras()
    return []


def v4l2_cameras(
    sys_root: Path, dev_root: Path, can_capture: Callable[[Path], bool]
) -> list[Device]:
    """The nodes under `sys_root` that really give pictures.

    One webcam has several nodes (pictures, metadata); only some of them capture.
    """
    nodes = [p for p in sys_root.glob("video*") if p.name[5:].isdecimal()]
    found: list[Device] = []
    for node in sorted(nodes, key=lambda p: int(p.name[5:])):
        if not can_capture(dev_root / node.name):
            continue
        name = node.name
        with suppress(OSError):
            name = (node / "name").read_text("utf-8", "replace").strip() or name
        found.append(Device(node.name[5:], name, "camera", is_default=not found))
    return found


def open_camera(where: str | int, platform: str = sys.platform) -> Any:
    """The ``cv2.VideoCapture`` of a local camera; ask it whether it is open.

    Windows: DirectShow opens at once and takes size and format; some cameras are only known to its
    successor, which is slow to open.
    """
    import cv2

    backends = {
        "linux": (cv2.CAP_V4L2,),
        "win32": (cv2.CAP_DSHOW, cv2.CAP_MSMF),
        "darwin": (cv2.CAP_AVFOUNDATION,),
    }
    camera: Any = None
    for backend in backends.get(platform, (cv2.CAP_ANY,)):
        if camera is not None:
            camera.release()
        camera = cv2.VideoCapture(where, backend)
        if camera.isOpened():
            break
    return camera


def _probed_cameras() -> list[Device]:
    """Cameras of systems without a list: those that open."""
    found: list[Device] = []
    with quiet_stderr():
        for number in range(_PROBED_CAMERAS):
            camera = open_camera(number)
            if camera.isOpened():
                found.append(
                    Device(str(number), f"Camera {number}", "camera", is_default=not found)
                )
            camera.release()
    return found


def list_microphones() -> list[Device]:
    """The sound inputs; empty when there are none or PortAudio is missing."""
    with suppress(Exception), quiet_stderr():
        import sounddevice

        default = sounddevice.default.device[0]
        return [
            Device(str(index), str(info["name"]), "microphone", is_default=index == default)
            for index, info in enumerate(sounddevice.query_devices())
            if info["max_input_channels"] > 0
        ]
    return []
