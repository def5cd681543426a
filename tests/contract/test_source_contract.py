"""Every registered source of motion and sound keeps the promises of its seam."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from flow.clock import NS_PER_S, ManualClock
from flow.errors import MirrorstageError
from flow.motion import MotionFrame
from flow.pose import Driver
from flow.seams import MotionSource, Plugin, SoundSource
from host import registry
from host.showfile import Motion, Sound
from host.sources import Chosen, choose_motion, choose_sound

MOTION = [n.partition(".")[2] for n in registry.names() if n.startswith("motion.")]
SOUND = [n.partition(".")[2] for n in registry.names() if n.startswith("sound.")]
WORKS_ANYWHERE = ("take", "synthetic", "silence")
"""Those that need no device and no file of the user's."""


def made(kind: str, name: str, values: dict[str, Any], clock: ManualClock) -> Any:
    plugin: Plugin = registry.find(kind, name)
    return plugin.make(registry.settings_of(plugin, values), clock=clock)


@pytest.mark.parametrize("name", [n for n in MOTION if n in WORKS_ANYWHERE])
def test_motion_must_arrive_in_order_and_end_when_told(name: str, clock: ManualClock) -> None:
    source = made("motion", name, {}, clock)
    assert isinstance(source, MotionSource)
    source.start()
    frames: list[MotionFrame] = []
    for _ in range(90):
        clock.advance(NS_PER_S // 30)
        frame = source.poll()
        if frame is not None:
            assert frame.captured <= clock.now(), "nothing is captured in the future"
            frames.append(frame)
    assert len(frames) > 30
    assert all(a.captured < b.captured and a.seq < b.seq for a, b in pairwise(frames))
    assert source.status().state == "running"
    source.stop()
    source.stop()
    assert source.poll() is None
    assert source.status().state == "stopped"


@pytest.mark.parametrize("name", [n for n in SOUND if n in WORKS_ANYWHERE])
def test_sound_must_be_contiguous(name: str, clock: ManualClock) -> None:
    source = made("sound", name, {}, clock)
    assert isinstance(source, SoundSource)
    source.start()
    expected = None
    seconds = 0.0
    for _ in range(60):
        clock.advance(NS_PER_S // 30)
        for block in source.read():
            assert expected is None or abs(block.captured - expected) < 1000
            length = len(block.samples) / block.rate_hz
            expected = block.captured + round(length * NS_PER_S)
            seconds += length
    assert 1.8 < seconds <= 2.0
    source.stop()
    source.stop()


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        ("motion", "camera", {"source": "file:/none.mp4"}),
        ("motion", "take", {"path": "/none.take"}),
        ("sound", "file", {"path": "/none.wav"}),
    ],
)
def test_what_is_missing_must_be_said_at_the_start(
    kind: str, name: str, values: dict[str, Any], clock: ManualClock
) -> None:
    with pytest.raises(MirrorstageError) as fault:
        made(kind, name, values, clock).start()
    assert fault.value.code == "asset.missing"


@pytest.mark.parametrize("kind_name", [n for n in registry.names() if not n.startswith("output")])
def test_unknown_settings_must_be_refused(kind_name: str) -> None:
    kind, _, name = kind_name.partition(".")
    plugin = registry.find(kind, name)
    with pytest.raises(MirrorstageError) as fault:
        registry.settings_of(plugin, {"nonsense": 1})
    assert fault.value.code == "show.invalid"


def test_auto_must_never_fail_and_say_which_and_why(clock: ManualClock) -> None:
    chosen = choose_motion(Motion(), clock)
    assert chosen.sentence
    if chosen.driver is Driver.REPLAY:
        assert "because" in chosen.sentence
    assert choose_sound(Sound(), chosen, clock).sentence


def test_a_plug_in_must_be_reachable_from_a_show_file(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.BUILT_IN, "motion.nod", "examples.motion_plugin:PLUGIN")
    chosen: Chosen = choose_motion(Motion(source="plugin:nod", settings={"per_second": 1.0}), clock)
    chosen.source.start()
    frame = chosen.source.poll()
    assert frame is not None
    assert frame.face is not None
    with pytest.raises(MirrorstageError) as fault:
        choose_motion(Motion(source="plugin:none"), clock)
    assert fault.value.code == "show.unknown_plugin"
