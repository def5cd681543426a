"""Shows that other programs move, and shows that move other programs: real sockets, real peers."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar.clip.load import load_clip
from capture import osc
from capture.vmc import VmcReceiver
from flow.clock import NS_PER_MS, NS_PER_S, MonotonicClock
from flow.pose import BONE_INDEX, HUMAN_BONES, AvatarPose, Figure
from flow.seams import Status
from host.log import Voice
from host.loop import Loop
from host.session import Session, build
from host.showfile import validate
from tests.conftest import ROOT
from tests.fixtures.datagrams import Peer, recorded

HEAD = BONE_INDEX["head"]
PEER_PYTHON = os.environ.get("MIRRORSTAGE_PEER_PYTHON", sys.executable)


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def peer_script(shared: Path, name: str, *modules: str) -> list[str]:
    """The command that runs a peer, or a skip with the reason."""
    script = shared / "oracles" / "protocol" / name
    if not script.is_file():
        pytest.skip(f"no peer at {script}")
    tried = subprocess.run(
        [PEER_PYTHON, "-c", "import " + ", ".join(modules)], capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"{PEER_PYTHON} has no {' and '.join(modules)} (set MIRRORSTAGE_PEER_PYTHON)")
    return [PEER_PYTHON, str(script)]


class Kept:
    """An output of poses that keeps them, and does something else after each."""

    def __init__(self) -> None:
        self.poses: list[AvatarPose] = []
        self.times: list[float] = []
        self.first = 0
        self.meanwhile: Callable[[float], None] = lambda _: None

    def start(self, figure: Figure) -> None: ...

    def show(self, pose: AvatarPose, due: int) -> None:
        self.first = self.first or due
        self.poses.append(pose)
        self.times.append((due - self.first) / NS_PER_S)
        self.meanwhile(self.times[-1])

    def between(self, begin_s: float, end_s: float) -> list[AvatarPose]:
        """The poses of a while."""
        pairs = zip(self.poses, self.times, strict=True)
        return [p for p, t in pairs if begin_s <= t < end_s]

    def status(self) -> Status:
        return Status("running", "Keeps poses.")

    def stop(self, timeout_s: float = 3.0) -> None: ...


class Stage:
    """A show without an audience, whose poses are kept as they are worn."""

    def __init__(self, show: dict[str, Any]) -> None:
        clock = MonotonicClock()
        base: dict[str, Any] = {
            "sound": {"source": "silence"},
            "picture": {"size": "160x90", "fps": 30, "backend": "software"},
            "output": [{"kind": "null"}],
        }
        self.session: Session = build(
            validate(base | show, "show.toml"), clock=clock, voice=Voice(clock, quiet=True)
        )
        self.kept = Kept()
        posing = self.session.posing
        alone = not posing.outputs
        posing.outputs["kept"] = self.kept
        if alone:
            posing.start(self.session.avatar)

    def play(self) -> list[AvatarPose]:
        """The pose of every picture."""
        try:
            Loop(self.session).run()
            self.session.hub.stop()
            assert self.session.meter.counters.errors == 0
        finally:
            self.session.close()
        return self.kept.poses


def replayed(stage: Stage, port: int, packets: list[tuple[float, bytes]]) -> Peer:
    """Send a capture while the show runs, in the capture's own time."""
    peer, waiting = Peer(port), list(packets)

    def send(seconds: float) -> None:
        while waiting and waiting[0][0] <= seconds:
            peer.send(waiting.pop(0)[1])

    stage.kept.meanwhile = send
    return peer


def turned_deg(poses: list[AvatarPose], bone: str) -> float:
    """How far a bone goes from its mean, in degrees."""
    turns = np.array([p.rotations[BONE_INDEX[bone]] for p in poses], np.float64)
    turns *= np.sign(turns[:, 3:]) + (turns[:, 3:] == 0)
    mean = turns.mean(0) / np.linalg.norm(turns.mean(0))
    return float(np.degrees(2 * np.arccos(np.clip(np.abs(turns @ mean), 0, 1))).max())


