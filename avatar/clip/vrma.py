"""VRM Animation files (VRMC_vrm_animation-1.0) as clips.

With P the rest rotation of a bone's parent in the model and W the bone's own, the normalised
rotation of a key q is P · q · W⁻¹ (the specification's "how to transform human pose"). The hips'
way from their rest place is divided by their rest height. A weight is the x of its node's
translation; the gaze is the look-at node's rotation as yaw, then pitch (YXZ).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from avatar import quat
from avatar.clip.clip import Clip, clip_of
from avatar.clip.tracks import Track, choose_animation, read_track, union
from avatar.quat import F64
from avatar.read.accessors import Accessors
from avatar.read.document import Document
from avatar.read.jsonat import At
from avatar.read.nodes import Nodes, read_nodes
from flow.pose import BONE_INDEX, HUMAN_BONES

EXTENSION = "VRMC_vrm_animation"
VERSIONS = ("1.0", "1.0-draft")
MOST_EXPRESSIONS = 512
_LOWEST_HIPS_M = 1e-3
_GAZE_DEG = 1e-3
"""How far straight lines of yaw and pitch may be from the arc that the file means."""
_MOST_CUTS = 64


@dataclass(slots=True)
class _Meant:
    """What the file's nodes stand for, by glTF node index."""

    bones: dict[int, str] = field(default_factory=dict)
    expressions: dict[int, str] = field(default_factory=dict)
    look_at: int = -1


@dataclass(slots=True)
class _Found:
    """The tracks of the animation."""

    rotations: dict[str, Track] = field(default_factory=dict)
    hips: Track | None = None
    expressions: dict[str, Track] = field(default_factory=dict)
    gaze: Track | None = None
    duration_s: float = 0.0

    @property
    def all(self) -> list[Track]:
        """Every track."""
        rest = [t for t in (self.hips, self.gaze) if t is not None]
        return [*self.rotations.values(), *self.expressions.values(), *rest]


def read_vrma(document: Document, name: str, animation: str = "") -> Clip:
    """An animation of a VRMA file: the one called `animation`, or the first.

    Raises:
        AssetError: not a VRM animation, no hips, no animation, or damaged tracks.
    """
    extension = document.root.extension(EXTENSION)
    version = extension.get("specVersion")
    if version.text("1.0") not in VERSIONS:
        raise version.fault(
            f"is {version.text()!r}; VRM animations of version 1.0 are read",
            code="asset.version",
            hint="Export the animation as VRMA 1.0.",
        )
    nodes = read_nodes(document)
    meant = _meanings(document, extension, nodes)
    found = _tracks(document, choose_animation(document, animation), meant, nodes)
    if found.hips is not None:
        above, hips = _hips(meant, nodes)
        rest = (above @ np.append(nodes.translation[hips], 1.0))[:3]
        height = float(rest[1])
        if height < _LOWEST_HIPS_M:
            raise nodes.source[hips].fault(
                f"has the hips at a height of {height:.3g} m, so their way has no measure",
                code="asset.humanoid",
                hint="Export the animation with its skeleton standing on the ground in a T-pose.",
            )
        values = found.hips.values @ above[:3, :3].T + above[:3, 3]
        found.hips = Track(found.hips.times_s, (values - rest) / height, False)
    return _clip(document, found, meant, nodes, name)


def _clip(document: Document, found: _Found, meant: _Meant, nodes: Nodes, name: str) -> Clip:
    turns = world_rotations(nodes)
    tracks = found.all
    times = union(tracks, document.root.get("animations"))
    wide = 16 * len(HUMAN_BONES) + 16 * len(found.expressions)
    document.budget.keep(len(times) * wide, document.root.get("animations"))
    rotations = np.zeros((len(times), len(HUMAN_BONES), 4), np.float32)
    moved = np.zeros(len(HUMAN_BONES), np.bool_)
    node_of = {bone: nodes.place[g] for g, bone in meant.bones.items()}
    for bone, track in found.rotations.items():
        node = node_of[bone]
        before = turns[nodes.parents[node]]
        values = quat.multiply(quat.multiply(before, track.at(times)), quat.conjugate(turns[node]))
        rotations[:, BONE_INDEX[bone]] = values
        moved[BONE_INDEX[bone]] = True
    return clip_of(
        name,
        times,
        rotations=rotations,
        bones=moved,
        hips=None if found.hips is None else found.hips.at(times),
        expressions={n: t.at(times)[:, 0] for n, t in found.expressions.items()},
        gaze_deg=None if found.gaze is None else found.gaze.at(times),
        duration_s=found.duration_s,
        problems=tuple(document.problems.found),
        keep=True,
    )


def world_rotations(nodes: Nodes) -> F64:
    """(n + 1, 4) rest rotations in the model; the last row is the root's, where parents are -1."""
    out = np.zeros((len(nodes.names) + 1, 4))
    out[-1] = quat.IDENTITY
    local = nodes.rotation.astype(np.float64)
    for i, parent in enumerate(nodes.parents.tolist()):
        out[i] = quat.multiply(out[parent], local[i])
    return quat.normalize(out)


def _hips(meant: _Meant, nodes: Nodes) -> tuple[F64, int]:
    """The rest matrix (4, 4) of the hips' parent in the model, and the hips' node."""
    hips = next(nodes.place[g] for g, bone in meant.bones.items() if bone == "hips")
    above = np.eye(4)
    node = int(nodes.parents[hips])
    while node >= 0:
        local = np.eye(4)
        local[:3, :3] = quat.to_matrix(nodes.rotation[node].astype(np.float64)) * nodes.scale[node]
        local[:3, 3] = nodes.translation[node]
        above = local @ above
        node = int(nodes.parents[node])
    return above, hips


