"""The VMC protocol: bodies in, bodies out, and what damaged or rival senders do to a show."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.perform.blend import fault_of
from avatar.perform.pose_layer import PoseLayer
from capture import osc
from capture.inbox import Inbox
from capture.osc import Message
from capture.vmc import VmcReceiver
from capture.vmc_body import VmcBody
from capture.vmc_words import BONE_OF, UNITY_BONES, expression_of
from flow.clock import NS_PER_S, ManualClock
from flow.errors import DeviceError
from flow.pose import BONE_INDEX, Part, t_pose
from tests.fixtures.datagrams import LOOPBACK, Peer
from tests.fixtures.vmc import STRAIGHT, bone, face, pose_of, told


@pytest.fixture
def receiver(clock: ManualClock) -> Iterator[VmcReceiver]:
    made = VmcReceiver(clock, port=0)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def peers(receiver: VmcReceiver) -> Iterator[tuple[Peer, Peer]]:
    two = Peer(receiver.inbox.port), Peer(receiver.inbox.port)
    yield two
    for peer in two:
        peer.close()


# -- words and axes -----------------------------------------------------------------------------


def test_bones_must_have_unity_s_names() -> None:
    assert len(set(UNITY_BONES)) == 55
    assert UNITY_BONES[BONE_INDEX["leftThumbMetacarpal"]] == "LeftThumbProximal"
    assert UNITY_BONES[BONE_INDEX["leftThumbProximal"]] == "LeftThumbIntermediate"
    assert UNITY_BONES[BONE_INDEX["rightThumbDistal"]] == "RightThumbDistal"
    assert {"Hips", "UpperChest", "LeftLittleDistal", "Jaw"} <= set(BONE_OF)


@pytest.mark.parametrize(
    ("wire", "ours"),
    [
        ("Joy", "happy"), ("joy", "happy"), ("A", "aa"), ("Blink_L", "blinkLeft"),
        ("Fun", "relaxed"), ("happy", "happy"), ("BrowInnerUp", "browInnerUp"),
        ("EyeBlinkLeft", "eyeBlinkLeft"),
        ("mouthSmile_L", "mouthSmileLeft"), ("jawLeft", "jawLeft"), ("Cat Ears", "Cat Ears"),
    ],
)  # fmt: skip
def test_expressions_must_be_known_by_all_their_names(wire: str, ours: str) -> None:
    assert expression_of(wire) == ours


def test_a_left_arm_that_is_raised_there_must_be_raised_here() -> None:
    # In Unity the left arm points to -X; raising it turns about Z by a negative angle.
    half = math.radians(-90.0) / 2
    pose = pose_of(told(bone("LeftUpperArm", 0, 0, 0, 0, 0, math.sin(half), math.cos(half))))
    x, y, z, w = pose.rotations[BONE_INDEX["leftUpperArm"]].tolist()
    # Ours points to +X: where does that axis go?
    assert (1 - 2 * (y * y + z * z), 2 * (x * y + z * w)) == pytest.approx((0.0, 1.0), abs=1e-6)
    assert set(pose.driver) == {Part.LEFT_ARM}


def test_a_head_that_turns_to_its_left_there_must_do_so_here() -> None:
    half = math.radians(-30.0) / 2  # left-handed: negative about Y is towards -X, its left
    pose = pose_of(told(bone("Head", 0, 0, 0, 0, math.sin(half), 0, math.cos(half))))
    x, y, z, w = pose.rotations[BONE_INDEX["head"]].tolist()
    assert 2 * (x * z + y * w) == pytest.approx(0.5, abs=1e-6), "its nose points to +X, its left"


# -- what a sender says -------------------------------------------------------------------------


def test_a_face_must_be_shown_when_it_is_applied_and_not_before() -> None:
    values, apply = face(Joy=0.7, A=0.25)[:-1], face()[-1]
    body = told(bone("Head"), *values)
    assert pose_of(body).expressions == {}
    assert Part.FACE not in pose_of(body).driver
    told(apply, body=body)
    assert pose_of(body).expressions == pytest.approx({"happy": 0.7, "aa": 0.25})
    assert Part.FACE in pose_of(body).driver


def test_one_expression_in_two_words_must_count_once() -> None:
    body = told(*face(Joy=0.7, happy=0.7, BrowInnerUp=3.0, browInnerUp=-1.0))
    assert pose_of(body).expressions == pytest.approx({"happy": 0.7, "browInnerUp": 1.0})


def test_parts_that_are_not_sent_must_be_left_to_others() -> None:
    body = told(bone("LeftHand"), bone("LeftEye"))
    assert set(pose_of(body).driver) == {Part.LEFT_HAND}, "eyes alone are no face"
    body = told(bone("LeftHand"))
    told(*face(A=1.0), body=body, now=2 * NS_PER_S)
    assert set(pose_of(body, 2 * NS_PER_S).driver) == {Part.FACE}, "a bone of long ago"


def test_a_sender_without_an_avatar_must_move_nothing() -> None:
    body = told(bone("Head"), osc.message("/VMC/Ext/OK", "i", [0]))
    assert body.pose(1) is None
    told(osc.message("/VMC/Ext/OK", "iiii", [1, 3, 0, 1]), body=body)
    assert body.pose(1) is not None


@pytest.mark.parametrize("hips_y", [0.84, 0.8])
def test_hips_must_be_measured_in_the_sender_s_own_body(hips_y: float) -> None:
    legs = [
        bone("LeftUpperLeg", 0.1, -0.04, 0, 0, 0, 0, 1),
        bone("LeftLowerLeg", 0, -0.4, 0, 0, 0, 0, 1),
    ]
    legs += [bone("LeftFoot", 0, -0.3, 0, 0, 0, 0, 1)]  # fmt: skip
    body = told(*legs, bone("Hips", 0.0, 0.84, 0.0, 0, 0, 0, 1))
    pose_of(body)
    told(bone("Hips", 0.42, hips_y, 0.0, 0, 0, 0, 1), body=body)
    height = body.hip_height_m
    assert height == pytest.approx(0.84, abs=0.03)
    assert pose_of(body).hips == pytest.approx((-0.42 / height, hips_y / height - 1, 0), abs=1e-5)


def test_the_place_of_the_whole_body_must_count_unless_it_is_told_not_to() -> None:
    s = math.sqrt(0.5)
    root = osc.message("/VMC/Ext/Root/Pos", "s" + "f" * 13, ["root", 1, 0, 2, 0, s, 0, s, *[1] * 6])
    hips = bone("Hips", 0.0, 1.0, 0.5, 0, 0, 0, 1)
    body = told(root, hips, body=VmcBody(hip_height_m=1.0))
    # A quarter turn about Y takes +Z to +X in Unity; ours is the mirror image.
    assert pose_of(body).hips == pytest.approx((-1.5, 0.0, 2.0), abs=1e-6)
    assert pose_of(body).rotations[0] == pytest.approx((0, -s, 0, s), abs=1e-6)
    body = told(root, hips, body=VmcBody(hip_height_m=1.0, root=False))
    assert pose_of(body).hips == pytest.approx((0.0, 0.0, 0.5), abs=1e-6)


def test_a_gaze_must_be_read_from_eye_bones_when_the_avatar_has_none() -> None:
    half = math.radians(20.0) / 2
    turned = (0, 0, 0, math.sin(half), 0, 0, math.cos(half))
    eyes = [bone("LeftEye", *turned), bone("RightEye", *turned)]
    pose = pose_of(told(*eyes, *face(A=0.0), body=VmcBody(eyes="gaze")))
    assert pose.gaze_deg == pytest.approx((0.0, 20.0), abs=1e-4), "down is positive"
    pose = pose_of(told(*eyes, *face(A=0.0)))
    assert pose.gaze_deg.tolist() == [0.0, 0.0]
    assert abs(pose.rotations[BONE_INDEX["leftEye"], 0]) == pytest.approx(math.sin(half))


@pytest.mark.parametrize(
    "message",
    [
        Message("/VMC/Ext/Bone/Pos", ("Hips", 0.0, 0.0)),
        Message("/VMC/Ext/Bone/Pos", (1, *STRAIGHT)),
        Message("/VMC/Ext/Bone/Pos", ("Tail", *STRAIGHT)),
        Message("/VMC/Ext/Bone/Pos", ("Hips", math.nan, *STRAIGHT[1:])),
        Message("/VMC/Ext/Bone/Pos", ("Hips", 1e30, *STRAIGHT[1:])),
        Message("/VMC/Ext/Bone/Pos", ("Hips", *[0.0] * 7)),
        Message("/VMC/Ext/Bone/Pos", ("Hips", *["0"] * 7)),
        Message("/VMC/Ext/Bone/Pos", ("Hips", *[True] * 7)),
        Message("/VMC/Ext/Root/Pos", ("root", *[math.inf] * 7)),
        Message("/VMC/Ext/Blend/Val", ("Joy",)),
        Message("/VMC/Ext/Blend/Val", ("Joy", math.nan)),
        Message("/VMC/Ext/Blend/Val", ("x" * 1000, 1.0)),
        Message("/VMC/Ext/OK", ("yes",)),
        Message("/VMC/Ext/OK", ()),
        Message("/VMC/Ext/T", (None,)),
        Message("/VMC/Ext/Hmd/Pos", ("serial", 1.0)),
    ],
)
def test_an_impossible_message_must_be_counted_and_change_nothing(message: Message) -> None:
    body = told(bone("Head"), *face(Joy=0.5))
    before = pose_of(body)
    body.hear(message, 1)
    body.hear(Message("/VMC/Ext/Blend/Apply", ()), 1)
    assert body.unusable == 1
    after = pose_of(body)
    assert np.array_equal(before.rotations, after.rotations)
    assert before.expressions == after.expressions


def test_surplus_arguments_and_whole_numbers_must_be_taken() -> None:
    body = told()
    body.hear(Message("/VMC/Ext/Bone/Pos", ("Head", 0, 0, 0, 0, 0, 0, 1, "more", 7)), 1)
    body.hear(Message("/VMC/Ext/Tomorrow", (1, 2, 3)), 1)
    assert (body.unusable, body.unknown) == (0, 1)
    assert Part.HEAD in pose_of(body).driver


@given(st.lists(st.tuples(
    st.sampled_from(["Bone/Pos", "Blend/Val", "Blend/Apply", "Root/Pos", "OK", "T", "Tra/Pos"]),
    st.lists(st.one_of(
        st.floats(width=32), st.integers(-(2**63), 2**63), st.none(), st.booleans(),
        st.sampled_from(["Hips", "LeftFoot", "LeftUpperLeg", "Head", "Joy", "root"]), st.text(),
    ), max_size=9),
), max_size=30))  # fmt: skip
@settings(max_examples=150)
def test_whatever_is_said_the_pose_must_be_one(
    messages: list[tuple[str, list[float | int | str | None]]],
) -> None:
    body, layer = VmcBody(), PoseLayer("vmc")
    for path, arguments in messages:
        body.hear(Message("/VMC/Ext/" + path, tuple(arguments)), 1)
        pose = body.pose(1)
        if pose is not None:
            assert not fault_of(pose)
            layer.feed(pose)
    assert not layer.faults
    assert not fault_of(layer.over(t_pose(), 10**9))


def test_a_sender_that_never_ends_naming_things_must_not_fill_the_memory() -> None:
    body = VmcBody()
    for n in range(3000):
        body.hear(Message("/VMC/Ext/Blend/Val", (f"face {n}", 1.0)), 1)
        if n % 100 == 0:
            body.hear(Message("/VMC/Ext/Blend/Apply", ()), 1)
        body.hear(Message("/VMC/Ext/Tra/Pos", (f"tracker {n}", *STRAIGHT)), 1)
    assert len(pose_of(body).expressions) <= 512
    assert len(body.devices) <= 64
    told(*face(Joy=1.0), body=body)
    assert pose_of(body).expressions["happy"] == 1.0, "what everybody knows has a place"


# -- the network --------------------------------------------------------------------------------


def test_a_pose_must_arrive_once_and_be_of_now(
    receiver: VmcReceiver, peers: tuple[Peer, Peer], clock: ManualClock
) -> None:
    assert receiver.status().state == "waiting"
    assert receiver.poll() is None
    peers[0].send(bone("Head"), bone("Neck"))
    pose = receiver.poll()
    assert pose is not None
    assert pose.captured == clock.now()
    assert receiver.poll() is None
    assert receiver.status().state == "running"
    receiver.stop()
    assert receiver.status().state == "stopped"


def test_the_first_sender_must_be_heard_and_the_second_counted(
    receiver: VmcReceiver, peers: tuple[Peer, Peer], clock: ManualClock
) -> None:
    first, second = peers
    first.send(bone("Head"))
    receiver.poll()
    for _ in range(10):
        second.send(bone("LeftHand"))
        first.send(bone("Head"))
        clock.advance(NS_PER_S // 5)
        pose = receiver.poll()
        assert pose is not None
        assert set(pose.driver) == {Part.HEAD}
    assert (receiver.status().numbers or {})["strangers"] == 10
    clock.advance(NS_PER_S * 11 // 10)
    assert receiver.status().state == "waiting", "the first has gone"
    second.send(bone("LeftHand"))
    pose = receiver.poll()
    assert pose is not None
    assert set(pose.driver) == {Part.LEFT_HAND}, "nothing of the first one is left"


def test_damage_must_be_counted_and_never_make_its_sender_the_sender(
    receiver: VmcReceiver, peers: tuple[Peer, Peer]
) -> None:
    bad, good = peers
    bad.send(b"", b"\0" * 7, b"#bundle\0junk", osc.message("/other/thing", "f", [1.0]))
    assert receiver.poll() is None
    assert (receiver.status().numbers or {})["damaged"] == 4
    good.send(bone("Head"))
    assert receiver.poll() is not None
    bundle = osc.bundles([osc.sized(bone("Head")), osc.sized(bone("LeftHand"))], 4096)[0]
    good.send(bundle[:-8])
    assert receiver.poll() is None, "a bundle that is cut is not used in part"


def test_a_flood_must_be_cut_off_and_the_newest_packets_still_come(
    receiver: VmcReceiver, peers: tuple[Peer, Peer]
) -> None:
    flood = osc.bundles([osc.sized(bone("Head"))] * 15, 1300)[0]
    peers[0].send(*[flood] * 700)
    receiver.poll()
    numbers = receiver.status().numbers or {}
    assert numbers["flooded"] > 0
    assert numbers["packets"] * len(flood) <= (1 << 18) + 2 * len(flood)
    peers[0].send(bone("LeftHand"))
    pose = receiver.poll()
    assert pose is not None
    assert Part.LEFT_HAND in pose.driver


def test_a_port_that_is_taken_must_be_said(receiver: VmcReceiver, clock: ManualClock) -> None:
    second = VmcReceiver(clock, port=receiver.inbox.port)
    with pytest.raises(DeviceError) as fault:
        second.start()
    assert fault.value.code == "device.port"
    assert str(receiver.inbox.port) in str(fault.value)
    with pytest.raises(DeviceError):
        Inbox("VMC", "192.0.2.1", 0, clock).open()
    with pytest.raises(DeviceError):
        Inbox("VMC", "no address at all", 0, clock).open()


def test_nobody_but_this_machine_may_send_unless_asked(receiver: VmcReceiver) -> None:
    assert receiver.inbox.host == LOOPBACK
