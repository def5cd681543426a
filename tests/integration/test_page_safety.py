"""The page's server refuses what other sites try through a visitor's browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from fractions import Fraction

import aiohttp
import pytest

from flow.media import Packet, TrackInfo
from stream.network import NetworkThread
from stream.page.output import PageOutput, PageSettings
from stream.page.viewers import MOST_BUFFERED_BYTES

BASE = Fraction(1, 1_000_000)
TRACKS = (
    TrackInfo("video", "h264", BASE, b"\x01\x42\xc0\x1f\xff\xe1", width=64, height=64, fps=30),
    TrackInfo("audio", "aac", BASE, b"\x11\x90", rate_hz=48_000, channels=2),
)


@pytest.fixture
def page() -> Iterator[PageOutput]:
    network = NetworkThread()
    output = PageOutput(PageSettings(port=0), network=network)
    output.start(TRACKS)
    yield output
    output.stop()
    network.stop()


def ask(page: PageOutput, path: str, **headers: str) -> int:
    async def once() -> int:
        async with aiohttp.ClientSession() as session:
            answer = await session.get(page.url + path, headers=headers)
            await answer.read()
            return answer.status

    return asyncio.run(once())


def test_another_sites_page_must_be_refused(page: PageOutput) -> None:
    assert ask(page, "/health") == 200
    assert ask(page, "/health", Origin="http://evil.example") == 403
    assert ask(page, "/ws/programme", Origin="http://evil.example") == 403
    assert ask(page, "/health", Host="evil.example") == 403


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/%2e%2e/conftest.py", "/server.py", "/x/y"]
)
def test_only_the_clients_own_files_must_be_served(page: PageOutput, path: str) -> None:
    assert ask(page, path) == 404


def test_a_page_that_reads_nothing_must_lose_pictures_and_cost_bounded_memory(
    page: PageOutput,
) -> None:
    async def stubborn() -> tuple[float, int]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(page.url.replace("http", "ws") + "/ws/programme") as socket,
        ):
            await socket.receive_str()
            transport = socket._response.connection.transport  # type: ignore[union-attr]
            assert transport is not None
            transport.pause_reading()
            for n in range(600):
                key = n % 60 == 0
                page.push(
                    Packet("video", bytes(20_000), n * 33_000, n * 33_000, BASE, key, not key)
                )
                if n % 20 == 0:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            viewer = next(iter(page._viewers._all))
            buffered = viewer.transport.get_write_buffer_size()
            return (page.status().numbers or {})["dropped"], buffered

    dropped, buffered = asyncio.run(stubborn())
    assert dropped > 100
    assert buffered < MOST_BUFFERED_BYTES + 100_000


def test_a_page_may_not_flood_the_server(page: PageOutput) -> None:
    async def flood() -> aiohttp.WSMsgType:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(page.url.replace("http", "ws") + "/ws/programme") as socket,
        ):
            await socket.receive_str()
            await socket.send_bytes(bytes(100_000))
            while True:
                message = await socket.receive(timeout=5)
                if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                    return message.type

    assert asyncio.run(flood()) in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert ask(page, "/health") == 200


def test_stop_must_free_the_port_and_be_idempotent(page: PageOutput) -> None:
    port = int(page.url.rpartition(":")[2])
    page.stop()
    page.stop()
    network = NetworkThread()
    again = PageOutput(PageSettings(port=port), network=network)
    again.start(TRACKS)
    assert again.status().state == "running"
    again.stop()
    network.stop()
