"""The microphone: PortAudio's callback fills a ring, the show empties it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from capture.quiet import quiet_stderr
from flow.clock import NS_PER_MS, NS_PER_S, Clock
from flow.errors import DeviceError
from flow.media import AudioBlock
from flow.seams import Status
from flow.spec import F32

_RING_S = 2.0
_SILENT_NS = 2 * NS_PER_S
_BLOCK_MS = 10


class Ring:
    """A ring for one writer that never waits and one reader; sample counts never wrap.

    Only the writer changes `written`, only the reader `read`; both are single assignments.
    """

    def __init__(self, size: int) -> None:
        self._data = np.zeros(size, np.float32)
        self.written = 0
        self.read = 0
        self.lost = 0
        """Samples that were overwritten before anybody read them."""

    def put(self, samples: F32) -> None:
        """Add mono samples, overwriting the oldest."""
        size = len(self._data)
        samples = samples[-size:]
        at = self.written % size
        first = min(len(samples), size - at)
        self._data[at : at + first] = samples[:first]
        self._data[: len(samples) - first] = samples[first:]
        self.written += len(samples)

    def take(self) -> tuple[int, F32]:
        """(number of the first sample, samples) since the last call; a copy."""
        size = len(self._data)
        end = self.written
        # Keep a tenth away from the writer: it may be overwriting the oldest right now.
        begin = max(self.read, end - size * 9 // 10)
        self.lost += begin - self.read
        self.read = end
        index = np.arange(begin, end) % size
        return begin, self._data[index]


class Microphone:
    """A `flow.seams.SoundSource`. Mono; blocks are contiguous in samples and in stamps.

    Args:
        clock: The show's clock.
        device: Number or name of an input as `capture.devices.list_microphones` gives it.
        rate_hz: Samples a second.
        offset_ms: Added to every stamp: drivers do not say how late they are.
    """

    def __init__(
        self,
        clock: Clock,
        device: str | int | None = None,
        rate_hz: int = 48_000,
        offset_ms: float = 0.0,
    ) -> None:
        self._clock = clock
        self._device = int(device) if isinstance(device, str) and device.isdecimal() else device
        self._rate_hz = rate_hz
        self._offset_ns = int(offset_ms * NS_PER_MS)
        self._ring = Ring(int(_RING_S * rate_hz))
        self._stream: Any = None
        self._origin: int | None = None
        self._heard = 0
        self._overflows = 0
        self._level = 0.0
        self._stopped = False

    def start(self) -> None:
        """Open the microphone.

        Raises:
            DeviceError: ``device.no_audio_library``, ``device.no_microphone``,
                ``device.microphone_refused``.
        """
        sounddevice = load_sounddevice()
        self._heard = self._clock.now()
        try:
            with quiet_stderr():
                self._stream = sounddevice.InputStream(
                    samplerate=self._rate_hz,
                    device=self._device,
                    channels=1,
                    dtype="float32",
                    blocksize=self._rate_hz * _BLOCK_MS // 1000,
                    latency="low",
                    callback=self._on_block,
                )
                self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            self._stream = None
            raise _refused(sounddevice, self._device, error) from error

    def _on_block(self, samples: Any, _frames: int, _times: Any, flags: Any) -> None:
        """PortAudio's thread: no waiting, no logging, no allocation to speak of."""
        self._heard = self._clock.now()
        if self._origin is None:
            self._origin = self._heard - len(samples) * NS_PER_S // self._rate_hz
        self._overflows += bool(flags)
        self._ring.put(samples[:, 0])

    def read(self) -> Sequence[AudioBlock]:
        """All sound since the last call as at most one block."""
        first, samples = self._ring.take()
        if self._origin is None or not len(samples):
            return []
        self._level = float(np.abs(samples).max())
        born = self._origin + first * NS_PER_S // self._rate_hz + self._offset_ns
        return [AudioBlock(born, samples.reshape(-1, 1), self._rate_hz)]

    def status(self) -> Status:
        """Running; failed when no sound has come for two seconds."""
        numbers = {
            "lost_samples": float(self._ring.lost),
            "overflows": float(self._overflows),
            "level": self._level,
        }
        if self._stream is None or self._stopped:
            return Status("stopped", numbers=numbers)
        if self._clock.now() - self._heard > _SILENT_NS:
            return Status(
                "failed", "The microphone gives no sound.", "device.microphone_lost", numbers
            )
        return Status("running", numbers=numbers)

    def stop(self) -> None:
        """Close the microphone; idempotent."""
        self._stopped = True
        if self._stream is not None:
            stream, self._stream = self._stream, None
            stream.close()


def check_microphone(device: str | None = None, rate_hz: int = 48_000) -> None:
    """Raise what can be known about a microphone without listening to it.

    Raises:
        DeviceError: As `Microphone.start`.
    """
    sounddevice = load_sounddevice()
    chosen = int(device) if device is not None and device.isdecimal() else device
    try:
        with quiet_stderr():
            sounddevice.check_input_settings(
                device=chosen, channels=1, dtype="float32", samplerate=rate_hz
            )
    except (sounddevice.PortAudioError, ValueError) as error:
        raise _refused(sounddevice, chosen, error) from error


def load_sounddevice() -> Any:
    """The sounddevice module, imported as late as here: it opens PortAudio.

    Raises:
        DeviceError: ``device.no_audio_library``.
    """
    try:
        with quiet_stderr():
            import sounddevice
    except (OSError, ImportError) as error:
        raise DeviceError(
            "Sound devices cannot be used: the PortAudio library is missing.",
            code="device.no_audio_library",
            hint="On Debian and Ubuntu: apt install libportaudio2.",
        ) from error
    return sounddevice


def _refused(sounddevice: Any, device: str | int | None, error: Exception) -> DeviceError:
    try:
        inputs = [d for d in sounddevice.query_devices() if d["max_input_channels"] > 0]
    except sounddevice.PortAudioError:
        inputs = []
    if not inputs:
        return DeviceError(
            "This machine has no microphone.",
            code="device.no_microphone",
            hint="Plug one in, or let the show take its sound from a file.",
            retryable=True,
        )
    which = "The default microphone" if device is None else f"Microphone '{device}'"
    return DeviceError(
        f"{which} cannot be opened: {error}",
        code="device.microphone_refused",
        hint="mirrorstage devices lists the microphones of this machine.",
        retryable=True,
    )
