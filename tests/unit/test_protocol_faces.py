"""Faces that phones and OpenSeeFace send: what they say, and what damaged ones do."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.perform.blend import fault_of
from avatar.solve.face import yaw_pitch_deg
from capture import ifacialmocap, livelink, openseeface
from capture.face_receiver import FaceReceiver
from capture.face_words import NO_FACE, Centre, FaceReading, pose_of
from capture.inbox import Inbox
from capture.openseeface import FACE, OpenSeeFaceSource, faces, sample_of
from flow.clock import NS_PER_S, ManualClock
from flow.errors import DeviceError
from flow.motion import ARKIT_INDEX, ARKIT_NAMES, LOOKED_FACE
from flow.pose import BONE_INDEX, Part
from flow.spec import F32
from tests.fixtures.datagrams import Peer, recorded

I = ARKIT_INDEX  # noqa: E741


def forward(q: F32) -> tuple[float, float, float]:
    """Where +Z goes."""
    x, y, z, w = (float(v) for v in q)
    return 2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)


def spelled(name: str) -> str:
    for side in ("Left", "Right"):
        if name.endswith(side) and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            return name.removesuffix(side) + ("_" + side[0])
    return name


def text_of(weights: list[int], tail: str, *, second: bool = False) -> bytes:
    sign = "&" if second else "-"
    pairs = zip(ARKIT_NAMES, weights, strict=True)
    return ("|".join(f"{spelled(n)}{sign}{w}" for n, w in pairs) + "|" + tail).encode()


TAIL = "=head#10.5,-20.25,3,-0.03,-0.1,-0.65|rightEye#6,2.5,0.25|leftEye#6,-1.5,-0.1|"


# -- iFacialMocap -------------------------------------------------------------------------------


def test_the_published_packet_must_be_read(shared: Path) -> None:
    path = shared / "data" / "protocol" / "captures" / "ifacialmocap_v1_sample.txt"
    reading = ifacialmocap.parse(path.read_bytes())
    assert reading is not None
    assert reading.head_deg == pytest.approx((-21.488958, -6.038993, -6.6019735))
    said = {"mouthUpperUpLeft": 0.11, "eyeLookDownLeft": 0.17, "browInnerUp": 0.2, "jawOpen": 0.12}
    said |= {"mouthShrugUpper": 0.26, "noseSneerLeft": 0.21, "mouthLeft": 0.01}
    assert {n: float(reading.weights[I[n]]) for n in said} == pytest.approx(said)
    assert reading.gaze_deg is not None
    assert reading.gaze_deg[1] == pytest.approx(6.03, abs=0.01), "down, as eyeLookDown says too"


@given(st.lists(st.integers(0, 100), min_size=52, max_size=52), st.booleans())
def test_both_dialects_must_say_the_same(weights: list[int], second: bool) -> None:
    reading = ifacialmocap.parse(text_of(weights, TAIL, second=second))
    assert reading is not None
    assert reading.weights == pytest.approx(np.array(weights) / 100, abs=1e-6)
    assert reading.head_deg == (10.5, -20.25, 3.0)
    assert reading.gaze_deg == pytest.approx((0.5, 6.0))


def test_what_versions_differ_in_must_be_taken() -> None:
    words = (
        " eyeBlinkLeft & 50 | eyeBlink_R-100|FM_extra&3|mouthSmileRight&25.5|" + "jawOpen-1|" * 9
    )
    reading = ifacialmocap.parse((words + " =head#1,2,3|").encode())
    assert reading is not None
    assert float(reading.weights[I["eyeBlinkLeft"]]) == 0.5
    assert float(reading.weights[I["mouthSmileRight"]]) == pytest.approx(0.255)
    assert reading.head_deg == (1.0, 2.0, 3.0)
    assert reading.gaze_deg is None
    assert ifacialmocap.parse(words.encode()) is not None, "a face without a head"


@pytest.mark.parametrize(
    "packet",
    [
        b"", b"jawOpen-12|", b"\xff" * 900, b"|" * 900, ifacialmocap.HELLO,
        text_of([1] * 52, "=head#1,2|"), text_of([1] * 52, "=head#nan,0,0|"),
        text_of([1] * 52, "=head#1e999,0,0|"), text_of([1] * 52, "=head#a,b,c|"),
        text_of([1] * 52, TAIL) * 40,
    ],
)  # fmt: skip
def test_what_is_no_face_must_be_refused(packet: bytes) -> None:
    assert ifacialmocap.parse(packet) is None


# -- the pose of a face -------------------------------------------------------------------------


def test_a_head_must_turn_as_the_phone_says_and_the_neck_take_half() -> None:
    zeros = np.zeros(52, np.float32)
    pose = pose_of(FaceReading(zeros, (0.0, 40.0, 0.0)), 1)
    assert set(pose.driver) == {Part.FACE, Part.HEAD}
    for bone in ("neck", "head"):
        x, _, z = forward(pose.rotations[BONE_INDEX[bone]])
        assert math.degrees(math.atan2(x, z)) == pytest.approx(20.0, abs=1e-3), "to its left"
    _, y, _ = forward(
        pose_of(FaceReading(zeros, (30.0, 0.0, 0.0)), 1).rotations[BONE_INDEX["head"]]
    )
    assert math.degrees(math.asin(-y)) == pytest.approx(15.0, abs=1e-3), "down"
    assert not fault_of(pose)
    assert set(pose_of(FaceReading(zeros), 1).driver) == {Part.FACE}


def test_a_gaze_must_come_from_the_weights_where_nothing_else_says_it() -> None:
    weights = np.zeros(52, np.float32)
    weights[[I["eyeLookOutLeft"], I["eyeLookInRight"]]] = 0.5
    weights[[I["eyeLookUpLeft"], I["eyeLookUpRight"]]] = 0.25
    assert pose_of(FaceReading(weights), 1).gaze_deg == pytest.approx((17.0, -7.0))


def test_the_resting_head_of_the_first_second_must_become_straight() -> None:
    centre = Centre()
    for _ in range(60):
        centre.straight((-21.0, 8.0, 1.0))
    for _ in range(600):
        centre.straight((-11.0, 28.0, 1.0))
    assert centre.straight((-11.0, 28.0, 1.0)) == pytest.approx((10.0, 20.0, 1.0))


# -- receiving ----------------------------------------------------------------------------------


def test_a_face_that_never_changes_must_count_as_lost(clock: ManualClock) -> None:
    receiver = FaceReceiver(Inbox("phone", "127.0.0.1", 0, clock), ifacialmocap.parse, clock)
    receiver.start()
    peer = Peer(receiver.inbox.port)
    packet = text_of([7] * 52, TAIL)
    peer.send(packet)
    assert receiver.poll() is not None
    for _ in range(5):
        peer.send(packet)
        assert receiver.poll() is None
    assert (receiver.status().numbers or {})["faceless"] == 5
    peer.send(text_of([8] * 52, TAIL))
    pose = receiver.poll()
    assert pose is not None
    assert pose.captured == clock.now()
    assert pose.expressions["jawOpen"] == pytest.approx(0.08)
    receiver.stop()
    peer.close()


def test_a_phone_must_be_asked_once_a_second_until_it_sends(clock: ManualClock) -> None:
    phone = Peer(0)
    phone.socket.settimeout(5.0)
    ask = (b"please", phone.socket.getsockname())
    inbox = Inbox("phone", "127.0.0.1", 0, clock)
    receiver = FaceReceiver(inbox, ifacialmocap.parse, clock, ask=ask)
    receiver.start()
    for _ in range(30):
        clock.advance(NS_PER_S // 10)
        receiver.poll()
    phone.socket.settimeout(0.2)
    heard = [phone.socket.recvfrom(99) for _ in range(3)]
    assert {word for word, _ in heard} == {b"please"}
    phone.port = inbox.port
    for n in range(30):
        phone.send(text_of([n] * 52, TAIL))
        clock.advance(NS_PER_S // 10)
        assert receiver.poll() is not None
    with pytest.raises(TimeoutError):
        phone.socket.recvfrom(99)
    receiver.stop()
    phone.close()


def test_only_the_phone_that_was_asked_may_send(clock: ManualClock) -> None:
    inbox = Inbox("phone", "127.0.0.1", 0, clock, only="127.0.0.2")
    receiver = FaceReceiver(inbox, ifacialmocap.parse, clock)
    receiver.start()
    stranger = Peer(inbox.port)
    stranger.send(text_of([1] * 52, TAIL))
    assert receiver.poll() is None
    assert (receiver.status().numbers or {})["strangers"] == 1
    receiver.stop()
    stranger.close()
    with pytest.raises(DeviceError) as fault:
        Inbox("phone", "127.0.0.1", 0, clock, only="no.such.phone.invalid").open()
    assert fault.value.code == "device.host"


# -- Live Link Face -----------------------------------------------------------------------------


def live_link(values: list[float], *, version: int = 6, name: str = "phone") -> bytes:
    head = struct.pack("<I", version) + b"$" + b"0" * 36 + struct.pack(">i", len(name))
    time = struct.pack(">IIII", 7, 0, 60, 1)
    return head + name.encode() + time + struct.pack(f">B{len(values)}f", len(values), *values)


def test_live_link_s_order_must_be_ours() -> None:
    assert sorted(livelink.ORDER.tolist()) == list(range(52))
    values = [i / 100 for i in range(52)] + [0.5, 0.25, -0.1] + [0.0] * 6
    reading = livelink.parse(live_link(values))
    assert reading is not None
    theirs = {"eyeBlinkLeft": 0, "eyeBlinkRight": 7, "jawOpen": 17, "mouthClose": 18}
    theirs |= {"mouthSmileLeft": 23, "mouthRollLower": 31, "browInnerUp": 43, "tongueOut": 51}
    for name, place in theirs.items():
        assert float(reading.weights[I[name]]) == pytest.approx(place / 100)
    degrees = (-math.degrees(0.25), math.degrees(0.5), math.degrees(-0.1))
    assert reading.head_deg == pytest.approx(degrees)


def test_other_versions_and_packets_without_a_face_must_not_move_anything() -> None:
    whole = live_link([0.0] * 61)
    assert livelink.parse(live_link([0.0] * 61, version=7)) is None
    assert livelink.parse(live_link([0.0] * 60)) is None
    assert livelink.parse(live_link([math.nan] * 61)) is None
    assert livelink.parse(whole + b"x") is None
    assert livelink.parse(whole[: 41 + 4 + 5 + 16]) is NO_FACE


# -- OpenSeeFace --------------------------------------------------------------------------------


def open_see(**values: object) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    face = np.zeros(1, FACE)
    face["size"], face["found"], face["eyes_open"] = (640, 480), 1, 1.0
    face["turn"] = (math.sqrt(0.5), math.sqrt(0.5), 0, 0)
    face["points"][0, 36], face["points"][0, 45] = (270, 200), (370, 200)
    for name, value in values.items():
        face[name] = value
    return face


def test_a_face_must_be_1785_bytes() -> None:
    assert FACE.itemsize == 1785
    assert faces(open_see().tobytes()) is not None
    assert faces(open_see().tobytes() * 2) is not None
    for packet in (b"", open_see().tobytes()[:-1], open_see().tobytes() * 30, b"x" * 1784):
        assert faces(packet) is None


def test_a_face_into_the_lens_must_be_straight_and_in_front() -> None:
    sample = sample_of(open_see()[0])
    assert sample is not None
    assert sample.camera_from_head[:3, :3] == pytest.approx(np.eye(3), abs=1e-6)
    x, y, z = sample.camera_from_head[:3, 3].tolist()
    assert x == pytest.approx(0.0, abs=1e-6)
    assert y > 0 > z
    assert sample.points is None


@pytest.mark.parametrize(
    "values",
    [
        {"found": 0}, {"turn": math.nan}, {"turn": 0.0}, {"turn": 1e30}, {"points": math.inf},
        {"features": math.nan}, {"eyes_open": math.nan}, {"size": 0.0}, {"size": math.nan},
        {"points": 5.0},
    ],
)  # fmt: skip
def test_an_impossible_face_must_be_none(values: dict[str, object]) -> None:
    assert sample_of(open_see(**values)[0]) is None


def test_measures_must_become_shapes_of_their_own_side() -> None:
    features = np.zeros(14, np.float32)
    features[[3, 12, 13]] = (0.8, 1.0, -0.5)
    sample = sample_of(open_see(features=features, eyes_open=(0.25, 1.0))[0])
    assert sample is not None
    w = {name: float(sample.weights[i]) for name, i in I.items()}
    assert w["eyeBlinkRight"] == pytest.approx(0.75)
    assert w["eyeBlinkLeft"] == 0.0
    assert w["browOuterUpLeft"] > 0.5 > w["browOuterUpRight"] == 0.0
    assert w["jawOpen"] > 0.5
    assert w["mouthPucker"] > 0.2


@pytest.mark.parametrize("clip", ["lp_d6", "lp_d9"])
def test_recorded_faces_must_turn_as_their_landmarks_do(shared: Path, clip: str) -> None:
    path = shared / "data" / "protocol" / "captures" / f"osf_{clip}.bin"
    turns, seen = [], []
    for _, packet in recorded(path):
        found = faces(packet)
        assert found is not None
        sample = sample_of(found[0])
        if sample is None:
            continue
        points = found[0]["points"].astype(np.float64)
        eyes = points[45] - points[36]
        nose = (points[30] - 0.5 * (points[45] + points[36])) / np.linalg.norm(eyes)
        yaw, pitch = yaw_pitch_deg(sample.camera_from_head.astype(np.float64))
        left = sample.camera_from_head[:3, 0]
        turns.append((yaw, pitch, math.degrees(math.atan2(left[1], left[0]))))
        seen.append((nose[0], nose[1], math.degrees(math.atan2(-eyes[1], eyes[0]))))
    assert len(turns) > 100
    for axis in range(3):
        r = np.corrcoef(np.array(turns)[:, axis], np.array(seen)[:, axis])[0, 1]
        assert r > 0.7, f"axis {axis}: {r}"


def test_a_face_that_is_lost_must_be_looked_for_and_not_seen(clock: ManualClock) -> None:
    source = OpenSeeFaceSource(clock, port=0)
    source.start()
    peer = Peer(source.inbox.port)
    for face, seen in ((open_see(), True), (open_see(found=0), False), (open_see(), True)):
        clock.advance(NS_PER_S // 30)
        peer.send(face.tobytes())
        frame = source.poll()
        assert frame is not None
        assert frame.looked_for == LOOKED_FACE
        assert (frame.face is not None) == seen
        assert frame.captured == clock.now()
    peer.send(open_see(id=3).tobytes())
    assert source.poll() is None, "somebody else's face"
    peer.send(open_see(turn=math.nan).tobytes())
    source.poll()
    assert (source.status().numbers or {})["unusable"] == 1
    source.stop()
    peer.close()


# -- hostile ------------------------------------------------------------------------------------


@given(st.data())
def test_any_packet_must_be_a_face_or_nothing(data: st.DataObject) -> None:
    base = data.draw(
        st.sampled_from([
            text_of([50] * 52, TAIL), text_of([50] * 52, TAIL, second=True),
            live_link([0.1] * 61), open_see().tobytes(), b"",
        ])
    )  # fmt: skip
    packet = bytearray(base + data.draw(st.binary(max_size=20)))
    for _ in range(data.draw(st.integers(0, 12))):
        if packet:
            packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    raw = bytes(packet[: data.draw(st.integers(0, len(packet)))])
    for parse in (ifacialmocap.parse, livelink.parse):
        reading = parse(raw)
        if reading is not None:
            assert reading.weights.shape == (52,)
    found = openseeface.faces(raw)
    for face in found if found is not None else ():
        sample = sample_of(face)
        assert sample is None or np.isfinite(sample.camera_from_head).all()
