from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from flow.clock import NS_PER_S, Clock, ManualClock, MonotonicClock
from flow.errors import OutputError
from flow.media import Packet, TrackInfo, VideoFrame
from flow.meter import Meter
from flow.seams import Status
from stream.hub import RING, Hub
from stream.settings import EncodeSettings
from tests.fixtures.flash_and_beep import FlashAndBeep

SOURCE = FlashAndBeep(320, 180)
SETTINGS = EncodeSettings(width=320, height=180)
ORIGIN = 5 * NS_PER_S


class Collects:
    """An output that keeps what it gets."""

    def __init__(self) -> None:
        self.tracks: Sequence[TrackInfo] = ()
        self.packets: list[Packet] = []
        self.stops = 0

    def start(self, tracks: Sequence[TrackInfo]) -> None:
        self.tracks = tracks

    def push(self, packet: Packet) -> None:
        self.packets.append(packet)

    def status(self) -> Status:
        return Status("running", numbers={"sent": len(self.packets), "dropped": 3})

    def stop(self, timeout_s: float = 3.0) -> None:
        self.stops += 1

    def of(self, track: str) -> list[Packet]:
        return [p for p in self.packets if p.track == track]


class Breaks(Collects):
    """An output that fails at the third packet."""

    def push(self, packet: Packet) -> None:
        super().push(packet)
        if len(self.packets) == 3:
            raise RuntimeError("rtmp://host/app/secret-key")


class Refuses(Collects):
    """An output that cannot start."""

    def start(self, tracks: Sequence[TrackInfo]) -> None:
        raise OutputError("No.", code="output.test")


