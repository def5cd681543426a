"""What RTMP carries: FLV tag bodies for AVC and AAC, and ``onMetaData`` (FLV 10.1, annex E)."""

from __future__ import annotations

from collections.abc import Sequence

from flow.media import Packet, TrackInfo
from stream.h264 import avcc_from_annexb
from stream.rtmp.amf0 import EcmaArray, encode
from stream.rtmp.chunks import AUDIO, DATA, VIDEO, Message

_AVC, _AAC = 7, 10
_KEY, _INTER = 1, 2
_HEADER, _UNIT = 0, 1
_AAC_SOUND = 0xAF  # AAC; the rate and size bits are fixed for it


def metadata(tracks: Sequence[TrackInfo], stream: int) -> Message:
    """The ``onMetaData`` message."""
    facts = EcmaArray(encoder="Mirrorstage")
    for info in tracks:
        if info.track == "video":
            facts.update(width=float(info.width), height=float(info.height))
            facts.update(framerate=float(info.fps), videocodecid=float(_AVC))
            facts.update(videodatarate=info.bit_rate / 1000)
        else:
            facts.update(audiosamplerate=float(info.rate_hz), audiosamplesize=16.0)
            facts.update(stereo=info.channels == 2, audiocodecid=float(_AAC))  # noqa: PLR2004
            facts.update(audiochannels=float(info.channels), audiodatarate=info.bit_rate / 1000)
    return Message(DATA, encode("@setDataFrame", "onMetaData", facts), stream)


def header(info: TrackInfo, stream: int) -> Message:
    """The sequence header of a track."""
    if info.track == "video":
        return Message(VIDEO, bytes((_KEY << 4 | _AVC, _HEADER, 0, 0, 0)) + info.extradata, stream)
    return Message(AUDIO, bytes((_AAC_SOUND, _HEADER)) + info.extradata, stream)


def media(packet: Packet, stream: int) -> Message:
    """A packet as a message; times in milliseconds, no composition offset (no B-frames)."""
    time_ms = round(packet.dts * packet.time_base * 1000)
    if packet.track == "video":
        kind = _KEY if packet.keyframe else _INTER
        body = bytes((kind << 4 | _AVC, _UNIT, 0, 0, 0)) + avcc_from_annexb(packet.data)
        return Message(VIDEO, body, stream, time_ms)
    return Message(AUDIO, bytes((_AAC_SOUND, _UNIT)) + packet.data, stream, time_ms)
