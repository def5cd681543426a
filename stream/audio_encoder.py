"""Sound in, raw AAC frames out, without a gap and in step with the clock."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from flow.clock import NS_PER_S
from flow.errors import EngineError
from flow.media import AudioBlock, Packet, TrackInfo
from flow.meter import Meter
from flow.spec import F32
from stream.settings import EncodeSettings
from stream.sound_timeline import SoundTimeline

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.resampler import AudioResampler

FAR_S = 10.0
FILL_S = 2.0


class AudioEncoder:
    """FFmpeg's AAC-LC. Time stamps count samples of the show's timeline, 0 at `origin`.

    The codec looks 1024 samples ahead and announces that with one frame before zero; it carries no
    sound and is left out, so that the first packet has time stamp 0 and nothing moves.
    One thread only.

    Raises:
        EngineError: ``engine.encoder`` when the codec cannot be opened.
    """

    def __init__(self, settings: EncodeSettings, meter: Meter, *, origin: int = 0) -> None:
        self.settings = settings
        self.timeline = SoundTimeline(settings.rate_hz, settings.channels)
        self._meter = meter
        self._origin = origin
        self._context = _open(settings)
        self._layout = "stereo" if settings.channels == 2 else "mono"  # noqa: PLR2004
        self._time_base = Fraction(1, settings.rate_hz)
        self._pending: F32 = np.zeros((0, settings.channels), np.float32)
        self._fed = 0
        self._resampler: tuple[int, AudioResampler] | None = None
        self.track = TrackInfo(
            track="audio",
            codec="aac",
            time_base=self._time_base,
            extradata=bytes(self._context.extradata or b""),
            rate_hz=settings.rate_hz,
            channels=settings.channels,
            bit_rate=settings.audio_kbps * 1000,
        )

    def encode(self, item: AudioBlock) -> Sequence[Packet]:
        """Packets that are complete after this block.

        Raises:
            ValueError: when the block claims to be born more than `FAR_S` after the sound so far;
                the picture's time would have brought silence up to there.
        """
        position = self._position(item.captured)
        if position - self.timeline.written > FAR_S * self.settings.rate_hz:
            raise ValueError("A block of sound is stamped far in the future.")
        with self._meter.measure("encode_audio"):
            return self._feed(self.timeline.add(position, self._conform(item)))

    def fill_to(self, time_ns: int) -> Sequence[Packet]:
        """Silence up to a time of the clock, when no sound came that far; `FILL_S` in one call."""
        most = self.timeline.written + round(FILL_S * self.settings.rate_hz)
        return self._feed(self.timeline.fill_to(min(self._position(time_ns), most)))

    def flush(self) -> Sequence[Packet]:
        """The rest, filled up to a whole frame with silence; ends the encoder."""
        packets: list[Packet] = []
        if len(self._pending):
            rest = self._context.frame_size - len(self._pending)
            packets += self._feed(np.zeros((rest, self.settings.channels), np.float32))
        return packets + self._packets(None)

    def _position(self, time_ns: int) -> int:
        return round((time_ns - self._origin) * self.settings.rate_hz / NS_PER_S)

    def _conform(self, block: AudioBlock) -> F32:
        """The block at our rate and channel count, finite and within full scale."""
        samples = np.asarray(block.samples, np.float32)
        if samples.ndim == 1:
            samples = samples[:, None]
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
        have, want = samples.shape[1], self.settings.channels
        if have != want:
            mono = samples.mean(axis=1, keepdims=True, dtype=np.float32)
            samples = np.repeat(mono, want, axis=1)
        if block.rate_hz != self.settings.rate_hz:
            samples = self._resample(samples, block.rate_hz)
        return np.clip(samples, -1.0, 1.0)

    def _resample(self, samples: F32, rate_hz: int) -> F32:
        import av

        if self._resampler is None or self._resampler[0] != rate_hz:
            maker = av.AudioResampler("fltp", self._layout, self.settings.rate_hz)
            self._resampler = (rate_hz, maker)
        frame = av.AudioFrame.from_ndarray(_planar(samples), "fltp", self._layout)
        frame.sample_rate = rate_hz
        parts = [np.asarray(f.to_ndarray(), np.float32) for f in self._resampler[1].resample(frame)]
        if not parts:
            return np.zeros((0, samples.shape[1]), np.float32)
        return np.ascontiguousarray(np.concatenate(parts, axis=1).T)

    def _feed(self, samples: F32) -> list[Packet]:
        import av

        size = self._context.frame_size
        pending = np.concatenate([self._pending, samples]) if len(self._pending) else samples
        out: list[Packet] = []
        for begin in range(0, len(pending) - size + 1, size):
            frame = av.AudioFrame.from_ndarray(
                _planar(pending[begin : begin + size]), "fltp", self._layout
            )
            frame.sample_rate, frame.pts, frame.time_base = (
                self.settings.rate_hz,
                self._fed,
                self._time_base,
            )
            self._fed += size
            out += self._packets(frame)
        self._pending = pending[len(pending) - len(pending) % size :].copy()
        return out

    def _packets(self, frame: object) -> list[Packet]:
        encoded = self._context.encode(frame)  # type: ignore[arg-type]
        return [
            Packet("audio", bytes(p), p.pts, p.pts, self._time_base, keyframe=True, droppable=False)
            for p in encoded
            if p.pts is not None and p.pts >= 0
        ]


def _planar(samples: F32) -> F32:
    return np.ascontiguousarray(samples.T)


def _open(settings: EncodeSettings) -> AudioCodecContext:
    import av

    try:
        context: AudioCodecContext = av.CodecContext.create("aac", "w")
        context.sample_rate = settings.rate_hz
        context.layout = "stereo" if settings.channels == 2 else "mono"  # noqa: PLR2004
        context.format = "fltp"
        context.bit_rate = settings.audio_kbps * 1000
        context.time_base = Fraction(1, settings.rate_hz)
        context.open()
    except (av.FFmpegError, ValueError) as error:
        raise EngineError(
            f"The AAC encoder does not open for {settings.rate_hz} Hz: {error}.",
            code="engine.encoder",
            hint="Reinstall the av package.",
        ) from error
    return context
