"""The way to an RTMP server: name, connection, TLS, and what to say when it leads nowhere."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Sequence

from flow.errors import ConnectError, LostError, RefusedError
from flow.media import TrackInfo
from stream.rtmp.address import Address
from stream.rtmp.session import STALL_S, Session

CONNECT_S = 5.0
"""For name, connection and TLS, and again for everything until publishing."""
SEND_BUFFER = 256 << 10
"""Of the kernel. Small, so that a slow network is noticed within a second, not ten."""
OWN_BUFFER = 64 << 10


async def publish(
    address: Address, tracks: Sequence[TrackInfo], trust: ssl.SSLContext | None = None
) -> Session:
    """Connect and begin to publish. `trust` replaces the system's certificates (tests).

    Raises:
        ConnectError: ``output.unreachable``, ``output.protocol``; worth another try.
        RefusedError: ``output.refused``, ``output.busy``, ``output.tls``.
    """
    try:
        reader, writer = await asyncio.wait_for(_connect(address, trust), CONNECT_S)
    except ssl.SSLError as error:
        raise RefusedError(
            f"{address} has no certificate that this machine trusts: "
            f"{getattr(error, 'verify_message', '') or error.reason}.",
            code="output.tls",
            hint="Check the host name and the machine's clock and certificates.",
        ) from error
    except OSError as error:
        raise ConnectError(
            f"{address} cannot be reached: {_why(error)}.",
            hint="Check the address, the network and that the server runs.",
            retryable=True,
        ) from error
    session = Session(address, reader, writer)
    try:
        await asyncio.wait_for(session.negotiate(tracks), CONNECT_S)
    except BaseException as error:
        writer.transport.abort()
        raise _while_opening(address, error) from error
    return session


def _why(error: OSError) -> str:
    """Plain words: asyncio's own show its internals, one address after the other."""
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, socket.gaierror):
        return "there is no server of this name"
    if f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return "nothing listens there"
    return os.strerror(error.errno) if error.errno else "no connection"


def _while_opening(address: Address, error: BaseException) -> BaseException:
    if isinstance(error, LostError | EOFError | OSError | ValueError):
        how = "gave no answer" if isinstance(error, TimeoutError) else "closed the connection"
        how = "does not speak RTMP" if isinstance(error, ValueError) else how
        return ConnectError(
            f"{address} {how} while the stream was being opened.",
            code="output.protocol" if isinstance(error, ValueError) else "output.unreachable",
            hint="Check the application's name and the key: some servers hang up on wrong ones.",
            retryable=True,
        )
    return error


async def _connect(
    address: Address, trust: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    secure = (trust or ssl.create_default_context()) if address.tls else None
    reader, writer = await asyncio.open_connection(address.host, address.port, ssl=secure)
    writer.transport.set_write_buffer_limits(high=OWN_BUFFER)
    wire = writer.get_extra_info("socket")
    if wire is not None:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a pulled cable: unacknowledged data for so long
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(2000 * STALL_S))
    return reader, writer
