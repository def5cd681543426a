"""The performer in front of the camera (or in a take) as a layer."""

from __future__ import annotations

from collections.abc import Mapping

from avatar.perform.layer import PRIORITY, LayerKind, part_weights
from avatar.perform.performer import Performer
from avatar.perform.smooth import Mask
from flow.pose import AvatarPose, Part


class CameraLayer:
    """Lays a `Performer` over what is beneath. What it does not see shows through.

    The performer eases parts in and out and bounds its joints itself.

    Args:
        performer: Fed by whoever polls the motion source.
        priority: The kind's own when None.
        weights: How much of each part it may have; None is all of all, parts not named none.
    """

    def __init__(
        self,
        performer: Performer,
        *,
        priority: int | None = None,
        weights: Mapping[Part, float] | None = None,
    ) -> None:
        self.name, self.kind = "camera", LayerKind.CAMERA
        self.priority = PRIORITY[self.kind] if priority is None else priority
        self.handing_over: Mask | None = None
        self.performer = performer
        self._weights = None if weights is None else part_weights(weights)

    def over(self, base: AvatarPose, now: int) -> AvatarPose:
        """`base` with the performer over it."""
        return self.performer.over(base, now, self._weights)
