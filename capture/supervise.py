"""A motion source that comes back: restarted with growing pauses when it dies or falls silent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from flow.clock import NS_PER_S, Clock
from flow.errors import MirrorstageError
from flow.lanes import Latest
from flow.motion import MotionFrame
from flow.seams import MotionSource, Status

BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_HEALTHY_NS = 10 * NS_PER_S

Work = Callable[[], None]


def _in_thread(work: Work) -> None:
    threading.Thread(target=work, name="capture restart", daemon=True).start()


def fresh(source: MotionSource) -> list[MotionFrame]:
    """Every unread frame of a source that keeps them, else its newest one."""
    poll_all = getattr(source, "poll_all", None)
    if poll_all is not None:
        return list(poll_all())
    frame = source.poll()
    return [] if frame is None else [frame]


class Supervised:
    """Keeps a source alive. The first start raises what it raises; later failures are counted.

    Stopping and starting a source can take seconds, so both happen in a thread of their own while
    the show (its idle performance) goes on. `restarts` counts.

    Args:
        make: A fresh source each time.
        clock: The show's clock.
        run: How work beside the show is run; tests run it in place.
    """

    def __init__(
        self,
        make: Callable[[], MotionSource],
        clock: Clock,
        run: Callable[[Work], None] = _in_thread,
    ) -> None:
        self._make = make
        self._clock = clock
        self._run = run
        self._source: MotionSource | None = None
        self._arrived: Latest[MotionSource | MirrorstageError] = Latest()
        self._due: int | None = None
        self._waiting = False
        self._attempt = 0
        self._since = 0
        self._last = Status("stopped")
        self._stopped = threading.Event()
        self.restarts = 0

    def start(self) -> None:
        """Start the first source.

        Raises:
            MirrorstageError: What its `start` raises, such as an unreadable video.
        """
        source = self._make()
        source.start()
        self._adopt(source)

    def poll(self) -> MotionFrame | None:
        """The newest frame, or None, also while it is being restarted."""
        self._watch()
        return None if self._source is None else self._source.poll()

    def poll_all(self) -> list[MotionFrame]:
        """Every frame since the last call, oldest first."""
        self._watch()
        return [] if self._source is None else fresh(self._source)

    def status(self) -> Status:
        """The source's status; ``reconnecting`` with the reason while there is none."""
        self._watch()
        if self._source is not None:
            self._last = self._source.status()
            numbers = dict(self._last.numbers or {}) | {"restarts": float(self.restarts)}
            return replace(self._last, numbers=numbers)
        if self._stopped.is_set():
            return Status("stopped")
        return Status(
            "reconnecting",
            f"{self._last.sentence} It is started again; the host idles.".strip(),
            self._last.code,
            {"restarts": float(self.restarts)},
        )

    def stop(self) -> None:
        """Stop for good."""
        self._stopped.set()
        if self._source is not None:
            self._source.stop()
            self._source = None
        late = self._arrived.take()
        if late is not None and not isinstance(late, MirrorstageError):
            late.stop()

    def _adopt(self, source: MotionSource) -> None:
        self._source, self._due, self._waiting = source, None, False
        self._since = self._clock.now()

    def _watch(self) -> None:
        """See to the source; cheap, called on every poll."""
        if self._stopped.is_set():
            return
        now = self._clock.now()
        if self._source is not None:
            status = self._source.status()
            if status.state == "failed":
                self._last = status
                old, self._source = self._source, None
                self._run(lambda: _end(old))
                self._plan(now)
            elif status.state == "running" and now - self._since > _HEALTHY_NS:
                self._attempt = 0
            return
        arrived = self._arrived.take()
        if isinstance(arrived, MirrorstageError):
            self._last = Status("failed", str(arrived), arrived.code)
            self._plan(now)
        elif arrived is not None:
            self.restarts += 1
            self._adopt(arrived)
        elif self._due is not None and now >= self._due and not self._waiting:
            self._waiting = True
            self._run(self._bring)

    def _plan(self, now: int) -> None:
        pause = BACK_OFF_S[min(self._attempt, len(BACK_OFF_S) - 1)]
        self._attempt += 1
        self._waiting = False
        self._due = now + int(pause * NS_PER_S)

    def _bring(self) -> None:
        """Make and start a source (beside the show)."""
        try:
            source = self._make()
            source.start()
        except MirrorstageError as error:
            self._arrived.put(error)
            return
        if self._stopped.is_set():
            source.stop()
            return
        self._arrived.put(source)


def _end(source: MotionSource) -> None:
    with suppress(MirrorstageError, OSError):
        source.stop()
