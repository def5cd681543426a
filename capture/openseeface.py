"""OpenSeeFace's packets (emilianavt/OpenSeeFace, facetracker.py): another program's faces.

Little-endian, 1785 bytes a face, any number of faces in a packet. Its faces are landmarks, a head's
turn and measures of lids, brows and mouth in -1..1 that it scales to each performer; they are
made into the shapes that such measures can tell.
"""

from __future__ import annotations

import math

import numpy as np

from capture.inbox import LOOPBACK, Address, Inbox
from flow.clock import Clock
from flow.motion import ARKIT_INDEX, LOOKED_FACE, FaceSample, MotionFrame
from flow.seams import Status
from flow.spec import F32

PORT = 11573
_FEATURES = (
    "eyeL", "eyeR", "browSteepL", "browUpL", "browQuirkL", "browSteepR", "browUpR", "browQuirkR",
    "cornerDownL", "cornerInL", "cornerDownR", "cornerInR", "open", "wide",
)  # fmt: skip
FACE = np.dtype([
    ("time", "<f8"), ("id", "<i4"), ("size", "<f4", 2), ("eyes_open", "<f4", 2), ("found", "u1"),
    ("error", "<f4"), ("turn", "<f4", 4), ("euler", "<f4", 3), ("place", "<f4", 3),
    ("confidence", "<f4", 68), ("points", "<f4", (68, 2)), ("points_3d", "<f4", (70, 3)),
    ("features", "<f4", len(_FEATURES)),
])  # fmt: skip
"""One face: eyes right then left, points as picture x and y in pixels."""

_LARGEST_FACES = 16
_EYE_CORNERS = (36, 45)
_CORNERS_M = 0.09
"""Between the outer corners of a grown-up's eyes."""
_FOCAL = 0.5 / math.tan(math.radians(63.0 / 2))
"""Focal length over picture height, as everywhere in capture."""
_NEUTRAL = np.array([-1.0, -1.0, 0.0, 0.0]) / math.sqrt(2.0)
_SHORTEST, _FARTHEST_M = 0.5, 20.0
_FEATURE = {name: i for i, name in enumerate(_FEATURES)}
_I = ARKIT_INDEX


def faces(packet: bytes) -> np.ndarray[tuple[int], np.dtype[np.void]] | None:
    """The faces of a packet, or None when it is none of this kind."""
    size = FACE.itemsize
    if not packet or len(packet) % size or len(packet) > size * _LARGEST_FACES:
        return None
    return np.frombuffer(packet, FACE)


def sample_of(face: np.void) -> FaceSample | None:
    """One face, or None when it was not found or has numbers that none has."""
    width, height = (float(v) for v in face["size"])
    parts = (face["turn"], face["points"], face["features"], face["eyes_open"])
    if not face["found"] or not all(np.isfinite(p).all() for p in parts):
        return None
    if not (1.0 <= width <= 1e5 and 1.0 <= height <= 1e5):  # noqa: PLR2004
        return None
    matrix = np.eye(4, dtype=np.float32)
    rotation = head_rotation(face["turn"].astype(np.float64))
    place = _place(face["points"].astype(np.float64), width, height)
    if rotation is None or place is None:
        return None
    matrix[:3, :3], matrix[:3, 3] = rotation, place
    return FaceSample(None, weights_of(face), matrix)


def head_rotation(turn: F32 | np.ndarray[tuple[int], np.dtype[np.float64]]) -> F32 | None:
    """(3, 3) of `FaceSample.camera_from_head` from its raw quaternion (xyzw of solvePnP).

    A face that looks into the lens has (1, 1, 0, 0)/√2: rows and columns are exchanged there, and
    y and z point away. Signs were held against the landmarks of recorded faces.
    """
    size = float(np.linalg.norm(turn))
    if not _SHORTEST < size < 1.0 / _SHORTEST:
        return None
    x, y, z, w = (float(v) / size for v in turn)
    nx, ny, nz, nw = _NEUTRAL
    # (-y, -x, z, w) times the conjugate of the neutral, in Unity's axes; then mirrored in X.
    ax, ay, az, aw, bx, by, bz, bw = -y, -x, z, w, -nx, -ny, -nz, nw
    qx = aw * bx + ax * bw + ay * bz - az * by
    qy = -(aw * by - ax * bz + ay * bw + az * bx)
    qz = -(aw * bz + ax * by - ay * bx + az * bw)
    qw = aw * bw - ax * bx - ay * by - az * bz
    return np.array(
        [
            [1 - 2 * (qy * qy + qz * qz), 2 * (qx * qy - qz * qw), 2 * (qx * qz + qy * qw)],
            [2 * (qx * qy + qz * qw), 1 - 2 * (qx * qx + qz * qz), 2 * (qy * qz - qx * qw)],
            [2 * (qx * qz - qy * qw), 2 * (qy * qz + qx * qw), 1 - 2 * (qx * qx + qy * qy)],
        ],
        np.float32,
    )


