"""The page as an output: packets go to every open page, a status message each second."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from flow.errors import ConnectError
from flow.media import Packet, TrackInfo
from flow.seams import Plugin, Status
from stream.network import NetworkThread
from stream.page.server import application
from stream.page.viewers import Viewers
from stream.page.wire import hello_message, packet_message, status_message

STATUS_EVERY_S = 1.0
START_TIMEOUT_S = 10.0
MOST_PENDING = 90
"""Packets handed to the network thread and not yet taken: more means that thread is stuck."""


class PageSettings(BaseModel):
    """Where the page is served."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    port: int = Field(8080, ge=0, le=65535, description="TCP port; 0: any free one")
    host: str = Field("127.0.0.1", description="address to listen on; this machine only by default")


class PageOutput:
    """A `flow.seams.PacketOutput` that serves pages."""

    def __init__(
        self,
        settings: PageSettings,
        *,
        network: NetworkThread,
        status: Callable[[], Mapping[str, Any]] | None = None,
        request_keyframe: Callable[[], None] | None = None,
        title: str = "Mirrorstage",
    ) -> None:
        self._settings = settings
        self._network = network
        self._status = status or (lambda: {"state": "live"})
        self._request_keyframe = request_keyframe or (lambda: None)
        self._title = title
        self._viewers = Viewers()
        self._hello = ""
        self._newest = status_message({"state": "starting"})
        self._runner: web.AppRunner | None = None
        self._talk: asyncio.Task[None] | None = None
        self._pending = 0
        self._lost = 0
        self._state: Status = Status("starting")
        self.url = ""

    def start(self, tracks: Sequence[TrackInfo]) -> None:
        """Serve.

        Raises:
            ConnectError: ``output.port_busy`` or ``output.address``.
        """
        self._hello = hello_message(tracks, self._title)
        try:
            self.url = self._network.submit(self._serve()).result(START_TIMEOUT_S)
        except OSError as fault:
            raise self._refusal(fault) from fault
        self._state = Status("running", f"Open {self.url} in a browser.")

    def _refusal(self, fault: OSError) -> ConnectError:
        host, port = self._settings.host, self._settings.port
        if fault.errno in (errno.EADDRINUSE, errno.EACCES):
            why = "taken by another program" if fault.errno == errno.EADDRINUSE else "not allowed"
            return ConnectError(
                f"The page cannot be served: port {port} on {host} is {why}.",
                code="output.port_busy",
                hint=f"Choose another, for example --output page:{port + 1}.",
                retryable=True,
            )
        return ConnectError(
            f"The page cannot be served on {host}:{port}: {_why(fault)}.",
            code="output.address",
            hint="Use --output page:8080 for this machine only.",
        )

    async def _serve(self) -> str:
        app = application(
            self._viewers,
            greeting=lambda: self._hello,
            status=lambda: self._newest,
            arrived=self._request_keyframe,
            bound=self._settings.host,
        )
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, self._settings.host, self._settings.port)
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._talk = asyncio.get_running_loop().create_task(self._talking())
        address = self._runner.addresses[0]
        return f"http://{address[0]}:{address[1]}"

    async def _talking(self) -> None:
        """Tell every page once a second how the show is doing."""
        while True:
            self._newest = status_message(self._status())
            self._viewers.send_text(self._newest)
            await asyncio.sleep(STATUS_EVERY_S)

    def push(self, packet: Packet) -> None:
        """Hand a packet to the network thread; encode thread only."""
        if len(self._viewers) == 0:
            return
        if self._pending > MOST_PENDING and packet.droppable:
            self._lost += packet.track == "video"
            return
        self._pending += 1
        self._network.call_soon(self._send, packet)

    def _send(self, packet: Packet) -> None:
        self._pending -= 1
        self._viewers.send_packet(
            packet_message(packet),
            picture=packet.track == "video",
            keyframe=packet.keyframe and packet.track == "video",
            now=asyncio.get_running_loop().time(),
        )

    def status(self) -> Status:
        """Address, pages open, pictures sent and dropped."""
        viewers = self._viewers
        numbers = {
            "viewers": float(len(viewers)),
            "sent": float(viewers.sent),
            "dropped": float(viewers.dropped + self._lost),
            "bytes": float(viewers.bytes),
        }
        return Status(self._state.state, self._state.sentence, numbers=numbers)

    def stop(self, timeout_s: float = 3.0) -> None:
        """Say goodbye to the pages and free the port."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self._state = Status("stopped", "The page is closed.")
        try:
            self._network.submit(self._end(runner)).result(timeout_s)
        except TimeoutError:
            return

    async def _end(self, runner: web.AppRunner) -> None:
        if self._talk is not None:
            self._talk.cancel()
        await self._viewers.close()
        await runner.cleanup()


def _why(fault: OSError) -> str:
    """Plain words; asyncio's own repeat the address in Python's notation."""
    if isinstance(fault, socket.gaierror):
        return "there is no machine of this name"
    return os.strerror(fault.errno) if fault.errno else str(fault)


def _make(settings: PageSettings, **services: Any) -> PageOutput:
    wanted = ("network", "status", "request_keyframe", "title")
    return PageOutput(settings, **{k: services[k] for k in wanted if k in services})


PLUGIN = Plugin("output", "page", "A web page with the programme picture", PageSettings, _make)
