"""RTMP's chunk stream (RTMP 1.0, section 5.3): messages cut into chunks and put together again."""

from __future__ import annotations

import struct
from asyncio import StreamReader
from dataclasses import dataclass

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO, DATA, COMMAND = 8, 9, 18, 20
CHUNK_BYTES = 4096
"""Of what we send, once announced; every ingest server takes it."""
MAX_MESSAGE = 1 << 20
"""A publisher is sent commands only; anything longer is an attack or not RTMP."""
_EXTENDED = 0xFFFFFF
_MAX_STREAMS = 64


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `stream` is the message stream id, `time_ms` wraps at 2**32."""

    kind: int
    data: bytes
    stream: int = 0
    time_ms: int = 0


def pack(message: Message, channel: int, chunk_bytes: int = CHUNK_BYTES) -> list[bytes]:
    """The message as pieces to write, with a full header and repeated extended times."""
    time_ms = message.time_ms & 0xFFFFFFFF
    extended = struct.pack(">I", time_ms) if time_ms >= _EXTENDED else b""
    size = len(message.data)
    head = bytes((channel,)) + min(time_ms, _EXTENDED).to_bytes(3, "big")
    head += size.to_bytes(3, "big") + bytes((message.kind,)) + struct.pack("<I", message.stream)
    pieces = [head, extended, message.data[:chunk_bytes]]
    again = bytes((0xC0 | channel,)) + extended
    view = memoryview(message.data)
    for at in range(chunk_bytes, size, chunk_bytes):
        pieces.append(again)
        pieces.append(bytes(view[at : at + chunk_bytes]))
    return pieces


@dataclass(slots=True)
class _Channel:
    """What later chunks of a chunk stream leave out."""

    time_ms: int = 0
    delta_ms: int = 0
    size: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    data: bytearray | None = None


class ChunkReader:
    """Puts messages together.

    Raises:
        ValueError: from `read` when the bytes are no chunk stream or a message is too long.
        asyncio.IncompleteReadError: when the connection ends.
    """

    def __init__(self, stream: StreamReader) -> None:
        self._stream = stream
        self._channels: dict[int, _Channel] = {}
        self.chunk_bytes = 128
        self.received = 0

    async def read(self) -> Message:
        """The next whole message; a new chunk size is obeyed here."""
        while True:
            message = await self._chunk()
            if message is None:
                continue
            if message.kind == SET_CHUNK_SIZE and len(message.data) >= 4:  # noqa: PLR2004
                size = struct.unpack_from(">I", message.data)[0] & 0x7FFFFFFF
                if not 1 <= size <= 0xFFFFFF:  # noqa: PLR2004
                    raise ValueError("The server wants an impossible chunk size.")
                self.chunk_bytes = size
                continue
            return message

    async def _chunk(self) -> Message | None:
        channel, form = await self._basic_header()
        state = self._channels.setdefault(channel, _Channel())
        if len(self._channels) > _MAX_STREAMS:
            raise ValueError("The server opens too many chunk streams.")
        await self._message_header(state, form)
        if state.data is None:
            state.data = bytearray()
        want = min(self.chunk_bytes, state.size - len(state.data))
        state.data += await self.exactly(want)
        if len(state.data) < state.size:
            return None
        data, state.data = bytes(state.data), None
        return Message(state.kind, data, state.stream, state.time_ms)

    async def _basic_header(self) -> tuple[int, int]:
        (first,) = await self.exactly(1)
        form, channel = first >> 6, first & 0x3F
        if channel == 0:
            channel = 64 + (await self.exactly(1))[0]
        elif channel == 1:
            low, high = await self.exactly(2)
            channel = 64 + low + high * 256
        return channel, form

    async def _message_header(self, state: _Channel, form: int) -> None:
        """Read a header of form 0 (11 bytes), 1 (7), 2 (3) or 3 (none)."""
        continues = state.data is not None
        if form < 3:  # noqa: PLR2004
            raw = await self.exactly((11, 7, 3)[form])
            time_ms = int.from_bytes(raw[:3], "big")
            state.extended = time_ms == _EXTENDED
            if form < 2:  # noqa: PLR2004
                state.size, state.kind = int.from_bytes(raw[3:6], "big"), raw[6]
                if state.size > MAX_MESSAGE:
                    raise ValueError("The server sends a message that is too long.")
            if form == 0:
                (state.stream,) = struct.unpack("<I", raw[7:])
            if state.extended:
                (time_ms,) = struct.unpack(">I", await self.exactly(4))
            state.delta_ms = time_ms
            state.data = None
            state.time_ms = time_ms if form == 0 else (state.time_ms + time_ms) & 0xFFFFFFFF
            return
        if state.extended:
            await self.exactly(4)
        if not continues:  # a new message exactly like the one before
            state.time_ms = (state.time_ms + state.delta_ms) & 0xFFFFFFFF

    async def exactly(self, count: int) -> bytes:
        """Raw bytes, outside any chunk (the handshake)."""
        self.received += count
        return await self._stream.readexactly(count)
