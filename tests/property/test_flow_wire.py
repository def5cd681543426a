"""Motion frames as bytes: bit for bit, and nothing damaged gets through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow.errors import AssetError
from flow.motion import BodySample, FaceSample, HandSample, MotionFrame
from flow.wire import pack, unpack

WITH_POINTS = 16


def frame(parts: int, seed: int, seq: int = 7) -> MotionFrame:
    random = np.random.default_rng(seed)

    def numbers(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    def hand() -> HandSample:
        return HandSample(numbers(21, 3), numbers(21, 3), float(np.float32(random.random())))

    def face() -> FaceSample:
        points = numbers(478, 3) if parts & WITH_POINTS else None
        return FaceSample(points, numbers(52), numbers(4, 4))

    return MotionFrame(
        seq=seq,
        captured=123_456_789_000 + seed,
        aspect=float(np.float32(16 / 9)),
        face=face() if parts & 1 else None,
        body=BodySample(numbers(33, 3), numbers(33, 3), numbers(33)) if parts & 2 else None,
        left_hand=hand() if parts & 4 else None,
        right_hand=hand() if parts & 8 else None,
        mirrored=bool(seed & 1),
        looked_for=seed & 15,
    )


@given(st.integers(0, 31), st.integers(0, 1000))
def test_a_frame_must_come_back_bit_for_bit(parts: int, seed: int) -> None:
    sent = frame(parts, seed)
    data = pack(sent)
    back = unpack(data)
    assert pack(back) == data
    assert (back.seq, back.captured, back.aspect) == (sent.seq, sent.captured, sent.aspect)
    assert (back.mirrored, back.looked_for) == (sent.mirrored, sent.looked_for)
    for name in ("face", "body", "left_hand", "right_hand"):
        assert (getattr(back, name) is None) == (getattr(sent, name) is None)
    if sent.face is not None and back.face is not None:
        assert (back.face.points is None) == (sent.face.points is None)
        if sent.face.points is not None and back.face.points is not None:
            assert np.array_equal(sent.face.points, back.face.points)
        assert np.array_equal(sent.face.weights, back.face.weights)
        assert np.array_equal(sent.face.camera_from_head, back.face.camera_from_head)


@given(st.integers(0, 31), st.data())
def test_a_cut_frame_must_be_refused(parts: int, data: st.DataObject) -> None:
    whole = pack(frame(parts, 1))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(AssetError) as fault:
        unpack(whole[:cut])
    assert fault.value.code == "motion.damaged"


def test_a_face_without_points_must_be_small_and_of_a_version_that_says_so() -> None:
    bare, whole = pack(frame(1, 3)), pack(frame(1 | WITH_POINTS, 3))
    assert len(whole) - len(bare) == 478 * 3 * 4
    assert bare[4] == 2, "a program that knows version 1 only says so instead of misreading"
    assert whole[4] == 1, "older takes are replayed and copied bit for bit"
    assert pack(frame(0, 3))[4] == 1


def test_another_version_must_be_named() -> None:
    data = bytearray(pack(frame(1, 1)))
    data[4] = 3
    with pytest.raises(AssetError, match="has version 3"):
        unpack(bytes(data))


def test_numbers_that_are_not_finite_must_be_refused() -> None:
    whole = bytearray(pack(frame(1, 1)))
    whole[40:44] = np.float32(np.nan).tobytes()
    with pytest.raises(AssetError, match="not finite"):
        unpack(bytes(whole))


@given(st.binary(max_size=200))
def test_any_other_bytes_must_be_refused(noise: bytes) -> None:
    with pytest.raises(AssetError):
        unpack(noise)
