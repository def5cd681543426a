"""One connection to an RTMP server: handshake, commands, media, the end of publishing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
from collections.abc import Iterable, Sequence

from flow.errors import ConnectError, LostError, RefusedError
from flow.media import Packet, TrackInfo
from stream.rtmp import amf0, tags
from stream.rtmp.address import Address
from stream.rtmp.chunks import (
    ACKNOWLEDGEMENT,
    CHUNK_BYTES,
    COMMAND,
    PEER_BANDWIDTH,
    SET_CHUNK_SIZE,
    USER_CONTROL,
    WINDOW_SIZE,
    ChunkReader,
    Message,
    pack,
)

STALL_S = 5.0
"""Without any progress of a full send buffer the connection counts as lost."""
_HANDSHAKE = 1536
_VERSION = 3
_CONTROL, _COMMAND, _MEDIA = 2, 3, 4  # chunk streams
_PING, _PONG = 6, 7
_WINDOW = 2_500_000
_CONNECT, _CREATE = 1.0, 4.0  # transaction numbers


class Session:
    """A publishing connection, made by `stream.rtmp.connect.publish`; network thread only."""

    def __init__(
        self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.address = address
        self._reader = ChunkReader(reader)
        self._writer = writer
        self._window = 0
        self._acknowledged = 0
        self._stream = 0
        self.bytes = 0
        """Media bytes handed to the connection."""

    async def send(self, packets: Iterable[Packet]) -> None:
        """Send media; returns when the connection can take more.

        Raises:
            LostError: when the connection broke, or took nothing for `STALL_S`.
        """
        for packet in packets:
            self._send(tags.media(packet, self._stream), _MEDIA)
            self.bytes += len(packet.data)
        await self._drain()

    async def watch(self) -> None:
        """Answer the server's messages until the connection ends.

        Raises:
            LostError: always: when it ended or the server ended the publishing.
        """
        while True:
            try:
                message = await self._reader.read()
            except (OSError, EOFError) as error:
                raise self._lost("closed the connection") from error
            except ValueError as error:
                raise self._lost("sent something that is not RTMP") from error
            name, _, values = self._answer(message)
            if name == "onStatus" and _field(values, "level") == "error":
                reason = self.address.clean(_field(values, "code"))
                raise self._lost(f"ended the stream ({reason})")

    async def close(self, timeout_s: float = 1.0) -> None:
        """Say that publishing ends and close; never raises."""
        key = self.address.key
        with contextlib.suppress(OSError, LostError):
            if self._stream:
                self._command("FCUnpublish", 6.0, None, key)
                self._command("deleteStream", 7.0, None, float(self._stream))
                await asyncio.wait_for(self._writer.drain(), timeout_s)
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()
        self._writer.close()
        with contextlib.suppress(OSError):
            await asyncio.wait_for(self._writer.wait_closed(), timeout_s)

    async def negotiate(self, tracks: Sequence[TrackInfo]) -> None:
        """Handshake, connect, publish, headers.

        Raises:
            RefusedError: when the server says no.
            ConnectError: when it says nothing or something that is not RTMP.
        """
        app, key = self.address.app, self.address.key
        await self._handshake()
        self._send(Message(SET_CHUNK_SIZE, struct.pack(">I", CHUNK_BYTES)), _CONTROL)
        about: dict[str, amf0.Value] = {
            "app": app,
            "type": "nonprivate",
            "flashVer": "FMLE/3.0 (compatible; Mirrorstage)",
            "tcUrl": self.address.tc_url,
        }
        self._command("connect", _CONNECT, about)
        await self._result(_CONNECT)
        self._command("releaseStream", 2.0, None, key)
        self._command("FCPublish", 3.0, None, key)
        self._command("createStream", _CREATE, None)
        values = await self._result(_CREATE)
        stream = values[-1] if values else None
        if not isinstance(stream, float):
            raise self._silent("did not open a stream")
        self._stream = int(stream)
        self._command("publish", 5.0, None, key, "live", stream=self._stream)
        await self._published()
        self._send(tags.metadata(tracks, self._stream), _MEDIA)
        for info in tracks:
            self._send(tags.header(info, self._stream), _MEDIA)
        await self._drain()

    async def _handshake(self) -> None:
        hello = bytes(8) + os.urandom(_HANDSHAKE - 8)
        self._writer.write(bytes((_VERSION,)) + hello)
        reply = await self._reader.exactly(1 + 2 * _HANDSHAKE)
        if reply[0] != _VERSION:
            raise self._silent("does not speak RTMP")
        self._writer.write(reply[1 : 1 + _HANDSHAKE])

    async def _result(self, transaction: float) -> Sequence[amf0.Value]:
        """The values of the answer to a command; other answers are passed over."""
        while True:
            name, number, values = self._answer(await self._reader.read())
            if name == "_result" and number == transaction:
                return values
            if name == "_error" and number == transaction:
                raise self._refused(values)

    async def _published(self) -> None:
        while True:
            name, number, values = self._answer(await self._reader.read())
            if name == "onStatus" and _field(values, "level") == "error":
                raise self._refused(values)
            if name == "onStatus" and _field(values, "code") == "NetStream.Publish.Start":
                return
            if name == "_error" and number not in (2.0, 3.0):  # those two are courtesy
                raise self._refused(values)

    def _answer(self, message: Message) -> tuple[str, float, Sequence[amf0.Value]]:
        """Obey a protocol message; a command is returned as name, transaction and values."""
        self._acknowledge()
        data = message.data
        if message.kind == WINDOW_SIZE and len(data) >= 4:  # noqa: PLR2004
            (self._window,) = struct.unpack_from(">I", data)
        elif message.kind == PEER_BANDWIDTH:
            self._send(Message(WINDOW_SIZE, struct.pack(">I", _WINDOW)), _CONTROL)
        elif message.kind == USER_CONTROL and data[:2] == struct.pack(">H", _PING):
            self._send(Message(USER_CONTROL, struct.pack(">H", _PONG) + data[2:6]), _CONTROL)
        elif message.kind == COMMAND:
            values = amf0.decode(data)
            if len(values) > 1 and isinstance(values[0], str) and isinstance(values[1], float):
                return values[0], values[1], values[2:]
        return "", 0.0, ()

    def _acknowledge(self) -> None:
        """Tell the server what arrived, once per window."""
        received = self._reader.received
        if self._window and received - self._acknowledged >= self._window:
            self._acknowledged = received
            count = struct.pack(">I", received & 0xFFFFFFFF)
            self._send(Message(ACKNOWLEDGEMENT, count), _CONTROL)

    def _command(self, name: str, number: float, *values: amf0.Value, stream: int = 0) -> None:
        self._send(Message(COMMAND, amf0.encode(name, number, *values), stream), _COMMAND)

    def _send(self, message: Message, channel: int) -> None:
        if self._writer.transport.is_closing():
            raise self._lost("closed the connection")
        self._writer.write(b"".join(pack(message, channel)))

    async def _drain(self) -> None:
        transport = self._writer.transport
        while True:
            before = transport.get_write_buffer_size()
            try:
                await asyncio.wait_for(self._writer.drain(), STALL_S)
            except TimeoutError as error:
                if transport.get_write_buffer_size() >= before:
                    transport.abort()
                    raise self._lost(f"took nothing for {STALL_S:g} s") from error
            except OSError as error:
                raise self._lost("closed the connection") from error
            else:
                return

    def _refused(self, values: Sequence[amf0.Value]) -> RefusedError:
        code = self.address.clean(_field(values, "code"))
        reason = self.address.clean(_field(values, "description"))
        return RefusedError(
            f"{self.address} refused the stream: {reason or code or 'no reason given'}"
            f"{f' ({code})' if code and reason else ''}.",
            code="output.busy" if code == "NetStream.Publish.BadName" else "output.refused",
            hint="Check the address and the stream key, and that nobody streams with it already.",
        )

    def _silent(self, what: str) -> ConnectError:
        return ConnectError(
            f"{self.address} {what}.",
            code="output.protocol",
            hint="Check that this is the address of an RTMP server.",
            retryable=True,
        )

    def _lost(self, how: str) -> LostError:
        return LostError(f"{self.address} {how}.", retryable=True)


def _field(values: Sequence[amf0.Value], name: str) -> str:
    """A text of the information object of a status, or nothing."""
    for value in values:
        if isinstance(value, dict) and isinstance(found := value.get(name), str):
            return found[:200]
    return ""
