"""From a picture to a `MotionFrame`: the three networks, their windows and their turns.

The body network sees the whole picture; face and hands are looked for in sticky square windows
around where the body (or the picture before) has them. Alone, the face network finds nothing
when a face is smaller than 13 % of the picture, and the whole-body network invents hands.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from typing import Protocol, TypeGuard

import numpy as np

from capture import regions
from capture.crop import Window, cut, settle, shrunk, to_picture, whole
from capture.guard import OnePerformer, Seen
from capture.landmarkers import BodyNet, FaceNet, HandNet, RawFace
from capture.merge import merge
from capture.models import face_pose
from capture.models.store import ModelSet
from capture.schedule import Turns, resolve_schedule
from capture.settings import Profile, Schedule
from flow.clock import NS_PER_MS
from flow.meter import Meter
from flow.motion import (
    LOOKED_BODY,
    LOOKED_FACE,
    LOOKED_LEFT,
    LOOKED_RIGHT,
    BodySample,
    FaceSample,
    HandSample,
    MotionFrame,
)
from flow.spec import F32, U8

_FACE_PX = 384
_HAND_PX = 256
_BODY_PX = 640
_FRESH_NS = 400 * NS_PER_MS
_LEGS = slice(25, 33)
LARGEST_PX = 1920
"""Longer side of what is looked at. Cutting and shrinking windows out of a 4k picture would take
longer than a network; a face in what remains is still larger than its window needs."""


@dataclass(frozen=True, slots=True)
class _Hand:
    """A hand that was found, and where the body had its wrist at that time."""

    points: F32
    wrist: F32
    captured: int


class Expressions(Protocol):
    """Stands in for the expression part of the face network."""

    def weights(self, points: F32, aspect: float) -> F32:
        """(52,) weights from (478, 3) picture fractions."""
        ...


class Tracker:
    """Tracks one performer. One thread calls it; `close` must be called.

    Args:
        models: The network files.
        profile: What to track.
        schedule: When to run what (``auto``: by the number of cores).
        realtime: Whether pictures come live (only for ``auto``).

    Raises:
        EngineError: ``engine.tracker`` when the networks cannot be loaded.
    """

    def __init__(
        self,
        models: ModelSet,
        profile: Profile = "full",
        schedule: Schedule = "auto",
        *,
        realtime: bool = True,
    ) -> None:
        self.meter = Meter()
        self.profile = profile
        self.schedule = resolve_schedule(schedule, realtime=realtime)
        self._turns = Turns(profile, self.schedule)
        self._performer = OnePerformer()
        self._last_face: tuple[F32, int] | None = None
        self._last_body: tuple[F32, int] | None = None
        self._last_hand: dict[int, _Hand] = {}
        self._windows: dict[int, Window] = {}
        self._expressions: Expressions | None = None
        self._nets: list[FaceNet | BodyNet | HandNet] = []
        self._pool: ThreadPoolExecutor | None = None
        try:
            self._load(models)
        except BaseException:
            self.close()
            raise

    def _load(self, models: ModelSet) -> None:
        self._face = FaceNet(models.face, complete=models.face_is_official)
        self._nets.append(self._face)
        if not models.face_is_official:
            from capture.models.fallback import FaceFallback

            self._expressions = FaceFallback()
        if self.profile == "face":
            return
        self._body = BodyNet(models.pose)
        self._nets.append(self._body)
        self._hands: dict[int, HandNet] = {}
        for bit in (LOOKED_LEFT, LOOKED_RIGHT):
            self._hands[bit] = HandNet(models.hand)
            self._nets.append(self._hands[bit])
        if self.schedule == "threads":
            self._pool = ThreadPoolExecutor(1, "body and hands")

    def track(self, pixels: U8, captured: int, seq: int, *, mirrored: bool = False) -> MotionFrame:
        """Everything that was looked for and found in one BGR picture."""
        return reduce(merge, self.parts(pixels, captured, seq, mirrored=mirrored))

    def parts(
        self, pixels: U8, captured: int, seq: int, *, mirrored: bool = False
    ) -> Iterator[MotionFrame]:
        """The same as one or two frames of the same picture, each as soon as it is known.

        What is seen first is how late lips and eyes are: a face does not wait for body or hand.
        """
        pixels = bounded(pixels)
        plan = self._turns.plan(captured)
        picture = MotionFrame(
            seq, captured, pixels.shape[1] / pixels.shape[0], mirrored=mirrored, looked_for=0
        )
        if self.schedule == "every":  # the body first: face and hands profit from it
            body, hands, looked = self._find_rest(pixels, captured, plan)
            face = self._find_face(pixels, captured)
            yield _completed(picture, body, hands, LOOKED_FACE | looked, face)
            return
        rest = None
        if self._pool is not None:
            rest = self._pool.submit(self._find_rest, pixels, captured, plan)
        yield replace(picture, face=self._find_face(pixels, captured), looked_for=LOOKED_FACE)
        if rest is not None:
            yield _completed(picture, *rest.result())
        elif plan & ~LOOKED_FACE:
            yield _completed(picture, *self._find_rest(pixels, captured, plan))

    def _find_rest(
        self, pixels: U8, captured: int, plan: int
    ) -> tuple[BodySample | None, dict[int, HandSample], int]:
        """Body and hands as planned, and the bits of what is known after it."""
        looked = plan & ~LOOKED_FACE
        body = None
        hands: dict[int, HandSample] = {}
        if plan & LOOKED_BODY:
            body = self._find_body(pixels, captured)
            for bit in (LOOKED_LEFT, LOOKED_RIGHT):
                in_view = body is not None and regions.hand_is_in_view(
                    body.image_points, body.visibility, left=bit == LOOKED_LEFT
                )
                self._turns.tell_in_view(bit, in_view)
                if not in_view:  # the body has answered for the hand: it is not there
                    looked |= bit
                    self._last_hand.pop(bit, None)
                elif self.schedule == "every":
                    plan |= bit
                    looked |= bit
                plan &= ~(0 if in_view else bit)
        for bit in (LOOKED_LEFT, LOOKED_RIGHT):
            if plan & bit:
                hand = self._find_hand(pixels, captured, bit)
                self._turns.tell_found(bit, hand is not None, captured)
                if hand is not None:
                    hands[bit] = hand
        return body, hands, looked

    def _find_face(self, pixels: U8, captured: int) -> FaceSample | None:
        with self.meter.measure("face"):
            height, width = pixels.shape[:2]
            window = self._face_window(pixels, captured)
            if window is None:
                window = whole(pixels)
                raw = self._face.find(shrunk(pixels, _BODY_PX), captured)
            else:
                raw = self._face.find(cut(pixels, window, _FACE_PX), captured)
            if raw is None:
                return None
            points = to_picture(raw.points, window, width, height)
            low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
            x, y = (low + high) / 2 * (width, height)
            size = float((high - low)[1] * height)
            if not self._performer.accept(Seen(float(x), float(y), size, captured)):
                return None
            self._last_face = (points, captured)
            return self._face_sample(raw, points, width / height)

    def _face_sample(self, raw: RawFace, points: F32, aspect: float) -> FaceSample:
        """The sample of a face whose `points` are picture fractions.

        The head's place is fitted to the points in the picture, not taken from the network's own
        matrix: that one belongs to the window, and depends on where the window is. On real clips
        the fit is within 0.3 degrees of the matrix of a whole picture, wherever the window was.
        """
        weights = raw.weights
        if weights is None:
            assert self._expressions is not None
            weights = self._expressions.weights(points, aspect)
        head = face_pose.fit(points, aspect)
        return FaceSample(points, np.clip(weights, 0.0, 1.0), head)

    def _face_window(self, pixels: U8, captured: int) -> Window | None:
        """Around the last face, else the body's head, else None: the whole picture."""
        height, width = pixels.shape[:2]
        face, body = self._last_face, self._last_body  # the body may be renewed meanwhile
        if _is_fresh(face, captured):
            target = regions.face_window_from_face(face[0], width, height)
        elif _is_fresh(body, captured):
            target = regions.face_window_from_body(body[0], width, height)
        else:
            self._windows.pop(LOOKED_FACE, None)
            return None
        window = settle(self._windows.get(LOOKED_FACE), target)
        self._windows[LOOKED_FACE] = window
        return window

    def _find_body(self, pixels: U8, captured: int) -> BodySample | None:
        with self.meter.measure("body"):
            raw = self._body.find(shrunk(pixels, _BODY_PX), captured)
        if raw is None:
            self._last_body = None
            return None
        self._last_body = (raw.image_points, captured)
        visibility = raw.visibility
        if self.profile == "upper":  # what is not tracked must not look as if it were
            visibility = visibility.copy()
            visibility[_LEGS] = 0.0
        return BodySample(raw.points, raw.image_points, np.clip(visibility, 0.0, 1.0))

    def _find_hand(self, pixels: U8, captured: int, bit: int) -> HandSample | None:
        if self._last_body is None:
            return None
        left = bit == LOOKED_LEFT
        height, width = pixels.shape[:2]
        body = self._last_body[0]
        last = self._last_hand.get(bit)
        with self.meter.measure("left hand" if left else "right hand"):
            target = regions.hand_window_from_body(body, width, height, left=left)
            if last is not None and captured - last.captured < _FRESH_NS:
                moved = regions.wrist(body, left=left) - last.wrist
                target = regions.hand_window_from_hand(
                    last.points, moved, width, height, at_least=0.7 * target.width
                )
            window = settle(self._windows.get(bit), target)
            self._windows[bit] = window
            raw = self._hands[bit].find(cut(pixels, window, _HAND_PX), captured)
            if raw is None:
                return None
            points = to_picture(raw.image_points, window, width, height)
            if not regions.belongs(points, body, window, width, height, left=left):
                return None
            self._last_hand[bit] = _Hand(points, regions.wrist(body, left=left), captured)
            return HandSample(raw.points - raw.points[0], points, raw.score)

    def close(self) -> None:
        """Free the networks; idempotent."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        while self._nets:
            self._nets.pop().close()


def bounded(pixels: U8) -> U8:
    """The picture, made smaller by a whole number where it is larger than `LARGEST_PX`.

    Landmarks are fractions of the picture, so that nothing else changes.
    """
    factor = -(-max(pixels.shape[:2]) // LARGEST_PX)
    if factor == 1:
        return pixels
    import cv2

    height, width = pixels.shape[:2]
    whole = pixels[: height // factor * factor, : width // factor * factor]
    size = (width // factor, height // factor)
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


def _completed(
    picture: MotionFrame,
    body: BodySample | None,
    hands: dict[int, HandSample],
    looked: int,
    face: FaceSample | None = None,
) -> MotionFrame:
    return replace(
        picture,
        face=face,
        body=body,
        left_hand=hands.get(LOOKED_LEFT),
        right_hand=hands.get(LOOKED_RIGHT),
        looked_for=looked,
    )


def _is_fresh(seen: tuple[F32, int] | None, captured: int) -> TypeGuard[tuple[F32, int]]:
    return seen is not None and captured - seen[1] < _FRESH_NS
