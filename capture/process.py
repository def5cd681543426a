"""The show's side of the capture process."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from capture import child, messages
from capture.lane import MotionLane
from capture.live import check_webcam
from capture.messages import Failure, Report
from capture.models.store import resolve
from capture.recorded import check_recorded
from capture.settings import CaptureSettings, origin_of
from flow.clock import NS_PER_S, Clock
from flow.errors import AssetError, EngineError, MirrorstageError
from flow.motion import MotionFrame
from flow.paths import user_path
from flow.seams import Status

__all__ = ["CaptureProcess", "CaptureSettings"]

_SILENT_NS = 2 * NS_PER_S
_LOADING_NS = 40 * NS_PER_S
"""Imports and networks take 2-7 s, much more on a machine that is busy or cold."""

_OPEN_WAIT_S = 15.0
_STOP_WAIT_S = 1.0
_LOG_LINES = 2
_CHATTER = re.compile(r"\s*$|[IW]\d{4} |(INFO|WARNING)\b", re.IGNORECASE)
"""What the tracker's libraries print in good health: not worth a sentence."""
_STATES = ("starting", "running", "waiting", "reconnecting", "failed", "stopped")


class CaptureProcess:
    """A `flow.seams.MotionSource` that watches a performer from a process of its own.

    All calls come from one thread. An instance is started once; after `stop` make a fresh one.
    """

    def __init__(self, settings: CaptureSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._lane = MotionLane(lossless=not settings.realtime)
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._reader: threading.Thread | None = None
        self._log = Path()
        self._report = Report("starting", "Starting the capture process.")
        self._opened = threading.Event()
        self._heard = 0
        self._failure: MirrorstageError | None = None
        self._stopping = False
        self.damaged = 0
        """Messages of the process that were not understood."""

    def start(self) -> None:
        """Start the process; for files, wait until they are known to be readable (under 1 s).

        Raises:
            ShowFileError: ``show.source``.
            AssetError: ``models.missing``, ``asset.missing``, ``asset.unreadable_video``, ...
            DeviceError: ``device.no_camera``, ``device.camera_denied``.
        """
        origin = origin_of(self.settings.source)
        self.check()
        handle, name = tempfile.mkstemp(prefix="mirrorstage-capture-", suffix=".log")
        os.close(handle)
        self._log = Path(name)
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe(duplex=True)
        self._process = context.Process(
            target=child.main,
            args=(self.settings, far_end, name),
            name="mirrorstage-capture",
            daemon=True,
        )
        self._heard = self._clock.now()
        with _without_interrupts():
            self._process.start()
        far_end.close()
        self._reader = threading.Thread(target=self._read, name="capture pipe", daemon=True)
        self._reader.start()
        if origin.kind in ("file", "images"):
            try:
                self.wait_open()
            except BaseException:  # Ctrl-C too: neither process nor log may stay behind
                self.stop()
                raise

    def check(self) -> None:
        """Raise what can be known without starting; errors as `start`."""
        origin = origin_of(self.settings.source)
        if origin.kind in ("file", "images"):
            check_recorded(origin)
        folder = self.settings.models_dir
        resolve(self.settings.profile, folder=user_path(folder) if folder else None)
        if origin.kind == "webcam":
            check_webcam(origin.target)

    def wait_open(self, timeout_s: float = _OPEN_WAIT_S) -> None:
        """Wait until the camera or file is open.

        Raises:
            MirrorstageError: Why it could not be opened.
        """
        self._opened.wait(timeout_s)
        if self._failure is not None:
            raise self._failure

    def poll(self) -> MotionFrame | None:
        """The newest frame, with the parts of unread earlier ones that it did not look for."""
        return self._lane.take()

    def poll_all(self) -> list[MotionFrame]:
        """Every frame since the last call (a bounded number), oldest first; for recording."""
        return self._lane.take_all()

    @property
    def failure(self) -> MirrorstageError | None:
        """Why it failed, if it did."""
        self.status()
        return self._failure

    def status(self) -> Status:
        """State and, in `numbers`, rates and costs since the last report (half a second).

        `camera_fps`, `face_hz`, `body_hz`, `left_hand_hz`, `right_hand_hz`: what was found a
        second. `cpu_ms_per_frame`, `cpu_cores`: of the whole process. `dropped_pictures`: total.
        `face_ms`, `body_ms`, `left_hand_ms`, `right_hand_ms`: median time of each part.
        """
        report = self._report
        if self._stopping:
            return Status("stopped", numbers=report.numbers)
        if self._failure is None and report.state != "stopped":
            limit = _LOADING_NS if report.state == "starting" else _SILENT_NS
            waiting_for_us = not self.settings.realtime and self._lane.full
            if self._clock.now() - self._heard > limit and not waiting_for_us:
                self._failure = self._silent(limit)
        if self._failure is not None:
            error = self._failure
            return Status("failed", str(error), error.code, report.numbers)
        state = report.state if report.state in _STATES else "running"
        if state == "stopped" and not self._lane.empty:
            state = "running"  # it has ended, but not all of it has been read
        return Status(state, report.sentence, "", report.numbers)  # type: ignore[arg-type]

    def stop(self) -> None:
        """End the process, by force after a second."""
        self._stopping = True
        self._lane.close()
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.send_bytes(messages.STOP)
        if self._process is not None:
            self._process.join(_STOP_WAIT_S)
            if self._process.is_alive():
                self._process.kill()
                self._process.join(_STOP_WAIT_S)
        if self._reader is not None:
            self._reader.join(_STOP_WAIT_S)
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._log.name:
            with suppress(OSError):  # Windows keeps it while anybody still has it open
                self._log.unlink(missing_ok=True)

    def _read(self) -> None:
        """The reading thread: until the pipe closes."""
        pipe = self._pipe
        while pipe is not None:
            try:
                data = pipe.recv_bytes(messages.LIMIT)
            except (EOFError, OSError):
                break
            self._heard = self._clock.now()
            try:
                message = messages.unpack(data)
            except AssetError:
                self.damaged += 1
                continue
            if isinstance(message, MotionFrame):
                self._lane.put(message)
            elif isinstance(message, Report):
                self._report = message
                self._opened.set()
            elif isinstance(message, Failure):
                self._failure = message.error
        self._note_end()
        self._opened.set()

    def _note_end(self) -> None:
        if self._failure is None and self._report.state != "stopped" and not self._stopping:
            process = self._process
            code = None
            if process is not None:
                process.join(_STOP_WAIT_S)
                code = process.exitcode
            self._failure = EngineError(
                f"The capture process ended unexpectedly ({_ended(code)}).{self._last_lines()}",
                code="capture.died",
                retryable=True,
            )

    def _silent(self, limit_ns: int) -> EngineError:
        return EngineError(
            f"The capture process has been silent for {limit_ns // NS_PER_S} s."
            f"{self._last_lines()}",
            code="capture.silent",
            retryable=True,
        )

    def _last_lines(self) -> str:
        """What the libraries of the process printed last."""
        with suppress(OSError):
            printed = self._log.read_text("utf-8", "replace").splitlines()
            lines = [line.strip()[:200] for line in printed if not _CHATTER.match(line)]
            if lines:
                return " It printed last: " + " | ".join(lines[-_LOG_LINES:])
        return ""


def _ended(code: int | None) -> str:
    """How a process ended; a negative status is the signal that killed it."""
    if code is None or code >= 0:
        return f"exit status {code}"
    return f"killed by signal {-code}"


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """A process started inside ignores Ctrl-C from its first instruction on (POSIX inherits it)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
