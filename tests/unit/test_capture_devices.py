"""Cameras and microphones of a machine, told by fakes of its drivers."""

from __future__ import annotations

import errno
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from capture import devices, microphone
from capture.devices import v4l2_cameras
from capture.microphone import Microphone, Ring
from capture.v4l2 import captures
from flow.clock import NS_PER_MS, NS_PER_S, ManualClock
from flow.errors import DeviceError
from flow.seams import SoundSource
from tests.conftest import ROOT

CAPTURE, META, STREAMING, DEVICE_CAPS = 0x1, 0x00800000, 0x04000000, 0x80000000


def _answer(all_caps: int, device_caps: int) -> bytes:
    text = struct.pack("=16s32s32s", b"uvcvideo", b"A camera", b"usb-1")
    return text + struct.pack("=III12x", 0x060100, all_caps, device_caps)


@pytest.mark.parametrize(
    ("answer", "yes"),
    [
        (_answer(DEVICE_CAPS | CAPTURE | META | STREAMING, CAPTURE | STREAMING), True),
        (_answer(DEVICE_CAPS | CAPTURE | META | STREAMING, META | STREAMING), False),
        (_answer(CAPTURE | STREAMING, 0), True),
        (_answer(DEVICE_CAPS | 0x2, 0x2 | STREAMING), False),
        (_answer(DEVICE_CAPS | CAPTURE, CAPTURE), False),
    ],
)
def test_only_nodes_that_stream_pictures_in_are_cameras(answer: bytes, yes: bool) -> None:
    assert captures(answer) is yes


def test_cameras_are_listed_by_number_with_their_names(tmp_path: Path) -> None:
    for number, name in ((10, "Second"), (2, "First"), (3, "First, metadata")):
        node = tmp_path / f"video{number}"
        node.mkdir()
        (node / "name").write_text(name + "\n")
    (tmp_path / "video4").mkdir()  # no name file
    (tmp_path / "videoX").mkdir()
    found = v4l2_cameras(tmp_path, Path("/dev"), lambda node: node.name != "video3")
    assert [(d.id, d.name) for d in found] == [("2", "First"), ("4", "video4"), ("10", "Second")]
    assert [d.is_default for d in found] == [True, False, False]


def test_listing_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise OSError(errno.EIO, "driver gone")

    monkeypatch.setattr(devices, "v4l2_cameras", broken)
    monkeypatch.setattr(devices, "_probed_cameras", broken)
    assert devices.list_cameras() == []
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert devices.list_microphones() == []


class FakePortAudioError(Exception):
    pass


class FakeSound:
    """A sound library with `inputs` microphones; tests play its callback."""

    PortAudioError = FakePortAudioError

    def __init__(self, inputs: int = 1, refuse: str = "") -> None:
        self.inputs, self.refuse = inputs, refuse
        self.default = SimpleNamespace(device=(1, 0))
        self.callback: Any = None
        self.closed = False

    def query_devices(self) -> list[dict[str, Any]]:
        speakers = [{"name": "Speaker", "max_input_channels": 0}]
        return speakers + [{"name": "Mic", "max_input_channels": 2}] * self.inputs

    def InputStream(self, *, callback: Any, **_: Any) -> Any:  # noqa: N802
        if self.refuse:
            raise FakePortAudioError(self.refuse)
        self.callback = callback
        return SimpleNamespace(start=lambda: None, close=self._close)

    def _close(self) -> None:
        self.closed = True

    def say(self, samples: np.ndarray[Any, Any], flags: int = 0) -> None:
        self.callback(samples.astype(np.float32).reshape(-1, 1), len(samples), None, flags)


def _microphone(fake: FakeSound, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Microphone:
    monkeypatch.setattr(microphone, "load_sounddevice", lambda: fake)
    source = Microphone(clock, rate_hz=48_000)
    source.start()
    return source


def test_microphones_are_inputs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", FakeSound(2))
    found = devices.list_microphones()
    assert [(d.id, d.name, d.is_default) for d in found] == [
        ("1", "Mic", True),
        ("2", "Mic", False),
    ]


def test_sound_comes_whole_and_its_stamps_join(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeSound()
    source = _microphone(fake, clock, monkeypatch)
    assert isinstance(source, SoundSource)
    assert source.read() == []
    said = np.arange(48_000) / 48_000
    heard, ends = [], None
    for part in range(100):
        clock.advance(10 * NS_PER_MS)
        fake.say(said[480 * part : 480 * (part + 1)])
        if part % 3 == 2:
            (block,) = source.read()
            if ends is not None:
                assert abs(block.captured - ends) <= 2, "no gap, no overlap"
            ends = block.captured + len(block.samples) * NS_PER_S // 48_000
            heard.append(block.samples)
    (block,) = source.read()
    heard.append(block.samples)
    assert np.allclose(np.concatenate(heard)[:, 0], said, atol=1e-6)
    assert block.samples.shape[1] == 1


def test_a_reader_who_slept_loses_the_oldest_and_keeps_true_stamps(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeSound()
    source = _microphone(fake, clock, monkeypatch)
    begin = clock.now()
    for part in range(500):
        clock.advance(10 * NS_PER_MS)
        fake.say(np.full(480, part / 500))
    (block,) = source.read()
    numbers = source.status().numbers
    assert numbers is not None
    assert numbers["lost_samples"] == 240_000 - len(block.samples)
    assert block.captured == begin + (240_000 - len(block.samples)) * NS_PER_S // 48_000
    assert block.samples[-1, 0] == pytest.approx(499 / 500)


def test_the_ring_keeps_order_over_its_end() -> None:
    ring = Ring(100)
    sent = np.arange(1000, dtype=np.float32)
    got = []
    for at in range(0, 1000, 37):
        ring.put(sent[at : at + 37])
        got.append(ring.take()[1])
    assert np.array_equal(np.concatenate(got), sent)
    assert ring.lost == 0


def test_a_microphone_that_falls_silent_is_noticed(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeSound()
    source = _microphone(fake, clock, monkeypatch)
    fake.say(np.zeros(480), flags=2)
    assert source.status().state == "running"
    assert (source.status().numbers or {})["overflows"] == 1
    clock.advance(3 * NS_PER_S)
    assert source.status().state == "failed"
    assert source.status().code == "device.microphone_lost"
    source.stop()
    source.stop()
    assert fake.closed
    assert source.status().state == "stopped"


@pytest.mark.parametrize(
    ("fake", "code"),
    [
        (FakeSound(0, "Error querying device -1"), "device.no_microphone"),
        (FakeSound(1, "Invalid sample rate"), "device.microphone_refused"),
    ],
)
def test_a_microphone_that_cannot_be_opened_says_why(
    fake: FakeSound, code: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceError) as caught:
        _microphone(fake, clock, monkeypatch)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_missing_sound_library_says_what_to_install(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeviceError, match="libportaudio2") as caught:
        Microphone(clock).start()
    assert caught.value.code == "device.no_audio_library"


def test_the_host_side_of_capture_imports_no_heavy_library() -> None:
    code = (
        "import sys, capture.process, capture.supervise, capture.take_replay, capture.synthetic, "
        "capture.devices, capture.microphone, capture.open\n"
        "heavy = {'cv2', 'mediapipe', 'sounddevice', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
