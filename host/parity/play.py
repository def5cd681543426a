"""Plays a scenario through our runtime and writes down what three-vrm's script writes down.

The files speak glTF's own axes: for VRM 0.x that is a model that faces -Z, turned only where the
scenario says ``rotateVRM0``. `settle` of the format has no effect there and none here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from avatar import quat
from avatar.quat import F64
from avatar.rig.avatar import Avatar
from avatar.rig.expression_rig import HALF
from avatar.rig.runtime import Runtime
from flow.clock import NS_PER_MS, Clock
from flow.mesh import Material
from flow.pose import BONE_INDEX, AvatarPose, identity_rotations, t_pose
from flow.spec import F32
from flow.stage import RigState
from host.parity.facts import DIGITS, head, node_name, rounded
from host.parity.scenario import Scenario, Step

_HALF_TURN: F64 = np.diag([-1.0, 1.0, -1.0, 1.0])
_TURNED = np.array([-1.0, 1.0, -1.0, 1.0])
"""Turns a rotation by half a turn about +Y: into the axes of a model that faces -Z and back."""
_ABOUT_Y: F64 = np.array([0.0, 1.0, 0.0, 0.0])


def play(avatar: Avatar, scenario: Scenario, clock: Clock) -> dict[str, Any]:
    """The whole result: what the avatar is, and how it stood at every dump."""
    return Player(avatar, scenario, clock).result()


class Player:
    """One avatar in one scenario."""

    def __init__(self, avatar: Avatar, scenario: Scenario, clock: Clock) -> None:
        self.runtime = Runtime(avatar, exact=True)
        self._avatar, self._scenario, self._clock = avatar, scenario, clock
        self._old = avatar.version == "vrm0"
        self._rotations: F32 = identity_rotations()
        self._hips: F32 = np.zeros(3, np.float32)
        self._expressions: dict[str, float] = {}
        self._gaze: F32 = np.zeros(2, np.float32)
        self._root: F64 = np.eye(4)
        if self._old and scenario.turns_vrm0:
            self._root = _HALF_TURN.copy()
        self._names = [node_name(n) for n in avatar.model.node_names]
        self._frame = 0
        self._work_ns = 0

    def result(self) -> dict[str, Any]:
        """Play and tell."""
        dumps = list(self.dumps())
        mean = self._work_ns / NS_PER_MS / self._frame if self._frame else 0.0
        return {
            **head(self._avatar),
            "frames": self._frame,
            "updateMsMean": round(mean, DIGITS),
            "dumps": dumps,
        }

    def dumps(self) -> Iterator[dict[str, Any]]:
        """The rest pose, then whatever the steps ask for."""
        self._stand()
        yield {**self._dump(self.runtime.update(t_pose(), 0.0)), "rest": True}
        dt = 1.0 / self._scenario.fps
        for step in self._scenario.steps:
            self._take(step)
            pose = AvatarPose(0, self._hips, self._rotations, self._expressions, self._gaze)
            state = None
            for k in range(step.frames):
                before = self._clock.now()
                state = self.runtime.update(pose, dt)
                self._work_ns += self._clock.now() - before
                self._frame += 1
                if step.every and k % step.every == 0:
                    yield self._dump(state)
            if step.dump and not step.every:
                yield self._dump(state or self.runtime.update(pose, 0.0))

    def _take(self, step: Step) -> None:
        bones = self._avatar.humanoid.bones
        for bone, rotation in step.rotations.items():
            if bone not in bones:
                continue
            q = quat.normalize(np.array(rotation))
            if self._scenario.raw:
                q = self.runtime.humanoid.normalized(bone, q)
            elif self._old:
                q = q * _TURNED
            self._rotations[BONE_INDEX[bone]] = q
        if "hips" in step.positions:
            self._hips = self._hips_at(np.array(step.positions["hips"]))
        self._expressions |= step.expressions
        if step.looks and self._avatar.look_at is not None:
            self.runtime.look_target = None if step.target is None else np.array(step.target)
            self._gaze = np.array(step.gaze_deg, np.float32)
        if step.root_position is not None:
            self._root[:3, 3] = step.root_position
        if step.root_rotation is not None:
            self._root[:3, :3] = quat.to_matrix(quat.normalize(np.array(step.root_rotation)))
        self._stand()

    def _stand(self) -> None:
        """Our models of VRM 0.x are turned already: take that out of what is asked for."""
        self.runtime.stand(self._root @ _HALF_TURN if self._old else self._root)

    def _hips_at(self, place: F64) -> F32:
        skeleton = self.runtime.skeleton
        rest = skeleton.rest_world[self._avatar.humanoid.node("hips"), :3, 3]
        place = _HALF_TURN[:3, :3] @ place if self._old else place
        return ((place - rest) / self.runtime.hip_height_m).astype(np.float32)

    # -- what is written down ---------------------------------------------------------------

    def _dump(self, state: RigState) -> dict[str, Any]:
        s = self._scenario
        out: dict[str, Any] = {
            "frame": self._frame,
            "t": round(self._frame / s.fps, DIGITS),
            "raw": self._raw(),
            "norm": self._normalized(),
            "morphs": self._morphs(state),
            "springs": self._springs(),
            "mats": self._materials(state) if s.materials else [],
        }
        if s.constraints and self._avatar.constraints:
            rotations = self.runtime.skeleton.rotation
            out["constraints"] = [
                {"dst": self._names[c.destination], "q": rounded(rotations[c.destination])}
                for c in self._avatar.constraints
            ]
        if s.expressions:
            out["expr"] = self._weights()
        return out

    def _raw(self) -> dict[str, Any]:
        skeleton, humanoid = self.runtime.skeleton, self._avatar.humanoid
        out = {}
        for bone in humanoid.bones:
            node = humanoid.node(bone)
            world = skeleton.world[node]
            out[bone] = {
                "p": rounded(world[:3, 3]),
                "q": rounded(quat.of_transform(world)),
                "lq": rounded(skeleton.rotation[node]),
                "lp": rounded(skeleton.translation[node]),
            }
        return out

    def _normalized(self) -> dict[str, Any]:
        stand = self._root @ _HALF_TURN if self._old else self._root
        places, turns = self.runtime.humanoid.normalized_world(stand)
        own = self.runtime.humanoid.rotations
        if self._old:
            # Its normalised bones have the axes of a model that faces -Z.
            turns, own = quat.multiply(turns, _ABOUT_Y), own * _TURNED
        return {
            bone: {"p": rounded(places[i]), "q": rounded(turns[i]), "lq": rounded(own[i])}
            for i, bone in enumerate(self._avatar.humanoid.bones)
        }

    def _morphs(self, state: RigState) -> dict[str, dict[str, float]]:
        """Per mesh node, the targets that are not zero."""
        model = self._avatar.model
        out: dict[str, dict[str, float]] = {}
        for primitive in model.primitives:
            first = primitive.morph_offset
            slots = range(first, first + len(primitive.morphs))
            weights = {
                model.morph_names[i].rpartition("/")[2]: value
                for i in slots
                if (value := round(float(state.morph_weights[i]), DIGITS))
            }
            if weights:
                out[self._names[primitive.node]] = weights
        return out

    def _springs(self) -> list[dict[str, Any]]:
        world, parents = self.runtime.skeleton.world, self.runtime.skeleton.parents
        tails = self._tails()
        out = []
        for joint in self._avatar.springs.joints:
            above = world[parents[joint.node]]
            local = np.linalg.pinv(above[:3, :3]) @ world[joint.node, :3, :3]
            tail = tails.get(joint.node, -1)
            out.append(
                {
                    "bone": self._names[joint.node],
                    "child": None if tail < 0 else self._names[tail],
                    "q": rounded(quat.of_transform(local)),
                    "tail": None if tail < 0 else rounded(world[tail, :3, 3]),
                }
            )
        return out

    def _tails(self) -> dict[int, int]:
        """Spring node to the node at its end, where there is one."""
        return {j.node: j.child for j in self._avatar.springs.joints if j.child >= 0}

    def _materials(self, state: RigState) -> list[dict[str, Any]]:
        materials = self._avatar.model.materials
        used = sorted({p.material for p in self._avatar.model.primitives})
        return [
            _material(materials[i], state.materials.get(i, {})) for i in used if i < len(materials)
        ]

    def _weights(self) -> dict[str, list[float]]:
        rig = self.runtime.expressions
        out = {}
        for name, asked in zip(rig.names, rig.asked.round(DIGITS).tolist(), strict=True):
            binary = self._avatar.expressions[name].is_binary
            shown = float(asked > HALF) if binary else asked
            if asked or shown:
                out[name] = rounded((asked, shown))
        return out


def _material(material: Material, change: dict[str, Any]) -> dict[str, Any]:
    toon = material.mtoon
    base = material.base_map
    offset, scale = change.get("uv_offset", (0.0, 0.0)), change.get("uv_scale", (1.0, 1.0))
    moved = {
        "offset": rounded(b + o for b, o in zip(base.offset, offset, strict=True)),
        "repeat": rounded(b * s for b, s in zip(base.scale, scale, strict=True)),
    }
    return {
        "name": material.name,
        "color": rounded(change.get("base_color", material.base_color)[:3]),
        "emissive": rounded(change.get("emissive", material.emissive)[:3]),
        "shadeColor": toon and rounded(change.get("shade_color", toon.shade_color)[:3]),
        "outline": toon and rounded(change.get("outline_color", toon.outline_color)[:3]),
        "map": moved if base.texture >= 0 else None,
    }
