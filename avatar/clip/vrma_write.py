"""A clip as a VRM Animation file (VRMC_vrm_animation-1.0).

The skeleton rests in the T-pose with no rotations, so that the normalised rotations are the keys
themselves. What the specification keeps out stays out: eye bones and look expressions (the gaze
has its own node). Tracks that do not change have one key.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar import quat
from avatar.clip.body import STANDARD, Body
from avatar.clip.clip import Clip
from avatar.clip.vrma import EXTENSION
from flow.glb import pack_container
from flow.pose import BONE_INDEX, BONE_PARENTS, HUMAN_BONES, PRESET_EXPRESSIONS, REQUIRED_BONES
from flow.spec import F32

_NOT_BONES = frozenset({"leftEye", "rightEye"})
_NOT_EXPRESSIONS = frozenset({"lookUp", "lookDown", "lookLeft", "lookRight"})
_FLOAT = 5126
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
_FROM_HEAD = (0.0, 0.06, 0.07)
_STILL = 1e-7


class _File:
    """The glTF that is being put together."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self.samplers: list[dict[str, Any]] = []
        self.channels: list[dict[str, Any]] = []
        self.binary = bytearray()
        self._times: dict[bytes, int] = {}

    def node(self, name: str, translation: NDArray[np.floating], parent: int = -1) -> int:
        """A new node; its number."""
        number = len(self.nodes)
        self.nodes.append({"name": name, "translation": [round(float(v), 6) for v in translation]})
        if parent >= 0:
            self.nodes[parent].setdefault("children", []).append(number)
        return number

    def track(self, node: int, path: str, times: F32, values: F32) -> None:
        """A channel with straight lines (arcs) between its keys."""
        if len(values) > 1 and float(np.abs(values - values[0]).max()) <= _STILL:
            times, values = times[:1], values[:1]
        key = times.tobytes()
        if key not in self._times:
            self._times[key] = self._accessor(times[:, None], bounds=True)
        sampler = {"input": self._times[key], "output": self._accessor(values)}
        self.samplers.append(sampler | {"interpolation": "LINEAR"})
        target = {"node": node, "path": path}
        self.channels.append({"sampler": len(self.samplers) - 1, "target": target})

    def _accessor(self, values: F32, *, bounds: bool = False) -> int:
        data = np.ascontiguousarray(values, "<f4").tobytes()
        view = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.views.append(view)
        self.binary += data
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": _FLOAT,
            "count": len(values),
            "type": _TYPES[values.shape[1]],
        }
        if bounds:
            accessor |= {"min": [float(values.min())], "max": [float(values.max())]}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def vrma_bytes(clip: Clip, body: Body = STANDARD) -> bytes:
    """The clip as the bytes of a .vrma file, on the skeleton of `body`."""
    file = _File()
    times, keep = _times(clip)
    moved = {b for b, on in zip(HUMAN_BONES, clip.bones, strict=True) if on} - _NOT_BONES
    bones = [b for b in HUMAN_BONES if b in moved or b in REQUIRED_BONES]
    nodes: dict[str, int] = {}
    for bone in bones:
        parent = BONE_PARENTS[bone]
        while parent is not None and parent not in nodes:
            parent = BONE_PARENTS[parent]
        above = -1 if parent is None else nodes[parent]
        nodes[bone] = file.node(bone, body.offset(bone, parent), above)
    for bone in (b for b in bones if b in moved):
        file.track(nodes[bone], "rotation", times, clip.rotations[keep, BONE_INDEX[bone]])
    hips = body.offset("hips", None) + clip.hips[keep] * body.hip_height_m
    if clip.has_hips or not file.channels:
        file.track(nodes["hips"], "translation", times, hips.astype(np.float32))
    extension: dict[str, Any] = {
        "specVersion": "1.0",
        "humanoid": {"humanBones": {bone: {"node": n} for bone, n in nodes.items()}},
    }
    extension |= _faces(file, clip, times, keep)
    if clip.gaze_deg is not None:
        node = file.node("lookAt", np.array(_FROM_HEAD), nodes["head"])
        file.track(node, "rotation", times, _turns(clip.gaze_deg[keep]))
        extension["lookAt"] = {"node": node, "offsetFromHeadBone": list(_FROM_HEAD)}
    return pack_container(_root(file, clip.name, extension), bytes(file.binary))


def _root(file: _File, name: str, extension: dict[str, Any]) -> dict[str, Any]:
    children = {c for n in file.nodes for c in n.get("children", [])}
    return {
        "asset": {"version": "2.0", "generator": "mirrorstage"},
        "scene": 0,
        "scenes": [{"nodes": [n for n in range(len(file.nodes)) if n not in children]}],
        "nodes": file.nodes,
        "animations": [{"name": name, "channels": file.channels, "samplers": file.samplers}],
        "accessors": file.accessors,
        "bufferViews": file.views,
        "buffers": [{"byteLength": len(file.binary)}],
        "extensionsUsed": [EXTENSION],
        "extensions": {EXTENSION: extension},
    }


def _times(clip: Clip) -> tuple[F32, NDArray[np.intp]]:
    """Key times as float32, still increasing, and which keys they are; the end has a key."""
    times, keep = clip.times_s, np.arange(len(clip.times_s))
    if clip.duration_s > float(times[-1]):
        times, keep = np.append(times, clip.duration_s), np.append(keep, keep[-1])
    short = times.astype(np.float32)
    # Steps are keys at neighbouring float64 numbers: make them neighbours in float32 too.
    same = np.flatnonzero(np.diff(short) <= 0.0)
    short[same] = np.nextafter(short[same + 1], np.float32(-1.0))
    fresh = np.r_[True, np.diff(short) > 0.0] & (short >= 0.0)
    return short[fresh], keep[fresh]


def _faces(
    file: _File, clip: Clip, times: F32, keep: NDArray[np.intp]
) -> dict[str, dict[str, dict[str, Any]]]:
    kinds: dict[str, dict[str, Any]] = {}
    for name, weights in clip.expressions.items():
        if name in _NOT_EXPRESSIONS:
            continue
        values = np.zeros((len(keep), 3), np.float32)
        values[:, 0] = np.clip(weights[keep], 0.0, 1.0)
        node = file.node(name, np.zeros(3))
        file.track(node, "translation", times, values)
        kind = "preset" if name in PRESET_EXPRESSIONS else "custom"
        kinds.setdefault(kind, {})[name] = {"node": node}
    return {"expressions": kinds} if kinds else {}


def _turns(gaze_deg: F32) -> F32:
    """Yaw after pitch as rotations."""
    yaw, pitch = np.radians(gaze_deg.astype(np.float64)).T
    y = quat.from_axis_angle((0.0, 1.0, 0.0), yaw)
    x = quat.from_axis_angle((1.0, 0.0, 0.0), pitch)
    return quat.multiply(y, x).astype(np.float32)
