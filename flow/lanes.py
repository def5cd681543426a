"""The only two ways a value crosses a thread: a slot that forgets and a queue that is bounded."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from flow.media import Packet

T = TypeVar("T")


class Latest(Generic[T]):
    """A one-place slot. Writing never waits and overwrites; reading takes what is newest."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._ready = threading.Condition()
        self.overwritten = 0

    def put(self, value: T) -> None:
        """Place `value`, forgetting an unread one (counted in `overwritten`)."""
        with self._ready:
            self.overwritten += self._value is not None
            self._value = value
            self._ready.notify()

    def take(self, timeout_s: float | None = 0.0) -> T | None:
        """The newest value, once; None when there is none within `timeout_s` (None: wait)."""
        with self._ready:
            if self._value is None and timeout_s != 0.0:
                self._ready.wait(timeout_s)
            value, self._value = self._value, None
            return value


class PacketQueue:
    """A bounded queue of packets for one output, bounded in seconds of picture.

    When it is full it loses delta pictures up to the next key frame, counts them in `dropped`, and
    never loses a key frame or sound. A reader that stays away therefore costs bounded memory: at
    the hard limit (`limit_bytes`) the whole backlog is dropped except for the newest key frame on.
    """

    def __init__(
        self,
        limit_packets: int = 120,
        limit_bytes: int = 16 << 20,
        on_put: Callable[[], None] | None = None,
    ) -> None:
        self._packets: deque[Packet] = deque()
        self._bytes = 0
        self._limit_packets = limit_packets
        self._limit_bytes = limit_bytes
        self._ready = threading.Condition()
        self._waiting_for_key = False
        self._closed = False
        self._on_put = on_put
        self.dropped = 0
        """Pictures lost because the reader was late."""

    def __len__(self) -> int:
        return len(self._packets)

    @property
    def buffered_bytes(self) -> int:
        """Bytes waiting to be read."""
        return self._bytes

    def put(self, packet: Packet) -> None:
        """Add a packet, losing droppable ones rather than waiting."""
        with self._ready:
            if self._closed:
                return
            is_video = packet.track == "video"
            if is_video and packet.keyframe:
                self._waiting_for_key = False
            elif is_video and (self._waiting_for_key or self._pictures() >= self._limit_packets):
                self._waiting_for_key = True
                self.dropped += 1
                return
            self._packets.append(packet)
            self._bytes += len(packet.data)
            if self._bytes > self._limit_bytes:
                self._shed()
            self._ready.notify()
        if self._on_put is not None:
            self._on_put()

    def _pictures(self) -> int:
        return sum(p.track == "video" for p in self._packets)

    def _shed(self) -> None:
        """Forget everything older than the newest key frame."""
        keys = [i for i, p in enumerate(self._packets) if p.track == "video" and p.keyframe]
        cut = keys[-1] if keys else len(self._packets)
        for _ in range(cut):
            old = self._packets.popleft()
            self._bytes -= len(old.data)
            self.dropped += old.track == "video"
        if not keys:
            self._waiting_for_key = True

    def take(self, timeout_s: float = 0.0) -> Packet | None:
        """The oldest packet, or None when there is none within `timeout_s`."""
        with self._ready:
            if not self._packets and timeout_s > 0.0 and not self._closed:
                self._ready.wait(timeout_s)
            if not self._packets:
                return None
            packet = self._packets.popleft()
            self._bytes -= len(packet.data)
            return packet

    def clear(self) -> int:
        """Forget everything and wait for the next key frame; returns the pictures lost."""
        with self._ready:
            lost = self._pictures()
            self.dropped += lost
            self._packets.clear()
            self._bytes = 0
            self._waiting_for_key = True
            return lost

    def close(self) -> None:
        """Wake a waiting reader; later packets are ignored, those inside can still be taken."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed
