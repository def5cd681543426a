"""The VMC protocol's sender: what leaves is what other programs and we ourselves understand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from avatar import quat
from avatar.clip.body import STANDARD
from avatar.read.load import load_avatar
from avatar.rig.avatar import Avatar
from avatar.rig.humanoid import HumanoidRig
from avatar.rig.skeleton import Skeleton
from capture.osc import Message, decode
from capture.vmc import VmcReceiver
from capture.vmc_body import VmcBody
from capture.vmc_words import UNITY_BONES, VRM0_NAMES
from flow.clock import ManualClock
from flow.errors import OutputError
from flow.motion import ARKIT_NAMES
from flow.pose import BONE_INDEX, HUMAN_BONES, AvatarPose, Driver, Figure, Part, t_pose
from host.pose_sources import rest_pose
from host.posing import figure_of
from host.vmc_output import VmcOutput, VmcSettings, VmcWriter, said_face
from tests.conftest import ROOT
from tests.fixtures.vmc import bone, face, pose_of, told


@pytest.fixture(scope="module")
def mira() -> Avatar:
    return load_avatar(ROOT / "assets" / "avatars" / "mira.vrm", max_texture_px=64)


def some_pose(seed: int = 1) -> AvatarPose:
    random = np.random.default_rng(seed)
    turns = random.normal(size=(55, 4)).astype(np.float32) * 0.3 + np.array(
        [0, 0, 0, 1.0], np.float32
    )
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    return AvatarPose(
        1,
        np.array([0.1, -0.05, 0.2], np.float32),
        turns.astype(np.float32),
        {n: float(v) for n, v in zip(ARKIT_NAMES, random.uniform(0, 1, 52), strict=True)}
        | {"happy": 0.4, "aa": 0.5, "blinkLeft": 0.9, "blinkRight": 0.6},
        np.zeros(2, np.float32),
        dict.fromkeys(Part, Driver.HUMAN),
        {"Cat": 0.3},
    )


def same_turns(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of two sets of rotations (a rotation has two quaternions)."""
    return float(np.minimum(np.abs(a - b).max(1), np.abs(a + b).max(1)).max())


@pytest.mark.parametrize("seed", range(4))
def test_what_is_sent_must_be_received_as_it_was(mira: Avatar, seed: int) -> None:
    figure, pose = figure_of(mira), some_pose(seed)
    body = VmcBody(hip_height_m=figure.hip_height_m)
    told(*VmcWriter(figure, "both").packets(pose, 1.5), body=body)
    assert (body.unusable, body.unknown) == (0, 0)
    back = pose_of(body)
    assert same_turns(back.rotations, pose.rotations) < 1e-6
    assert back.hips == pytest.approx(pose.hips, abs=1e-6)
    assert set(back.driver) == set(Part)
    for name in ARKIT_NAMES:
        assert back.expressions[name] == pytest.approx(pose.expressions[name], abs=1e-6)
    assert back.expressions["happy"] == pytest.approx(0.4)
    assert back.expressions["blink"] == pytest.approx(0.6), "what both lids do"
    assert back.expressions["blinkLeft"] == pytest.approx(0.3), "what one does more"
    assert back.expressions["Cat"] == pytest.approx(0.3)


def test_hips_that_are_measured_must_be_right_within_a_hundredth(mira: Avatar) -> None:
    figure = figure_of(mira)
    standing = replace(some_pose(), hips=np.zeros(3, np.float32))
    body = told(*VmcWriter(figure, "presets").packets(standing, 0.0))
    assert pose_of(body).hips == pytest.approx((0, 0, 0), abs=0.01)
    assert body.hip_height_m == pytest.approx(figure.hip_height_m, rel=0.01)


def test_packets_must_pass_any_network_and_begin_with_how_it_is() -> None:
    packets = VmcWriter(figure(), "both").packets(some_pose(), 2.25)
    assert max(map(len, packets)) <= 1300
    messages = [m for p in packets for m in decode(p)]
    assert messages[0] == Message("/VMC/Ext/OK", (1, 3, 0, 1))
    assert messages[1] == Message("/VMC/Ext/T", (2.25,))
    assert messages[2].address == "/VMC/Ext/Root/Pos"
    assert messages[-1] == Message("/VMC/Ext/Blend/Apply", ())
    idle = replace(some_pose(), driver=dict.fromkeys(Part, Driver.IDLE))
    assert decode(VmcWriter(figure(), "both").packets(idle, 0.0)[0])[0].arguments[3] == 0


def figure(*missing: str) -> Figure:
    return Figure(
        "standard", STANDARD.places.astype(np.float32), frozenset(HUMAN_BONES) - set(missing)
    )


def test_a_bone_must_hang_on_the_next_one_that_the_avatar_has() -> None:
    whole, lacking = figure(), figure("upperChest", "chest")
    messages = [m for p in VmcWriter(lacking, "presets").packets(t_pose(), 0) for m in decode(p)]
    bones = {m.arguments[0]: m.arguments[1:] for m in messages if m.address.endswith("Bone/Pos")}
    assert "UpperChest" not in bones
    way = whole.places[BONE_INDEX["neck"]] - whole.places[BONE_INDEX["spine"]]
    assert bones["Neck"][:3] == pytest.approx(way * (-1, 1, 1), abs=1e-6)


def test_a_face_that_was_let_go_must_be_said_to_be_gone() -> None:
    writer = VmcWriter(figure(), "presets")
    writer.packets(replace(some_pose(), chosen={"Cat": 1.0}), 0)
    packets = writer.packets(replace(some_pose(), chosen={}), 0)
    messages = [m for p in packets for m in decode(p) if m.address.endswith("Val")]
    said = {m.arguments[0]: m.arguments[1] for m in messages}
    assert said["Cat"] == 0.0
    assert set(VRM0_NAMES.values()) <= set(said)
    assert not {"jawOpen", "JawOpen"} & set(said)


def test_the_words_of_the_face_must_be_as_chosen() -> None:
    assert set(said_face(t_pose(), "arkit")) == set(ARKIT_NAMES)
    assert set(said_face(t_pose(), "presets")) == set(VRM0_NAMES.values())
    both = said_face(replace(t_pose(), expressions={"aa": 0.6}, chosen={"aa": 0.7}), "both")
    assert both["A"] == 1.0


def test_an_output_must_send_and_count_what_it_sends(clock: ManualClock) -> None:
    receiver = VmcReceiver(clock, port=0)
    receiver.start()
    output = VmcOutput(VmcSettings(port=receiver.inbox.port), clock)
    output.show(t_pose(), 0)
    output.start(figure())
    output.show(some_pose(), clock.now())
    pose = receiver.poll()
    assert pose is not None
    assert same_turns(pose.rotations, some_pose().rotations) < 1e-6
    numbers = output.status().numbers or {}
    assert numbers["sent"] == (receiver.status().numbers or {})["packets"] > 1
    receiver.stop()
    for _ in range(20):  # nobody listens any more: UDP may say so, the show goes on
        output.show(some_pose(), clock.now())
    output.stop()
    output.stop()
    assert output.status().state == "stopped"


def test_a_receiver_that_cannot_be_found_must_be_said_at_once(clock: ManualClock) -> None:
    with pytest.raises(OutputError) as fault:
        VmcOutput(VmcSettings(host="no.such.host.invalid"), clock).start(figure())
    assert fault.value.code == "output.host"


@pytest.mark.parametrize("model", ["mira", "turned"])
def test_raw_rotations_must_be_understood_with_the_sender_s_model(mira: Avatar, model: str) -> None:
    body = mira if model == "mira" else turned(mira)
    pose, skeleton = some_pose(), Skeleton(body.model)
    HumanoidRig(body.humanoid, skeleton).apply(pose)
    said = []
    for name, node in zip(UNITY_BONES, body.humanoid.nodes.tolist(), strict=True):
        x, y, z, w = skeleton.rotation[node].tolist()
        a, b, c = skeleton.translation[node].tolist()
        said.append(bone(name, -a, b, c, x, -y, -z, w))
    back = pose_of(told(*said, *face(A=1.0), body=VmcBody(rest=rest_pose(body))))
    assert same_turns(back.rotations, pose.rotations) < 1e-3
    assert back.hips == pytest.approx(pose.hips, abs=1e-3)


def turned(body: Avatar) -> Avatar:
    """The same avatar with bones whose own axes lie anyhow, as VRM 1.0 allows."""
    random, model = np.random.default_rng(3), body.model
    world = Skeleton(model).rest_world.copy()
    for node in body.humanoid.nodes.tolist():
        world[node, :3, :3] = matrix(quat.normalize(random.normal(size=4)))
    above = np.where(model.parents >= 0, model.parents, len(model.parents))
    local = np.linalg.inv(world[above]) @ world[:-1]
    return replace(
        body,
        model=replace(
            model,
            rest_rotation=np.array([quat.of_transform(m) for m in local], np.float32),
            rest_translation=local[:, :3, 3].astype(np.float32),
            rest_scale=np.ones_like(model.rest_scale),
        ),
    )


def matrix(q: np.ndarray) -> np.ndarray:
    return np.stack([quat.rotate(q, axis) for axis in np.eye(3)], axis=1)
