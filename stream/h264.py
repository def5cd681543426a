"""H.264 byte streams: Annex B (start codes) and AVCC (lengths).

ITU-T H.264 annex B and ISO/IEC 14496-15 section 5.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

NAL_IDR = 5
NAL_SEI = 6
NAL_SPS = 7
NAL_PPS = 8
NAL_AUD = 9
_START = b"\x00\x00\x01"


def split_annexb(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B access unit, without start codes."""
    units: list[bytes] = []
    begin = data.find(_START)
    while begin >= 0:
        begin += len(_START)
        end = data.find(_START, begin)
        # A NAL unit never ends in a zero byte: zeros before a start code belong to it.
        unit = data[begin : end if end >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            units.append(unit)
        begin = end
    return units


def nal_type(unit: bytes) -> int:
    """nal_unit_type of a NAL unit."""
    return unit[0] & 0x1F


def parameter_sets(data: bytes) -> tuple[bytes, bytes]:
    """The first SPS and PPS in Annex B bytes; empty when absent."""
    units = split_annexb(data)
    sps = next((u for u in units if nal_type(u) == NAL_SPS), b"")
    pps = next((u for u in units if nal_type(u) == NAL_PPS), b"")
    return sps, pps


def decoder_config(sps: bytes, pps: bytes) -> bytes:
    """AVCDecoderConfigurationRecord with four-byte lengths (ISO/IEC 14496-15, 5.3.3.1)."""
    head = bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1))
    return head + struct.pack(">H", len(sps)) + sps + b"\x01" + struct.pack(">H", len(pps)) + pps


_IN_CONFIG = frozenset((NAL_SPS, NAL_PPS, NAL_AUD))


def avcc_from_annexb(data: bytes) -> bytes:
    """The access unit with four-byte lengths.

    Parameter sets are left out: they are in the decoder configuration record.
    """
    return with_lengths([u for u in split_annexb(data) if nal_type(u) not in _IN_CONFIG])


def with_lengths(units: Sequence[bytes]) -> bytes:
    """NAL units, each behind its four-byte length."""
    return b"".join(part for unit in units for part in (struct.pack(">I", len(unit)), unit))


def codec_string(config: bytes) -> str:
    """RFC 6381 name of an AVCDecoderConfigurationRecord, such as ``avc1.42c01f``."""
    return f"avc1.{config[1:4].hex()}"
