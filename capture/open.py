"""From the words of a source to opened pictures: a file, a sequence, a webcam, a network camera."""

from __future__ import annotations

from capture.live import open_live
from capture.picture import PictureSource
from capture.recorded import open_recorded
from capture.settings import CaptureSettings, origin_of
from flow.clock import Clock, MonotonicClock


def open_pictures(settings: CaptureSettings, clock: Clock | None = None) -> PictureSource:
    """The source that `settings` asks for, opened.

    Raises:
        ShowFileError: ``show.source``.
        AssetError: ``asset.missing``, ``asset.unreadable_video``, ``asset.unreadable_picture``.
        DeviceError: ``device.no_camera``, ``device.camera_busy``, ``device.camera_denied``,
            ``device.camera_unreachable``.
    """
    clock = clock or MonotonicClock()
    origin = origin_of(settings.source)
    if origin.kind in ("file", "images"):
        return open_recorded(origin, settings, clock)
    return open_live(origin, settings, clock)
