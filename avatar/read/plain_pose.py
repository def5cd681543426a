"""A plain model as VRM wants it: upright, facing +Z, in metres, in the T-pose.

Poses are meant from the T-pose, and a plain file may rest in any: arms down (A-pose), legs apart,
fingers bent, on its back because its maker's up was Z, facing away, a hundred times too large.
Every turn is made on the bones' rest rotations, so that skins and morphs follow.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from avatar import quat
from avatar.quat import F64
from avatar.rig.humanoid import Humanoid
from avatar.rig.skeleton import rest_world
from flow.mesh import Model

_SHORTEST = 1e-6
_STRAIGHT = 0.98
"""Cosine of the angle up to which a limb counts as a T-pose's (11 degrees)."""
_FLAT = 0.94
"""The same for a hand about its arm and a finger's bend (20 degrees)."""
_TURNED = 0.996
_TALL_M = 30.0
"""Taller than any avatar is meant to be: the file counts centimetres or millimetres."""
_UNITS = (0.01, 0.001)
_FINGERS = ("Index", "Middle", "Ring", "Little")
_JOINTS = ("Proximal", "Intermediate", "Distal")


def stand(model: Model, humanoid: Humanoid) -> tuple[Model, tuple[str, ...]]:
    """The model put right, and a sentence for each thing that was done."""
    said: list[str] = []
    model = _in_metres(model, humanoid, said)
    model = _upright(model, humanoid, said)
    body = _Body(model, humanoid)
    for side, out in (("left", 1.0), ("right", -1.0)):
        body.arm(side, out)
        body.leg(side)
    if body.turned:
        said.append(f"was put into the T-pose ({', '.join(body.turned)})")
    return replace(model, rest_rotation=body.rotations.astype(np.float32)), tuple(said)


def _in_metres(model: Model, humanoid: Humanoid, said: list[str]) -> Model:
    world = rest_world(model)
    ends = [humanoid.node(b) for b in ("head", "leftFoot", "rightFoot", "hips")]
    points = np.stack([world[e, :3, 3] for e in ends if e >= 0])
    size = float((points.max(axis=0) - points.min(axis=0)).max())
    unit = next((u for u in _UNITS if size * u < _TALL_M / 10), 1.0) if size > _TALL_M else 1.0
    if unit == 1.0:
        return model
    said.append(f"is {size:.0f} m tall and counts as {size * unit:.2f} m")
    roots = model.parents < 0
    translation, scale = model.rest_translation.copy(), model.rest_scale.copy()
    translation[roots] *= unit
    scale[roots] *= unit
    return replace(model, rest_translation=translation, rest_scale=scale)


def _upright(model: Model, humanoid: Humanoid, said: list[str]) -> Model:
    """Turned as a whole so that its head is up and its left is at +X."""
    world = rest_world(model)
    at = {b: humanoid.node(b) for b in ("head", "hips", "leftUpperLeg", "rightUpperLeg")}
    if min(at.values()) < 0:
        return model
    p = {bone: world[node, :3, 3] for bone, node in at.items()}
    left, up = p["leftUpperLeg"] - p["rightUpperLeg"], p["head"] - p["hips"]
    if min(_length(left), _length(up)) < _SHORTEST:
        return model
    # Upright and facing an axis, to the nearest quarter turn: a head held low stays so.
    up = _nearest_axis(up)
    left = left - up * (up @ left)
    if _length(left) < _SHORTEST:
        return model
    straight = _nearest_axis(left)
    left = straight if straight @ left > _TURNED * _length(left) else left / _length(left)
    model_from_file = np.stack([left, up, np.cross(left, up)])
    if np.allclose(model_from_file, np.eye(3), atol=1e-6):
        return model
    said.append("was turned upright and to the front")
    root = np.eye(4)
    root[:3, :3] = model_from_file
    return replace(model, root=(root @ model.root).astype(np.float32))


