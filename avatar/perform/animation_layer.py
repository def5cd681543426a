"""A clip as a layer: started, stopped, looped, eased in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from avatar.clip.clip import Clip
from avatar.clip.player import Cue, Player, Playing
from avatar.perform.blend import drivers, turned
from avatar.perform.faces import choose
from avatar.perform.fade import STEEPEST
from avatar.perform.layer import PRIORITY, LayerKind, part_weights
from avatar.perform.smooth import Mask
from avatar.perform.speed_bound import MAX_TURN_RAD_S
from avatar.solve.rotations import F64, inv, mul, turn_rad
from avatar.solve.solution import PART_INDEX, PART_OF_BONE, PARTS
from flow.clock import NS_PER_S
from flow.pose import BONE_INDEX, HUMAN_BONES, AvatarPose, Part

FADE_S = 0.4
_SEAM_RAD = np.radians(4.0)
"""A loop whose ends are further apart than this is cross-faded into itself."""
_THIGHS = [BONE_INDEX["leftUpperLeg"], BONE_INDEX["rightUpperLeg"]]
_LEGS = PART_INDEX[Part.LEGS]
_EARLY_NS = NS_PER_S // 4
_NO_JOINTS: F64 = np.zeros(len(HUMAN_BONES))
_NO_JOINTS.flags.writeable = False


class AnimationLayer:
    """Plays one clip over the pose beneath, on the parts it has and may have. Hidden when silent.

    Its expressions lie over the face by the rules of `avatar.perform.faces`; its gaze replaces the
    gaze. Fades are longer than asked where joints have a long way to go, so that they stay within
    the speed of a hand-over.

    Args:
        clip: What is played.
        name: For counters and messages; the clip's own when empty.
        loop: Again and again; loops with a seam are cross-faded.
        priority: The kind's own when None (`avatar.perform.layer.TRIGGERED` for what a key starts).
        parts: What it may move; None is everything.
        weights: How much of each part it may have; None is all.
        fade_s: How long it comes and goes.
        speed: Clip seconds a second, more than zero.
    """

    def __init__(
        self,
        clip: Clip,
        *,
        name: str = "",
        loop: bool = False,
        priority: int | None = None,
        parts: Iterable[Part] | None = None,
        weights: Mapping[Part, float] | None = None,
        fade_s: float = FADE_S,
        speed: float = 1.0,
    ) -> None:
        self.name, self.kind = name or clip.name, LayerKind.ANIMATION
        self.priority = PRIORITY[self.kind] if priority is None else priority
        self.handing_over: Mask | None = None
        self.loop = loop
        seam_rad = _seam_rad(clip) if loop else 0.0
        self._seam = seam_rad > _SEAM_RAD
        if self._seam:
            fade_s = max(fade_s, STEEPEST * seam_rad / MAX_TURN_RAD_S)
        self._cue = Cue(
            clip,
            loop=loop and not self._seam,
            speed=speed,
            fade_in_s=fade_s,
            fade_out_s=fade_s,
            parts=frozenset(Part) if parts is None else frozenset(parts),
        )
        self._weights = part_weights(weights)
        self._player = Player()
        self._again: int | None = None
        """When the next round of a loop with a seam is due (ns)."""
        self._wanted = False
        self._share: F64 = _NO_JOINTS
        self._base: AvatarPose | None = None

    @property
    def playing(self) -> bool:
        """Whether it was started and has neither ended nor been stopped."""
        return self._wanted

    def start(self, now: int) -> None:
        """Play from the beginning; what plays already is cross-faded into it."""
        fade_s = max(self._cue.fade_in_s, self._needed_s())
        fade_s = min(fade_s, 0.5 * self._cue.lasts_s)
        self._player.play(replace(self._cue, fade_in_s=fade_s), now)
        self._wanted = True
        self._again = self._round(now) if self._seam else None

    def stop(self, now: int) -> None:
        """Fade out."""
        self._player.stop(now, max(self._cue.fade_out_s, self._needed_s()))
        self._wanted, self._again = False, None

    def _needed_s(self) -> float:
        """The shortest fade between the pose beneath and the clip's first that is not too fast."""
        if self._base is None:
            return 0.0
        first = self._cue.clip.sample(0.0).rotations.astype(np.float64)
        apart = turn_rad(mul(first, inv(self._base.rotations.astype(np.float64))))[:, 0]
        moved = self._cue.clip.bones & (self._weights[PART_OF_BONE] > 0.0)
        moved &= np.isin(PART_OF_BONE, [PART_INDEX[p] for p in self._cue.parts])
        return float(STEEPEST * np.where(moved, apart, 0.0).max() / MAX_TURN_RAD_S)

    def _round(self, now: int) -> int:
        """When the round that begins at `now` is to fade into the next one."""
        whole = self._cue.lasts_s
        return now + int((whole - min(self._cue.fade_in_s, 0.5 * whole)) * NS_PER_S)

    def over(self, base: AvatarPose, now: int) -> AvatarPose:
        """`base` with the clip over it."""
        self._base = base
        if self._again is not None and now >= self._again - _EARLY_NS:
            self._player.queue(self._cue, now)
            self._again = self._round(max(self._again, now - _EARLY_NS))
        playing = None if self._player.idle else self._player.at(now)
        if playing is None:
            self._wanted = self._wanted and self._again is not None
            self._hand(_NO_JOINTS)
            return base
        share = playing.bones * self._weights[PART_OF_BONE]
        # Two rounds or two starts that cross are a hand-over, too.
        self._hand(share, crossing=len(playing.names) > 1)
        return self._laid(base, playing, share)

    def _hand(self, share: F64, *, crossing: bool = False) -> None:
        moved = share > 0.0 if crossing else share != self._share
        self.handing_over = moved if moved.any() else None
        self._share = share

    def _laid(self, base: AvatarPose, playing: Playing, share: F64) -> AvatarPose:
        top = playing.pose
        weights = np.array([playing.parts.get(p, 0.0) for p in PARTS]) * self._weights
        pose = replace(
            base,
            rotations=turned(base.rotations, top.rotations, share),
            driver=drivers(base.driver, top.driver, weights),
        )
        # The place of the hips belongs to those who stand: a clip without legs would float.
        stands = playing.hips * float(share[_THIGHS].min()) * float(self._weights[_LEGS])
        if stands > 0.0:
            hips = base.hips + (top.hips - base.hips) * stands
            pose = replace(pose, hips=hips.astype(np.float32))
        face = float(self._weights[PART_INDEX[Part.FACE]])
        if playing.gaze * face > 0.0:
            gaze = base.gaze_deg + (top.gaze_deg - base.gaze_deg) * (playing.gaze * face)
            pose = replace(pose, gaze_deg=gaze.astype(np.float32))
        shown = {
            name: value * playing.expressions[name] * face
            for name, value in top.expressions.items()
            if value > 0.0
        }
        return choose(pose, shown) if shown else pose


def _seam_rad(clip: Clip) -> float:
    """How far the clip's end is from its beginning."""
    if clip.duration_s <= 0.0:
        return 0.0
    first, last = clip.sample(0.0), clip.sample(clip.duration_s)
    apart = turn_rad(mul(first.rotations, inv(last.rotations.astype(np.float64))))
    return float(apart.max())
