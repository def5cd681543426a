"""A computed performer: greets, explains, presents; talks, blinks, looks. Always the same.

For shows without a camera, for takes that are ours, and for tests that need complete motion with
known truth. The performance repeats every `PERIOD_S` without a seam.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from capture import puppet
from capture.puppet import Arm, Figure
from capture.puppet_face import face_points
from flow.clock import NS_PER_S, Clock
from flow.motion import ARKIT_INDEX, BodySample, FaceSample, HandSample, MotionFrame
from flow.seams import Status
from flow.spec import F32

PERIOD_S = 12.0
ASPECT = 16 / 9
_FOCAL = 0.5 / math.tan(math.radians(63.0 / 2))
"""Focal length over picture height; 63 degrees as everywhere in capture."""

_PLACE = np.array((0.0, -0.20, -2.0), np.float32)
"""The hips in the OpenGL camera frame (metres)."""

_FPS = 30.0


def _v(*values: float) -> F32:
    return np.array(values, np.float32)


# Directions are (out, up, front). The palm looks along the third.
_READY = (_v(0.22, -0.95, 0.08), _v(-0.42, 0.05, 0.90), _v(-0.75, -0.25, 0.1))
_WAVE = (_v(0.72, -0.50, 0.38), _v(0.22, 0.95, 0.22), _v(-0.05, 0.0, 1.0))
_EXPLAIN = (_v(0.34, -0.86, 0.30), _v(0.16, 0.30, 0.92), _v(-0.55, 0.83, 0.0))
_PRESENT = (_v(0.74, -0.62, 0.26), _v(0.80, 0.28, 0.52), _v(-0.15, 0.95, 0.25))


def frame_at(time_s: float, seq: int = 0, captured: int = 0, seed: int = 0) -> MotionFrame:
    """The performance at `time_s`; everything is seen. `seed` chooses when the eyes blink."""
    t = time_s % PERIOD_S
    weights = _weights(t, seed)
    figure = _figure(t)
    offset = _PLACE + _v(0.02 * _wave(t, 2), 0.004 * _wave(t, 4), 0.0)
    camera_from_head = figure.head.copy()
    camera_from_head[:3, 3] += offset
    in_camera = face_points(weights) @ camera_from_head[:3, :3].T + camera_from_head[:3, 3]
    face = FaceSample(_picture(in_camera, camera_from_head[:3, 3]), weights, camera_from_head)
    body = BodySample(
        _image_axes(figure.body),
        _picture(figure.body + offset, offset),
        np.full(len(figure.body), 0.98, np.float32),
    )
    hands = {
        side: HandSample(
            _image_axes(hand - hand[0]), _picture(hand + offset, hand[0] + offset), 0.97
        )
        for side, hand in figure.hands.items()
    }
    return MotionFrame(seq, captured, ASPECT, face, body, hands["left"], hands["right"])


def performance(seconds: float, fps: float = _FPS, seed: int = 0) -> Iterable[MotionFrame]:
    """The frames of `seconds`, stamped from 0 on."""
    for seq in range(round(seconds * fps)):
        yield frame_at(seq / fps, seq, round(seq * NS_PER_S / fps), seed)


class SyntheticSource:
    """A `flow.seams.MotionSource` that performs for ever, 30 frames a second."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self._clock = clock
        self._seed = seed
        self._begin: int | None = None
        self._seq = -1

    def start(self) -> None:
        """Begin the performance now."""
        self._begin = self._clock.now()

    def poll(self) -> MotionFrame | None:
        """The frame that is due, once."""
        if self._begin is None:
            return None
        seq = int((self._clock.now() - self._begin) * _FPS / NS_PER_S)
        if seq == self._seq:
            return None
        self._seq = seq
        captured = self._begin + round(seq * NS_PER_S / _FPS)
        return frame_at(seq / _FPS, seq, captured, self._seed)

    def status(self) -> Status:
        """Running since `start`."""
        return Status("stopped" if self._begin is None else "running")

    def stop(self) -> None:
        """End."""
        self._begin = None


def _wave(t: float, cycles: int, phase: float = 0.0) -> float:
    """A sine with a whole number of cycles in the period: no seam."""
    return math.sin(2 * math.pi * (cycles * t / PERIOD_S + phase))


def _during(t: float, begin: float, end: float, ease: float = 0.7) -> float:
    """1 from `begin` to `end`, easing in after and out before (smootherstep)."""
    x = min((t - begin) / ease, (end - t) / ease, 1.0)
    x = max(x, 0.0)
    return x * x * x * (x * (6 * x - 15) + 10)


