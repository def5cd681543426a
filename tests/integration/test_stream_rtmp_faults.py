"""Against servers that misbehave, each a few lines of our own."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from flow.clock import MonotonicClock
from flow.media import Packet, TrackInfo
from flow.seams import Status
from stream.network import NetworkThread
from stream.outputs.rtmp import QUEUE_BYTES, RtmpOutput
from stream.rtmp import amf0, connect, session
from stream.rtmp.address import parse_address
from stream.rtmp.chunks import SET_CHUNK_SIZE, USER_CONTROL, ChunkReader, Message
from tests.fixtures.flash_and_beep import FlashAndBeep, canned
from tests.fixtures.rtmp_room import KEY, Room, Serve, hangs_up, never_reads, send
from tests.fixtures.waiting import wait_for

CLOCK = MonotonicClock()


@cache
def show() -> tuple[tuple[TrackInfo, ...], list[Packet]]:
    return canned(FlashAndBeep(320, 180), 2.5)


@pytest.fixture
def network() -> Iterator[NetworkThread]:
    thread = NetworkThread()
    yield thread
    thread.stop()


Start = Callable[..., RtmpOutput]


@pytest.fixture
def push(network: NetworkThread) -> Iterator[Callable[..., RtmpOutput]]:
    """Serve with `room` and begin to publish to it."""
    started: list[RtmpOutput] = []
    servers: list[asyncio.Server] = []

    def begin(
        room: Serve, *, tls: ssl.SSLContext | None = None, trust: ssl.SSLContext | None = None
    ) -> RtmpOutput:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await room(reader, writer)
            except (EOFError, OSError, asyncio.CancelledError):
                return  # a cancelled handler is logged as an error by this version of asyncio
            finally:
                writer.transport.abort()

        async def serve() -> int:
            server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
            servers.append(server)
            return int(server.sockets[0].getsockname()[1])

        port = network.submit(serve()).result(10)
        scheme = "rtmps" if tls else "rtmp"
        output = RtmpOutput(
            parse_address(f"{scheme}://localhost:{port}/live/{KEY}?sign=x"),
            clock=CLOCK,
            network=network,
            request_keyframe=lambda: None,
            trust=trust,
        )
        started.append(output)
        output.start(show()[0])
        return output

    yield begin
    for output in started:
        output.stop(1.0)

    async def close() -> None:
        for server in servers:
            server.close()

    network.submit(close()).result(10)


def state(output: RtmpOutput, *states: str) -> Callable[[], bool]:
    return lambda: output.status().state in states


def test_must_say_what_publishers_say(push: Start) -> None:
    room = Room()
    output = push(room)
    assert wait_for(state(output, "running"))
    for packet in show()[1]:
        output.push(packet)
    assert wait_for(lambda: (output.status().numbers or {})["queued"] == 0)
    output.stop()
    names = [c[0] for c in room.commands]
    assert names == [
        "connect", "releaseStream", "FCPublish", "createStream", "publish",
        "FCUnpublish", "deleteStream",
    ]  # fmt: skip
    assert room.commands[0][2]["app"] == "live"  # type: ignore[index, call-overload]
    assert room.commands[4][3:] == [f"{KEY}?sign=x", "live"]
    media = [m for m in room.messages if m.kind in (8, 9, 18)]
    assert [m.kind for m in media[:3]] == [18, 9, 8]
    assert media[1].data[:5] == b"\x17\x00\x00\x00\x00"
    assert media[2].data[:2] == b"\xaf\x00"
    pictures = [m for m in media[3:] if m.kind == 9]
    assert pictures[0].data[:2] == b"\x17\x01"
    assert pictures[0].time_ms == 0
    assert {m.stream for m in media} == {7}
    stamps = [m.time_ms for m in media[3:]]
    assert stamps == sorted(stamps)
    assert len(pictures) == 75


def test_must_go_on_with_a_key_frame_after_every_loss(push: Start) -> None:
    room = Room()
    output = push(room)
    assert wait_for(state(output, "running"))
    for packet in canned(FlashAndBeep(320, 180), 9.0)[1]:  # at once: far more than waits in a queue
        output.push(packet)
    output.stop(10.0)
    assert (output.status().numbers or {})["dropped"] > 0
    pictures = [m for m in room.messages if m.kind == 9][1:]
    sounds = [m for m in room.messages if m.kind == 8][1:]
    gaps = [
        later.data[0] >> 4 == 1
        for earlier, later in pairwise(pictures)
        if later.time_ms - earlier.time_ms > 50
    ]
    assert gaps
    assert all(gaps)
    assert len(sounds) >= 9 * 46
    assert len(pictures) + (output.status().numbers or {})["dropped"] == 270


def test_must_answer_a_ping(push: Start) -> None:
    room = Room()
    got = asyncio.Event()

    async def pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        send(writer, Message(USER_CONTROL, struct.pack(">HI", 6, 123456)))
        chunks = ChunkReader(reader)
        chunks.chunk_bytes = 4096
        while True:
            message = await chunks.read()
            if message == Message(USER_CONTROL, struct.pack(">HI", 7, 123456)):
                got.set()

    room.after = pings
    push(room)
    assert wait_for(got.is_set)


@pytest.mark.parametrize("step", ["connect", "publish"])
def test_must_accept_a_no_and_not_ask_again(push: Start, step: str) -> None:
    room = Room()
    if step == "connect":
        no: dict[str, amf0.Value] = {
            "level": "error",
            "code": "NetConnection.Connect.Rejected",
            "description": f"key {KEY} is banned",
        }
        room.connect_answer = ("_error", no)
    else:
        room.publish_level, room.publish_code = "error", "NetStream.Publish.Denied"
    output = push(room)
    assert wait_for(state(output, "failed"))
    status = output.status()
    assert status.code == "output.refused"
    assert "***" in status.sentence
    assert KEY not in status.sentence
    assert room.connections == 1
    output.stop()
    assert output.status().state == "failed"


def test_must_try_again_when_the_server_hangs_up(push: Start) -> None:
    room = Room()
    room.after = hangs_up
    output = push(room)
    assert wait_for(lambda: room.connections >= 2)
    assert wait_for(state(output, "reconnecting"))
    assert output.status().code in ("output.lost", "output.unreachable")


def test_must_notice_a_server_that_takes_nothing_and_keep_memory_bounded(
    push: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "STALL_S", 0.5)
    room = Room()
    room.after = never_reads
    output = push(room)
    assert wait_for(state(output, "running"))
    packets = show()[1]
    most = 0
    seen: list[Status] = []

    def feed() -> bool:
        nonlocal most
        for packet in packets:
            output.push(packet)
        queue = output._queue
        most = max(most, queue.buffered_bytes if queue is not None else 0)
        seen.append(output.status())
        return seen[-1].state == "reconnecting"

    assert wait_for(feed)
    assert most <= QUEUE_BYTES
    assert "took nothing" in output.status().sentence or room.connections > 1
    assert (output.status().numbers or {})["dropped"] > 0
    assert {s.state for s in seen} <= {"running", "reconnecting"}


@pytest.mark.parametrize(
    "noise", [b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200, b"\x03" + bytes(3072) + b"\xff" * 4000]
)
def test_must_not_be_confused_by_a_server_of_another_kind(
    push: Start, noise: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "CONNECT_S", 1.0)

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(noise)
        await reader.read(-1)

    output = push(other)
    assert wait_for(state(output, "reconnecting", "failed"))
    status = output.status()
    assert status.code in ("output.protocol", "output.unreachable")
    assert "localhost" in status.sentence
    assert KEY not in status.sentence


def test_must_refuse_an_impossible_chunk_size(push: Start) -> None:
    async def huge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        send(writer, Message(SET_CHUNK_SIZE, struct.pack(">I", 0)))
        await reader.read(-1)

    room = Room()
    room.after = huge
    output = push(room)
    assert wait_for(state(output, "reconnecting"))
    assert output.status().code == "output.lost"


def test_must_name_a_host_that_does_not_exist(network: NetworkThread) -> None:
    output = RtmpOutput(
        parse_address(f"rtmp://no-such-host.invalid/live/{KEY}"),
        clock=CLOCK,
        network=network,
        request_keyframe=lambda: None,
    )
    output.start(show()[0])
    assert wait_for(state(output, "reconnecting"))
    assert output.status().code == "output.unreachable"
    assert "no-such-host.invalid" in output.status().sentence
    output.stop()
    output.stop()
    said = output.status()
    assert (said.state, said.code) == ("failed", "output.unreachable")
    assert said.sentence.startswith("Nothing was streamed: ")
    assert "there is no server of this name" in said.sentence


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_must_publish_over_tls_to_a_trusted_server(
    push: Start, certificate: tuple[Path, Path]
) -> None:
    room = Room()
    trust = ssl.create_default_context(cafile=certificate[0])
    output = push(room, tls=server_tls(certificate), trust=trust)
    assert wait_for(state(output, "running"))
    for packet in show()[1]:
        output.push(packet)
    assert wait_for(lambda: sum(m.kind == 9 for m in room.messages) >= 70)


def test_must_not_send_a_key_to_a_server_without_a_trusted_certificate(
    push: Start, certificate: tuple[Path, Path]
) -> None:
    room = Room()
    output = push(room, tls=server_tls(certificate))
    assert wait_for(state(output, "failed"))
    assert output.status().code == "output.tls"
    assert "certificate" in output.status().sentence
    assert not room.messages


def test_must_stop_at_once_while_nobody_answers(network: NetworkThread) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        output = RtmpOutput(
            parse_address(f"rtmp://127.0.0.1:{silent.getsockname()[1]}/live/{KEY}"),
            clock=CLOCK,
            network=network,
            request_keyframe=lambda: None,
        )
        output.start(show()[0])
        for packet in show()[1]:
            output.push(packet)
        output.stop(0.3)
        assert output.status().code == "output.unreachable"
