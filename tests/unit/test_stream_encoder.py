from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from flow.clock import NS_PER_MS, NS_PER_S
from flow.errors import EngineError
from flow.media import AudioBlock, Packet
from flow.meter import Meter
from stream.audio_encoder import AudioEncoder
from stream.h264 import NAL_IDR, NAL_PPS, NAL_SPS, nal_type, split_annexb
from stream.settings import EncodeSettings, default_video_kbps
from stream.video_encoder import VideoEncoder
from tests.fixtures.flash_and_beep import FlashAndBeep, is_flash, number_of

SMALL = EncodeSettings(width=320, height=180)
SOURCE = FlashAndBeep(320, 180)
ORIGIN = 7 * NS_PER_S


def pictures(numbers: list[int], encoder: VideoEncoder) -> list[Packet]:
    return [p for n in numbers for p in encoder.encode(SOURCE.frame(n, ORIGIN))]


def test_must_give_one_packet_for_each_picture_at_once() -> None:
    encoder = VideoEncoder(SMALL, Meter(), origin=ORIGIN)
    for n in range(5):
        assert len(encoder.encode(SOURCE.frame(n, ORIGIN))) == 1
    assert not encoder.flush()


def test_must_place_pictures_on_the_timeline_even_when_some_are_missing() -> None:
    packets = pictures([0, 1, 5, 6, 40], VideoEncoder(SMALL, Meter(), origin=ORIGIN))
    assert [round(p.seconds * 30, 2) for p in packets] == [0, 1, 5, 6, 40]
    assert all(p.dts == p.pts and p.time_base == Fraction(1, 90_000) for p in packets)


def test_must_keep_time_stamps_rising_when_due_times_do_not() -> None:
    packets = pictures([3, 3, 1, 4], VideoEncoder(SMALL, Meter(), origin=ORIGIN))
    stamps = [p.pts for p in packets]
    assert stamps == sorted(set(stamps))


def test_must_send_a_key_frame_every_two_seconds_of_time_not_of_pictures() -> None:
    every_third = list(range(0, 200, 3))
    packets = pictures(every_third, VideoEncoder(SMALL, Meter(), origin=ORIGIN))
    keys = [p.seconds for p in packets if p.keyframe]
    assert keys == pytest.approx([0.0, 2.0, 4.0, 6.0])


def test_must_carry_parameter_sets_in_each_key_frame_and_in_the_track() -> None:
    encoder = VideoEncoder(SMALL, Meter(), origin=ORIGIN)
    first, second = pictures([0, 1], encoder)
    kinds = [nal_type(u) for u in split_annexb(first.data)]
    assert {NAL_SPS, NAL_PPS, NAL_IDR} <= set(kinds)
    assert first.keyframe
    assert not first.droppable
    assert not second.keyframe
    assert second.droppable
    sps = next(u for u in split_annexb(first.data) if nal_type(u) == NAL_SPS)
    assert sps in encoder.track.extradata


def test_must_force_a_key_frame_when_asked() -> None:
    encoder = VideoEncoder(SMALL, Meter(), origin=ORIGIN)
    pictures([0, 1], encoder)
    encoder.force_keyframe()
    assert [p.keyframe for p in pictures([2, 3], encoder)] == [True, False]


def test_must_tell_decoders_that_colours_are_bt709_limited_and_show_what_was_drawn() -> None:
    encoder = VideoEncoder(SMALL, Meter(), origin=ORIGIN)
    decoder = av.CodecContext.create("h264", "r")
    shown = []
    for packet in pictures(list(range(28, 34)), encoder):
        shown += decoder.decode(av.Packet(packet.data))
    shown += decoder.decode(None)
    lumas = [np.asarray(f.to_ndarray(format="gray"), np.uint8) for f in shown]
    assert [number_of(y) for y in lumas] == list(range(28, 34))
    assert [is_flash(y) for y in lumas] == [False, False, True, True, True, False]
    assert (decoder.colorspace, decoder.color_range) == (1, 1)
    assert (decoder.color_primaries, decoder.color_trc) == (1, 1)


def test_must_follow_a_new_bit_rate_without_a_key_frame() -> None:
    settings = EncodeSettings(width=320, height=180, video_kbps=2000, keyframe_s=10.0)
    encoder = VideoEncoder(settings, Meter())
    noise = np.random.default_rng(1).integers(16, 235, (40, 270, 320), np.uint8)

    def rate(begin: int) -> float:
        packets: list[Packet] = []
        for n in range(begin, begin + 60):
            frame = SOURCE.frame(n)
            frame.i420[:] = noise[n % 40]
            packets += encoder.encode(frame)
        assert sum(p.keyframe for p in packets) == (begin == 0)
        return sum(len(p.data) for p in packets[30:]) * 8 / 1000

    before = rate(0)
    encoder.set_bit_rate(400)
    assert rate(60) < 0.6 * before


def test_must_name_what_it_cannot_open() -> None:
    with pytest.raises(EngineError) as caught:
        VideoEncoder(EncodeSettings.model_construct(**{**SMALL.model_dump(), "width": 0}), Meter())
    assert caught.value.code == "engine.encoder"


def test_must_scale_the_default_bit_rate_with_the_picture() -> None:
    assert EncodeSettings().video_kbps == 2500
    assert EncodeSettings(width=1920, height=1080).video_kbps == 4600
    assert EncodeSettings(width=1920, height=1080, video_kbps=3000).video_kbps == 3000
    assert default_video_kbps(720, 1280, 30) == 2500


def test_must_number_sound_from_zero_without_a_gap() -> None:
    encoder = AudioEncoder(SMALL, Meter(), origin=ORIGIN)
    packets: list[Packet] = []
    for n in range(20):
        packets += encoder.encode(SOURCE.sound(n * 960, 960, ORIGIN))
    packets += encoder.flush()
    assert [p.pts for p in packets] == [1024 * i for i in range(len(packets))]
    assert len(packets) * 1024 >= 20 * 960
    assert encoder.track.extradata[:2] == b"\x11\x90"  # AAC-LC, 48 kHz, stereo


def test_must_take_sound_of_another_rate_and_shape() -> None:
    encoder = AudioEncoder(SMALL, Meter())
    count = 0
    for n in range(50):
        block = AudioBlock(n * 20 * NS_PER_MS, np.zeros((320, 1), np.float32), 16_000)
        count += len(encoder.encode(block))
    assert count + len(encoder.flush()) == pytest.approx(48_000 / 1024, abs=2)


def test_must_survive_sound_that_is_not_a_number() -> None:
    encoder = AudioEncoder(SMALL, Meter())
    bad = np.full((4800, 2), np.nan, np.float32)
    bad[::2] = np.inf
    assert len([*encoder.encode(AudioBlock(0, bad)), *encoder.flush()]) == 5


def test_must_fill_missing_sound_with_silence() -> None:
    encoder = AudioEncoder(SMALL, Meter(), origin=ORIGIN)
    packets = encoder.fill_to(ORIGIN + NS_PER_S)
    assert packets[-1].pts == 1024 * (len(packets) - 1)
    assert encoder.timeline.silence == 48_000


def test_must_not_follow_a_stamp_from_the_far_future() -> None:
    encoder = AudioEncoder(SMALL, Meter())
    with pytest.raises(ValueError, match="future"):
        encoder.encode(SOURCE.sound(0, 960, 3600 * NS_PER_S))
    assert len(encoder.fill_to(3600 * NS_PER_S)) < 100
    assert encoder.encode(SOURCE.sound(96_000, 960))
