"""Encode once, hand the same packets to everyone.

The show's loop offers pictures and sound; one thread encodes them and pushes each packet to each
output. Nobody waits for anybody: the loop is told at once when the encoder is busy (skipped), and
an output that cannot keep up loses packets in its own queue (dropped).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import ParamSpec

from flow.clock import NS_PER_MS, NS_PER_S, Clock
from flow.media import AudioBlock, Packet, TrackInfo, VideoFrame
from flow.meter import Meter
from flow.seams import PacketOutput, Status
from stream.audio_encoder import AudioEncoder
from stream.fanout import Fanout
from stream.settings import EncodeSettings
from stream.video_encoder import VideoEncoder

P = ParamSpec("P")

RING = 2
"""Pictures that may wait while one is being encoded."""
SOUND_BLOCKS = 512
"""Blocks that may wait (10 s of 20 ms): only a stuck encoder gets there; the oldest are lost."""
SILENCE_AFTER_NS = 500 * NS_PER_MS
"""Sound this far behind the picture is taken to be missing and replaced by silence."""


class Hub:
    """The encode thread, its two encoders and the outputs. All methods may come from any thread.

    Outputs that were added before `start` are started by it; later ones by `add`, and they get a
    key frame with the next picture.
    """

    def __init__(self, settings: EncodeSettings, *, clock: Clock, meter: Meter) -> None:
        self.settings = settings
        self._clock = clock
        self._meter = meter
        self._fanout = Fanout(meter)
        self._frames: deque[VideoFrame] = deque()
        self._sounds: deque[AudioBlock] = deque(maxlen=SOUND_BLOCKS)
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._video: VideoEncoder | None = None
        self._audio: AudioEncoder | None = None
        self._stopping = False
        self._shape = (settings.height * 3 // 2, settings.width)
        self.tracks: tuple[TrackInfo, ...] = ()
        self.last_fault = ""
        """What the newest error of an encoder was; `counters.errors` says how many."""

    def add(self, name: str, output: PacketOutput) -> None:
        """Give `output` the packets from the next key frame on.

        Raises:
            OutputError: when the show runs and the output cannot start; it is not added then.
        """
        self._fanout.add(name, output)
        self.force_keyframe()

    def remove(self, name: str, timeout_s: float = 3.0) -> None:
        """End one output; unknown names are ignored."""
        self._fanout.remove(name, timeout_s)

    def start(self, origin: int) -> None:
        """Open the encoders, start the outputs and the thread. `origin` (ns) has time stamp 0.

        Raises:
            EngineError: when an encoder does not open.
            OutputError: when an output cannot start; those already started are ended again.
        """
        self._video = VideoEncoder(self.settings, self._meter, origin=origin)
        self._audio = AudioEncoder(self.settings, self._meter, origin=origin)
        self.tracks = (self._video.track, self._audio.track)
        self._fanout.start(self.tracks)
        self._thread = threading.Thread(target=self._run, name="encode", daemon=True)
        self._thread.start()

    def offer(self, frame: VideoFrame) -> bool:
        """Hand over a picture; False when the encoder is still busy with earlier ones (skipped).

        The frame's memory must stay untouched until the hub lets go of the frame.
        """
        if frame.i420.shape != self._shape:
            self._meter.counters.errors += 1
            return False
        with self._wake:
            if self._thread is None or self._stopping:
                return False
            if len(self._frames) >= RING:
                self._meter.counters.skipped += 1
                return False
            self._frames.append(frame)
            self._wake.notify()
        return True

    def offer_sound(self, block: AudioBlock) -> None:
        """Hand over sound; its place is given by its birth time."""
        with self._wake:
            if self._thread is not None and not self._stopping:
                self._sounds.append(block)
                self._wake.notify()

    def force_keyframe(self) -> None:
        """Make the next picture a key frame."""
        if self._video is not None:
            self._video.force_keyframe()

    def set_bit_rate(self, kbps: int) -> None:
        """Change the video rate of the running show."""
        if self._video is not None:
            self._video.set_bit_rate(kbps)

    def status(self) -> dict[str, Status]:
        """How each output is doing; also brings `counters.dropped` up to date."""
        return self._fanout.status()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Encode what was offered, flush the encoders, end the outputs. Idempotent."""
        deadline = self._clock.now() + round(timeout_s * NS_PER_S)
        with self._wake:
            self._stopping = True
            self._wake.notify()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout_s)
        left_s = max(0.5, (deadline - self._clock.now()) / NS_PER_S)
        self._fanout.stop(left_s)

    def _run(self) -> None:
        """The encode thread."""
        assert self._video is not None
        assert self._audio is not None
        video, audio = self._video, self._audio
        ended = 0
        while True:
            with self._wake:
                while not (self._frames or self._sounds or self._stopping):
                    self._wake.wait()
                frame = self._frames.popleft() if self._frames else None
                sounds = list(self._sounds)
                self._sounds.clear()
                if frame is None and not sounds:
                    break  # stopping, and everything offered is encoded
            for block in sounds:
                self._fanout.push(self._attempt(audio.encode, block))
            if frame is not None:
                ended = frame.due + round(NS_PER_S / self.settings.fps)
                self._encode_picture(video, frame)
                self._fanout.push(self._attempt(audio.fill_to, frame.due - SILENCE_AFTER_NS))
                del frame  # its memory goes back to the renderer before we wait
        self._fanout.push(self._attempt(audio.fill_to, ended))
        self._fanout.push(self._attempt(audio.flush))
        self._fanout.push(self._attempt(video.flush))

    def _encode_picture(self, video: VideoEncoder, frame: VideoFrame) -> None:
        packets = self._attempt(video.encode, frame)
        if not packets:
            return
        now = self._clock.now()
        frame.trace.encoded = now
        if frame.trace.captured:
            self._meter.series("latency.captured_to_encoded").add(now - frame.trace.captured)
        self._meter.series("latency.due_to_encoded").add(now - frame.due)
        self._fanout.push(packets)

    def _attempt(
        self, encode: Callable[P, Sequence[Packet]], *args: P.args, **kwargs: P.kwargs
    ) -> Sequence[Packet]:
        """The packets of one call; a bad picture or block is counted and the show goes on."""
        try:
            return encode(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the border of the encode thread
            self._meter.counters.errors += 1
            self.last_fault = f"{type(error).__name__}: {error}"
            return ()
