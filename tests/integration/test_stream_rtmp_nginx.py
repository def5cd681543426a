"""Against a real server: nginx with its RTMP module."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flow.clock import NS_PER_S, Clock, MonotonicClock
from flow.meter import Meter
from flow.seams import Status
from stream.hub import Hub
from stream.network import NetworkThread
from stream.outputs import make, parse
from stream.outputs.rtmp import RtmpOutput
from stream.rtmp.address import parse_address
from stream.settings import EncodeSettings
from tests.fixtures.flash_and_beep import FlashAndBeep
from tests.fixtures.nginx import Server, running
from tests.fixtures.observe import observe

pytestmark = pytest.mark.peer
CLOCK = MonotonicClock()
SOURCE = FlashAndBeep(320, 180)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as made:
        yield made


@pytest.fixture
def network() -> Iterator[NetworkThread]:
    thread = NetworkThread()
    yield thread
    thread.stop()


class Show:
    """A hub with RTMP outputs, fed with the test source in real time."""

    def __init__(self, network: NetworkThread, clock: Clock = CLOCK) -> None:
        self.hub = Hub(EncodeSettings(width=320, height=180), clock=clock, meter=Meter())
        self._network = network
        self._next = 0
        self.origin = 0

    def push_to(self, url: str, name: str = "room") -> None:
        kind, settings = parse(url)
        output = make(
            kind,
            settings,
            clock=CLOCK,
            network=self._network,
            request_keyframe=self.hub.force_keyframe,
        )
        self.hub.add(name, output)

    def start(self) -> None:
        self.origin = CLOCK.now() + NS_PER_S // 5
        self.hub.start(self.origin)

    def status(self, name: str = "room") -> Status:
        return self.hub.status()[name]

    def play_until(self, done: Callable[[], bool], seconds: float = 20.0) -> bool:
        """Offer pictures in real time until `done`; False when that took too long."""
        end = self._next + round(seconds * SOURCE.fps)
        while self._next < end:
            if done():
                return True
            frame = SOURCE.frame(self._next, self.origin)
            CLOCK.sleep_until(frame.due)
            self.hub.offer_sound(SOURCE.sound(self._next * 1600, 1600, self.origin))
            while not self.hub.offer(frame):  # a slow machine is not what is tested
                CLOCK.sleep_until(CLOCK.now() + NS_PER_S // 1000)
            self._next += 1
        return done()


def test_must_arrive_whole_and_in_step(
    server: Server, network: NetworkThread, tmp_path: Path
) -> None:
    show = Show(network)
    show.push_to(server.url())
    show.start()
    assert show.play_until(lambda: show.status().state == "running")
    pulled = tmp_path / "pulled.flv"
    # The play path without the query: nginx takes the query as arguments, not as the name.
    command = ["ffmpeg", "-v", "error", "-y", "-i", server.url("show-1")]
    puller = subprocess.Popen([*command, "-c", "copy", "-t", "6.5", str(pulled)])
    try:
        assert show.play_until(lambda: puller.poll() is not None, 25)
    finally:
        puller.kill()
        puller.wait()
    show.hub.stop()
    assert show.status().state == "stopped"
    assert (show.status().numbers or {})["dropped"] == 0

    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,profile,width,color_space",
         "-of", "csv=p=0", str(pulled)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "h264,Constrained Baseline,320,bt709" in probe.stdout
    assert "aac,LC" in probe.stdout
    for track in "va":
        listed = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", track, "-show_entries",
             "packet=dts_time", "-of", "csv=p=0", str(pulled)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        stamps = [float(line.strip(",")) for line in listed.stdout.split()]
        assert len(stamps) > 100
        assert stamps == sorted(set(stamps))
    seen = observe(str(pulled))
    assert seen.numbers == list(range(seen.numbers[0], seen.numbers[0] + len(seen.numbers)))
    assert [b - a for a, b in zip(seen.key_times, seen.key_times[1:], strict=False)] == (
        pytest.approx([2.0] * (len(seen.key_times) - 1), abs=0.02)
    )
    assert len(seen.offsets_ms) >= 4
    assert max(map(abs, seen.offsets_ms)) < 20


def test_must_come_back_by_itself_when_the_server_does(
    server: Server, network: NetworkThread
) -> None:
    show = Show(network)
    show.push_to(server.url())
    show.start()
    assert show.play_until(lambda: show.status().state == "running")
    server.kill()
    assert show.play_until(lambda: show.status().state == "reconnecting")
    assert show.status().code in ("output.lost", "output.unreachable")
    assert "secret" not in show.status().sentence
    server.start()
    assert show.play_until(lambda: show.status().state == "running")
    numbers = show.status().numbers or {}
    assert numbers["reconnects"] == 1
    sent = numbers["sent"]
    assert show.play_until(lambda: (show.status().numbers or {})["sent"] > sent + 30)
    show.hub.stop()


def test_must_begin_when_the_server_comes_after_the_show(
    server: Server, network: NetworkThread
) -> None:
    server.kill()
    show = Show(network)
    show.push_to(server.url())
    show.start()
    assert show.play_until(lambda: show.status().state == "reconnecting")
    assert show.status().code == "output.unreachable"
    assert f"127.0.0.1:{server.port}/live/***" in show.status().sentence
    server.start()
    assert show.play_until(lambda: show.status().state == "running")
    assert (show.status().numbers or {})["dropped"] == 0
    show.hub.stop()


def test_must_report_a_key_that_is_in_use_and_leave_the_first_alone(
    server: Server, network: NetworkThread
) -> None:
    show = Show(network)
    show.push_to(server.url())
    show.start()
    assert show.play_until(lambda: show.status().state == "running")
    second = RtmpOutput(
        parse_address(server.url()),
        clock=CLOCK,
        network=network,
        request_keyframe=show.hub.force_keyframe,
        ghost_s=1.0,
    )
    show.hub.add("second", second)
    waiting: list[Status] = []

    def refused() -> bool:
        status = show.status("second")
        waiting.append(status)
        return status.state == "failed"

    assert show.play_until(refused)
    assert any((s.state, s.code) == ("reconnecting", "output.busy") for s in waiting)
    assert show.status("second").code == "output.refused"
    assert "lready publishing" in show.status("second").sentence
    assert show.status().state == "running"
    sent = (show.status().numbers or {})["sent"]
    assert show.play_until(lambda: (show.status().numbers or {})["sent"] > sent)
    show.hub.stop()
    assert show.status("second").state == "failed"


def test_must_feed_two_rooms_and_a_file_from_one_encode(
    server: Server, network: NetworkThread, tmp_path: Path
) -> None:
    show = Show(network)
    show.push_to(server.url("a"), "a")
    show.push_to(server.url("b"), "b")
    show.push_to(f"record:{tmp_path}/show.mp4", "file")
    show.start()
    show.play_until(lambda: False, 2.0)
    states = {name: s.state for name, s in show.hub.status().items()}
    show.hub.stop()
    assert states == {"a": "running", "b": "running", "file": "running"}
    assert observe(str(tmp_path / "show.mp4")).numbers[-1] == 59
