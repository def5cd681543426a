"""What a player plays at one moment: clips as voices, laid over each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar.clip.clip import Clip, Mask, arc
from flow.clock import NS_PER_S
from flow.pose import HUMAN_BONES, AvatarPose, Driver, Part, part_of_bone
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


@dataclass(slots=True)
class Voice:
    """One clip that is being played."""

    cue: Cue
    began: int
    bones: Mask
    hips: bool
    face: bool
    leaves: int | None = None
    leaves_s: float = 0.0

    def entering(self, now: int) -> float:
        """How far it has faded in."""
        return ease(_share(now - self.began, self.cue.fade_in_s))

    def staying(self, now: int) -> float:
        """How much of it has not faded out."""
        if self.leaves is None:
            return 1.0
        return 1.0 - ease(_share(now - self.leaves, self.leaves_s))


def ease(share: float) -> float:
    """0..1 with a soft beginning and end (3x² - 2x³)."""
    return share * share * (3.0 - 2.0 * share)


def _share(passed_ns: int, whole_s: float) -> float:
    if whole_s <= 0.0:
        return float(passed_ns >= 0)
    return min(max(passed_ns / (whole_s * NS_PER_S), 0.0), 1.0)


def voice_of(cue: Cue, now: int) -> Voice:
    allowed = np.array([p in cue.parts for p in _PARTS])
    return Voice(
        cue,
        now,
        cue.clip.bones & allowed[_PART_OF_BONE],
        cue.clip.has_hips and Part.LEGS in cue.parts,
        Part.FACE in cue.parts,
    )


def leave(voice: Voice, now: int, fade_s: float) -> None:
    """Let a voice go, unless it goes sooner already."""
    ends = now + round(fade_s * NS_PER_S)
    if voice.leaves is None or ends < voice.leaves + round(voice.leaves_s * NS_PER_S):
        share = 1.0 - voice.staying(now)
        voice.leaves, voice.leaves_s = now, fade_s
        if share > 0.0:  # go on from where it was, without a jump
            voice.leaves = now - round(_unease(share) * fade_s * NS_PER_S)


def _unease(weight: float) -> float:
    """The share of which `weight` is the ease."""
    return float(0.5 - np.sin(np.arcsin(np.clip(1.0 - 2.0 * weight, -1.0, 1.0)) / 3.0))


def ends(voice: Voice, now: int, *, waited_for: bool) -> int | None:
    """When a voice ends (ns), or None: not by itself."""
    cue = voice.cue
    lasts_s = cue.lasts_s
    if np.isfinite(lasts_s):
        return voice.began + round(lasts_s * NS_PER_S)
    if not waited_for:
        return None
    if cue.clip.duration_s <= 0.0:
        return now
    first_s = max(cue.clip.duration_s - cue.start_s, 0.0) / cue.speed
    first = voice.began + round(first_s * NS_PER_S)
    if cue.hold or now < first:
        return first
    lap = max(round(cue.clip.duration_s / cue.speed * NS_PER_S), 1)
    return first + -(-(now - first) // lap) * lap


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
        pose = _pose(voice, now)
        above = voices[i + 1 :]
        here, gone = voice.entering(now), voice.staying(now)
        covered = np.zeros(_N, np.bool_)
        for other in above:
            covered |= other.bones
        weight = np.where(covered, here, here * gone).astype(np.float32) * voice.bones
        bones, share = _over(bones, weight)
        turns = arc(turns, pose.rotations, share) if i else _masked(pose.rotations, voice.bones)
        if voice.hips:
            own = here if any(v.hips for v in above) else here * gone
            hips_weight, share_of = _over_one(hips_weight, own)
            hips = hips + (pose.hips - hips) * np.float32(share_of)
        if not voice.face:
            continue
        if voice.cue.clip.gaze_deg is not None:
            looks = any(v.face and v.cue.clip.gaze_deg is not None for v in above)
            gaze_weight, share_of = _over_one(gaze_weight, here if looks else here * gone)
            gaze = gaze + (pose.gaze_deg - gaze) * np.float32(share_of)
        for name, value in pose.expressions.items():
            shown = any(v.face and name in v.cue.clip.expressions for v in above)
            own = here if shown else here * gone
            face_weights[name], share_of = _over_one(face_weights.get(name, 0.0), own)
            before = faces.get(name, 0.0)
            faces[name] = before + (value - before) * share_of
    parts = _parts(bones, hips_weight, max([gaze_weight, *face_weights.values()]))
    pose = AvatarPose(now, hips, turns, faces, gaze, dict.fromkeys(parts, Driver.REPLAY))
    names = tuple(v.cue.clip.name for v in voices)
    return Playing(pose, bones, hips_weight, gaze_weight, face_weights, parts, names)


def _pose(voice: Voice, now: int) -> AvatarPose:
    cue = voice.cue
    passed_s = max(now - voice.began, 0) / NS_PER_S
    return cue.clip.sample(cue.start_s + passed_s * cue.speed, loop=cue.loop, captured=now)


def _masked(rotations: F32, bones: Mask) -> F32:
    if not bones.all():
        rotations[~bones] = (0.0, 0.0, 0.0, 1.0)
    return rotations


def _over(below: F32, weight: F32) -> tuple[F32, F32]:
    """Weights after laying `weight` over `below`, and the share of the upper one in the mix."""
    total = weight + below * (np.float32(1.0) - weight)
    share = np.divide(weight, total, out=np.zeros_like(total), where=total > _SMALLEST)
    return total, share


def _over_one(below: float, weight: float) -> tuple[float, float]:
    total = weight + below * (1.0 - weight)
    return total, weight / total if total > _SMALLEST else 0.0


def _parts(bones: F32, hips: float, face: float) -> dict[Part, float]:
    most = np.zeros(len(_PARTS), np.float32)
    np.maximum.at(most, _PART_OF_BONE, bones)
    most[_PARTS.index(Part.TORSO)] = max(float(most[_PARTS.index(Part.TORSO)]), hips)
    most[_PARTS.index(Part.FACE)] = max(float(most[_PARTS.index(Part.FACE)]), face)
    return {p: float(w) for p, w in zip(_PARTS, most, strict=True) if w > 0.0}
