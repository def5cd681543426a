"""From the reading thread to the show: the newest motion, or all of it."""

from __future__ import annotations

import threading
from collections import deque

from capture.merge import merge
from flow.motion import MotionFrame


class MotionLane:
    """A bounded backlog of unread frames between two threads.

    `take` gives the newest and forgets the rest (their parts are merged in); `take_all` gives
    every one. When it is full a lossless lane makes the writer wait, any other loses its oldest.
    """

    def __init__(self, limit: int = 256, *, lossless: bool = False) -> None:
        self._frames: deque[MotionFrame] = deque()
        self._limit = limit
        self._lossless = lossless
        self._closed = False
        self._room = threading.Condition()
        self.lost = 0

    @property
    def full(self) -> bool:
        """Whether a lossless writer would have to wait."""
        return len(self._frames) >= self._limit

    @property
    def empty(self) -> bool:
        """Whether everything was read."""
        return not self._frames

    def put(self, frame: MotionFrame) -> None:
        """Add a frame."""
        with self._room:
            if self._lossless:
                self._room.wait_for(lambda: self._closed or not self.full)
            elif self.full:
                self._frames.popleft()
                self.lost += 1
            self._frames.append(frame)

    def take(self) -> MotionFrame | None:
        """The newest unread frame with the parts of the unread ones before it."""
        newest = None
        for frame in self.take_all():
            newest = merge(newest, frame)
        return newest

    def take_all(self) -> list[MotionFrame]:
        """Every unread frame, oldest first."""
        with self._room:
            frames = list(self._frames)
            self._frames.clear()
            self._room.notify_all()
        return frames

    def close(self) -> None:
        """Let a waiting writer go on."""
        with self._room:
            self._closed = True
            self._room.notify_all()
