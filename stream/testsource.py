"""A picture that flashes and a sound that beeps at the same moment, once a period.

As libobs's sync test sources do: whatever a recording or server did to the stream, the distance
between flash and beep is what it did to sound against picture. Each picture also carries its
number as a bar code, so that latency and losses can be read from what a receiver shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flow.clock import NS_PER_S, Clock
from flow.media import AudioBlock, Packet, Trace, TrackInfo, VideoFrame
from flow.meter import Meter
from flow.spec import F32, U8
from stream.audio_encoder import AudioEncoder
from stream.hub import Hub
from stream.settings import EncodeSettings
from stream.video_encoder import VideoEncoder

BITS = 24
BLACK, GREY, WHITE = 16, 80, 235
_NEUTRAL = 128
_BEEP_HZ = 1000.0
_BEEP_LEVEL = 0.5
BLOCK_S = 0.02


@dataclass(frozen=True, slots=True)
class FlashAndBeep:
    """The source. The flash of period k begins with the first picture at or after k * period."""

    width: int = 1280
    height: int = 720
    fps: float = 30.0
    rate_hz: int = 48_000
    channels: int = 2
    period_s: float = 1.0
    length_s: float = 0.1

    def due(self, seq: int, origin: int = 0) -> int:
        """When picture `seq` is due (ns)."""
        return origin + round(seq * NS_PER_S / self.fps)

    def flashes(self, seconds: float) -> bool:
        """Whether there is light and sound at a time; the first flash comes after one period."""
        slack = 1e-6  # due times are rounded to nanoseconds
        period, phase = divmod(seconds + slack, self.period_s)
        return period >= 1 and phase < self.length_s

    def frame(self, seq: int, origin: int = 0) -> VideoFrame:
        """Picture `seq`: a moving gradient, the flash in the middle, the number below."""
        due = self.due(seq, origin)
        i420: U8 = np.full((self.height * 3 // 2, self.width), _NEUTRAL, np.uint8)
        luma = i420[: self.height]
        ramp = (np.arange(self.width) * 96 // self.width + seq * 2) % 96 + 32
        luma[:] = ramp.astype(np.uint8)
        top, left = self.height // 4, self.width // 4
        lit = self.flashes((due - origin) / NS_PER_S)
        luma[top : 3 * top, left : 3 * left] = WHITE if lit else BLACK
        cell = self.width // BITS
        bits = (seq >> np.arange(BITS)) & 1
        bar = np.where(bits, WHITE, BLACK).astype(np.uint8).repeat(cell)
        luma[self.height - self.height // 8 :, : len(bar)] = bar
        return VideoFrame(seq, due, self.width, self.height, i420, Trace(captured=due))

    def sound(self, begin: int, count: int, origin: int = 0) -> AudioBlock:
        """Samples `begin` .. `begin + count` counted from the origin."""
        seconds = np.arange(begin, begin + count) / self.rate_hz
        period, phase = np.divmod(seconds, self.period_s)
        tone = np.where(
            (period >= 1) & (phase < self.length_s), np.sin(2 * np.pi * _BEEP_HZ * phase), 0
        )
        samples: F32 = np.repeat((_BEEP_LEVEL * tone).astype(np.float32)[:, None], self.channels, 1)
        return AudioBlock(origin + round(begin * NS_PER_S / self.rate_hz), samples, self.rate_hz)


def is_flash(luma: U8) -> bool:
    """Whether a picture (height, width) shows the flash."""
    h, w = luma.shape
    middle = luma[3 * h // 8 : 5 * h // 8, 3 * w // 8 : 5 * w // 8]
    return bool(middle.mean() > (BLACK + WHITE) / 2)


def number_of(luma: U8) -> int:
    """The number in a picture's bar code."""
    h, w = luma.shape
    cell = w // BITS
    bar = luma[h - h // 16 - 2 : h - h // 16 + 2, : cell * BITS].reshape(4, BITS, cell)
    bits = bar[:, :, cell // 4 : cell - cell // 4].mean(axis=(0, 2)) > (BLACK + WHITE) / 2
    return int((bits.astype(np.int64) << np.arange(BITS)).sum())


def onsets(lit: np.ndarray, seconds: np.ndarray) -> list[float]:
    """Times at which a row of yes and no turns to yes."""
    on = np.asarray(lit, bool)
    rises = np.flatnonzero(on[1:] & ~on[:-1]) + 1
    return [float(seconds[i]) for i in rises]


def play(hub: Hub, source: FlashAndBeep, clock: Clock, origin: int, seconds: float) -> None:
    """Offer the source to a started hub in the clock's time."""
    block = round(source.rate_hz * BLOCK_S)
    sounded = 0
    for seq in range(round(seconds * source.fps)):
        frame = source.frame(seq, origin)
        clock.sleep_until(frame.due)
        elapsed = (frame.due - origin) / NS_PER_S
        while (sounded + block) / source.rate_hz <= elapsed:
            hub.offer_sound(source.sound(sounded, block, origin))
            sounded += block
        hub.offer(frame)


def canned(source: FlashAndBeep, seconds: float) -> tuple[tuple[TrackInfo, ...], list[Packet]]:
    """The source encoded as fast as it goes, without a clock: tracks and packets for outputs."""
    settings = EncodeSettings(width=source.width, height=source.height, fps=source.fps)
    video, audio = VideoEncoder(settings, Meter()), AudioEncoder(settings, Meter())
    block = round(source.rate_hz * BLOCK_S)
    packets: list[Packet] = []
    sounded = 0
    for seq in range(round(seconds * source.fps)):
        while sounded / source.rate_hz <= seq / source.fps:
            packets += audio.encode(source.sound(sounded, block))
            sounded += block
        packets += video.encode(source.frame(seq))
    return (video.track, audio.track), [*packets, *video.flush(), *audio.flush()]
