"""Pictures and where they come from: one small protocol, four kinds of source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from capture.settings import CaptureSettings, origin_of
from flow.clock import Clock, MonotonicClock
from flow.spec import U8


@dataclass(frozen=True, slots=True)
class Picture:
    """One camera picture. Memory belongs to the receiver."""

    pixels: U8
    """(height, width, 3), BGR, unmirrored."""
    captured: int
    """Birth in nanoseconds."""


class PictureSource(Protocol):
    """Gives the newest picture. Used from one thread of the capture process."""

    def read(self, timeout_s: float) -> Picture | None:
        """The newest unread picture, or None when there is none within `timeout_s`.

        Raises:
            DeviceError: The camera is gone for good.
            AssetError: The file turned out to have no readable pictures.
        """
        ...

    @property
    def ended(self) -> bool:
        """Whether no picture will come any more."""
        ...

    @property
    def trouble(self) -> str:
        """What is wrong at the moment (a camera being reopened), or empty."""
        ...

    @property
    def skipped(self) -> int:
        """Pictures that nobody had time to read."""
        ...

    def close(self) -> None:
        """Give the device back; idempotent."""
        ...


def open_pictures(settings: CaptureSettings, clock: Clock | None = None) -> PictureSource:
    """The source that `settings` asks for, opened.

    Raises:
        ShowFileError: ``source.unknown``.
        AssetError: ``asset.missing``, ``asset.unreadable_video``, ``asset.unreadable_picture``.
        DeviceError: ``device.no_camera``, ``device.camera_busy``, ``device.camera_denied``,
            ``device.camera_unreachable``.
    """
    clock = clock or MonotonicClock()
    origin = origin_of(settings.source)
    if origin.kind in ("file", "images"):
        from capture.recorded import open_recorded

        return open_recorded(origin, settings, clock)
    from capture.live import open_live

    return open_live(origin, settings, clock)
