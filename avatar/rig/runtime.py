"""One avatar in motion: a pose in, the state of its model out.

The order is VRM's recommended one (VRMC_vrm-1.0, "Update order") and pinned by a test:
humanoid, look-at, expressions, constraints, springs.
"""

from __future__ import annotations

import numpy as np

from avatar.quat import F64
from avatar.rig.avatar import Avatar
from avatar.rig.constraint import ConstraintRig
from avatar.rig.expression_rig import ExpressionRig
from avatar.rig.eyes import doubled_looks, workable
from avatar.rig.humanoid import HumanoidRig
from avatar.rig.look_at import LookAtRig
from avatar.rig.skeleton import Skeleton
from avatar.rig.spring_stages import SpringStages
from avatar.rig.words import words_of
from flow.meter import Meter
from flow.pose import AvatarPose
from flow.spec import F32
from flow.stage import RigState


class Runtime:
    """Wears one avatar.

    One thread at a time. The arrays of a `RigState` are the runtime's until its next `update`.

    Args:
        avatar: Whom.
        meter: Takes the timings.
        exact: Take expression names at their word, as the specification has it, and a file that
            cannot move its eyes as meant so. A show does neither: drivers say one movement by
            several names (see `avatar.rig.vocabulary`), and eyes look by what there is.
    """

    def __init__(self, avatar: Avatar, *, meter: Meter | None = None, exact: bool = False) -> None:
        self.avatar = avatar
        self._meter = meter or Meter()
        self.skeleton = Skeleton(avatar.model)
        self.humanoid = HumanoidRig(avatar.humanoid, self.skeleton)
        self.look_target: F64 | None = None
        """(3,) what the eyes follow, world metres; while there is one, poses' gaze rests."""
        self.gaze_deg: F32 = np.zeros(2, np.float32)
        """(yaw, pitch) of the last update."""
        look_at = avatar.look_at
        if not exact:
            look_at = workable(look_at, avatar.humanoid, avatar.expressions)
        self._look_at = LookAtRig(look_at, avatar.humanoid, self.skeleton)
        twice = frozenset[str]()
        if self._look_at.by_bone:
            twice = doubled_looks(avatar.expressions, avatar.model, avatar.humanoid)
        words = None if exact else words_of(avatar.expressions, avatar.model, ignored=twice)
        self.expressions = ExpressionRig(avatar.expressions, avatar.model, words=words)
        self._constraints = ConstraintRig(avatar.constraints, self.skeleton)
        self.springs = SpringStages(avatar.springs, self.skeleton)
        self._world: F32 = np.zeros((self.skeleton.count, 4, 4), np.float32)

    @property
    def hip_height_m(self) -> float:
        """How high this avatar's hips stand."""
        return self.humanoid.hip_height_m

    @property
    def looks_by_bone(self) -> bool:
        """Whether gaze turns eye bones."""
        return self._look_at.by_bone

    def stand(self, world_from_model: F64) -> None:
        """Place the avatar in the world (4 x 4, rigid); springs feel the movement."""
        self.skeleton.stand(world_from_model)

    def update(self, pose: AvatarPose, dt_s: float) -> RigState:
        """Take the pose; `dt_s` is the time since the last update, for springs."""
        skeleton = self.skeleton
        with self._meter.measure("rig"):
            self.humanoid.apply(pose)
            self.gaze_deg = pose.gaze_deg
            if self.look_target is not None:
                self.gaze_deg = self._look_at.towards(self.look_target)
            looks = self._look_at.apply(self.gaze_deg)
            materials = self.expressions.update(pose.expressions, looks, pose.chosen)
            self._constraints.apply()
            skeleton.compose()
            skeleton.propagate()
        with self._meter.measure("springs"):
            self.springs.update(dt_s)
        np.copyto(self._world, skeleton.world[:-1], casting="same_kind")
        return RigState(self._world, self.expressions.morph_weights, materials)

    def reset(self) -> None:
        """Back to the rest pose, springs at rest."""
        self.skeleton.reset()
        self.springs.reset()
