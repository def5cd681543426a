"""What the mixer stacks: one layer for each driver, lowest priority first.

Every layer lays its movement over the pose beneath. It says per body part how much of the pose is
its own; what is not stays the pose beneath. A layer that shows nothing returns the very pose it
was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Protocol

import numpy as np

from avatar.perform.smooth import Mask
from avatar.solve.rotations import F64
from avatar.solve.solution import PART_INDEX, PART_OF_BONE, PARTS
from flow.pose import AvatarPose, Part


class LayerKind(StrEnum):
    """Where a layer's movement comes from."""

    IDLE = "idle"
    ANIMATION = "animation"
    CAMERA = "camera"
    VMC = "vmc"
    SPEECH = "speech"
    EXPRESSION = "expression"


PRIORITY: dict[LayerKind, int] = {
    LayerKind.IDLE: 0,
    LayerKind.ANIMATION: 10,
    LayerKind.CAMERA: 20,
    LayerKind.VMC: 30,
    LayerKind.SPEECH: 40,
    LayerKind.EXPRESSION: 60,
}
"""Who lies over whom when nobody says otherwise: an animation fills what the camera does not see,
another program outranks the camera, speech has the mouth, chosen expressions have the last word."""
TRIGGERED = 50
"""An animation that somebody asked for (a key, a cue) shows over what is tracked."""


class Layer(Protocol):
    """One driver of the body. One thread."""

    @property
    def name(self) -> str:
        """For counters and messages."""
        ...

    @property
    def kind(self) -> LayerKind:
        """Where its movement comes from."""
        ...

    @property
    def priority(self) -> int:
        """Higher lies over lower; equal ones in the order they were added."""
        ...

    @property
    def handing_over(self) -> Mask | None:
        """(55,) joints whose share changed in the last `over`: they are kept from darting.

        None when there are none, or for a layer that bounds its joints itself.
        """
        ...

    def over(self, base: AvatarPose, now: int) -> AvatarPose:
        """`base` with this layer's movement over it at `now` (ns; never goes back).

        `base` and its arrays are not changed. Shows `base` itself when the layer is hidden.
        """
        ...


def part_weights(weights: Mapping[Part, float] | None = None, *, rest: float = 0.0) -> F64:
    """(8,) weights in `PARTS` order, 0..1: those given and `rest` for the others; None is all."""
    if weights is None:
        return np.ones(len(PARTS))
    return np.array([min(max(float(weights.get(p, rest)), 0.0), 1.0) for p in PARTS])


def joints_of(parts: Iterable[Part]) -> Mask | None:
    """(55,) the joints of some parts; None when there are none."""
    wanted = [PART_INDEX[part] for part in parts]
    return np.isin(PART_OF_BONE, wanted) if wanted else None
