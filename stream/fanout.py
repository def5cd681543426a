"""Every output's place: one that fails is set aside and never disturbs the others."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from flow.errors import MirrorstageError
from flow.media import Packet, TrackInfo
from flow.meter import Meter
from flow.seams import PacketOutput, Status


@dataclass(slots=True)
class _Place:
    output: PacketOutput
    failed: Status | None = None
    faults: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)


class Fanout:
    """The outputs by name. `push` comes from the encode thread, the rest from any."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._places: dict[str, _Place] = {}
        self._tracks: tuple[TrackInfo, ...] = ()
        self._lock = threading.Lock()

    def add(self, name: str, output: PacketOutput) -> None:
        """Add an output, started at once when the show runs.

        Raises:
            ValueError: when the name is taken.
            OutputError: when it cannot start.
        """
        if name in self._places:
            raise ValueError(f"There is an output called {name!r} already.")
        if self._tracks:
            output.start(self._tracks)
        with self._lock:
            self._places = {**self._places, name: _Place(output)}

    def remove(self, name: str, timeout_s: float) -> None:
        """End one output and forget it."""
        with self._lock:
            place = self._places.get(name)
            self._places = {k: v for k, v in self._places.items() if k != name}
        if place is not None:
            _end(place, timeout_s)

    def start(self, tracks: Sequence[TrackInfo]) -> None:
        """Start all; when one cannot, end those that could and raise what it raised."""
        self._tracks = tuple(tracks)
        started: list[_Place] = []
        for place in self._places.values():
            try:
                place.output.start(self._tracks)
            except BaseException:
                for other in started:
                    _end(other, 1.0)
                self._tracks = ()
                raise
            started.append(place)

    def push(self, packets: Sequence[Packet]) -> None:
        """Hand the packets to every output that has not failed."""
        if not packets:
            return
        with self._meter.measure("fan_out"):
            for name, place in self._places.items():
                if place.failed is None:
                    self._push_to(name, place, packets)

    def _push_to(self, name: str, place: _Place, packets: Sequence[Packet]) -> None:
        try:
            for packet in packets:
                place.output.push(packet)
        except Exception as error:  # noqa: BLE001 - the border of one output
            place.faults += 1
            self._meter.counters.errors += 1
            place.failed = _failure(name, error)

    def status(self) -> dict[str, Status]:
        """How each output is doing; also sums their losses into the meter's counter."""
        found: dict[str, Status] = {}
        for name, place in self._places.items():
            if place.failed is not None:
                found[name] = place.failed
                continue
            try:
                found[name] = place.output.status()
            except Exception as error:  # noqa: BLE001 - the border of one output
                place.failed = found[name] = _failure(name, error)
        numbers = [s.numbers or {} for s in found.values()]
        self._meter.counters.dropped = int(sum(n.get("dropped", 0) for n in numbers))
        return found

    def stop(self, timeout_s: float) -> None:
        """End all outputs side by side, so that a stuck one costs the others nothing."""
        places = list(self._places.items())
        threads = [
            threading.Thread(target=_end, args=(place, timeout_s), name=f"stop {name}", daemon=True)
            for name, place in places
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout_s)
        for name, place in places:
            if not place.stopped.is_set() and place.failed is None:
                place.failed = Status(
                    "failed",
                    f"The output {name} did not end within {timeout_s:g} s.",
                    "output.stuck",
                )


def _failure(name: str, error: Exception) -> Status:
    """A failed output in one sentence. Only our own errors are quoted: others may hold a key."""
    if isinstance(error, MirrorstageError):
        return Status("failed", str(error), error.code)
    return Status(
        "failed",
        f"The output {name} failed with an unexpected {type(error).__name__}; "
        "the show goes on without it.",
        "output.failed",
    )


def _end(place: _Place, timeout_s: float) -> None:
    try:
        place.output.stop(timeout_s)
    except Exception as error:  # noqa: BLE001 - the border of one output
        place.failed = place.failed or _failure("", error)
    place.stopped.set()
