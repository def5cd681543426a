"""The programme page in a real Chromium: pictures decode, facts show, it comes back by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from flow.clock import NS_PER_S, MonotonicClock
from flow.errors import ConnectError
from flow.media import AudioBlock, VideoFrame
from flow.meter import Meter
from stream.hub import Hub
from stream.network import NetworkThread
from stream.page.output import PageOutput, PageSettings
from stream.page.server import DIST
from stream.settings import EncodeSettings
from tests.fixtures.chromium import Chromium
from tests.fixtures.waiting import wait_for

pytestmark = pytest.mark.peer

WIDTH, HEIGHT, FPS = 320, 180, 30


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    if not (DIST / "index.html").is_file():
        pytest.skip("the browser client was not built (make setup)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as chromium:
        yield chromium


class Show:
    """A running hub with a page: a bright square that moves, and a 440 Hz tone."""

    def __init__(self, port: int = 0) -> None:
        self.network = NetworkThread()
        settings = EncodeSettings(width=WIDTH, height=HEIGHT, fps=FPS)
        self.hub = Hub(settings, clock=MonotonicClock(), meter=Meter())
        self.page = PageOutput(
            PageSettings(port=port),
            network=self.network,
            status=lambda: {"state": "live", "fps": 29.5, "seconds": 61, "outputs": {}},
            request_keyframe=self.hub.force_keyframe,
            title="Test",
        )
        self.hub.add("page", self.page)
        self.sent = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Show:
        self._thread.start()
        while not self.page.url:
            self._stop.wait(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.hub.stop()
        self.network.stop()

    def _run(self) -> None:
        clock = MonotonicClock()
        origin = clock.now()
        self.hub.start(origin)
        tone = np.sin(np.arange(1600) * 2 * np.pi * 440 / 48_000).astype(np.float32) * 0.2
        block = np.stack([tone, tone], axis=1)
        n = 0
        while not self._stop.is_set():
            due = origin + n * NS_PER_S // FPS
            clock.sleep_until(due)
            i420 = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
            i420[:HEIGHT] = 40
            left = n * 4 % (WIDTH - 40)
            i420[60:100, left : left + 40] = 220
            self.hub.offer(VideoFrame(n, due, WIDTH, HEIGHT, i420))
            self.hub.offer_sound(AudioBlock(due, block, 48_000))
            n += 1
            self.sent = n


def test_the_page_must_decode_what_the_hub_encodes(browser: Chromium) -> None:
    with Show() as show:
        browser.open(show.page.url)
        browser.wait_for("window.mirrorstage && mirrorstage.picture.shown > 30")
        bright = browser.evaluate(
            "(() => { const c = document.getElementById('programme');"
            "const d = c.getContext('2d').getImageData(0, 80, c.width, 1).data;"
            "let n = 0; for (let i = 0; i < d.length; i += 4) n += d[i] > 180; return n; })()"
        )
        assert 30 <= bright <= 50, "the bright square is 40 pixels wide"
        size = browser.evaluate("[document.getElementById('programme').width]")
        assert size == [WIDTH]
        assert browser.wait_for("document.getElementById('onair').textContent") == "live"
        browser.wait_for("document.getElementById('fps').textContent === '29.5'")
        assert not browser.log, "the page must not complain"


def test_a_late_page_must_begin_within_a_moment(browser: Chromium) -> None:
    with Show() as show:
        assert wait_for(lambda: show.sent > FPS)  # the first key frame is long gone
        browser.open(show.page.url)
        browser.wait_for("window.mirrorstage && mirrorstage.picture.shown > 0")


def test_sound_must_play_when_asked_and_picture_must_follow_it(browser: Chromium) -> None:
    with Show() as show:
        browser.open(show.page.url)
        browser.wait_for("window.mirrorstage && mirrorstage.picture.shown > 10")
        browser.evaluate("document.getElementById('sound').click()")
        browser.wait_for("mirrorstage.sound.mediaTime() > 0")
        shown = browser.evaluate("mirrorstage.picture.shown")
        browser.wait_for(f"mirrorstage.picture.shown > {shown} + 20")


def test_the_page_must_come_back_when_the_show_does(browser: Chromium) -> None:
    with Show() as first:
        port = int(first.page.url.rpartition(":")[2])
        browser.open(first.page.url)
        browser.wait_for("window.mirrorstage && mirrorstage.picture.shown > 5")
    browser.wait_for("!document.getElementById('notice').hidden")
    with Show(port):
        browser.wait_for("document.getElementById('notice').hidden", 20)
        shown = browser.evaluate("mirrorstage.picture.shown")
        browser.wait_for(f"mirrorstage.picture.shown > {shown} + 10", 20)


def test_a_busy_port_must_be_one_clear_sentence() -> None:
    with Show() as show:
        port = int(show.page.url.rpartition(":")[2])
        other = PageOutput(PageSettings(port=port), network=show.network)
        tracks: Any = show.hub.tracks
        with pytest.raises(ConnectError) as fault:
            other.start(tracks)
    assert fault.value.code == "output.port_busy"
    assert f"page:{port + 1}" in fault.value.hint
