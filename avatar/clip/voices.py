"""What a player plays at one moment: clips as voices, each fading in over those before it.

Let e go from 0 to 1 while a voice fades in. What was heard before it keeps 1 - e of its say, and
the voice takes e where its clip has something to say: a cross-fade between two clips never lets
the body go, and a part that the newer one leaves alone fades out. Silence is a voice that says
nothing. Each step is smooth, so whatever is asked in the middle of whatever fade stays smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar.clip.clip import Clip, arc
from flow.clock import NS_PER_S
from flow.pose import HUMAN_BONES, AvatarPose, Driver, Part, part_of_bone, t_pose
from flow.spec import F32

FADE_S = 0.4
_N = len(HUMAN_BONES)
_PARTS = tuple(Part)
_PART_OF_BONE = np.array([_PARTS.index(part_of_bone(b)) for b in HUMAN_BONES])
_EVERY = frozenset(_PARTS)
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Cue:
    """How a clip is to be played."""

    clip: Clip
    loop: bool = False
    speed: float = 1.0
    """Seconds of the clip a second; more than zero."""
    start_s: float = 0.0
    """Where in the clip to begin."""
    fade_in_s: float = FADE_S
    fade_out_s: float = FADE_S
    parts: frozenset[Part] = _EVERY
    """The body parts that it may move."""
    hold: bool = False
    """Stay in the last pose at the end instead of fading out."""

    def __post_init__(self) -> None:
        if not self.speed > 0.0:
            raise ValueError(f"a clip is played at a speed above zero, not {self.speed}")

    @property
    def lasts_s(self) -> float:
        """How long it plays by itself: for ever when looped, held, or a single pose."""
        if self.loop or self.hold or self.clip.duration_s <= 0.0:
            return float("inf")
        return max(self.clip.duration_s - self.start_s, 0.0) / self.speed


@dataclass(frozen=True, slots=True)
class Playing:
    """What the player says at one moment."""

    pose: AvatarPose
    """Where `bones` and the other weights are zero it is the T-pose."""
    bones: F32
    """(55,) how much each bone's rotation counts."""
    hips: float
    """How much the pose's `hips` count: their way belongs to the legs that walk it."""
    gaze: float
    """How much the pose's `gaze_deg` counts."""
    expressions: dict[str, float]
    """How much each of the pose's expressions counts."""
    parts: dict[Part, float]
    """The most that anything of a part counts; parts without a say are left out."""
    names: tuple[str, ...]
    """The clips that are heard, the newest last."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One clip that is being played, or silence."""

    cue: Cue | None
    began: int
    fade_s: float
    bones: F32
    """(55,) one where it turns a bone."""
    hips: bool = False
    gaze: bool = False
    names: tuple[str, ...] = ()

    def entered(self, now: int) -> float:
        """How far it has faded in, 0..1."""
        passed = now - self.began
        if self.fade_s <= 0.0:
            return float(passed >= 0)
        return ease(min(max(passed / (self.fade_s * NS_PER_S), 0.0), 1.0))

    def ends(self, now: int, *, waited_for: bool) -> int | None:
        """When its clip ends (ns), or None: not by itself."""
        cue = self.cue
        if cue is None:
            return None
        if np.isfinite(cue.lasts_s):
            return self.began + round(cue.lasts_s * NS_PER_S)
        if not waited_for:
            return None
        if cue.clip.duration_s <= 0.0:
            return now
        first_s = max(cue.clip.duration_s - cue.start_s, 0.0) / cue.speed
        first = self.began + round(first_s * NS_PER_S)
        if cue.hold or now < first:
            return first
        lap = max(round(cue.clip.duration_s / cue.speed * NS_PER_S), 1)
        return first + -(-(now - first) // lap) * lap


def ease(share: float) -> float:
    """0..1 with a soft beginning and end (3x² - 2x³)."""
    return share * share * (3.0 - 2.0 * share)


def voice_of(cue: Cue, now: int) -> Voice:
    """The voice of a cue that begins at `now` (ns)."""
    allowed = np.array([p in cue.parts for p in _PARTS])
    face = Part.FACE in cue.parts
    return Voice(
        cue,
        now,
        cue.fade_in_s,
        (cue.clip.bones & allowed[_PART_OF_BONE]).astype(np.float32),
        hips=cue.clip.has_hips and Part.LEGS in cue.parts,
        gaze=face and cue.clip.gaze_deg is not None,
        names=tuple(cue.clip.expressions) if face else (),
    )


def silence(now: int, fade_s: float) -> Voice:
    """What everything fades out to."""
    return Voice(None, now, fade_s, np.zeros(_N, np.float32))


def still_heard(voices: list[Voice], now: int) -> list[Voice]:
    """The voices from the last one that has fully faded in; none when all of those are silence."""
    for i in range(len(voices) - 1, -1, -1):
        if voices[i].entered(now) >= 1.0:
            voices = voices[i:]
            break
    return voices if any(v.cue for v in voices) else []


def mix(voices: list[Voice], now: int) -> Playing:
    """Lay the voices over each other, the first at the bottom."""
    bones = np.zeros(_N, np.float32)
    turns = np.zeros((_N, 4), np.float32)
    turns[:, 3] = 1.0
    hips, hips_weight = np.zeros(3, np.float32), 0.0
    gaze, gaze_weight = np.zeros(2, np.float32), 0.0
    faces: dict[str, float] = {}
    face_weights: dict[str, float] = {}
    for i, voice in enumerate(voices):
        e = voice.entered(now)
        pose = _pose(voice, now)
        own = voice.bones * np.float32(e)
        bones = bones * np.float32(1.0 - e) + own
        if i:
            share = np.divide(own, bones, out=np.zeros_like(own), where=bones > _SMALLEST)
            turns = arc(turns, pose.rotations, share)
        else:
            turns = np.where(voice.bones[:, None] > 0.0, pose.rotations, turns)
        hips_weight, share_of = _over(hips_weight, e, heard=voice.hips)
        hips = hips + (pose.hips - hips) * np.float32(share_of)
        gaze_weight, share_of = _over(gaze_weight, e, heard=voice.gaze)
        gaze = gaze + (pose.gaze_deg - gaze) * np.float32(share_of)
        for name in dict.fromkeys((*faces, *voice.names)):
            heard = name in voice.names
            face_weights[name], share_of = _over(face_weights.get(name, 0.0), e, heard=heard)
            before = faces.get(name, 0.0)
            faces[name] = before + (pose.expressions.get(name, 0.0) - before) * share_of
    parts = _parts(bones, hips_weight, max([gaze_weight, *face_weights.values()]))
    pose = AvatarPose(now, hips, turns, faces, gaze, dict.fromkeys(parts, Driver.REPLAY))
    names = tuple(v.cue.clip.name for v in voices if v.cue)
    return Playing(pose, bones, hips_weight, gaze_weight, face_weights, parts, names)


def _pose(voice: Voice, now: int) -> AvatarPose:
    cue = voice.cue
    if cue is None:
        return _SILENT
    passed_s = max(now - voice.began, 0) / NS_PER_S
    return cue.clip.sample(cue.start_s + passed_s * cue.speed, loop=cue.loop, captured=now)


def _over(below: float, entered: float, *, heard: bool) -> tuple[float, float]:
    """The weight after a voice that has `entered` so far, and its share of the mix."""
    own = entered if heard else 0.0
    total = below * (1.0 - entered) + own
    return total, own / total if total > _SMALLEST else 0.0


def _parts(bones: F32, hips: float, face: float) -> dict[Part, float]:
    most = np.zeros(len(_PARTS), np.float32)
    np.maximum.at(most, _PART_OF_BONE, bones)
    most[_PARTS.index(Part.LEGS)] = max(float(most[_PARTS.index(Part.LEGS)]), hips)
    most[_PARTS.index(Part.FACE)] = max(float(most[_PARTS.index(Part.FACE)]), face)
    return {p: float(w) for p, w in zip(_PARTS, most, strict=True) if w > 0.0}


_SILENT = t_pose()
