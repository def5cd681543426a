"""Gaze: (yaw, pitch) in degrees to eye bones or to look expressions (VRMC_vrm-1.0 lookAt).

Yaw is positive to the avatar's left, pitch positive down. three-vrm 3.5 exchanges the up and down
range maps for bones; the specification and we do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from avatar import quat
from avatar.quat import F64
from avatar.rig.humanoid import Humanoid
from avatar.rig.skeleton import Skeleton
from flow.spec import F32


@dataclass(frozen=True, slots=True)
class RangeMap:
    """Input angles up to `input_max_deg` map linearly to `output_scale` (degrees or weight)."""

    input_max_deg: float = 90.0
    output_scale: float = 10.0

    def map(self, angle_deg: float) -> float:
        """The output for an angle of any sign's magnitude."""
        return self.output_scale * min(max(angle_deg / self.input_max_deg, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class LookAt:
    """How an avatar looks. `inner` is towards the nose, `outer` away from it."""

    kind: Literal["bone", "expression"] = "bone"
    offset_from_head: tuple[float, float, float] = (0.0, 0.06, 0.0)
    """Between the eyes, in the head bone's space, metres."""
    inner: RangeMap = field(default_factory=RangeMap)
    outer: RangeMap = field(default_factory=RangeMap)
    down: RangeMap = field(default_factory=RangeMap)
    up: RangeMap = field(default_factory=RangeMap)


class LookAtRig:
    """Applies a gaze to one avatar."""

    def __init__(self, look_at: LookAt | None, humanoid: Humanoid, skeleton: Skeleton) -> None:
        self._look_at = look_at
        self._skeleton = skeleton
        self._head = humanoid.node("head")
        eyes = [humanoid.node(b) for b in ("leftEye", "rightEye")]
        bones = look_at is not None and look_at.kind == "bone"
        self._sides = [k for k, node in enumerate(eyes) if bones and node >= 0]
        self._nodes = np.array([eyes[k] for k in self._sides], np.int32)
        self.by_bone = bool(self._sides)
        if self.by_bone:
            above = skeleton.rest_world_rotation[skeleton.parents[self._nodes]]
            own = skeleton.rest_rotation[self._nodes]
            rest = quat.multiply(above, own)
            self._local = quat.between(quat.conjugate(rest), rest)
            skeleton.moves(self._nodes)

    def towards(self, target: F64) -> F32:
        """(yaw, pitch) in degrees from between the eyes to `target` (3,), world metres.

        From the head as it is posed now, whether or not its world matrix has been propagated.
        The angles are zero where the head looks in the rest pose (VRMC_vrm-1.0, lookAt), and for a
        body without a head.
        """
        look = self._look_at or LookAt()
        if self._head < 0:
            return np.zeros(2, np.float32)
        head = self._skeleton.chain(self._head)
        way = target - (head @ np.append(look.offset_from_head, 1.0))[:3]
        turned = quat.conjugate(quat.of_transform(head))
        rest = self._skeleton.rest_world_rotation[self._head]
        x, y, z = quat.rotate(quat.multiply(rest, turned), way).tolist()
        flat = math.hypot(x, z)
        angles = (math.degrees(math.atan2(x, z)), -math.degrees(math.atan2(y, flat)))
        return np.array(angles, np.float32)

    def apply(self, gaze_deg: F32) -> dict[str, float]:
        """Turn the eye bones, or return the look expressions.

        The turn is on top of what the pose itself did to the eyes, in model axes.
        """
        look = self._look_at
        yaw, pitch = (float(v) for v in gaze_deg)
        if look is None or not (math.isfinite(yaw) and math.isfinite(pitch)):
            return {}
        if look.kind == "expression":
            return {
                "lookLeft": look.outer.map(yaw),
                "lookRight": look.outer.map(-yaw),
                "lookDown": look.down.map(pitch),
                "lookUp": look.up.map(-pitch),
            }
        if self.by_bone and (yaw or pitch):
            down = look.down.map(pitch) - look.up.map(-pitch)
            left = (
                look.outer.map(yaw) - look.inner.map(-yaw),
                look.inner.map(yaw) - look.outer.map(-yaw),
            )
            local = np.matvec(self._local, [_turn(left[k], down) for k in self._sides])
            here = self._skeleton.rotation.take(self._nodes, 0)
            self._skeleton.rotation[self._nodes] = quat.multiply(here, local)
        return {}


def _turn(left_deg: float, down_deg: float) -> tuple[float, float, float, float]:
    """Yaw about +Y after pitch about +X."""
    y, x = math.radians(left_deg) / 2, math.radians(down_deg) / 2
    cy, sy, cx, sx = math.cos(y), math.sin(y), math.cos(x), math.sin(x)
    return cy * sx, sy * cx, -sy * sx, cy * cx
