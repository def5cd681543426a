"""The mixer: one pose from everybody who moves the body.

Layers lie over each other by priority (`avatar.perform.layer.PRIORITY`), an idle performance at
the bottom. Each takes the pose beneath and lays its own over it, body part by body part, so that
"who moves the left arm" has one answer at any time and `AvatarPose.driver` gives it.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import replace

import numpy as np

from avatar.perform.blend import fault_of
from avatar.perform.idle import Idle
from avatar.perform.layer import PRIORITY, Layer, LayerKind
from avatar.perform.smooth import Mask
from avatar.perform.speed_bound import SpeedBound
from flow.pose import BONE_INDEX, HUMAN_BONES, AvatarPose

_ALL: Mask = np.ones(len(HUMAN_BONES), np.bool_)
_ALL.flags.writeable = False
_HIPS = BONE_INDEX["hips"]
_THIGHS: Mask = np.array([bone.endswith("UpperLeg") for bone in HUMAN_BONES])


class Mixer:
    """A stack of layers over an idle performance. One thread, no I/O.

    `faults` counts by layer the poses that could not be shown (not finite, wrong shape): the layer
    is left out of that picture, and its joints ease to what lies beneath.
    """

    def __init__(self, layers: list[Layer] | None = None, *, seed: int = 0) -> None:
        self._idle = Idle(seed)
        self._layers: list[Layer] = []
        self._bound = SpeedBound()
        self.faults: dict[str, int] = {}
        self.last_fault = ""
        for layer in layers or []:
            self.add(layer)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Lowest first."""
        return tuple(self._layers)

    def add(self, layer: Layer) -> None:
        """Put a layer at its priority, over those of the same."""
        if layer.priority <= PRIORITY[LayerKind.IDLE]:
            raise ValueError(f"layer {layer.name} would lie under the idle performance")
        insort(self._layers, layer, key=lambda one: one.priority)

    def raise_(self, layer: Layer) -> None:
        """Lay a layer over all others of its priority: the newest that was asked for shows."""
        self._layers.remove(layer)
        self.add(layer)

    def pose(self, now: int) -> AvatarPose:
        """The pose to show at `now` (ns; never goes back)."""
        pose = self._idle.pose(now)
        handed: Mask | None = None
        for layer in self._layers:
            over = layer.over(pose, now)
            if over is not pose:
                why = fault_of(over)
                if why:
                    self._count(layer, why)
                    handed = _ALL
                    continue
                pose = over
            joints = layer.handing_over
            if joints is not None:
                handed = joints if handed is None else handed | joints
        if handed is not None and handed[_HIPS]:
            handed = handed | _THIGHS  # they turn against the hips (`blend.turned`)
        rotations, hips = self._bound.step(pose.rotations, pose.hips, now, handed)
        if rotations is pose.rotations and hips is pose.hips:
            return pose
        return replace(pose, rotations=rotations, hips=hips)

    def _count(self, layer: Layer, why: str) -> None:
        self.faults[layer.name] = self.faults.get(layer.name, 0) + 1
        self.last_fault = f"{layer.name}: {why}"
