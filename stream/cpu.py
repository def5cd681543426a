"""CPU time of a codec that works in threads of its own, so that the bench does not flatter it."""

from __future__ import annotations

import time
from pathlib import Path

from flow.clock import thread_cpu_ns

_TASKS = Path("/proc/self/task")
_SCHED_PER_THREAD = 6  # CPUCLOCK_SCHED | CPUCLOCK_PERTHREAD_MASK, Linux posix-timers.h


class HelperThreads:
    """The calling thread and those that appear between construction and `opened`.

    Linux only; elsewhere it counts the calling thread alone.
    """

    def __init__(self) -> None:
        self._before = _thread_ids()
        self._clocks: list[int] = []

    def opened(self) -> None:
        """Adopt the threads that are new since construction."""
        new = _thread_ids() - self._before
        self._clocks = [(~tid << 3) | _SCHED_PER_THREAD for tid in sorted(new)]

    def cpu_ns(self) -> int:
        """CPU time of the calling thread and the adopted ones."""
        total = thread_cpu_ns()
        for clock in tuple(self._clocks):
            try:
                total += time.clock_gettime_ns(clock)
            except OSError:  # the thread is gone
                self._clocks.remove(clock)
        return total


def _thread_ids() -> set[int]:
    if not _TASKS.is_dir():
        return set()
    return {int(task.name) for task in _TASKS.iterdir()}
