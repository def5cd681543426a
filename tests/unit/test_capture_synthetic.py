"""The computed performer: whole, consistent, the same every time, without a seam."""

from __future__ import annotations

import math

import numpy as np
import pytest

from capture.puppet_face import LIP_LOWER_INNER, LIP_UPPER_INNER, face_points
from capture.synthetic import ASPECT, PERIOD_S, SyntheticSource, frame_at, performance
from flow import wire
from flow.clock import NS_PER_S, ManualClock
from flow.motion import ARKIT_INDEX, MotionFrame
from flow.seams import MotionSource
from flow.spec import F32, faults

TIMES = np.arange(0.0, PERIOD_S, 0.5).tolist()


def _parts(frame: MotionFrame) -> tuple[F32, F32, F32, F32]:
    assert frame.face is not None
    assert frame.body is not None
    assert frame.left_hand is not None
    assert frame.right_hand is not None
    assert frame.face.points is not None
    return frame.face.points, frame.body.points, frame.left_hand.points, frame.right_hand.points


@pytest.mark.parametrize("time", TIMES)
def test_every_frame_is_whole(time: float) -> None:
    frame = frame_at(time)
    _parts(frame)
    for part in (frame.face, frame.body, frame.left_hand, frame.right_hand):
        assert faults(part) == []
    assert frame.face is not None
    assert frame.face.weights.min() >= 0.0
    assert frame.face.weights.max() <= 1.0
    head = frame.face.camera_from_head[:3, :3]
    assert np.allclose(head @ head.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(head) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("time", TIMES)
def test_bones_keep_their_lengths(time: float) -> None:
    _, body, left, right = _parts(frame_at(time))
    for a, b, length in ((11, 13, 0.27), (13, 15, 0.24), (12, 14, 0.27), (14, 16, 0.24)):
        assert np.linalg.norm(body[a] - body[b]) == pytest.approx(length, abs=1e-4)
    assert np.linalg.norm(body[11] - body[12]) == pytest.approx(0.33, abs=1e-3)
    for hand in (left, right):
        assert np.linalg.norm(hand[5] - hand[6]) == pytest.approx(0.042, abs=1e-4)
        assert np.allclose(hand[0], 0.0, atol=1e-6), "hands are wrist-centred"


@pytest.mark.parametrize("time", TIMES)
def test_hands_hang_on_wrists_in_space_and_in_the_picture(time: float) -> None:
    frame = frame_at(time)
    assert frame.body is not None
    for hand, wrist, thumb in ((frame.left_hand, 15, 21), (frame.right_hand, 16, 22)):
        assert hand is not None
        assert np.allclose(hand.image_points[0, :2], frame.body.image_points[wrist, :2], atol=1e-5)
        offset = frame.body.points[thumb] - frame.body.points[wrist]
        assert np.allclose(hand.points[2], offset, atol=1e-5)


@pytest.mark.parametrize("time", TIMES)
def test_the_picture_is_what_a_camera_of_63_degrees_sees(time: float) -> None:
    frame = frame_at(time)
    assert frame.body is not None
    assert frame.face is not None
    focal = 0.5 / math.tan(math.radians(31.5))
    head = frame.face.camera_from_head[:3, 3]
    at = (0.5 + focal / ASPECT * head[0] / -head[2], 0.5 - focal * head[1] / -head[2])
    assert frame.face.points is not None
    middle = frame.face.points[:, :2].mean(axis=0)
    assert np.allclose(middle, at, atol=0.03)
    nose = frame.body.image_points[0, :2]
    assert np.allclose(frame.face.points[1, :2], nose, atol=0.02)


def test_left_is_on_the_pictures_right_and_up_is_up() -> None:
    frame = frame_at(0.0)
    _, body, _, _ = _parts(frame)
    assert body[11, 0] > body[12, 0]
    assert body[0, 1] < body[11, 1] < body[27, 1]
    assert body[0, 2] < body[7, 2], "the nose is nearer to the camera than the ear"


def test_the_greeting_waves_the_right_hand_above_the_shoulder() -> None:
    tips = []
    for time in np.arange(1.6, 3.0, 1 / 30).tolist():
        _, body, _, right = _parts(frame_at(time))
        assert body[16, 1] < body[12, 1]
        tips.append(body[16, 0] + right[12, 0])
    turns = np.count_nonzero(np.diff(np.sign(np.diff(tips))))
    assert turns >= 3, "it goes to and fro"
    assert np.ptp(tips) > 0.08


def test_fingers_move_and_the_mouth_talks() -> None:
    reach, jaw, blink = [], [], []
    for frame in performance(PERIOD_S, 30.0):
        _, _, _, right = _parts(frame)
        assert frame.face is not None
        reach.append(float(np.linalg.norm(right[8])))
        jaw.append(float(frame.face.weights[ARKIT_INDEX["jawOpen"]]))
        blink.append(float(frame.face.weights[ARKIT_INDEX["eyeBlinkLeft"]]))
    assert np.ptp(reach) > 0.03
    assert max(jaw) > 0.3
    assert np.count_nonzero(np.diff((np.array(jaw) > 0.15).astype(int)) == 1) > 12
    assert np.count_nonzero(np.diff((np.array(blink) > 0.5).astype(int)) == 1) == 4


def test_weights_move_the_points_they_name() -> None:
    rest = np.zeros(52, np.float32)
    wide = rest.copy()
    wide[ARKIT_INDEX["jawOpen"]] = 1.0
    middle = len(LIP_UPPER_INNER) // 2

    def gap(weights: F32) -> float:
        p = face_points(weights)
        return float(p[LIP_UPPER_INNER[middle], 1] - p[LIP_LOWER_INNER[middle], 1])

    assert gap(wide) > gap(rest) + 0.015
    shut = rest.copy()
    shut[ARKIT_INDEX["eyeBlinkLeft"]] = 1.0
    open_, closed = face_points(rest), face_points(shut)
    assert closed[386, 1] - closed[374, 1] < 0.3 * (open_[386, 1] - open_[374, 1])
    assert np.allclose(closed[159], open_[159]), "the other eye stays open"


def test_the_performance_is_the_same_every_time_and_has_no_seam() -> None:
    one = [wire.pack(f) for f in performance(1.0, 30.0)]
    assert one == [wire.pack(f) for f in performance(1.0, 30.0)]
    step = 1 / 30
    across = [_parts(frame_at(PERIOD_S + k * step)) for k in (-1, 0, 1)]
    for before, at, after in zip(*across, strict=True):
        assert np.abs(after - 2 * at + before).max() < 0.004, "no jerk where it begins again"


def test_the_source_gives_each_frame_once_at_thirty_a_second(clock: ManualClock) -> None:
    source = SyntheticSource(clock)
    assert isinstance(source, MotionSource)
    assert source.poll() is None
    source.start()
    seqs = []
    for _ in range(200):
        if (frame := source.poll()) is not None:
            seqs.append(frame.seq)
            assert 0 <= clock.now() - frame.captured <= NS_PER_S // 30
        clock.advance(NS_PER_S // 100)
    assert seqs == list(range(60))
    assert source.status().state == "running"
    source.stop()
    assert source.poll() is None
