"""One monotonic clock for everything, in integer nanoseconds, and a virtual one for tests.

`MonotonicClock` is comparable between processes of one machine, so a `captured` stamp made in the
capture process can be subtracted in the host. It reads CLOCK_MONOTONIC, mach_absolute_time (macOS)
or QueryPerformanceCounter (Windows), none of which has an origin of its own in each process.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Clock(Protocol):
    """What time it is and how to wait for a time."""

    def now(self) -> int:
        """Nanoseconds since an arbitrary, fixed origin; never goes back."""
        ...

    def sleep_until(self, due: int) -> None:
        """Return at `due` (ns) or at once when it has passed."""
        ...


def counter(platform: str = sys.platform) -> Callable[[], int]:
    """What counts nanoseconds on `platform`.

    Up to Python 3.12 `time.monotonic_ns` stands still for 15.6 ms at a time on Windows.
    """
    return time.perf_counter_ns if platform == "win32" else time.monotonic_ns


_now_ns = counter()


class MonotonicClock:
    """The machine's monotonic clock."""

    def now(self) -> int:
        """Nanoseconds since boot (or another fixed origin)."""
        return _now_ns()

    def sleep_until(self, due: int) -> None:
        """Sleep until `due`; returns at once when it has passed."""
        wait_ns = due - _now_ns()
        if wait_ns > 0:
            time.sleep(wait_ns / NS_PER_S)


class ManualClock:
    """A clock that tests move by hand; `sleep_until` jumps."""

    def __init__(self, start: int = 0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> int:
        """The time that was set last."""
        return self._now

    def advance(self, delta_ns: int) -> None:
        """Move forward by `delta_ns`."""
        with self._lock:
            self._now += delta_ns

    def sleep_until(self, due: int) -> None:
        """Jump to `due` when it lies ahead."""
        with self._lock:
            self._now = max(self._now, due)


def wall_seconds() -> float:
    """Wall-clock seconds since the epoch, for file names and reports only, never for timing."""
    return time.time()


def thread_cpu_ns() -> int:
    """CPU time of the calling thread in nanoseconds."""
    return time.thread_time_ns()


def process_cpu_ns() -> int:
    """CPU time of this process, all threads, in nanoseconds."""
    return time.process_time_ns()
