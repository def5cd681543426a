"""The messages of ``/ws/programme``; the browser's side is web/src/wire.ts.

Text: JSON, ``hello`` once, then ``status`` each second. Binary: 12 bytes little-endian (u8 track: 1
video, 2 audio; u8 flags: 1 key frame; u16 zero; i64 microseconds since the show began), then data.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from flow.media import Packet, TrackInfo

_HEADER = struct.Struct("<BBHq")
_TRACKS = {"video": 1, "audio": 2}
KEYFRAME = 1


def packet_message(packet: Packet) -> bytes:
    """A packet as a binary message."""
    microseconds = int(packet.pts * packet.time_base * 1_000_000)
    flags = KEYFRAME if packet.keyframe else 0
    return _HEADER.pack(_TRACKS[packet.track], flags, 0, microseconds) + packet.data


def hello_message(tracks: Sequence[TrackInfo], title: str) -> str:
    """What a page must know before the first packet."""
    by_name = {t.track: t for t in tracks}
    video, audio = by_name["video"], by_name["audio"]
    return json.dumps(
        {
            "type": "hello",
            "title": title,
            "video": {
                "codec": avc_codec(video.extradata),
                "width": video.width,
                "height": video.height,
                "fps": video.fps,
            },
            "audio": {
                "codec": "mp4a.40.2",
                "rate_hz": audio.rate_hz,
                "channels": audio.channels,
                "description": base64.b64encode(audio.extradata).decode("ascii"),
            },
        }
    )


def avc_codec(record: bytes) -> str:
    """RFC 6381 name from an AVCDecoderConfigurationRecord: profile, constraints, level."""
    return f"avc1.{record[1:4].hex()}"


def status_message(status: Mapping[str, Any]) -> str:
    """How the show is doing."""
    return json.dumps({"type": "status", **status}, ensure_ascii=False, default=str)
