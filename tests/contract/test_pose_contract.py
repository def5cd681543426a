"""What every source that hears other programs, and every output of poses, promises."""

from __future__ import annotations

from typing import Any

import pytest

from avatar.clip.body import STANDARD
from flow.clock import NS_PER_S, ManualClock
from flow.errors import DeviceError
from flow.pose import HUMAN_BONES, Figure, t_pose
from flow.seams import MotionSource, PoseOutput, PoseSource
from host import registry
from host.sources import OTHER_PROGRAMS
from stream.outputs import PLUGINS
from tests.fixtures.datagrams import Peer

HEARING = sorted(OTHER_PROGRAMS.items())
POSING = [
    n.partition(".")[2]
    for n in registry.names()
    if n.startswith("output.") and n.partition(".")[2] not in PLUGINS
]
FIGURE = Figure("standard", STANDARD.places.astype("float32"), frozenset(HUMAN_BONES))


def test_every_plug_in_that_hears_must_be_a_source_by_its_name() -> None:
    poses = {n.partition(".")[2] for n in registry.names() if n.startswith("pose.")}
    assert poses == {name for name, kind in HEARING if kind == "pose"}


@pytest.mark.parametrize(("name", "kind"), HEARING)
def test_a_source_must_hear_and_count_and_end(name: str, kind: str, clock: ManualClock) -> None:
    plugin = registry.find(kind, name)
    assert plugin.summary
    for field in plugin.settings.model_json_schema()["properties"].values():
        assert field["description"]
    settings = registry.settings_of(plugin, {"port": 0})
    source: Any = plugin.make(settings, clock=clock)
    assert kind == "motion" or isinstance(source, PoseSource)
    assert kind == "pose" or isinstance(source, MotionSource)
    assert source.status().state == "starting"
    assert source.poll() is None
    source.start()
    assert source.inbox.host == "127.0.0.1", "only this machine unless asked for more"
    assert source.status().state == "waiting"
    peer = Peer(source.inbox.port)
    peer.send(b"", b"\0", b"junk" * 500, bytes(range(256)) * 8)
    clock.advance(NS_PER_S)
    assert source.poll() is None
    status = source.status()
    assert status.state == "waiting", "junk makes nobody a sender"
    assert (status.numbers or {})["damaged"] == 4
    second = plugin.make(registry.settings_of(plugin, {"port": source.inbox.port}), clock=clock)
    with pytest.raises(DeviceError) as fault:
        second.start()
    assert fault.value.code == "device.port"
    second.stop()
    source.stop()
    source.stop()
    assert source.poll() is None
    assert source.status().state == "stopped"
    peer.close()


@pytest.mark.parametrize("name", POSING)
def test_an_output_of_poses_must_live_a_whole_life(name: str, clock: ManualClock) -> None:
    plugin = registry.find("output", name)
    for field in plugin.settings.model_json_schema()["properties"].values():
        assert field["description"]
    output = plugin.make(registry.settings_of(plugin, {}), clock=clock)
    assert isinstance(output, PoseOutput)
    output.show(t_pose(), clock.now())
    output.start(FIGURE)
    for _ in range(30):
        clock.advance(NS_PER_S // 30)
        output.show(t_pose(clock.now()), clock.now())
    status = output.status()
    assert status.state == "running"
    assert status.sentence.endswith(".")
    assert {"sent", "dropped", "bytes"} <= set(status.numbers or {})
    output.stop(1.0)
    output.stop(1.0)
    output.show(t_pose(), clock.now())
    assert output.status().state == "stopped"