class Hangs(Collects):
    """An output whose encode-thread call or stop waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.entered = threading.Event()

    def push(self, packet: Packet) -> None:
        super().push(packet)
        self.entered.set()
        self.go.wait(20)


def make(clock: Clock | None = None) -> tuple[Hub, Meter]:
    meter = Meter()
    return Hub(SETTINGS, clock=clock or ManualClock(ORIGIN), meter=meter), meter


def offer(hub: Hub, numbers: range, until: Callable[[VideoFrame], bool] | None = None) -> None:
    """Offer pictures, waiting for room: what is tested is not the speed of the encoder."""
    clock = MonotonicClock()
    for n in numbers:
        frame = SOURCE.frame(n, ORIGIN)
        patience = clock.now() + 20 * NS_PER_S
        while not hub.offer(frame) and clock.now() < patience:
            clock.sleep_until(clock.now() + 1_000_000)
        hub.offer_sound(SOURCE.sound(n * 1600, 1600, ORIGIN))


def test_must_hand_the_same_packets_to_everyone() -> None:
    hub, meter = make()
    first, second = Collects(), Collects()
    hub.add("a", first)
    hub.add("b", second)
    hub.start(ORIGIN)
    offer(hub, range(20))
    hub.stop()
    assert [t.codec for t in first.tracks] == ["h264", "aac"]
    assert first.packets == second.packets
    assert all(x is y for x, y in zip(first.packets, second.packets, strict=True))
    assert len(first.of("video")) == 20
    assert meter.series("encode").count == 20
    assert {"encode_audio", "fan_out"} <= set(meter.stages)


def test_must_end_sound_and_picture_together() -> None:
    hub, _ = make()
    out = Collects()
    hub.add("a", out)
    hub.start(ORIGIN)
    for n in range(15):  # half a second of picture, a fifth of sound
        if n < 6:
            hub.offer_sound(SOURCE.sound(n * 1600, 1600, ORIGIN))
        offer_picture(hub, n)
    hub.stop()
    sound_end = (out.of("audio")[-1].pts + 1024) / 48_000
    assert sound_end == pytest.approx(0.5, abs=1024 / 48_000)


def offer_picture(hub: Hub, n: int) -> None:
    clock = MonotonicClock()
    while not hub.offer(SOURCE.frame(n, ORIGIN)):
        clock.sleep_until(clock.now() + 1_000_000)


def test_must_replace_sound_that_never_comes_by_silence() -> None:
    hub, _ = make()
    out = Collects()
    hub.add("a", out)
    hub.start(ORIGIN)
    for n in range(45):
        offer_picture(hub, n)
    hub.stop()
    stamps = [p.pts for p in out.of("audio")]
    assert stamps == list(range(0, 1024 * len(stamps), 1024))
    assert (stamps[-1] + 1024) / 48_000 >= 1.5


def test_must_say_at_once_that_it_is_busy() -> None:
    hub, meter = make()
    stuck = Hangs()
    hub.add("stuck", stuck)
    hub.start(ORIGIN)
    assert hub.offer(SOURCE.frame(0, ORIGIN))
    assert stuck.entered.wait(20)
    took = [hub.offer(SOURCE.frame(n, ORIGIN)) for n in range(1, 6)]
    assert took == [True] * RING + [False] * (5 - RING)
    assert meter.counters.skipped == 5 - RING
    stuck.go.set()
    hub.stop()


def test_must_set_aside_an_output_that_raises_and_keep_its_words_to_itself() -> None:
    hub, meter = make()
    good, bad = Collects(), Breaks()
    hub.add("bad", bad)
    hub.add("good", good)
    hub.start(ORIGIN)
    offer(hub, range(10))
    hub.stop()
    status = hub.status()
    assert status["bad"].state == "failed"
    assert status["bad"].code == "output.failed"
    assert "secret-key" not in status["bad"].sentence
    assert status["good"].state == "running"
    assert len(bad.packets) == 3
    assert len(good.of("video")) == 10
    assert meter.counters.errors == 1
    assert good.stops == bad.stops == 1


def test_must_sum_the_losses_of_outputs() -> None:
    hub, meter = make()
    hub.add("a", Collects())
    hub.add("b", Collects())
    hub.start(ORIGIN)
    hub.status()
    assert meter.counters.dropped == 6
    hub.stop()


def test_must_start_a_late_output_with_a_key_frame() -> None:
    hub, _ = make()
    hub.add("early", Collects())
    hub.start(ORIGIN)
    offer(hub, range(10))
    late = Collects()
    hub.add("late", late)
    offer(hub, range(10, 20))
    hub.stop()
    keys = [p.keyframe for p in late.of("video")]
    assert any(keys[: RING + 2])
    assert late.tracks


def test_must_not_keep_an_output_that_cannot_start() -> None:
    hub, _ = make()
    early = Collects()
    hub.add("early", early)
    hub.add("no", Refuses())
    with pytest.raises(OutputError, match=r"No\."):
        hub.start(ORIGIN)
    assert early.stops == 1
    hub.remove("no")
    hub.start(ORIGIN)
    with pytest.raises(OutputError):
        hub.add("again", Refuses())
    assert set(hub.status()) == {"early"}
    hub.stop()


def test_must_leave_an_output_alone_once_it_is_removed() -> None:
    hub, _ = make()
    out = Collects()
    hub.add("a", out)
    hub.start(ORIGIN)
    offer(hub, range(3))
    hub.remove("a")
    seen = len(out.packets)
    offer(hub, range(3, 8))
    hub.remove("unknown")
    hub.stop()
    assert len(out.packets) <= seen + 2
    assert out.stops == 1


def test_must_count_a_picture_of_the_wrong_size_and_go_on() -> None:
    hub, meter = make()
    out = Collects()
    hub.add("a", out)
    hub.start(ORIGIN)
    assert not hub.offer(FlashAndBeep(640, 360).frame(0, ORIGIN))
    wide = np.zeros((270, 640), np.uint8)[:, ::2]  # right shape, memory with holes
    assert hub.offer(VideoFrame(0, ORIGIN, 320, 180, wide))
    offer(hub, range(1, 4))
    hub.stop()
    assert meter.counters.errors == 2
    assert hub.last_fault
    assert len(out.of("video")) == 3


def test_must_measure_latency_from_the_stamps_of_the_picture() -> None:
    clock = ManualClock(ORIGIN)
    hub, meter = make(clock)
    hub.add("a", Collects())
    hub.start(ORIGIN)
    frame = SOURCE.frame(0, ORIGIN)
    frame.trace.captured = ORIGIN - 30_000_000
    clock.advance(20_000_000)
    hub.offer(frame)
    hub.stop()
    assert frame.trace.encoded == ORIGIN + 20_000_000
    assert meter.series("latency.captured_to_encoded").percentile_ms(50) == pytest.approx(50)
    assert meter.series("latency.due_to_encoded").percentile_ms(50) == pytest.approx(20)


def test_must_refuse_pictures_before_the_start_and_after_the_end() -> None:
    hub, meter = make()
    assert not hub.offer(SOURCE.frame(0, ORIGIN))
    hub.start(ORIGIN)
    hub.stop()
    hub.stop()
    assert not hub.offer(SOURCE.frame(1, ORIGIN))
    hub.offer_sound(SOURCE.sound(0, 960, ORIGIN))
    assert meter.counters.skipped == 0
