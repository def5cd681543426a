"""Records the show to a file that stays playable whatever happens."""

from __future__ import annotations

import errno
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from flow.errors import OutputError
from flow.lanes import PacketQueue
from flow.media import Packet, TrackInfo
from flow.paths import user_path
from flow.seams import Plugin, Status
from stream.append_file import AppendFile, Opener, create
from stream.interleave import Interleaver

QUEUE_PACKETS = 600
QUEUE_BYTES = 64 << 20
SUFFIXES = (".mp4", ".mkv")
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_MANY = 10_000


class RecordSettings(BaseModel):
    """Where the recording goes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: str = Field(description="File to write, .mp4 or .mkv", min_length=1)
    overwrite: bool = Field(
        default=False, description="Replace a file of that name instead of adding -2"
    )


class Writer(Protocol):
    """A container format being written."""

    def write(self, packet: Packet) -> None:
        """Take the next packet in order of time."""
        ...

    def finish(self) -> None:
        """Complete the file."""
        ...


class RecordOutput:
    """One file, written by a thread of its own behind a bounded queue.

    An existing file is never touched unless asked: the name gets -2, -3 and so on. Missing
    folders are made. Making one raises OutputError ``output.format`` for an unknown suffix.
    """

    def __init__(self, settings: RecordSettings, *, opener: Opener = create) -> None:
        self._settings = settings
        self._opener = opener
        self.path = user_path(settings.path)
        self._make_writer = _writer_for(self.path)
        self._queue = PacketQueue(QUEUE_PACKETS, QUEUE_BYTES)
        self._thread: threading.Thread | None = None
        self._status = Status("starting", f"Will record to {self.path}.")
        self._note = ""
        self._sent = 0
        self._file: AppendFile | None = None

    def start(self, tracks: Sequence[TrackInfo]) -> None:
        """Create the file and its head.

        Raises:
            OutputError: ``output.unwritable`` or ``output.disk_full`` when the file cannot be
                created.
        """
        self._file = AppendFile(self._create())
        try:
            writer = self._make_writer(self._file, tracks)
        except OSError as error:
            self._file.close()
            self.path.unlink(missing_ok=True)  # not even a head: nothing to keep
            raise self._unwritable(error) from error
        self._status = Status("running", f"Recording to {self.path}.{self._note}")
        self._thread = threading.Thread(
            target=self._run, args=(writer, Interleaver(tracks)), name="record", daemon=True
        )
        self._thread.start()

    def push(self, packet: Packet) -> None:
        """Queue a packet; pictures are lost when the disk is seconds behind."""
        self._queue.put(packet)

    def status(self) -> Status:
        """What is written so far."""
        now = self._status
        size = self._file.size if self._file is not None else 0
        numbers: dict[str, float] = {
            "sent": self._sent,
            "dropped": self._queue.dropped,
            "reconnects": 0,
            "bytes": size,
            "queued": len(self._queue),
        }
        return Status(now.state, now.sentence, now.code, numbers)

    def stop(self, timeout_s: float = 3.0) -> None:
        """Write the rest and complete the file."""
        self._queue.close()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout_s)
            if thread.is_alive():
                self._status = Status(
                    "failed",
                    f"The disk did not take the end of {self.path} within {timeout_s:g} s. "
                    "What was written until then is playable.",
                    "output.stuck",
                )
        elif self._status.state == "starting":
            self._status = Status("stopped", "Nothing was recorded.")

    def _create(self) -> Any:
        wanted = self.path
        try:
            try:
                wanted.parent.mkdir(parents=True, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(errno.ENOTDIR, f"{wanted.parent} is no folder") from None
            for number in range(1, _MANY):
                if number > 1:
                    self.path = wanted.with_stem(f"{wanted.stem}-{number}")
                    self._note = f" {wanted.name} existed and was left alone."
                try:
                    return self._opener(self.path, self._settings.overwrite)
                except FileExistsError:
                    continue
        except OSError as error:
            raise self._unwritable(error) from error
        raise self._unwritable(FileExistsError(errno.EEXIST, "too many files of this name"))

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"The recording {self.path} cannot be created: {error.strerror or error}.",
            code="output.disk_full" if error.errno in _FULL else "output.unwritable",
            hint="Choose a folder you may write to, with free space.",
        )

    def _run(self, writer: Writer, order: Interleaver) -> None:
        """The writer thread."""
        assert self._file is not None
        try:
            while (packet := self._queue.take(0.5)) or not self._queue.closed or len(self._queue):
                for ready in order.add(packet) if packet else ():
                    writer.write(ready)
                    self._sent += 1
            for ready in order.flush():
                writer.write(ready)
                self._sent += 1
            writer.finish()
            self._status = Status("stopped", f"Recorded {self.path}.{self._note}")
        except OSError as error:
            self._status = self._disk_failure(error)
            self._queue.close()
        finally:
            self._file.close()

    def _disk_failure(self, error: OSError) -> Status:
        if error.errno in _FULL:
            return Status(
                "failed",
                f"The disk is full: the recording {self.path} ends here and is playable up to "
                "this moment. Free some space and start a new recording.",
                "output.disk_full",
            )
        return Status(
            "failed",
            f"The recording {self.path} stopped: {error.strerror or type(error).__name__}. It is "
            "playable up to this moment. Check the disk and start a new recording.",
            "output.unwritable",
        )


def _writer_for(path: Path) -> Any:
    suffix = path.suffix.lower()
    if suffix == ".mp4":
        from stream.mp4_writer import Mp4Writer

        return Mp4Writer
    if suffix == ".mkv":
        from stream.mkv_writer import MkvWriter

        return MkvWriter
    raise OutputError(
        f"A recording cannot end in {suffix or 'nothing'!r}: {path}.",
        code="output.format",
        hint=f"Name it {' or '.join(SUFFIXES)}.",
    )


def _make(settings: RecordSettings, **_: Any) -> RecordOutput:
    return RecordOutput(settings)


PLUGIN = Plugin("output", "record", "Records to an MP4 or MKV file.", RecordSettings, _make)
