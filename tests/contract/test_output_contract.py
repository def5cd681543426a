"""What every registered output promises, whatever it does."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pydantic
import pytest

from flow.clock import NS_PER_S, MonotonicClock
from flow.errors import MirrorstageError
from flow.media import Packet, TrackInfo
from flow.seams import PacketOutput, Plugin, Status
from stream.network import NetworkThread
from stream.outputs import PLUGINS, load, make
from tests.fixtures.flash_and_beep import FlashAndBeep, canned
from tests.fixtures.waiting import free_port

CLOCK = MonotonicClock()
STATES = get_args(Status.__dataclass_fields__["state"].type) or (
    "starting", "running", "waiting", "reconnecting", "failed", "stopped"
)  # fmt: skip
HANG_S = 20.0
KEY = "sk_contract_secret"


@cache
def show() -> tuple[tuple[TrackInfo, ...], list[Packet]]:
    return canned(FlashAndBeep(160, 90), 2.0)


def good(kind: str, folder: Path) -> dict[str, Any]:
    """Settings with which an output of `kind` can be started here, without any server."""
    settings: dict[str, dict[str, Any]] = {
        "null": {},
        "record": {"path": str(folder / "show.mp4")},
        "rtmp": {"url": f"rtmp://127.0.0.1:{free_port()}/live/{KEY}"},
        "page": {"port": 0},
    }
    return settings[kind]


def wrong(kind: str, folder: Path, busy: int) -> dict[str, Any] | None:
    """Settings that are well-formed and cannot work; None when there are none."""
    (folder / "file").write_text("")
    settings: dict[str, dict[str, Any] | None] = {
        "null": None,
        "record": {"path": str(folder / "file" / "show.mp4")},
        "rtmp": {"url": f"rtmp://127.0.0.1:{free_port()}/live/{KEY}"},
        "page": {"port": busy},
    }
    return settings[kind]


@pytest.fixture
def network() -> Iterator[NetworkThread]:
    thread = NetworkThread()
    yield thread
    thread.stop()


@pytest.fixture
def build(network: NetworkThread) -> Iterator[Callable[[str, dict[str, Any]], PacketOutput]]:
    made: list[PacketOutput] = []

    def begin(kind: str, settings: dict[str, Any]) -> PacketOutput:
        output = make(kind, settings, clock=CLOCK, network=network, request_keyframe=lambda: None)
        made.append(output)
        return output

    yield begin
    for output in made:
        output.stop(2.0)


def finishes(work: Callable[[], object]) -> bool:
    """Whether `work` returns at all; what it raises is raised here."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(HANG_S)
    if raised:
        raise raised[0]
    return not thread.is_alive()


def honest(status: Status) -> None:
    assert status.state in STATES
    assert KEY not in status.sentence
    if status.state != "starting":
        assert status.sentence
        assert status.sentence.strip().endswith((".", "!"))
    if status.state in ("failed", "reconnecting"):
        assert status.code.startswith("output.")
    for value in (status.numbers or {}).values():
        assert value >= 0


@pytest.mark.parametrize("kind", PLUGINS)
def test_must_be_a_plug_in_with_strict_described_settings(kind: str, tmp_path: Path) -> None:
    plugin = load(PLUGINS[kind])
    assert isinstance(plugin, Plugin)
    assert (plugin.kind, plugin.name) == ("output", kind)
    assert plugin.summary
    given = good(kind, tmp_path)
    settings = plugin.settings.model_validate(given)
    assert plugin.settings.model_validate_json(json.dumps(given)) == settings
    with pytest.raises(pydantic.ValidationError):
        plugin.settings.model_validate({**given, "no_such_setting": 1})
    for field in plugin.settings.model_json_schema().get("properties", {}).values():
        assert field["description"]
    assert KEY not in repr(settings)


@pytest.mark.parametrize("kind", PLUGINS)
def test_must_live_a_whole_life(
    kind: str, tmp_path: Path, build: Callable[[str, dict[str, Any]], PacketOutput]
) -> None:
    output = build(kind, good(kind, tmp_path))
    assert isinstance(output, PacketOutput)
    tracks, packets = show()
    honest(output.status())
    output.start(tracks)
    honest(output.status())

    def push_all() -> None:
        for packet in packets:
            output.push(packet)

    assert finishes(push_all)
    honest(output.status())
    assert {"sent", "dropped", "bytes"} <= set(output.status().numbers or {})
    assert finishes(lambda: output.stop(2.0))
    ended = output.status()
    honest(ended)
    assert ended.state in ("stopped", "failed")
    assert finishes(lambda: output.stop(2.0))
    assert finishes(push_all)
    assert output.status().state == ended.state


@pytest.mark.parametrize("kind", PLUGINS)
def test_must_bear_a_flood_without_blocking_or_hoarding(
    kind: str, tmp_path: Path, build: Callable[[str, dict[str, Any]], PacketOutput]
) -> None:
    output = build(kind, good(kind, tmp_path))
    tracks, _ = show()
    output.start(tracks)
    base = Fraction(1, 90_000)
    data = b"\0\0\0\1\x41" + bytes(range(1, 200)) * 100

    def flood() -> None:
        for n in range(3000):
            key = n % 60 == 0
            output.push(Packet("video", data, n * 3000, n * 3000, base, key, not key))

    assert finishes(flood)
    assert finishes(lambda: output.stop(2.0))
    honest(output.status())


@pytest.mark.parametrize("kind", PLUGINS)
def test_must_raise_or_report_a_target_that_cannot_work(
    kind: str, tmp_path: Path, build: Callable[[str, dict[str, Any]], PacketOutput]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        settings = wrong(kind, tmp_path, taken.getsockname()[1])
        if settings is None:
            assert kind == "null"
            return
        output = build(kind, settings)
        try:
            output.start(show()[0])
        except MirrorstageError as error:
            assert error.code.startswith("output.")
            assert error.hint
            assert KEY not in str(error)
            return
        deadline = CLOCK.now() + round(HANG_S * NS_PER_S)
        while output.status().state not in ("reconnecting", "failed"):
            assert CLOCK.now() < deadline, output.status()
            CLOCK.sleep_until(CLOCK.now() + NS_PER_S // 100)
        honest(output.status())


@pytest.mark.parametrize("kind", PLUGINS)
def test_must_stop_without_a_start(
    kind: str, tmp_path: Path, build: Callable[[str, dict[str, Any]], PacketOutput]
) -> None:
    output = build(kind, good(kind, tmp_path))
    assert finishes(lambda: output.stop(1.0))
    honest(output.status())
    assert output.status().state in ("starting", "stopped")
    assert not list(tmp_path.iterdir())
