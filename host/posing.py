"""What the host does, for those who want poses instead of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from avatar.clip.body import body_of
from avatar.rig.avatar import Avatar
from avatar.rig.humanoid import HumanoidRig
from flow.pose import BONE_INDEX, AvatarPose, Figure, identity_rotations
from flow.seams import PacketOutput, PoseOutput, Status


class Posing:
    """The outputs that take poses; fed once a picture, from the main thread."""

    def __init__(self, outputs: Mapping[str, PoseOutput]) -> None:
        self.outputs = dict(outputs)
        self._rows = np.zeros(0, np.intp)

    def start(self, body: Avatar) -> None:
        """Begin with the avatar that wears the poses.

        Raises:
            OutputError: one of them cannot work.
        """
        if not self.outputs:
            return
        self._rows = np.array([BONE_INDEX[bone] for bone in body.humanoid.bones], np.intp)
        figure = figure_of(body)
        for output in self.outputs.values():
            output.start(figure)

    def show(self, pose: AvatarPose, worn: HumanoidRig, due: int) -> None:
        """Pass on `pose` as the avatar wears it: bones that it lacks are folded into others."""
        if not self.outputs:
            return
        rotations = identity_rotations()
        rotations[self._rows] = worn.rotations
        as_worn = replace(pose, rotations=rotations)
        for output in self.outputs.values():
            output.show(as_worn, due)

    def status(self) -> dict[str, Status]:
        """How each is doing."""
        return {label: output.status() for label, output in self.outputs.items()}

    def stop(self) -> None:
        """End them; idempotent."""
        for output in self.outputs.values():
            output.stop()


def figure_of(body: Avatar) -> Figure:
    """The proportions of an avatar."""
    places = body_of(body).places.astype(np.float32)
    return Figure(body.name, places, frozenset(body.humanoid.bones))


def apart(
    outputs: Mapping[str, PacketOutput | PoseOutput],
) -> tuple[dict[str, PacketOutput], Posing]:
    """Outputs that take the encode, and those that take poses."""
    packets: dict[str, PacketOutput] = {}
    poses: dict[str, PoseOutput] = {}
    for label, output in outputs.items():
        if isinstance(output, PoseOutput):
            poses[label] = output
        else:
            packets[label] = output
    return packets, Posing(poses)
