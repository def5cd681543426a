"""A take as a clip, and a clip as a file that other programs read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from avatar.clip.body import Body
from avatar.clip.bvh_write import bvh_text
from avatar.clip.clip import MOST_KEYS, Clip, clip_of
from avatar.clip.vrma_write import vrma_bytes
from avatar.perform.performer import Performer
from avatar.rig.avatar import Problem
from capture.take_file import TakeReader
from flow.clock import NS_PER_S
from flow.errors import AssetError, ShowFileError
from flow.motion import ARKIT_INDEX
from flow.pose import HUMAN_BONES, AvatarPose, Driver, Part, part_of_bone
from flow.spec import F32

KINDS = (".vrma", ".bvh")
Face = Literal["all", "presets", "arkit", "none"]
_HEARD = 1e-3


@dataclass(slots=True)
class Progress:
    """How far some work is, for `host.progress.Bar`."""

    what: str
    done: float
    total: float


def clip_of_take(
    path: Path,
    *,
    fps: float = 30.0,
    mirrored: bool = False,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Clip:
    """What the show would make of a take: the same solver, smoothing and hand-over.

    Parts that nobody ever saw stay out of the clip, so that it can be laid over somebody.

    Raises:
        AssetError: no take, a damaged one, or one that is too long for `fps`.
    """
    take = TakeReader(path)
    seconds = take.duration_ns / NS_PER_S
    count = int(seconds * fps + 1e-6) + 1
    if count > MOST_KEYS:
        raise AssetError(
            f"The take lasts {seconds / 60:.0f} min; at {fps:g} frames a second that is more than "
            f"the {MOST_KEYS} a clip can have.",
            code="take.long",
            hint="Ask for fewer frames with --fps.",
        )
    made = _Keys(count)
    performer = Performer(mirrored=mirrored, source_driver=Driver.HUMAN)
    begin, row = -1, 0
    for frame in take:
        begin = frame.captured if begin < 0 else begin
        while row < count and begin + round(row * NS_PER_S / fps) < frame.captured:
            made.put(row, performer.pose(begin + round(row * NS_PER_S / fps)))
            row += 1
        performer.feed(frame)
        tell(Progress("Performing", (frame.captured - begin) / NS_PER_S, seconds))
    for last in range(row, count):
        made.put(last, performer.pose(begin + round(last * NS_PER_S / fps)))
    clip = made.clip(path.stem, fps)
    if not take.damage:
        return clip
    return replace(clip, problems=(Problem("take.cut", "", take.damage, "The rest was used."),))


class _Keys:
    """The keys of a clip that is being made."""

    def __init__(self, count: int) -> None:
        self._rotations: F32 = np.zeros((count, len(HUMAN_BONES), 4), np.float32)
        self._hips: F32 = np.zeros((count, 3), np.float32)
        self._gaze: F32 = np.zeros((count, 2), np.float32)
        self._faces: dict[str, F32] = {}
        self._seen: set[Part] = set()

    def put(self, row: int, pose: AvatarPose) -> None:
        """One more pose."""
        self._rotations[row], self._hips[row] = pose.rotations, pose.hips
        self._gaze[row] = pose.gaze_deg
        for name, weight in (pose.expressions | pose.chosen).items():
            if name not in self._faces:
                self._faces[name] = np.zeros(len(self._hips), np.float32)
            self._faces[name][row] = weight
        self._seen |= {part for part, who in pose.driver.items() if who is not Driver.IDLE}

    def clip(self, name: str, fps: float) -> Clip:
        """The clip of all poses."""
        face = Part.FACE in self._seen
        faces = {n: w for n, w in self._faces.items() if face and float(w.max()) > _HEARD}
        walked = not self._seen.isdisjoint({Part.TORSO, Part.LEGS})
        return clip_of(
            name,
            np.arange(len(self._hips)) / fps,
            rotations=self._rotations,
            bones=np.array([part_of_bone(b) in self._seen for b in HUMAN_BONES]),
            hips=self._hips if walked else None,
            expressions=dict(faces),
            gaze_deg=self._gaze if face else None,
        )


def with_face(clip: Clip, face: Face) -> Clip:
    """The clip with all its expressions, VRM's and custom ones, ARKit's only, or without a face."""
    if face == "all":
        return clip
    if face == "none":
        return replace(clip, expressions={}, gaze_deg=None)
    kept = {n: w for n, w in clip.expressions.items() if (n in ARKIT_INDEX) == (face == "arkit")}
    return replace(clip, expressions=kept)


def check_kind(path: Path) -> None:
    """Say no to a file name that no motion file has.

    Raises:
        ShowFileError: neither .vrma nor .bvh.
    """
    if path.suffix.lower() not in KINDS:
        raise ShowFileError(
            f"'{path.name}' is no motion file that can be written.",
            code="take.kind",
            hint="End its name with .vrma (a VRM animation) or .bvh.",
        )


def clip_bytes(clip: Clip, path: Path, body: Body, fps: float) -> bytes:
    """What a file called `path` holds: a VRM animation, or a BVH at `fps`."""
    if path.suffix.lower() == ".bvh":
        return bvh_text(clip, body, fps).encode("ascii", "replace")
    return vrma_bytes(clip, body)