def _meanings(document: Document, extension: At, nodes: Nodes) -> _Meant:
    """Which node is which bone, expression and gaze.

    Raises:
        AssetError: no hips, or a node that does not exist or stands for two things.
    """
    out = _Meant()
    count = len(nodes.names)
    human = extension.at("humanoid", "humanBones")
    for bone, at in human.members():
        if bone not in BONE_INDEX:
            document.problems.add("clip.bone", at, "is no humanoid bone", "It is left out.")
            continue
        _claim(out.bones, at.get("node"), bone, count)
    if "hips" not in out.bones.values():
        raise human.fault(
            "has no hips: this animation is not a humanoid's",
            code="asset.humanoid",
            hint="Export it as a VRM animation, with its humanoid bones assigned.",
        )
    for kind in ("preset", "custom"):
        for name, at in extension.at("expressions", kind).members():
            if len(out.expressions) >= MOST_EXPRESSIONS:
                raise at.fault(f"is more than {MOST_EXPRESSIONS} expressions", code="asset.large")
            _claim(out.expressions, at.get("node"), name[:200], count)
    look_at = extension.get("lookAt")
    if not look_at.absent:
        out.look_at = look_at.get("node").index(count, "node")
    return out


def _claim(nodes: dict[int, str], at: At, name: str, count: int) -> None:
    node = at.index(count, "node")
    if node in nodes:
        raise at.fault(f"points to node {node}, which is already {nodes[node]!r}")
    nodes[node] = name


def _tracks(document: Document, animation: At, meant: _Meant, nodes: Nodes) -> _Found:
    accessors, out = Accessors(document), _Found()
    samplers = animation.get("samplers")
    for channel in animation.get("channels").items():
        target = channel.get("target")
        if target.get("node").absent:
            continue
        node = target.get("node").index(len(nodes.names), "node")
        path = target.get("path").text()
        role, used = _role(meant, node, path)
        if not used:
            if role:
                document.problems.add(
                    "clip.channel", target, f"moves the {path[:40]} of {role}", "It is left out."
                )
            continue
        track = read_track(channel, samplers.element(channel.get("sampler"), "sampler"), accessors)
        document.budget.keep(track.times_s.nbytes + track.values.nbytes, channel)
        out.duration_s = max(out.duration_s, float(track.times_s[-1]))
        # As in `_role`: what a node is first, it is alone.
        if node not in meant.bones and node not in meant.expressions:
            out.gaze = _gaze(track)
        elif node not in meant.bones:
            first = np.ascontiguousarray(track.values[:, :1])
            out.expressions[meant.expressions[node]] = Track(track.times_s, first, False)
        elif path == "rotation":
            out.rotations[meant.bones[node]] = track
        else:
            out.hips = track
    if not out.all:
        raise animation.fault(
            "moves no bone, expression or gaze",
            code="asset.empty",
            hint="Export it as a VRM animation of a humanoid.",
        )
    return out


def _role(meant: _Meant, node: int, path: str) -> tuple[str, bool]:
    """What a node stands for (empty: nothing), and whether `path` may move it."""
    if node in meant.bones:
        bone = meant.bones[node]
        return f"the {bone} bone", path == "rotation" or (path == "translation" and bone == "hips")
    if node in meant.expressions:
        return f"the expression {meant.expressions[node]!r}", path == "translation"
    if node == meant.look_at:
        return "the gaze", path == "rotation"
    return "", False


def _gaze(track: Track) -> Track:
    """Arcs of the look-at node as lines of yaw and pitch in degrees, cut where an arc is bent."""
    if len(track.times_s) == 1:
        return Track(track.times_s, yaw_and_pitch(track.values), False)
    keys = yaw_and_pitch(track.values)
    ends = np.unwrap(keys, axis=0, period=360.0)
    half = 0.5 * (track.times_s[:-1] + track.times_s[1:])
    middle = yaw_and_pitch(track.at(half))
    off = np.abs(middle - 0.5 * (ends[:-1] + ends[1:]))
    off = np.minimum(off % 360.0, 360.0 - off % 360.0).max(axis=1)
    cuts = np.clip(np.ceil(2.0 * np.sqrt(off / _GAZE_DEG)), 1, _MOST_CUTS).astype(np.int64)
    piece = np.repeat(np.arange(len(half)), cuts)
    first = np.cumsum(cuts) - cuts
    share = (np.arange(len(piece)) - first[piece]) / cuts[piece]
    times = track.times_s[piece] + np.diff(track.times_s)[piece] * share
    times = np.unique(np.append(times, track.times_s[-1]))
    return Track(times, np.unwrap(yaw_and_pitch(track.at(times)), axis=0, period=360.0), False)


def yaw_and_pitch(q: F64) -> F64:
    """(n, 2) degrees: the turn about +Y and the one about +X before it (Euler order YXZ)."""
    m = quat.to_matrix(q)
    pitch = np.arcsin(np.clip(-m[:, 1, 2], -1.0, 1.0))
    angles: F64 = np.degrees(np.stack([np.arctan2(m[:, 0, 2], m[:, 2, 2]), pitch], axis=1))
    return angles
