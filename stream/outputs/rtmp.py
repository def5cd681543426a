"""Pushes the show to a live room by RTMP or RTMPS, and comes back when the connection breaks."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import random
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from flow.clock import Clock
from flow.errors import ConnectError, LostError, MirrorstageError, RefusedError, ShowFileError
from flow.lanes import PacketQueue
from flow.media import Packet, TrackInfo
from flow.seams import Plugin, Status
from stream.interleave import Interleaver
from stream.network import NetworkThread
from stream.rtmp.address import Address, parse_address
from stream.rtmp.connect import publish
from stream.rtmp.session import Session

BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
JITTER = 0.2
GHOST_S = 30.0
"""So long a server may believe that our broken connection still publishes."""
_UNCONNECTED_S = 0.3
"""So long an end waits for a connection that is still being made: there is nothing to send."""
QUEUE_PACKETS = 90
QUEUE_BYTES = 8 << 20


class RtmpSettings(BaseModel):
    """Which room."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: SecretStr = Field(description="rtmp:// or rtmps:// address, key at the end or apart")
    key_env: str = Field(default="", description="Environment variable that holds the stream key")


class RtmpOutput:
    """One publisher in the network thread behind a bounded queue. `push` never waits.

    starting → running → reconnecting → running … until `stop`, or failed when the server says no.
    """

    def __init__(
        self,
        address: Address,
        *,
        clock: Clock,
        network: NetworkThread,
        request_keyframe: Callable[[], None],
        trust: ssl.SSLContext | None = None,
        ghost_s: float = GHOST_S,
    ) -> None:
        self._address = address
        self._clock = clock
        self._network = network
        self._request_keyframe = request_keyframe
        self._trust = trust
        self._ghost_s = ghost_s
        self._queue: PacketQueue | None = None
        self._arrived = asyncio.Event()
        self._ended = asyncio.Event()
        self._woken = False
        self._ending = False
        self._work: concurrent.futures.Future[None] | None = None
        self._status = Status("starting", f"Connecting to {address}.")
        self._numbers = dict.fromkeys(("sent", "dropped", "reconnects", "bytes"), 0.0)
        self._connected_once = False
        self._last = self._last_code = ""

    def start(self, tracks: Sequence[TrackInfo]) -> None:
        """Begin to connect; a server that does not answer is tried again and again."""
        self._work = self._network.submit(self._guarded(tuple(tracks)))

    def push(self, packet: Packet) -> None:
        """Queue a packet; while there is no connection pictures are counted as dropped."""
        queue = self._queue
        if queue is not None:
            queue.put(packet)
        elif self._connected_once and packet.track == "video":
            self._numbers["dropped"] += 1

    def status(self) -> Status:
        """How the connection is doing. Never shows the key."""
        now, queue = self._status, self._queue
        numbers = dict(self._numbers)
        if queue is not None:
            numbers["dropped"] += queue.dropped
            numbers["queued"] = len(queue)
        return Status(now.state, now.sentence, now.code, numbers)

    def stop(self, timeout_s: float = 3.0) -> None:
        """Send what is queued and say goodbye."""
        work, self._work = self._work, None
        if work is None:
            if self._status.state == "starting":
                self._status = Status("stopped", "Nothing was streamed.")
            return
        self._ending = True
        if (queue := self._queue) is not None:
            queue.close()
        self._network.call_soon(self._end)
        connected = self._queue is not None
        try:
            work.result(timeout_s if connected else min(timeout_s, _UNCONNECTED_S))
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            work.cancel()
        if self._status.state == "failed":
            return
        if self._connected_once:
            self._status = Status("stopped", f"The stream to {self._address} has ended.")
        else:  # a show that reached nobody has not gone well
            why = self._last or f"{self._address} gave no answer."
            self._status = Status(
                "failed", f"Nothing was streamed: {why}", self._last_code or "output.unreachable"
            )

    async def _guarded(self, tracks: tuple[TrackInfo, ...]) -> None:
        try:
            await self._run(tracks)
        except Exception as error:  # noqa: BLE001 - the border of one output
            self._settle()
            self._status = Status(
                "failed",
                f"The stream to {self._address} failed with an unexpected "
                f"{type(error).__name__}; the show goes on without it.",
                "output.failed",
            )

    async def _run(self, tracks: tuple[TrackInfo, ...]) -> None:
        """Connect, feed, and connect again, until the end or a refusal."""
        failures = 0
        refused_since: float | None = None
        loop = asyncio.get_running_loop()
        while not self._ending:
            try:
                session = await publish(self._address, tracks, self._trust)
                refused_since = None
                began = loop.time()
                try:
                    await self._feed(session, tracks)
                    return
                finally:
                    failures = 0 if loop.time() - began > BACK_OFF_S[-1] else failures
                    self._settle()
                    await session.close()
            except RefusedError as error:
                refused_since = refused_since if refused_since is not None else loop.time()
                ghost = error.code == "output.busy"
                if not ghost or loop.time() - refused_since >= self._ghost_s:
                    self._status = Status(
                        "failed", str(error), "output.refused" if ghost else error.code
                    )
                    return
                self._waiting(error)
            except (ConnectError, LostError) as error:
                self._waiting(error)
            await self._pause(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    async def _feed(self, session: Session, tracks: tuple[TrackInfo, ...]) -> None:
        """Send packets until `stop`; LostError when the connection breaks."""
        order = Interleaver(tracks)
        queue = PacketQueue(QUEUE_PACKETS, QUEUE_BYTES, on_put=self._wake)
        if self._connected_once:
            self._numbers["reconnects"] += 1
        self._connected_once = True
        self._queue = queue
        self._request_keyframe()
        self._status = Status("running", f"Streaming to {self._address}.")
        watcher = asyncio.ensure_future(session.watch())
        watcher.add_done_callback(lambda _: self._arrived.set())
        try:
            while not watcher.done():
                self._arrived.clear()
                self._woken = False
                while (packet := queue.take()) is not None and not watcher.done():
                    await self._send(session, order.add(packet))
                if self._ending:
                    await self._send(session, order.flush())
                    return
                await self._arrived.wait()
            watcher.result()
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def _send(self, session: Session, packets: Sequence[Packet]) -> None:
        if not packets:
            return
        before = session.bytes
        await session.send(packets)
        self._numbers["bytes"] += session.bytes - before
        self._numbers["sent"] += len(packets)
        now = self._clock.now()
        for packet in packets:
            if packet.trace is not None and not packet.trace.sent:
                packet.trace.sent = now

    def _end(self) -> None:
        self._ended.set()
        self._arrived.set()

    def _wake(self) -> None:
        """Tell the network thread, once for many packets; from the encode thread."""
        if not self._woken:
            self._woken = True
            self._network.call_soon(self._arrived.set)

    def _settle(self) -> None:
        """Give up the queue of a connection that ended, counting what was in it."""
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.close()
            if not self._ending:
                queue.clear()
            self._numbers["dropped"] += queue.dropped

    def _waiting(self, error: MirrorstageError) -> None:
        self._last, self._last_code = str(error), error.code
        self._status = Status("reconnecting", f"{error.message} Trying again.", error.code)

    async def _pause(self, seconds: float) -> None:
        """Wait before the next try, a little more or less than others do; `stop` ends it."""
        spread = 1.0 + JITTER * (2.0 * random.random() - 1.0)
        try:
            await asyncio.wait_for(self._ended.wait(), seconds * spread)
        except TimeoutError:
            return


def _make(
    settings: RtmpSettings,
    *,
    clock: Clock,
    network: NetworkThread,
    request_keyframe: Callable[[], None],
    **_: Any,
) -> RtmpOutput:
    key = ""
    if settings.key_env:
        key = os.environ.get(settings.key_env, "").strip()
        if not key:
            raise ShowFileError(
                f"The environment variable {settings.key_env} with the stream key is not set.",
                code="show.secret",
                hint=f"Set it before the show: export {settings.key_env}=…",
            )
    address = parse_address(settings.url.get_secret_value(), key)
    return RtmpOutput(address, clock=clock, network=network, request_keyframe=request_keyframe)


PLUGIN = Plugin("output", "rtmp", "Pushes to a live room by RTMP or RTMPS.", RtmpSettings, _make)
