"""Where to look for the face and the hands, from what is known of the performer.

Points are picture fractions; windows are pixels. Indices are MediaPipe's pose and hand orders.
"""

from __future__ import annotations

import numpy as np

from capture.crop import Window, square
from flow.spec import F32

SEEN = 0.4
"""Visibility from which a pose landmark is believed."""

_NOSE, _EARS, _SHOULDERS = 0, [7, 8], [11, 12]
_HEAD = list(range(11))
_ARMS = {True: (15, 13, [17, 19]), False: (16, 14, [18, 20])}
"""Is it the left hand? → wrist, elbow, knuckles of little and index finger."""

FACE_WINDOW = 2.2
"""Side of the face's window in face sizes."""

_HEAD_TO_FACE = 1.7
"""Height of a face over the spread of the pose's eleven head points (ear to ear, eye to mouth)."""

_HAND_WINDOW = 2.2


def face_window_from_face(points: F32, width: int, height: int) -> Window:
    """Around a face that was found in the picture before."""
    low, high = _bounds(points, width, height)
    x, y = (low + high) / 2
    return square(float(x), float(y), FACE_WINDOW * float((high - low).max()))


def face_window_from_body(points: F32, width: int, height: int) -> Window:
    """Around the head of a body."""
    low, high = _bounds(points[_HEAD], width, height)
    x, y = (low + high) / 2
    shoulders = points[_SHOULDERS, :2] * (width, height)
    # Seen from the side the head points lie close together: the shoulders keep the size honest.
    breadth = float(np.linalg.norm(shoulders[0] - shoulders[1]))
    size = max(_HEAD_TO_FACE * float((high - low).max()), 0.45 * breadth)
    return square(float(x), float(y), FACE_WINDOW * size)


def hand_is_in_view(points: F32, visibility: F32, *, left: bool) -> bool:
    """Whether the pose says that this wrist can be seen."""
    wrist = _ARMS[left][0]
    x, y = points[wrist, :2]
    margin = 0.1
    inside = -margin < x < 1 + margin and -margin < y < 1 + margin
    return bool(visibility[wrist] >= SEEN and inside)


def hand_window_from_body(points: F32, width: int, height: int, *, left: bool) -> Window:
    """Around the hand that a body's arm ends in."""
    wrist, elbow, knuckles = _ARMS[left]
    pixels = points[:, :2] * np.array((width, height), np.float32)
    middle = pixels[knuckles].mean(axis=0)
    palm = float(np.linalg.norm(middle - pixels[wrist]))
    forearm = float(np.linalg.norm(pixels[elbow] - pixels[wrist]))
    breadth = float(np.linalg.norm(pixels[11] - pixels[12]))
    # A hand that points at the camera has a short palm and forearm; the shoulders do not shrink.
    side = max(4.0 * palm, 1.1 * forearm, 0.7 * breadth)
    x, y = pixels[wrist] + 1.2 * (middle - pixels[wrist])
    return square(float(x), float(y), side)


def hand_window_from_hand(
    points: F32, moved: F32, width: int, height: int, *, at_least: float
) -> Window:
    """Around a hand that was found a moment before, and whose wrist has `moved` since.

    Args:
        points: (21, 3) picture fractions.
        moved: (2,) picture fractions that the body's wrist has gone since then.
        width: Of the picture.
        height: Of the picture.
        at_least: Smallest side in pixels: a hand seen from its edge looks small.
    """
    low, high = _bounds(points, width, height)
    x, y = (low + high) / 2 + moved * np.array((width, height), np.float32)
    return square(float(x), float(y), max(_HAND_WINDOW * float((high - low).max()), at_least))


def wrist(body: F32, *, left: bool) -> F32:
    """(2,) the body's wrist in picture fractions."""
    return body[_ARMS[left][0], :2]


def belongs(hand: F32, body: F32, window: Window, width: int, height: int, *, left: bool) -> bool:
    """Whether a found hand hangs on this arm: nearer to its wrist than to the other one."""
    size = np.array((width, height), np.float32)
    at = hand[0, :2] * size
    own = float(np.linalg.norm(body[_ARMS[left][0], :2] * size - at))
    other = float(np.linalg.norm(body[_ARMS[not left][0], :2] * size - at))
    return own < 0.6 * window.width and own <= 1.5 * other


def _bounds(points: F32, width: int, height: int) -> tuple[F32, F32]:
    pixels = points[:, :2] * np.array((width, height), np.float32)
    return pixels.min(axis=0), pixels.max(axis=0)
