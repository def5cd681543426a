"""Pictures in, H.264 access units out: one libx264, no delay, no B-frames."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from time import perf_counter_ns
from typing import TYPE_CHECKING

from flow.clock import NS_PER_S
from flow.errors import EngineError
from flow.media import Packet, Trace, TrackInfo, VideoFrame
from flow.meter import Meter
from stream.cpu import HelperThreads
from stream.h264 import decoder_config, parameter_sets
from stream.settings import EncodeSettings

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

TICKS_PER_S = 90_000
TIME_BASE = Fraction(1, TICKS_PER_S)
_BT709 = 1  # the same number for matrix, primaries and transfer (ITU-T H.273)
_LIMITED = 1  # AVCOL_RANGE_MPEG
_INTRA = 1  # AV_PICTURE_TYPE_I; libx264 makes it an IDR picture
_VBV_S = 0.5  # buffer of half a second: rooms want a steady rate, and live changes need a VBV


class VideoEncoder:
    """libx264, ``zerolatency``: each picture leaves in the call that brings it.

    Time stamps are positions on the show's timeline (`due` minus `origin`), so pictures that were
    lagged or skipped leave a gap and nothing shifts against the sound. One thread only, except
    `force_keyframe` and `set_bit_rate`, which any thread may call.

    Raises:
        EngineError: ``engine.encoder`` when libx264 cannot be opened with these settings.
    """

    def __init__(self, settings: EncodeSettings, meter: Meter, *, origin: int = 0) -> None:
        self.settings = settings
        self._series = meter.series("encode")
        self._origin = origin
        self._helpers = HelperThreads()
        self._context = _open(settings, headers_apart=False)
        self._helpers.opened()
        self.track = _describe(settings)
        self._last_pts = -1
        self._next_key = 0
        self._force = False
        self._wanted_kbps = settings.video_kbps
        self._kbps = settings.video_kbps
        self._traces: dict[int, Trace] = {}

    def force_keyframe(self) -> None:
        """Make the next picture an IDR picture."""
        self._force = True

    def set_bit_rate(self, kbps: int) -> None:
        """Change the target rate from the next picture on, without a key frame.

        The encoder's buffer model keeps the rate it was opened with as the upper limit.
        """
        self._wanted_kbps = max(50, kbps)

    def encode(self, item: VideoFrame) -> Sequence[Packet]:
        """The picture as packets (one, in practice). `item.i420` is read during the call only."""
        from av import VideoFrame as Picture

        wall, cpu = perf_counter_ns(), self._helpers.cpu_ns()
        self._apply_bit_rate()
        pts = (item.due - self._origin) * TICKS_PER_S // NS_PER_S
        pts = max(pts, self._last_pts + 1)
        picture = Picture.from_numpy_buffer(item.i420, "yuv420p")
        picture.pts, picture.time_base = pts, TIME_BASE
        picture.color_range = _LIMITED
        picture.colorspace = picture.color_primaries = picture.color_trc = _BT709
        if self._force or pts >= self._next_key:
            self._force = False
            picture.pict_type = _INTRA
        self._last_pts = pts
        self._traces = {pts: item.trace}  # one at most: nothing is delayed
        packets = self._packets(picture)
        self._series.add(perf_counter_ns() - wall, self._helpers.cpu_ns() - cpu)
        return packets

    def flush(self) -> Sequence[Packet]:
        """What the encoder still holds (nothing, with zerolatency) and the end of it."""
        return self._packets(None)

    def _packets(self, picture: object) -> list[Packet]:
        out: list[Packet] = []
        for encoded in self._context.encode(picture):  # type: ignore[arg-type]
            pts = int(encoded.pts or 0)
            key = bool(encoded.is_keyframe)
            if key:
                # Half a picture early: stamps jitter and the interval is a promise to the rooms.
                half = round(TICKS_PER_S / self.settings.fps / 2)
                self._next_key = pts + round(self.settings.keyframe_s * TICKS_PER_S) - half
            out.append(
                Packet(
                    track="video",
                    data=bytes(encoded),
                    pts=pts,
                    dts=pts,
                    time_base=TIME_BASE,
                    keyframe=key,
                    droppable=not key,
                    trace=self._traces.pop(pts, None),
                )
            )
        return out

    def _apply_bit_rate(self) -> None:
        if self._wanted_kbps != self._kbps:
            self._kbps = self._wanted_kbps
            self._context.bit_rate = self._kbps * 1000


def _open(settings: EncodeSettings, *, headers_apart: bool) -> VideoCodecContext:
    """An open libx264 context; with `headers_apart` its extradata holds SPS and PPS."""
    import av
    from av.codec.context import Flags

    try:
        context: VideoCodecContext = av.CodecContext.create("libx264", "w")
        context.width, context.height = settings.width, settings.height
        context.pix_fmt = "yuv420p"
        context.framerate = Fraction(settings.fps).limit_denominator(1001)
        context.time_base = TIME_BASE
        context.bit_rate = settings.video_kbps * 1000
        context.gop_size = max(1, round(settings.keyframe_s * settings.fps))
        context.max_b_frames = 0
        context.thread_count = settings.threads
        context.color_range = _LIMITED
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        if headers_apart:
            context.flags |= Flags.global_header
        context.options = {
            "preset": settings.preset,
            "tune": "zerolatency",
            "profile": settings.profile,
            "maxrate": str(settings.video_kbps * 1000),
            "bufsize": str(round(settings.video_kbps * 1000 * _VBV_S)),
            "sc_threshold": "0",
        }
        context.open()
    except (av.FFmpegError, ValueError) as error:
        raise EngineError(
            f"The H.264 encoder does not open for {settings.width}x{settings.height} at "
            f"{settings.fps:g} pictures a second: {error}.",
            code="engine.encoder",
            hint="Choose another size or rate, or reinstall the av package.",
        ) from error
    return context


def _describe(settings: EncodeSettings) -> TrackInfo:
    """The track, with its parameter sets taken from a second context that is never fed.

    They do not depend on the pictures, and receivers need them before the first one.
    """
    sps, pps = parameter_sets(bytes(_open(settings, headers_apart=True).extradata or b""))
    return TrackInfo(
        track="video",
        codec="h264",
        time_base=TIME_BASE,
        extradata=decoder_config(sps, pps),
        width=settings.width,
        height=settings.height,
        fps=settings.fps,
        bit_rate=settings.video_kbps * 1000,
    )
