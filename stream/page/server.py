"""The HTTP side of the page: files, health, the WebSocket; loopback only unless told otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from stream.page.viewers import Viewer, Viewers

DIST = Path(__file__).resolve().parents[1] / "web_dist"
MOST_VIEWERS = 500
LARGEST_QUESTION_BYTES = 4096
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".map": "application/json",
}
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})

Greeting = Callable[[], str]


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], object]
) -> web.StreamResponse:
    """Refuse requests that another site's page makes through a visitor's browser.

    Checking the Host header stops DNS rebinding, checking Origin stops cross-site WebSockets.
    """
    bound = request.app[BOUND]
    host = (urlsplit(f"//{request.host}").hostname or "").lower()
    if bound in LOCAL_NAMES and host not in LOCAL_NAMES:
        raise web.HTTPForbidden(text="This page answers on this machine only.\n")
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc.lower() != request.host.lower():
        raise web.HTTPForbidden(text="Another site may not use this page.\n")
    response = await handler(request)  # type: ignore[misc]
    assert isinstance(response, web.StreamResponse)
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


BOUND = web.AppKey("bound", str)


def application(
    viewers: Viewers,
    greeting: Greeting,
    status: Callable[[], str],
    arrived: Callable[[], None],
    bound: str,
) -> web.Application:
    """The page's application.

    Args:
        viewers: Where sockets go.
        greeting: The hello message for a new viewer; empty while the show has not begun.
        status: The newest status message.
        arrived: Called for each new viewer (a key frame is wanted).
        bound: The address it is served on.
    """
    files = {p.name: p for p in DIST.iterdir() if p.suffix in _TYPES} if DIST.is_dir() else {}

    async def index(_: web.Request) -> web.Response:
        return _file("index.html")

    async def asset(request: web.Request) -> web.Response:
        return _file(request.match_info["name"])

    def _file(name: str) -> web.Response:
        path = files.get(name)
        if path is None:
            if name == "index.html":
                raise web.HTTPServiceUnavailable(
                    text="The browser client was not built. Type: make setup\n"
                )
            raise web.HTTPNotFound(text="There is nothing here.\n")
        return web.Response(
            body=path.read_bytes(), content_type=_TYPES[path.suffix], charset="utf-8"
        )

    async def health(_: web.Request) -> web.Response:
        return web.Response(text=status(), content_type="application/json")

    async def programme(request: web.Request) -> web.StreamResponse:
        if len(viewers) >= MOST_VIEWERS:
            raise web.HTTPServiceUnavailable(text="Too many pages are open.\n")
        socket = web.WebSocketResponse(
            heartbeat=20.0, max_msg_size=LARGEST_QUESTION_BYTES, compress=False
        )
        await socket.prepare(request)
        transport = request.transport
        if transport is None or not isinstance(transport, asyncio.Transport):
            return socket
        await socket.send_str(greeting())
        viewer = Viewer(socket, transport)
        viewers.add(viewer)
        arrived()
        try:
            async for message in socket:  # pages only listen; what they say is ignored
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            viewers.remove(viewer)
        return socket

    app = web.Application(middlewares=[_guard], client_max_size=LARGEST_QUESTION_BYTES)
    app[BOUND] = bound
    app.router.add_get("/", index)
    app.router.add_get("/health", health)
    app.router.add_get("/ws/programme", programme)
    app.router.add_get("/{name}", asset)
    return app