def _place(
    points: np.ndarray[tuple[int, int], np.dtype[np.float64]], width: float, height: float
) -> F32 | None:
    """(3,) the head in the camera's frame, by how far apart the eyes' outer corners look."""
    corners = points[list(_EYE_CORNERS)]
    apart = float(np.linalg.norm(corners[0] - corners[1]))
    if apart < 1.0:
        return None
    focal = _FOCAL * height
    away = focal * _CORNERS_M / apart
    x, y = corners.mean(axis=0) - (0.5 * width, 0.5 * height)
    place = np.array([x / focal * away, -y / focal * away, -away])
    return place.astype(np.float32) if np.abs(place).max() < _FARTHEST_M else None


def weights_of(face: np.void) -> F32:
    """(52,) what lids, brows and mouth can be told to do; the rest is 0."""
    values = np.clip(face["features"].astype(np.float64), -1.0, 1.0)
    said = {name: float(values[i]) for name, i in _FEATURE.items()}
    right, left = np.clip(face["eyes_open"].astype(np.float64), 0.0, 1.0).tolist()
    out = np.zeros(len(_I), np.float32)
    out[_I["eyeBlinkLeft"]], out[_I["eyeBlinkRight"]] = 1.0 - left, 1.0 - right
    raised = 0.0
    for side, s in (("Left", "L"), ("Right", "R")):
        brow, corner = said["browUp" + s], said["cornerDown" + s]
        out[_I["browOuterUp" + side]] = 0.7 * max(brow, 0.0)
        out[_I["browDown" + side]] = 0.6 * max(-brow, 0.0)
        out[_I["mouthSmile" + side]] = 0.6 * max(-corner, 0.0)
        out[_I["mouthFrown" + side]] = 0.15 * max(corner, 0.0)
        out[_I["mouthStretch" + side]] = 0.2 * max(said["wide"], 0.0)
        raised += 0.5 * max(brow, 0.0)
    out[_I["browInnerUp"]] = 0.5 * raised
    out[_I["jawOpen"]] = 0.7 * max(said["open"], 0.0)
    out[_I["mouthPucker"]] = 0.5 * max(-said["wide"], 0.0)
    return out


class OpenSeeFaceSource:
    """A `flow.seams.MotionSource`: one face of OpenSeeFace's.

    Args:
        clock: The show's.
        port: UDP port to listen at.
        host: Address to listen at.
        face: Which of its faces (0 is the first it found).
    """

    def __init__(
        self, clock: Clock, *, port: int = PORT, host: str = LOOPBACK, face: int = 0
    ) -> None:
        self.inbox = Inbox("OpenSeeFace", host, port, clock)
        self._clock = clock
        self._face = face
        self._seq = 0
        self._heard = False
        self._sample: FaceSample | None = None
        self._aspect = 1.0
        self._unusable = 0

    def start(self) -> None:
        """Listen.

        Raises:
            DeviceError: ``device.port``.
        """
        self.inbox.open()

    def poll(self) -> MotionFrame | None:
        """The newest face since the last call; a frame without one says that it was lost."""
        self._heard, self._sample = False, None
        self.inbox.drain(self._hear)
        if not self._heard:
            return None
        self._seq += 1
        return MotionFrame(
            self._seq,
            self._clock.now(),
            self._aspect,
            face=self._sample,
            looked_for=LOOKED_FACE,
        )

    def _hear(self, packet: bytes, sender: Address) -> bool:  # noqa: ARG002
        found = faces(packet)
        if found is None:
            return False
        for face in found:
            if int(face["id"]) != self._face:
                continue
            self._heard = True
            self._sample = sample_of(face)
            if self._sample is not None:
                self._aspect = float(face["size"][0] / face["size"][1])
            elif face["found"]:
                self._unusable += 1
        return True

    def status(self) -> Status:
        """Who sends how much."""
        return self.inbox.status({"unusable": self._unusable})

    def stop(self) -> None:
        """End; idempotent."""
        self.inbox.close()
