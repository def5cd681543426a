"""The pages that watch, each at its own pace: a slow one loses pictures, never the others' time.

Everything here runs in the network thread. A packet is framed once and its bytes are written to
every viewer's transport; a viewer whose transport holds too much skips to the next key frame (as
measured, this keeps 26 ms on a link narrower than the stream, where queues grow to seconds).
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

from aiohttp import web

MOST_BUFFERED_BYTES = 256 << 10
"""About 0.8 s of 2.5 Mb/s: more waiting than this and the viewer skips to a key frame."""
GONE_AFTER_S = 15.0
"""A viewer that takes nothing for this long is let go."""

_BINARY, _TEXT, _FIN = 0x2, 0x1, 0x80
_SHORT, _MEDIUM = 126, 1 << 16


def frame(payload: bytes, opcode: int) -> bytes:
    """A server's WebSocket frame (RFC 6455 section 5.2: unmasked, whole)."""
    size = len(payload)
    if size < _SHORT:
        head = struct.pack("!BB", _FIN | opcode, size)
    elif size < _MEDIUM:
        head = struct.pack("!BBH", _FIN | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", _FIN | opcode, 127, size)
    return head + payload


@dataclass(slots=True, eq=False)
class Viewer:
    """One page."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    waiting_for_key: bool = True
    dropped: int = 0
    stuck_since: float | None = None


class Viewers:
    """All pages. Network thread only."""

    def __init__(self) -> None:
        self._all: set[Viewer] = set()
        self.sent = 0
        self.dropped = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._all)

    def add(self, viewer: Viewer) -> None:
        """Start sending to `viewer` from the next key frame on."""
        self._all.add(viewer)

    def remove(self, viewer: Viewer) -> None:
        """Stop sending to `viewer`."""
        self._all.discard(viewer)

    def send_packet(self, message: bytes, *, picture: bool, keyframe: bool, now: float) -> None:
        """Send one framed packet to every viewer that can take it."""
        data = frame(message, _BINARY)
        for viewer in tuple(self._all):
            if viewer.transport.is_closing():
                continue
            if viewer.transport.get_write_buffer_size() > MOST_BUFFERED_BYTES:
                viewer.waiting_for_key = True
                self._stuck(viewer, now)
            else:
                viewer.stuck_since = None
                if keyframe:
                    viewer.waiting_for_key = False
            if viewer.waiting_for_key:
                viewer.dropped += picture
                self.dropped += picture
                continue
            viewer.transport.write(data)
            self.sent += picture
            self.bytes += len(data)

    def send_text(self, text: str) -> None:
        """Send one text message to every viewer that is not behind."""
        data = frame(text.encode(), _TEXT)
        for viewer in tuple(self._all):
            behind = viewer.transport.get_write_buffer_size() > MOST_BUFFERED_BYTES
            if not (behind or viewer.transport.is_closing()):
                viewer.transport.write(data)

    def _stuck(self, viewer: Viewer, now: float) -> None:
        if viewer.stuck_since is None:
            viewer.stuck_since = now
        elif now - viewer.stuck_since > GONE_AFTER_S:
            viewer.transport.abort()
            self.remove(viewer)

    async def close(self) -> None:
        """Say goodbye to all."""
        going, self._all = list(self._all), set()
        for viewer in going:
            await viewer.socket.close(code=1001, message=b"the show has ended")
