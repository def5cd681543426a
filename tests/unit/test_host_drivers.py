"""Who else moves the host: ``[[driver]]`` sections, other programs as the source, who gets what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from avatar.perform.mixer import Mixer
from capture import osc
from capture.vmc import VmcReceiver
from flow.clock import NS_PER_S, ManualClock
from flow.errors import DeviceError, ShowFileError
from flow.pose import BONE_INDEX, AvatarPose, Driver, Part
from host.commands.check import inspect_show
from host.drivers import MotionDriver, PoseDriver, make_driver, wanted_drivers
from host.pose_sources import PosesOnly
from host.showfile import Motion, validate
from host.sources import choose_motion
from stream.outputs import parse
from tests.fixtures.datagrams import Peer


def drivers(*sections: dict[str, Any]) -> Any:
    return wanted_drivers(validate({"driver": list(sections)}, "show.toml"))


def bone(name: str, turn: tuple[float, float, float, float]) -> bytes:
    return osc.message("/VMC/Ext/Bone/Pos", "sfffffff", [name, 0.0, 0.0, 0.0, *turn])


def face(name: str, value: float) -> tuple[bytes, bytes]:
    said = osc.message("/VMC/Ext/Blend/Val", "sf", [name, value])
    return said, osc.message("/VMC/Ext/Blend/Apply", "", [])


def test_a_driver_must_have_the_parts_it_is_given() -> None:
    (one, two) = drivers(
        {"kind": "vmc", "port": 40000, "parts": ["face", "head"], "weight": 0.5},
        {"kind": "vmc", "port": 40001},
    )
    assert (one.label, two.label) == ("vmc", "vmc-2")
    assert one.weights == {Part.FACE: 0.5, Part.HEAD: 0.5}
    assert one.settings.port == 40000
    assert one.words == "face, head"
    assert two.words == "the whole body"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({}, "has no kind"),
        ({"kind": "nobody"}, "nobody"),
        ({"kind": "vmc", "parts": ["arm"]}, "parts"),
        ({"kind": "vmc", "parts": []}, "parts"),
        ({"kind": "vmc", "weight": 2.0}, "weight"),
        ({"kind": "vmc", "port": "many"}, "port"),
        ({"kind": "vmc", "prt": 1}, "prt"),
        ({"kind": "vmc", "who": "nobody"}, "who"),
    ],
)
def test_a_wrong_driver_must_be_said(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ShowFileError) as fault:
        drivers(section)
    assert said in str(fault.value)


def test_all_wrong_drivers_must_be_said_at_once() -> None:
    with pytest.raises(ShowFileError, match="2 drivers are wrong"):
        drivers({"kind": "vmc", "port": -1}, {"kind": "livelink", "x": 1})


@pytest.mark.parametrize("kind", ["synthetic", "take", "openseeface"])
def test_any_source_of_motion_must_be_a_driver(kind: str, clock: ManualClock) -> None:
    (wanted,) = drivers({"kind": kind, "parts": ["left_arm", "left_hand"], "who": "replay"})
    driver = make_driver(wanted, clock)
    assert isinstance(driver, MotionDriver)
    assert driver.layer.priority == 25
    assert driver.who is Driver.REPLAY


def mixed(mixer: Mixer, clock: ManualClock, feed: Any, seconds: float) -> AvatarPose:
    """The pose after `seconds` in which `feed` runs thirty times a second."""
    pose = mixer.pose(clock.now())
    for _ in range(round(seconds * 30)):
        clock.advance(NS_PER_S // 30)
        feed()
        pose = mixer.pose(clock.now())
    return pose


def test_two_programs_must_share_a_body_and_give_it_back(clock: ManualClock) -> None:
    wanted = drivers(
        {"kind": "vmc", "name": "arms", "port": 0, "parts": ["left_arm", "right_arm", "torso"]},
        {"kind": "vmc", "name": "mocap face", "port": 0, "parts": ["face"], "who": "ai"},
    )
    made = [make_driver(one, clock) for one in wanted]
    mixer = Mixer([d.layer for d in made])
    peers = []
    for driver in made:
        assert isinstance(driver, PoseDriver)
        assert isinstance(driver.source, VmcReceiver)
        driver.source.start()
        peers.append(Peer(driver.source.inbox.port))
    s = np.float32(np.sqrt(0.5))
    arm = bone("LeftUpperArm", (0, 0, float(s), float(s)))

    def feed() -> None:
        peers[0].send(arm, bone("Head", (0, 1, 0, 0)), *face("Joy", 1.0))
        peers[1].send(arm, bone("LeftUpperArm", (0, 0, 0, 1)), *face("A", 0.75))
        for driver in made:
            assert driver.follow() == clock.now()

    pose = mixed(mixer, clock, feed, 2.0)
    assert abs(pose.rotations[BONE_INDEX["leftUpperArm"]] @ (0, 0, -s, s)) == pytest.approx(1.0)
    assert abs(pose.rotations[BONE_INDEX["head"]][1]) < 0.3, "the head is nobody's"
    assert pose.chosen == pytest.approx({"aa": 0.75})
    assert pose.driver[Part.LEFT_ARM] is Driver.HUMAN
    assert pose.driver[Part.FACE] is Driver.AI
    assert pose.driver[Part.HEAD] is Driver.IDLE
    pose = mixed(mixer, clock, lambda: [d.follow() for d in made], 3.0)
    assert set(pose.driver.values()) == {Driver.IDLE}, "both are silent"
    for peer, driver in zip(peers, made, strict=True):
        peer.close()
        driver.source.stop()


def test_a_mirrored_driver_must_move_the_other_side(clock: ManualClock) -> None:
    (wanted,) = drivers({"kind": "vmc", "port": 0, "mirrored": True})
    driver = make_driver(wanted, clock)
    assert isinstance(driver, PoseDriver)
    assert isinstance(driver.source, VmcReceiver)
    driver.source.start()
    peer = Peer(driver.source.inbox.port)
    peer.send(bone("LeftHand", (0, 0, 0.6, 0.8)))
    driver.follow()
    clock.advance(NS_PER_S // 30)
    mixer = Mixer([driver.layer])

    def feed() -> None:
        peer.send(bone("LeftHand", (0, 0, 0.6, 0.8)))
        driver.follow()

    pose = mixed(mixer, clock, feed, 2.0)
    assert pose.driver[Part.RIGHT_HAND] is Driver.HUMAN
    assert pose.driver[Part.LEFT_HAND] is Driver.IDLE
    peer.close()
    driver.source.stop()


# -- the command line ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "port"), [("vmc", 39539), ("vmc:40000", 40000), ("vmc:0.0.0.0:40000", 40000)]
)
def test_another_program_must_be_a_source(text: str, port: int, clock: ManualClock) -> None:
    chosen = choose_motion(Motion(source=text), clock)
    assert isinstance(chosen.source, PosesOnly)
    assert isinstance(chosen.source.poses, VmcReceiver)
    assert chosen.source.poses.inbox.port == port
    assert chosen.source.poses.inbox.host == ("0.0.0.0" if "0.0" in text else "127.0.0.1")
    assert chosen.source.poll() is None


@pytest.mark.parametrize("text", ["vmc:", "vmc:x", "vmc:70000", "vmc:-1", "livelink:host"])
def test_a_source_without_a_port_must_be_said(text: str, clock: ManualClock) -> None:
    if text == "vmc:":
        assert choose_motion(Motion(source=text), clock).source
        return
    with pytest.raises(ShowFileError):
        choose_motion(Motion(source=text), clock)


def test_an_output_must_be_named_by_its_receiver() -> None:
    assert parse("vmc") == ("vmc", {})
    assert parse("vmc:39540") == ("vmc", {"port": 39540})
    assert parse("vmc:studio.local:39540") == ("vmc", {"host": "studio.local", "port": 39540})
    with pytest.raises(ShowFileError, match="receiver's port"):
        parse("vmc:studio.local")


def test_check_must_know_drivers_and_a_port_that_is_taken(clock: ManualClock) -> None:
    taken = VmcReceiver(clock, port=0)
    taken.start()
    show = validate(
        {
            "motion": {"source": "synthetic"},
            "sound": {"source": "silence"},
            "driver": [{"kind": "vmc", "port": taken.inbox.port}, {"kind": "livelink", "port": 0}],
            "output": [{"kind": "vmc"}, {"kind": "null"}],
        },
        "show.toml",
    )
    findings = inspect_show(show)
    said = {f["what"]: f for f in findings if f["what"] != "driver"}
    assert not said["drivers"]["fault"]
    assert "vmc" in said["outputs"]["sentence"]
    first, second = (f for f in findings if f["what"] == "driver")
    assert first["fault"]
    assert first["code"] == "device.port"
    assert not second["fault"]
    motion = replace_source(show, f"vmc:{taken.inbox.port}")
    assert next(f for f in inspect_show(motion) if f["what"] == "motion")["code"] == "device.port"
    taken.stop()


def replace_source(show: Any, source: str) -> Any:
    return show.model_copy(update={"motion": show.motion.model_copy(update={"source": source})})


def test_a_port_that_is_taken_must_end_the_building(clock: ManualClock) -> None:
    taken = VmcReceiver(clock, port=0)
    taken.start()
    (wanted,) = drivers({"kind": "vmc", "port": taken.inbox.port})
    with pytest.raises(DeviceError):
        make_driver(wanted, clock).source.start()
    taken.stop()
