"""What is to be captured and how: plain data that crosses into the capture process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from capture.slices import Share
from flow.errors import ShowFileError

SourceKind = Literal["webcam", "file", "images", "network"]
Profile = Literal["face", "upper", "full"]
Schedule = Literal["auto", "turns", "threads", "every"]

_NETWORK = ("rtsp://", "rtsps://", "http://", "https://")
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """How a capture process works.

    Attributes:
        source: ``webcam``, ``webcam:1``, ``webcam:/dev/video2``, ``file:PATH``,
            ``images:FOLDER_OR_PATTERN``, or an ``rtsp(s)://`` or ``http(s)://`` camera.
        width: Wanted picture width in pixels (cameras only).
        height: Wanted picture height in pixels (cameras only).
        fps: Wanted pictures a second (cameras), and the pace of an image sequence.
        mirrored: Whether the avatar should move like a mirror image.
        loop: Whether a file begins again at its end.
        profile: What is tracked: the face; face, upper body and hands; or everything.
        schedule: ``turns``: face on every picture, body and hands in turn on one core;
            ``threads``: face beside body and hands on two; ``every``: all on every picture;
            ``auto``: the best this machine has room for.
        models_dir: Where the network files are; the user's folder when None.
        realtime: Whether a file plays in its own time. Otherwise every picture is processed,
            as fast as possible, and `captured` stamps follow the file's times.
        share: The slices of a recording to work on when several processes do; for files that do
            not play in their own time.
        landmarks: Whether the 478 points of a face leave the capture process.
    """

    source: str = "webcam"
    width: int = 1280
    height: int = 720
    fps: float = 30.0
    mirrored: bool = False
    loop: bool = True
    profile: Profile = "full"
    schedule: Schedule = "auto"
    models_dir: str | None = None
    realtime: bool = True
    landmarks: bool = False
    share: Share | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where pictures come from: the parsed `CaptureSettings.source`."""

    kind: SourceKind
    target: str

    @property
    def shown(self) -> str:
        """The target for messages, without user names and passwords."""
        return _SECRET.sub("", self.target)


def origin_of(source: str) -> Origin:
    """The parsed `source`.

    Raises:
        ShowFileError: ``show.source`` when it is none of the known forms.
    """
    if source.startswith(_NETWORK) and source.partition("://")[2].strip("/"):
        return Origin("network", source)
    kind, _, target = source.partition(":")
    if kind == "webcam":
        return Origin("webcam", target or "0")
    if kind == "file" and target:
        return Origin("file", target)
    if kind == "images" and target:
        return Origin("images", target)
    raise ShowFileError(
        f"'{source}' is not a picture source.",
        code="show.source",
        hint="Use webcam, webcam:1, file:PATH, images:FOLDER, rtsp://... or http://...",
    )
