"""Memory and CPU of the show: this process and its children."""

from __future__ import annotations

import psutil


class Usage:
    """Watches this process tree. Children that come and go are counted while they live."""

    def __init__(self) -> None:
        self._me = psutil.Process()
        self.start_mb = 0.0
        self.peak_mb = 0.0
        self.now_mb = 0.0
        self._children_cpu: dict[int, float] = {}
        self._children_before: dict[int, float] = {}
        self._cpu_start = self._own_cpu_s()

    def sample(self) -> None:
        """Read memory (resident, unique to each process where known) and children's CPU."""
        total = self._me.memory_info().rss
        for child in self._me.children(recursive=True):
            try:
                total += child.memory_info().rss
                times = child.cpu_times()
                self._children_cpu[child.pid] = times.user + times.system
            except psutil.Error:
                continue
        self.now_mb = total / 2**20
        self.start_mb = self.start_mb or self.now_mb
        self.peak_mb = max(self.peak_mb, self.now_mb)

    def mark_start(self) -> None:
        """Call when the show has settled: memory growth is counted from here."""
        self.start_mb = 0.0
        self.sample()

    def mark_on_air(self) -> None:
        """Call with the first picture: CPU is counted from here."""
        self.mark_start()
        self._cpu_start = self._own_cpu_s()
        self._children_before = dict(self._children_cpu)

    def _own_cpu_s(self) -> float:
        times = self._me.cpu_times()
        return float(times.user + times.system)

    @property
    def own_cpu_s(self) -> float:
        """CPU seconds of this process on air."""
        return self._own_cpu_s() - self._cpu_start

    @property
    def children_cpu_s(self) -> float:
        """CPU seconds of all children on air."""
        return sum(self._children_cpu.values()) - sum(self._children_before.values())

    def memory_mb(self) -> dict[str, float]:
        """``{"start", "end", "peak"}``."""
        return {
            "start": round(self.start_mb, 1),
            "end": round(self.now_mb, 1),
            "peak": round(self.peak_mb, 1),
        }
