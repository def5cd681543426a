"""The capture process itself: pictures in, motion out, nothing else.

It dies with its parent (the pipe closes), leaves Ctrl-C to it, and writes what MediaPipe, OpenCV
and the drivers print into a bounded file instead of the user's terminal.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from capture import messages
from capture.anonymous import anonymous
from capture.messages import STOP, Report
from capture.settings import CaptureSettings
from flow import wire
from flow.clock import NS_PER_S, MonotonicClock, process_cpu_ns
from flow.errors import EngineError, MirrorstageError
from flow.motion import LOOKED_BODY, LOOKED_FACE, LOOKED_LEFT, LOOKED_RIGHT, MotionFrame
from flow.paths import user_path

REPORT_NS = NS_PER_S // 2
_LOG_LIMIT = 256 << 10
_GRACE_S = 2.0
_LAST_SILENT_MEDIAPIPE = (0, 10, 33)
_PARTS = {
    "face_hz": LOOKED_FACE,
    "body_hz": LOOKED_BODY,
    "left_hand_hz": LOOKED_LEFT,
    "right_hand_hz": LOOKED_RIGHT,
}


def main(settings: CaptureSettings, pipe: Connection, log: str) -> None:
    """Run until told to stop. Target of the spawned process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _redirect(log)
    _name_process()
    _quieten()
    stop = threading.Event()
    threading.Thread(target=_watch, args=(pipe, stop), name="parent", daemon=True).start()
    status = 0
    try:
        _run(settings, pipe, stop, log)
    except MirrorstageError as error:
        status = _tell(pipe, error)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the parent is gone
    except Exception as error:  # noqa: BLE001 - the process border: everything becomes a message
        status = _tell(
            pipe,
            EngineError(
                f"Capture stopped: {type(error).__name__}: {error}",
                code="engine.capture",
                retryable=True,
            ),
        )
    # Native threads of drivers and networks can hang an orderly exit; everything is closed.
    sys.stderr.flush()
    os._exit(status)


def _tell(pipe: Connection, error: MirrorstageError) -> int:
    with suppress(OSError):
        pipe.send_bytes(messages.pack_failure(error))
    return error.exit_status


def _run(settings: CaptureSettings, pipe: Connection, stop: threading.Event, log: str) -> None:
    from capture.open import open_pictures

    clock = MonotonicClock()
    pictures = open_pictures(settings, clock)
    try:
        pipe.send_bytes(messages.pack_report(Report("starting", "Loading the tracker.")))
        tracker = _load_tracker(settings)
        try:
            pace = _Pace(clock.now())
            seq = 0
            while not stop.is_set():
                picture = pictures.read(0.25)
                if picture is not None:
                    told = settings.share is None or settings.share.delivers(picture.captured)
                    for frame in tracker.parts(
                        picture.pixels, picture.captured, seq, mirrored=settings.mirrored
                    ):
                        pace.count(frame)
                        if told:
                            kept = frame if settings.landmarks else anonymous(frame)
                            pipe.send_bytes(wire.pack(kept))
                    pace.pictures += 1
                    seq += 1
                if pictures.ended:
                    break
                now = clock.now()
                if now >= pace.due:
                    state = "reconnecting" if pictures.trouble else "running"
                    numbers = pace.numbers(now) | {
                        "dropped_pictures": float(pictures.skipped),
                        **{f"{k}_ms": s.percentile_ms(50) for k, s in _series(tracker)},
                    }
                    pipe.send_bytes(messages.pack_report(Report(state, pictures.trouble, numbers)))
                    _bound_log(log)
            pipe.send_bytes(messages.pack_report(Report("stopped", "The recording has ended.")))
        finally:
            tracker.close()
    finally:
        pictures.close()


def _load_tracker(settings: CaptureSettings) -> Any:
    # MediaPipe imports sounddevice, which opens every sound device; it can do without.
    sys.modules.setdefault("sounddevice", None)  # type: ignore[arg-type]
    # It imports a plotting library for a helper that nobody calls; that one writes font lists
    # into the user's folders and takes its time.
    for name in ("matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(name, ModuleType(name))
    from capture.models.store import resolve
    from capture.tracker import Tracker

    folder = user_path(settings.models_dir) if settings.models_dir else None
    models = resolve(settings.profile, folder=folder)
    return Tracker(models, settings.profile, settings.schedule, realtime=settings.realtime)


def _series(tracker: Any) -> list[tuple[str, Any]]:
    return [(name.replace(" ", "_"), s) for name, s in tracker.meter.stages.items()]


class _Pace:
    """Rates since the last report."""

    def __init__(self, now: int) -> None:
        self.due = now
        self._since, self._cpu = now, process_cpu_ns()
        self.pictures = 0
        """Since the last report; whoever reads them counts."""
        self._found = dict.fromkeys(_PARTS, 0)

    def count(self, frame: MotionFrame) -> None:
        parts = (frame.face, frame.body, frame.left_hand, frame.right_hand)
        for (name, _), part in zip(_PARTS.items(), parts, strict=True):
            self._found[name] += part is not None

    def numbers(self, now: int) -> dict[str, float]:
        seconds = max(now - self._since, 1) / NS_PER_S
        cpu = process_cpu_ns()
        out = {name: round(n / seconds, 2) for name, n in self._found.items()}
        out["camera_fps"] = round(self.pictures / seconds, 2)
        out["cpu_ms_per_frame"] = round((cpu - self._cpu) / 1e6 / max(self.pictures, 1), 2)
        out["cpu_cores"] = round((cpu - self._cpu) / 1e9 / seconds, 3)
        self._since, self._cpu, self.pictures = now, cpu, 0
        self._found = dict.fromkeys(_PARTS, 0)
        self.due = now + REPORT_NS
        return out


def _watch(pipe: Connection, stop: threading.Event) -> None:
    """Stop when told; when the parent is gone, or does not see us stop, leave by force."""
    with suppress(EOFError, OSError):
        while pipe.recv_bytes(64) != STOP:
            pass
    stop.set()
    threading.Event().wait(_GRACE_S)
    os._exit(0)


def _redirect(log: str) -> None:
    """Send standard output and error, also of native code, to the log file."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    target = os.open(log, flags, 0o600)
    for stream in (1, 2):
        os.dup2(target, stream)
    os.close(target)


def _bound_log(log: str) -> None:
    """Empty a log that grew too long; appending goes on at its new end."""
    with suppress(OSError):
        if Path(log).stat().st_size > _LOG_LIMIT:
            os.truncate(log, 0)


def _name_process() -> None:
    with suppress(OSError):
        Path("/proc/self/comm").write_text("mirrorstage-cap")


def _quieten() -> None:
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "16")
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if _version("mediapipe") > _LAST_SILENT_MEDIAPIPE:
        # Newer versions report usage to their maker and have no switch: close the way out.
        # Port 9 is "discard", nothing listens there. Cameras over HTTP are opened by FFmpeg,
        # which reads http_proxy, not https_proxy, for plain addresses.
        os.environ["https_proxy"] = os.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
    import cv2

    cv2.setNumThreads(1)


def _version(package: str) -> tuple[int, ...]:
    try:
        text = metadata.version(package)
    except metadata.PackageNotFoundError:
        return (0,)
    return tuple(int(p) for p in text.split(".") if p.isdecimal())
