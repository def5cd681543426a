"""A recording that the user names, to be measured and looked at beside what was made of it.

This is the one way by which pictures reach anything but the tracker. It opens files and picture
sequences, never a camera (docs/decisions/privacy.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from capture.picture import Picture
from capture.recorded import check_recorded, list_images, open_recorded
from capture.settings import CaptureSettings, origin_of
from flow.clock import Clock
from flow.errors import ShowFileError
from flow.paths import user_path

_WAIT_S = 1.0
_NEARLY, _SLACK_S = 0.98, 0.3
"""What a recording says of its length is rounded, and sound may be longer than pictures."""


@dataclass(frozen=True, slots=True)
class Length:
    """What a recording says of itself; 0 is unknown."""

    pictures: int = 0
    seconds: float = 0.0
    fps: float = 0.0

    def missing(self, until_s: float) -> str:
        """What is missing when the last picture ended at `until_s`, as a sentence, or empty."""
        if until_s >= self.seconds * _NEARLY - _SLACK_S:
            return ""
        return (
            f"Only the first {until_s:.1f} s of {self.seconds:.1f} s could be read: "
            "the video was cut off."
        )


def length_of(settings: CaptureSettings) -> Length:
    """How long a recording says it is; everything is 0 for a camera.

    Raises:
        ShowFileError: ``show.source``.
        AssetError: As `check_recorded`.
    """
    origin = origin_of(settings.source)
    if origin.kind == "images":
        images = len(list_images(origin.target))
        return Length(images, images / settings.fps, settings.fps)
    if origin.kind != "file":
        return Length()
    import cv2

    check_recorded(origin)
    video = cv2.VideoCapture(str(user_path(origin.target)), cv2.CAP_FFMPEG)
    try:
        count, fps = video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FPS)
    finally:
        video.release()
    if not (math.isfinite(count) and math.isfinite(fps) and count > 0 and fps > 0):
        return Length()
    return Length(int(count), count / fps, fps)


def pictures_of(settings: CaptureSettings, clock: Clock) -> Iterator[Picture]:
    """Every picture of a recording in order, the same that the tracker gets, as fast as asked.

    Raises:
        ShowFileError: ``take.no_film`` for a camera.
        AssetError: As `open_recorded`.
    """
    origin = origin_of(settings.source)
    if origin.kind not in ("file", "images"):
        raise ShowFileError(
            f"'{settings.source}' is no recording.",
            code="take.no_film",
            hint="Only files that you name are shown; a camera's pictures stay where they are.",
        )
    film = open_recorded(origin, settings, clock)
    try:
        while not film.ended:
            picture = film.read(_WAIT_S)
            if picture is not None:
                yield picture
    finally:
        film.close()