class _Body:
    """The rest rotations while bones are turned."""

    def __init__(self, model: Model, humanoid: Humanoid) -> None:
        self._model = model
        self._humanoid = humanoid
        self.rotations = quat.normalize(model.rest_rotation.astype(np.float64))
        self._world = rest_world(model)
        self._children: list[list[int]] = [[] for _ in model.parents]
        for node, parent in enumerate(model.parents.tolist()):
            if parent >= 0:
                self._children[parent].append(node)
        self.turned: list[str] = []

    def arm(self, side: str, out: float) -> None:
        """Straight out to the side, palm down, fingers straight."""
        ahead = np.array([out, 0.0, 0.0])
        for bone, end in (("UpperArm", "LowerArm"), ("LowerArm", "Hand")):
            self._point(side + bone, side + end, ahead, _STRAIGHT)
        self._point(f"{side}Hand", f"{side}MiddleProximal", ahead, _FLAT)
        index, little = (self._humanoid.node(f"{side}{f}Proximal") for f in ("Index", "Little"))
        hand = self._humanoid.node(f"{side}Hand")
        if min(index, little, hand) >= 0:
            across = self._place(index) - self._place(little)
            across[0] = 0.0
            if _length(across) > _SHORTEST and across[2] < _FLAT * _length(across):
                # Opposite ways have no turn between them but about the arm.
                angle = np.arctan2(across[1], across[2])
                self._turn(hand, quat.from_axis_angle(np.array([1.0, 0.0, 0.0]), angle))
                self.turned.append(f"{side}Hand")
        for finger in _FINGERS:
            for joint, following in pairwise(_JOINTS):
                here, there = (f"{side}{finger}{j}" for j in (joint, following))
                way = self._way(here, there)
                if way is not None:
                    flat = way * [1.0, 0.0, 1.0]
                    if flat[0] * out > _SHORTEST:
                        self._point(here, there, flat / _length(flat), _FLAT)

    def leg(self, side: str) -> None:
        """Straight down; the foot stays as it stood."""
        foot = self._humanoid.node(f"{side}Foot")
        before = self._turn_of(foot) if foot >= 0 else None
        count = len(self.turned)
        for bone, end in (("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot")):
            self._point(side + bone, side + end, np.array([0.0, -1.0, 0.0]), _STRAIGHT)
        if before is not None and len(self.turned) > count:
            self._turn(foot, quat.multiply(before, quat.conjugate(self._turn_of(foot))))

    def _point(self, bone: str, end: str, ahead: F64, near: float) -> None:
        """Turn `bone` so that `end` lies `ahead` of it, unless it nearly does."""
        way = self._way(bone, end)
        if way is None or float(way @ ahead) > near:
            return
        self._turn(self._humanoid.node(bone), quat.from_to(way, ahead))
        self.turned.append(bone)

    def _way(self, bone: str, end: str) -> F64 | None:
        here, there = self._humanoid.node(bone), self._humanoid.node(end)
        if here < 0 or there < 0 or not self._below(there, here):
            return None
        way = self._place(there) - self._place(here)
        length = _length(way)
        return way / length if length > _SHORTEST else None

    def _below(self, node: int, ancestor: int) -> bool:
        while node >= 0 and node != ancestor:
            node = int(self._model.parents[node])
        return node == ancestor

    def _place(self, node: int) -> F64:
        return self._world[node, :3, 3].copy()

    def _turn_of(self, node: int) -> F64:
        return quat.of_transform(self._world[node])

    def _turn(self, node: int, swing: F64) -> None:
        """Turn a node by a rotation in model axes."""
        parent = int(self._model.parents[node])
        above = quat.of_transform(self._world[parent] if parent >= 0 else self._model.root)
        local = quat.multiply(quat.multiply(quat.conjugate(above), swing), above)
        self.rotations[node] = quat.normalize(quat.multiply(local, self.rotations[node]))
        below, matrix, pivot = self._subtree(node), np.eye(4), self._place(node)
        matrix[:3, :3] = quat.to_matrix(swing)
        matrix[:3, 3] = pivot - matrix[:3, :3] @ pivot
        self._world[below] = matrix @ self._world[below]

    def _subtree(self, node: int) -> list[int]:
        out = [node]
        for it in out:
            out += self._children[it]
        return out


def _length(v: NDArray[np.float64]) -> float:
    return float(np.sqrt(v @ v))


def _nearest_axis(v: F64) -> F64:
    """The unit vector along the axis that `v` is nearest to."""
    out = np.zeros(3)
    k = int(np.abs(v).argmax())
    out[k] = np.copysign(1.0, v[k])
    return out
