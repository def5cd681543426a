"""Counting and timing of the running show, cheap enough to be always on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter_ns, thread_time_ns

import numpy as np


@dataclass(slots=True)
class Counters:
    """libobs's three losses, each with one owner, and what was drawn.

    lagged: a tick came too late to draw (owner: the loop). skipped: the encoder was still busy
    (owner: the encode thread). dropped: an output's network or disk was late (owner: its queue).
    """

    drawn: int = 0
    lagged: int = 0
    skipped: int = 0
    dropped: int = 0
    errors: int = 0


class Series:
    """Durations of one stage: a bounded ring of wall samples plus exact CPU and count totals."""

    def __init__(self, size: int = 4096) -> None:
        self._ring = np.zeros(size, np.float64)
        self.count = 0
        self.cpu_ns = 0

    def add(self, wall_ns: int, cpu_ns: int = 0) -> None:
        """Record one duration."""
        self._ring[self.count % len(self._ring)] = wall_ns
        self.count += 1
        self.cpu_ns += cpu_ns

    def percentile_ms(self, q: float) -> float:
        """Percentile of the newest wall samples in milliseconds; 0 when there are none."""
        n = min(self.count, len(self._ring))
        return float(np.percentile(self._ring[:n], q)) / 1e6 if n else 0.0

    def summary(self) -> dict[str, object]:
        """``{"cpu_ms": mean, "wall_ms": {"p50", "p95"}, "count"}``."""
        cpu_ms = self.cpu_ns / self.count / 1e6 if self.count else 0.0
        return {
            "cpu_ms": round(cpu_ms, 3),
            "wall_ms": {
                "p50": round(self.percentile_ms(50), 3),
                "p95": round(self.percentile_ms(95), 3),
            },
            "count": self.count,
        }


@dataclass(slots=True)
class Meter:
    """The timings of all stages by name, from any thread."""

    stages: dict[str, Series] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def series(self, name: str) -> Series:
        """The series called `name`, made when it is first asked for."""
        found = self.stages.get(name)
        if found is None:
            with self._lock:
                found = self.stages.setdefault(name, Series())
        return found

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Time the body: wall and the calling thread's CPU."""
        wall, cpu = perf_counter_ns(), thread_time_ns()
        try:
            yield
        finally:
            self.series(name).add(perf_counter_ns() - wall, thread_time_ns() - cpu)

    def summary(self) -> dict[str, dict[str, object]]:
        """Every stage's summary."""
        return {name: series.summary() for name, series in sorted(self.stages.items())}