def test_a_recorded_vmc_performance_must_move_the_host(shared: Path) -> None:
    path = shared / "data" / "protocol" / "captures" / "vmc_pyosc.bin"
    port = free_udp_port()
    stage = Stage({"motion": {"source": f"vmc:{port}"}, "duration_s": 3.0})
    peer = replayed(stage, port, list(recorded(path)))
    poses = stage.play()
    peer.close()
    numbers = stage.session.motion.source.status().numbers or {}
    assert numbers["packets"] > 300
    assert not numbers["damaged"] + numbers["unusable"] + numbers["flooded"]
    late = poses[len(poses) // 2 :]
    assert turned_deg(late, "leftUpperArm") > 1.0
    assert any(p.chosen.get("aa", 0.0) > 0.1 for p in late)


@pytest.mark.parametrize("clip", ["lp_d6", "lp_d9"])
def test_recorded_faces_of_openseeface_must_move_the_host(shared: Path, clip: str) -> None:
    path = shared / "data" / "protocol" / "captures" / f"osf_{clip}.bin"
    port = free_udp_port()
    stage = Stage({"motion": {"source": f"openseeface:{port}"}, "duration_s": 4.0})
    peer = replayed(stage, port, list(recorded(path)))
    poses = stage.play()
    peer.close()
    late = poses[len(poses) // 3 :]
    assert turned_deg(late, "head") > 1.5
    opens = [p.expressions.get("jawOpen", 0.0) for p in late]
    assert max(opens) - min(opens) > 0.2


def test_a_phone_s_face_must_lie_over_a_take_and_go_again(shared: Path) -> None:
    sample = shared / "data" / "protocol" / "captures" / "ifacialmocap_v1_sample.txt"
    text, port = sample.read_text(), free_udp_port()
    stage = Stage(
        {
            "motion": {"source": "take:greeting"},
            "driver": [{"kind": "ifacialmocap", "port": port, "centre": False}],
            "duration_s": 5.0,
        }
    )
    packets = []
    for n in range(90):  # three seconds, then nothing
        said = re.sub("jawOpen-12", f"jawOpen-{60 + n % 9}", text)
        packets.append((n / 30, re.sub("head#-21.48", "head#20.48", said).encode()))
    peer = replayed(stage, port, packets)
    stage.play()
    peer.close()
    alone, talking = stage.kept.between(4.6, 9.0), stage.kept.between(2.0, 2.9)
    assert min(p.expressions["jawOpen"] for p in talking) > 0.5
    nods = [float(p.rotations[HEAD][0]) for p in talking]
    assert min(nods) > 0.05, "it looks down as the phone says"
    assert min(p.expressions.get("jawOpen", 0.0) for p in alone) < 0.3, "the take's own again"
    assert turned_deg(talking, "leftUpperArm") > 0.0


def test_a_show_must_survive_what_the_network_throws_at_it() -> None:
    port = free_udp_port()
    stage = Stage(
        {
            "motion": {"source": "synthetic"},
            "driver": [{"kind": "vmc", "port": port}],
            "duration_s": 3.0,
        }
    )
    good, bad = Peer(port), Peer(port)
    random = np.random.default_rng(7)
    bone = osc.message("/VMC/Ext/Bone/Pos", "sfffffff", ["Head", 0, 0, 0, 0, 0, 0, 1.0])
    evil = osc.message("/VMC/Ext/Bone/Pos", "sfffffff", ["Hips", *[float("nan")] * 7])

    def throw(seconds: float) -> None:
        good.send(bone, evil, random.bytes(300), b"#bundle\0" + random.bytes(60))
        bad.send(bone, b"/VMC/Ext/OK\0,s\0\0wrong version\0\0\0", *[random.bytes(1400)] * 50)

    stage.kept.meanwhile = throw
    poses = stage.play()
    good.close()
    bad.close()
    (driver,) = stage.session.drivers
    numbers = driver.source.status().numbers or {}
    assert numbers["packets"] > 30
    assert numbers["damaged"] > 30
    assert numbers["strangers"] > 30
    assert numbers["unusable"] > 30
    assert all(np.isfinite(p.rotations).all() for p in poses)


# -- our output ---------------------------------------------------------------------------------


def test_our_output_looped_into_our_input_must_be_the_same_pose() -> None:
    """Every picture's pose of a real show, as it is worn, leaves and comes back."""
    port = free_udp_port()
    outputs = [{"kind": "null"}, {"kind": "vmc", "port": port, "face": "both"}]
    show = {"motion": {"source": "take:greeting"}, "output": outputs, "duration_s": 4.0}
    stage = Stage(show)
    height = stage.session.runtime.hip_height_m
    receiver = VmcReceiver(MonotonicClock(), port=port, hip_height_m=height)
    receiver.start()
    worn: list[tuple[AvatarPose, AvatarPose]] = []

    def compare(seconds: float) -> None:
        back = receiver.poll()
        assert back is not None
        worn.append((stage.kept.poses[-1], back))

    stage.kept.meanwhile = compare
    stage.play()
    receiver.stop()
    assert len(worn) > 60
    for sent, back in worn:
        turns = np.minimum(
            np.abs(sent.rotations - back.rotations), np.abs(sent.rotations + back.rotations)
        )
        assert turns.max() < 1e-3
        assert np.abs(sent.hips - back.hips).max() < 1e-3
        for name, value in sent.expressions.items():
            if not name.startswith("blink"):
                assert back.expressions[name] == pytest.approx(value, abs=1e-3)
        for side in ("blinkLeft", "blinkRight"):
            both = back.expressions["blink"] + back.expressions[side]
            assert both == pytest.approx(sent.expressions.get(side, 0.0), abs=1e-3)


@pytest.mark.peer
def test_an_independent_receiver_must_find_no_fault_with_our_output(shared: Path) -> None:
    command = peer_script(shared, "vmc_recv_check.py", "pythonosc")
    port = free_udp_port()
    checker = subprocess.Popen(
        [*command, str(port), "6"], stdout=subprocess.PIPE, text=True, stderr=subprocess.PIPE
    )
    stage = Stage(
        {
            "motion": {"source": "take:greeting"},
            "output": [{"kind": "null"}, {"kind": "vmc", "port": port, "face": "both"}],
            "duration_s": 6.0,
        }
    )
    stage.play()
    out, said = checker.communicate(timeout=40)
    assert checker.returncode == 0, said
    verdict = json.loads(out)
    assert verdict["violations"] == {}
    assert verdict["missing_core"] == []
    assert verdict["bones"] == len(HUMAN_BONES)
    assert verdict["applies"] > 20
    assert verdict["max_packet"] <= 1300
    assert {"A", "Blink", "Joy", "jawOpen"} <= set(verdict["blends"])


@pytest.mark.peer
@pytest.mark.parametrize(("library", "module"), [("pyosc", "pythonosc"), ("vmcp", "vmcp")])
def test_real_senders_must_be_understood(
    shared: Path, tmp_path: Path, library: str, module: str
) -> None:
    command = peer_script(shared, "vmc_send.py", module)
    clip = load_clip(ROOT / "assets" / "animations" / "wave.vrma")
    poses = [clip.sample(float(t)) for t in np.linspace(0.0, clip.duration_s, 60, endpoint=False)]
    frames = []
    for pose in poses:
        norm = {
            bone: {"p": [0.0, 0.9, 0.0], "lq": pose.rotations[i].tolist()}
            for i, bone in enumerate(HUMAN_BONES)
        }
        frames.append({"norm": norm, "expr": {}})
    dump = tmp_path / "wave.json"
    dump.write_text(json.dumps({"frames": frames}))
    clock = MonotonicClock()
    receiver = VmcReceiver(clock, port=0)
    receiver.start()
    sender = subprocess.Popen(
        [*command, library, "127.0.0.1", str(receiver.inbox.port), str(dump), "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    got: list[AvatarPose] = []
    while sender.poll() is None:
        clock.sleep_until(clock.now() + 5 * NS_PER_MS)
        heard = receiver.poll()
        if heard is not None:
            got.append(heard)
    _, said = sender.communicate()
    numbers = receiver.status().numbers or {}
    receiver.stop()
    assert sender.returncode == 0, said
    assert len(got) > 20
    assert not numbers["damaged"] + numbers["unusable"] + numbers["unknown"]
    truth = np.array([p.rotations for p in poses])
    # A poll may fall between the packets of a frame: most poses are whole.
    apart = []
    for pose in got:
        near = np.abs(truth - pose.rotations), np.abs(truth + pose.rotations)
        apart.append(float(np.minimum(*near).max(axis=(1, 2)).min()))
    assert np.median(apart) < 1e-3
