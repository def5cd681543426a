from __future__ import annotations

import pytest

from stream.h264 import (
    avcc_from_annexb,
    codec_string,
    decoder_config,
    parameter_sets,
    split_annexb,
)

SPS = bytes.fromhex("6742c01fda014016e840")
PPS = bytes.fromhex("68ce3c80")
IDR = bytes.fromhex("65888010aa")


def test_must_split_at_three_and_four_byte_start_codes() -> None:
    data = b"\0\0\0\1" + SPS + b"\0\0\0\1" + PPS + b"\0\0\1" + IDR
    assert split_annexb(data) == [SPS, PPS, IDR]


@pytest.mark.parametrize("data", [b"", b"\0\0\1", b"\0\0\0\1", b"no start code", b"\0\0\1\0\0\1"])
def test_must_find_nothing_in_what_holds_nothing(data: bytes) -> None:
    assert split_annexb(data) == []


def test_must_leave_parameter_sets_to_the_configuration_record() -> None:
    data = b"\0\0\0\1" + SPS + b"\0\0\0\1" + PPS + b"\0\0\1" + IDR
    assert avcc_from_annexb(data) == b"\0\0\0\x05" + IDR
    assert parameter_sets(data) == (SPS, PPS)


def test_must_write_the_record_of_iso_14496_15() -> None:
    record = decoder_config(SPS, PPS)
    assert record[:6] == bytes((1, 0x42, 0xC0, 0x1F, 0xFF, 0xE1))
    assert record[6:8] == len(SPS).to_bytes(2, "big")
    assert record.endswith(b"\x01\x00\x04" + PPS)
    assert codec_string(record) == "avc1.42c01f"
