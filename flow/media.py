"""Pictures, sound and packets between render, encoder and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated

from flow.spec import F32, U8, Spec


@dataclass(slots=True)
class Trace:
    """When (ns, one clock) a picture passed each station; 0: it did not.

    Latency is a subtraction.
    """

    captured: int = 0
    solved: int = 0
    drawn: int = 0
    encoded: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One picture, BT.709, limited range.

    `i420` is (height * 3 / 2, width): Y, then U and V, each half size, packed as OpenCV and PyAV
    expect. The memory is the receiver's until it releases the frame.
    """

    seq: int
    due: int
    width: int
    height: int
    i420: Annotated[U8, Spec((-1, -1), "planar YUV 4:2:0, BT.709 limited", "uint8")]
    trace: Trace = field(default_factory=Trace)


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """Sound. `captured` (ns) is the birth of the first sample."""

    captured: int
    samples: Annotated[F32, Spec((-1, -1), "(n, channels), -1..1")]
    rate_hz: int = 48_000


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """What a receiver must know before the first packet of a track."""

    track: str
    """``video`` or ``audio``."""
    codec: str
    """``h264`` or ``aac``."""
    time_base: Fraction
    extradata: bytes = b""
    """AVCDecoderConfigurationRecord for H.264, AudioSpecificConfig for AAC."""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    rate_hz: int = 0
    channels: int = 0
    bit_rate: int = 0


@dataclass(frozen=True, slots=True)
class Packet:
    """Encoded data of one track.

    H.264 is Annex B with in-band parameter sets at key frames; AAC is raw (no ADTS). Video has
    no B-frames: dts equals pts.
    """

    track: str
    data: bytes
    pts: int
    dts: int
    time_base: Fraction
    keyframe: bool = False
    droppable: bool = True
    """Whether a queue may lose it (delta pictures: yes; key frames and sound: never)."""
    trace: Trace | None = None

    @property
    def seconds(self) -> float:
        """Presentation time in seconds since the encoder's start."""
        return float(self.pts * self.time_base)
