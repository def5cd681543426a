"""A plain glTF animation of a skeleton with a person's joint names, as recorded motion.

The rest pose is the one that the skin was bound in (inverse bind matrices), since the nodes of
many files rest in the first picture of their animation. Only turns and ways of nodes are read:
scales and morph weights stay out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar import quat
from avatar.clip.mocap import Mocap
from avatar.clip.names import joints_of
from avatar.clip.tracks import Track, choose_animation, read_track, union
from avatar.clip.vrma import world_rotations
from avatar.quat import F64
from avatar.read.accessors import Accessors
from avatar.read.document import Document
from avatar.read.jsonat import At
from avatar.read.nodes import Nodes, read_nodes
from flow.pose import HUMAN_BONES

_PATHS = ("translation", "rotation")


@dataclass(frozen=True, slots=True)
class _Joint:
    """One node that matters: its rest transform and what moves it."""

    translation: F64
    rotation: F64
    scale: F64
    tracks: dict[str, Track]

    def at(self, times_s: F64) -> F64:
        """(n, 4, 4) local matrices."""
        out = np.zeros((len(times_s), 4, 4))
        turn, way = self.tracks.get("rotation"), self.tracks.get("translation")
        q = self.rotation[None] if turn is None else quat.normalize(turn.at(times_s))
        out[:, :3, :3] = quat.to_matrix(q) * self.scale
        out[:, :3, 3] = self.translation if way is None else way.at(times_s)
        out[:, 3, 3] = 1.0
        return out


def read_humanoid(document: Document, animation: str = "") -> Mocap:
    """The animation called `animation`, or the first.

    Raises:
        AssetError: no animation, or damaged tracks. Unknown names are for `retarget` to tell.
    """
    nodes = read_nodes(document)
    accessors = Accessors(document)
    chosen = choose_animation(document, animation)
    tracks = _tracks(document, chosen, nodes, accessors)
    bound = _bound(document, nodes, accessors)
    names = [n if not bound or i in bound else "" for i, n in enumerate(nodes.names)]
    known = joints_of(names, nodes.parents.tolist())
    kept = _with_ancestors(set(known.values()) | (set(bound) & set(tracks)), nodes)
    place = {node: k for k, node in enumerate(kept)}
    parents = tuple(place.get(int(nodes.parents[n]), -1) for n in kept)
    joints = [
        _Joint(
            nodes.translation[n].astype(np.float64),
            nodes.rotation[n].astype(np.float64),
            nodes.scale[n].astype(np.float64),
            tracks.get(n, {}),
        )
        for n in kept
    ]
    moving = [t for n in kept for t in tracks.get(n, {}).values()]
    if not moving:
        raise chosen.fault(
            "moves no skeleton",
            code="asset.empty",
            hint="Choose a file with an animation of a person in it.",
        )
    times = union(moving, chosen)
    document.budget.keep(len(times) * len(HUMAN_BONES) * 16, chosen)
    positions, turns = _rest(kept, nodes, bound)

    def play(start: int, stop: int) -> tuple[F64, F64]:
        world = np.zeros((min(stop, len(times)) - start, len(kept), 4, 4))
        rotations = np.zeros((*world.shape[:2], 4))
        for k, parent in enumerate(parents):
            local = joints[k].at(times[start:stop])
            turn = joints[k].tracks.get("rotation")
            q = joints[k].rotation[None] if turn is None else turn.at(times[start:stop])
            world[:, k] = local if parent < 0 else world[:, parent] @ local
            rotations[:, k] = q if parent < 0 else quat.multiply(rotations[:, parent], q)
        return rotations, np.ascontiguousarray(world[..., :3, 3])

    return Mocap(
        names=tuple(names[n] for n in kept),
        parents=parents,
        positions=positions,
        turns=turns,
        tips={},
        times_s=times,
        play=play,
        problems=tuple(document.problems.found),
    )


def _tracks(
    document: Document, animation: At, nodes: Nodes, accessors: Accessors
) -> dict[int, dict[str, Track]]:
    """Node → path → track."""
    out: dict[int, dict[str, Track]] = {}
    samplers = animation.get("samplers")
    for channel in animation.get("channels").items():
        target = channel.get("target")
        path = target.get("path").text()
        if target.get("node").absent or path not in _PATHS:
            continue
        node = nodes.place[target.get("node").index(len(nodes.names), "node")]
        sampler = samplers.element(channel.get("sampler"), "sampler")
        track = read_track(channel, sampler, accessors)
        document.budget.keep(track.times_s.nbytes + track.values.nbytes, channel)
        out.setdefault(node, {})[path] = track
    return out


def _bound(document: Document, nodes: Nodes, accessors: Accessors) -> dict[int, F64]:
    """Node → where it was bound (4, 4), for the joints of all skins; first come, first served."""
    out: dict[int, F64] = {}
    for skin in document.root.get("skins").items():
        refs = skin.get("joints").items()
        inverse = None
        if not skin.get("inverseBindMatrices").absent:
            inverse = accessors.floats(skin.get("inverseBindMatrices"), 16).astype(np.float64)
        for k, ref in enumerate(refs):
            node = nodes.place[ref.index(len(nodes.names), "node")]
            matrix = np.eye(4)
            if inverse is not None and k < len(inverse):
                matrix = inverse[k].reshape(4, 4).T
            if inverse is None or abs(np.linalg.det(matrix)) < np.finfo(np.float64).tiny:
                out.setdefault(node, np.full((4, 4), np.nan))
            else:
                out.setdefault(node, np.asarray(np.linalg.inv(matrix), np.float64))
    return out


def _with_ancestors(chosen: set[int], nodes: Nodes) -> list[int]:
    kept = set(chosen)
    for node in chosen:
        above = int(nodes.parents[node])
        while above >= 0 and above not in kept:
            kept.add(above)
            above = int(nodes.parents[above])
    return sorted(kept)  # the file's nodes are sorted, parents first


def _rest(kept: list[int], nodes: Nodes, bound: dict[int, F64]) -> tuple[F64, F64]:
    """Positions and rotations of the pose that the skin was bound in, else of the nodes."""
    turns = world_rotations(nodes)[kept]
    world = np.zeros((len(nodes.names), 4, 4))
    for i, parent in enumerate(nodes.parents.tolist()):
        local = _Joint(
            nodes.translation[i].astype(np.float64),
            nodes.rotation[i].astype(np.float64),
            nodes.scale[i].astype(np.float64),
            {},
        ).at(np.zeros(1))[0]
        world[i] = local if parent < 0 else world[parent] @ local
    positions = world[kept, :3, 3]
    usable = [n for n in kept if n in bound and np.isfinite(bound[n]).all()]
    if len(usable) == len([n for n in kept if n in bound]):
        for k, node in enumerate(kept):
            if node in usable:
                matrix = bound[node]
                size = np.maximum(np.sqrt((matrix[:3, :3] ** 2).sum(axis=0)), 1e-12)
                positions[k], turns[k] = matrix[:3, 3], quat.from_matrix(matrix[:3, :3] / size)
    return positions, turns
