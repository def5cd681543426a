"""Poses of any other driver (another program, a network, a test) as a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from avatar.perform.blend import blend, bounded, fault_of, said
from avatar.perform.fade import Fade
from avatar.perform.layer import PRIORITY, LayerKind, joints_of, part_weights
from avatar.perform.presence import EASE_IN_S, EASE_OUT_S
from avatar.perform.smooth import Mask
from avatar.quat import normalize
from avatar.solve.solution import PART_OF_BONE, PARTS
from flow.clock import NS_PER_MS, NS_PER_S
from flow.pose import AvatarPose, Driver, Part

STALE_MS = 500.0


class PoseLayer:
    """Shows the newest pose it was given; a source that falls silent hands its parts over.

    Which parts are present: the keys of `AvatarPose.driver` (all when it is empty), each with the
    driver it names.

    Args:
        name: For counters and messages.
        kind: Where the poses come from.
        priority: The kind's own when None.
        weights: How much of each part it may have; None is all of all, parts not named none.
        stale_ms: A pose older than this is a lost source.
        driver: Who moves the parts when the poses do not say.
        ease_in_s: How long taking a part over lasts, from nothing to all.
        ease_out_s: How long giving it back lasts.
    """

    def __init__(
        self,
        name: str,
        *,
        kind: LayerKind = LayerKind.VMC,
        priority: int | None = None,
        weights: Mapping[Part, float] | None = None,
        stale_ms: float = STALE_MS,
        driver: Driver = Driver.HUMAN,
        ease_in_s: float = EASE_IN_S,
        ease_out_s: float = EASE_OUT_S,
    ) -> None:
        self.name, self.kind = name, kind
        self.priority = PRIORITY[kind] if priority is None else priority
        self.handing_over: Mask | None = None
        self.faults = 0
        """Poses that could not be used."""
        self._weights = part_weights(weights)
        self._stale_ns = int(stale_ms * NS_PER_MS)
        self._driver = driver
        self._in_s, self._out_s = ease_in_s, ease_out_s
        self._pose: AvatarPose | None = None
        self._present: frozenset[Part] = frozenset()
        self._fades = [Fade() for _ in PARTS]

    def feed(self, pose: AvatarPose) -> None:
        """Take a newer pose; `captured` is of the mixer's clock. Unusable ones are counted.

        A part that it lacks keeps what was last shown of it while it is handed over.
        """
        if fault_of(pose):
            self.faults += 1
            return
        driver = dict(pose.driver) or dict.fromkeys(Part, self._driver)
        self._present = frozenset(driver)
        moving, chosen = said(pose.expressions)
        rotations = normalize(pose.rotations).astype(np.float32)
        fresh = replace(
            pose,
            rotations=rotations,
            expressions=moving,
            chosen=chosen | bounded(pose.chosen),
            driver=driver,
        )
        self._pose = fresh if self._pose is None else self._completed(fresh, self._pose)

    def _completed(self, pose: AvatarPose, last: AvatarPose) -> AvatarPose:
        """`pose` with the parts that it lacks as they were in `last`."""
        if len(self._present) == len(PARTS):
            return pose
        missing = np.array([p not in self._present for p in PARTS])[PART_OF_BONE]
        out = replace(
            pose,
            rotations=np.where(missing[:, None], last.rotations, pose.rotations),
            driver=last.driver | pose.driver,
        )
        if Part.FACE not in self._present:
            out = replace(
                out, expressions=last.expressions, chosen=last.chosen, gaze_deg=last.gaze_deg
            )
        return out if Part.LEGS in self._present else replace(out, hips=last.hips)

    def over(self, base: AvatarPose, now: int) -> AvatarPose:
        """`base` with the newest pose over it."""
        pose, t = self._pose, now / NS_PER_S
        if pose is None:
            self.handing_over = None
            return base
        fresh = now - pose.captured <= self._stale_ns
        for part, fade in zip(PARTS, self._fades, strict=True):
            held = fresh and part in self._present
            fade.to(1.0 if held else 0.0, t, self._in_s if held else self._out_s)
        share = np.array([fade.at(t) for fade in self._fades])
        moving = [p for p, fade in zip(PARTS, self._fades, strict=True) if fade.moving(t)]
        self.handing_over = joints_of(moving)
        if not share.any():
            if not fresh and not moving:
                self._pose = None
            return base
        return blend(base, pose, share * self._weights)