def _figure(t: float) -> Figure:
    wave = _during(t, 0.6, 3.8)
    explain = _during(t, 3.6, 7.2)
    present = _during(t, 7.0, 10.6)
    beat = _wave(t, 14)
    waving = _v(0.38 * _wave(t, 20) * wave, 0.0, 0.0)
    right = _arm(
        [(_WAVE, wave), (_EXPLAIN, explain)], waving + _v(0.16, 0.20, 0.06) * (explain * beat)
    )
    left = _arm(
        [(_EXPLAIN, explain), (_PRESENT, present)],
        _v(0.14, 0.22, 0.05) * (explain * _wave(t, 14, 0.35))
        + _v(0.05, 0.06, 0.0) * present * beat,
    )
    easy = 0.30 + 0.06 * _wave(t, 3)
    curl_right = np.full(5, easy * (1 - wave) + 0.03 * wave, np.float32)
    curl_left = np.full(5, easy * (1 - present) + 0.06 * present, np.float32)
    # Counting on the right hand while explaining: one finger after the other closes and opens.
    for finger in range(1, 5):
        curl_right[finger] += 0.45 * explain * max(0.0, _wave(t, 6, -0.08 * finger))
        curl_left[finger] += 0.12 * explain * max(0.0, _wave(t, 7, 0.06 * finger))
    yaw = 0.10 * _wave(t, 2, 0.1) + 0.42 * present - 0.12 * wave
    pitch = 0.05 * _wave(t, 5) + 0.10 * _during(t, 10.4, 11.8, 0.5) * abs(_wave(t, 12))
    roll = 0.07 * _wave(t, 1) - 0.10 * wave
    torso = puppet.rotation(
        0.08 * present - 0.05 * wave + 0.03 * _wave(t, 1),
        0.03 + 0.012 * _wave(t, 4),
        0.03 * _wave(t, 2),
    )
    arms = {
        "left": Arm(*left, curls=np.clip(curl_left, 0, 1)),
        "right": Arm(*right, curls=np.clip(curl_right, 0, 1)),
    }
    return puppet.pose(torso, torso @ puppet.rotation(yaw, pitch, roll), arms)


def _arm(poses: list[tuple[tuple[F32, F32, F32], float]], swing: F32) -> tuple[F32, F32, F32]:
    """`_READY` blended with poses by their weights; the forearm also swings."""
    rest = 1.0 - sum(weight for _, weight in poses)
    upper, forearm, palm = (
        rest * _READY[i] + sum((weight * pose[i] for pose, weight in poses), _v(0.0, 0.0, 0.0))
        for i in range(3)
    )
    return upper, forearm + swing, palm


def _weights(t: float, seed: int) -> F32:
    speaking = max(_during(t, 0.9, 3.4, 0.3), _during(t, 3.9, 10.2, 0.3))
    syllable = max(0.0, 0.55 * _wave(t, 37) + 0.45 * _wave(t, 53, 0.2) + 0.15)
    vowel = 0.5 + 0.5 * _wave(t, 19, 0.3)
    smile = 0.15 + 0.45 * _during(t, 0.4, 3.6) + 0.55 * _during(t, 10.2, 12.0, 0.6)
    brow = 0.5 * _during(t, 4.4, 5.6, 0.4) + 0.35 * _during(t, 8.2, 9.0, 0.3)
    aside = 0.55 * _during(t, 7.3, 8.6, 0.25) + 0.08 * _wave(t, 3)
    blink = max(_blinks(t, seed))
    named = {
        "jawOpen": speaking * syllable * (0.35 + 0.35 * vowel),
        "mouthFunnel": speaking * syllable * 0.35 * (1 - vowel),
        "mouthPucker": speaking * 0.30 * (1 - vowel) * (1 - syllable),
        "mouthStretchLeft": speaking * 0.15 * vowel,
        "mouthStretchRight": speaking * 0.15 * vowel,
        "mouthClose": speaking * 0.08 * (1 - syllable),
        "mouthSmileLeft": smile,
        "mouthSmileRight": 0.95 * smile,
        "cheekSquintLeft": 0.4 * smile,
        "cheekSquintRight": 0.4 * smile,
        "browInnerUp": brow,
        "browOuterUpLeft": 0.8 * brow,
        "browOuterUpRight": 0.7 * brow,
        "eyeBlinkLeft": blink,
        "eyeBlinkRight": blink,
        "eyeLookOutLeft": max(aside, 0.0),
        "eyeLookInRight": max(aside, 0.0),
        "eyeLookInLeft": max(-aside, 0.0),
        "eyeLookOutRight": max(-aside, 0.0),
        "eyeLookDownLeft": 0.12 + 0.05 * _wave(t, 5),
        "eyeLookDownRight": 0.12 + 0.05 * _wave(t, 5),
    }
    weights = np.zeros(len(ARKIT_INDEX), np.float32)
    for name, value in named.items():
        weights[ARKIT_INDEX[name]] = min(max(value, 0.0), 1.0)
    return weights


def _blinks(t: float, seed: int) -> list[float]:
    """Four blinks a period (20 a minute): 60 ms closing, 40 closed, 120 opening."""
    rng = np.random.default_rng(seed)
    starts = np.arange(4) * PERIOD_S / 4 + rng.uniform(0.3, 2.4, 4)
    out = []
    for start in starts.tolist():
        x = t - start
        out.append(min(max(min(x / 0.06, (0.22 - x) / 0.12), 0.0), 1.0))
    return out


def _image_axes(points: F32) -> F32:
    """From y up, z to the viewer, to the camera frame of `flow.motion`: y down, z away."""
    return points * _v(1.0, -1.0, -1.0)


def _picture(points: F32, centre: F32) -> F32:
    """OpenGL camera points as picture fractions; z is the depth behind `centre` in x's scale."""
    depth = -points[:, 2]
    out = np.zeros_like(points)
    out[:, 0] = 0.5 + _FOCAL / ASPECT * points[:, 0] / depth
    out[:, 1] = 0.5 - _FOCAL * points[:, 1] / depth
    out[:, 2] = (depth + float(centre[2])) * (_FOCAL / ASPECT / -float(centre[2]))
    return out
