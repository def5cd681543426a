"""MediaPipe's three landmarkers, each as one call from an RGB picture to arrays.

Every landmarker must be closed: one that is garbage-collected while another is being made can
hang the process. Stamps must rise strictly for each; `_Stamps` takes care of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flow.clock import NS_PER_MS
from flow.errors import EngineError
from flow.motion import ARKIT_INDEX
from flow.spec import F32, U8


@dataclass(frozen=True, slots=True)
class RawFace:
    """A face in fractions of the picture it was looked for in."""

    points: F32
    weights: F32 | None
    """(52,) in ARKit order; None when the network has no expression part."""


@dataclass(frozen=True, slots=True)
class RawBody:
    """A body: metres around the hips, and fractions of the picture."""

    points: F32
    image_points: F32
    visibility: F32


@dataclass(frozen=True, slots=True)
class RawHand:
    """A hand: metres around its middle, and fractions of the picture it was looked for in."""

    points: F32
    image_points: F32
    is_left: bool
    score: float


class _Stamps:
    def __init__(self) -> None:
        self._last = -1

    def next(self, captured: int) -> int:
        self._last = max(self._last + 1, captured // NS_PER_MS)
        return self._last


class _Persistent:
    """Looks a second time when what was followed is lost.

    A net in video mode that loses what it followed answers "nothing" for that picture and searches
    only in the next. At ten looks a second, in windows that jump now and then, that is a long
    time: asking again at once makes it search in the same picture.
    """

    def __init__(self, net: Any) -> None:
        self._net = net
        self._stamps = _Stamps()
        self._following = False

    def ask(self, rgb: U8, captured: int, is_empty: Callable[[Any], bool]) -> Any:
        image = _image(rgb)
        result = self._net.detect_for_video(image, self._stamps.next(captured))
        if self._following and is_empty(result):
            result = self._net.detect_for_video(image, self._stamps.next(captured))
        self._following = not is_empty(result)
        return None if is_empty(result) else result

    def close(self) -> None:
        self._net.close()


def _options(path: Path, vision: Any) -> dict[str, Any]:
    from mediapipe.tasks.python.core.base_options import BaseOptions

    # A buffer rather than a path: MediaPipe resolves paths its own way (spaces, Windows drives).
    return {
        "base_options": BaseOptions(model_asset_buffer=path.read_bytes()),
        "running_mode": vision.RunningMode.VIDEO,
    }


def _make(kind: str, path: Path, **more: Any) -> Any:
    try:
        from mediapipe.tasks.python import vision

        options = getattr(vision, kind + "Options")(**_options(path, vision), **more)
        return getattr(vision, kind).create_from_options(options)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        raise EngineError(
            f"The tracker cannot load {path.name}: {error}",
            code="engine.tracker",
            hint="On Debian and Ubuntu: apt install libegl1 libgles2. "
            "Damaged model files: mirrorstage models fetch.",
        ) from error


def _image(rgb: U8) -> Any:
    import mediapipe as mp

    return mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))


def _array(landmarks: Any) -> F32:
    return np.array([(p.x, p.y, p.z) for p in landmarks], np.float32)


class FaceNet:
    """One face: 478 points, and weights when the model file is `complete`."""

    def __init__(self, path: Path, *, complete: bool) -> None:
        net = _make(
            "FaceLandmarker",
            path,
            num_faces=1,
            output_face_blendshapes=complete,
        )
        self._net = _Persistent(net)

    def find(self, rgb: U8, captured: int) -> RawFace | None:
        """The face in `rgb`, or None."""
        result = self._net.ask(rgb, captured, lambda r: not r.face_landmarks)
        if result is None:
            return None
        weights = None
        if result.face_blendshapes:
            weights = np.zeros(len(ARKIT_INDEX), np.float32)
            for category in result.face_blendshapes[0]:
                index = ARKIT_INDEX.get(category.category_name)
                if index is not None:  # "_neutral" is not ARKit's; tongueOut never comes: 0
                    weights[index] = category.score
        return RawFace(_array(result.face_landmarks[0]), weights)

    def close(self) -> None:
        """Free the network."""
        self._net.close()


class BodyNet:
    """One body: 33 points."""

    def __init__(self, path: Path) -> None:
        self._net = _Persistent(_make("PoseLandmarker", path, num_poses=1))

    def find(self, rgb: U8, captured: int) -> RawBody | None:
        """The body in `rgb`, or None."""
        result = self._net.ask(rgb, captured, lambda r: not r.pose_landmarks)
        if result is None:
            return None
        landmarks = result.pose_landmarks[0]
        visibility = np.array([p.visibility or 0.0 for p in landmarks], np.float32)
        return RawBody(_array(result.pose_world_landmarks[0]), _array(landmarks), visibility)

    def close(self) -> None:
        """Free the network."""
        self._net.close()


class HandNet:
    """One hand: 21 points, and which hand it looks like."""

    def __init__(self, path: Path) -> None:
        self._net = _Persistent(_make("HandLandmarker", path, num_hands=1))

    def find(self, rgb: U8, captured: int) -> RawHand | None:
        """The hand in `rgb`, or None."""
        result = self._net.ask(rgb, captured, lambda r: not r.hand_landmarks)
        if result is None:
            return None
        side = result.handedness[0][0]
        return RawHand(
            _array(result.hand_world_landmarks[0]),
            _array(result.hand_landmarks[0]),
            # Right for pictures that are not mirrored.
            side.category_name == "Left",
            float(side.score),
        )

    def close(self) -> None:
        """Free the network."""
        self._net.close()
