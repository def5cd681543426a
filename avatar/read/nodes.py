"""The node tree, sorted so that parents come first and each depth is one run of indices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from avatar import quat
from avatar.read.document import Document
from avatar.read.jsonat import At
from flow.spec import F32, I32

MOST_NODES = 20_000
MOST_DEPTH = 512
_LARGEST = 1e5
_SMALLEST = 1e-12
_FARTHEST_M = 1e6
_WIDEST = 1e6
_UNIT_WITHIN = 1e-3


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes in model order (breadth first)."""

    names: tuple[str, ...]
    parents: I32
    translation: F32
    rotation: F32
    scale: F32
    place: dict[int, int]
    """glTF node index → model node index."""
    source: tuple[At, ...]
    """The JSON of each model node."""
    drawn: frozenset[int]
    """Model nodes that belong to the scene that is shown."""


def read_nodes(document: Document) -> Nodes:
    """Read and sort the tree.

    Raises:
        AssetError: a cycle, a child that does not exist, or numbers that no transform has.
    """
    nodes = document.root.get("nodes").items(MOST_NODES)
    parent, children = _family(document, nodes)
    order = _breadth_first(nodes, parent, children)
    place = {g: i for i, g in enumerate(order)}
    t, r, s = (np.zeros((len(nodes), k), np.float32) for k in (3, 4, 3))
    for i, g in enumerate(order):
        t[i], r[i], s[i] = _transform(document, nodes[g])
    parents = np.array([place[parent[g]] if g in parent else -1 for g in order], np.int32)
    for i, why in _absurd(parents, t, s):
        raise nodes[order[i]].fault(why, code="asset.range")
    return Nodes(
        names=tuple(nodes[g].get("name").text(f"node_{g}") for g in order),
        parents=parents,
        translation=t,
        rotation=r,
        scale=s,
        place=place,
        source=tuple(nodes[g] for g in order),
        drawn=_drawn(document, place, children),
    )


def _family(document: Document, nodes: list[At]) -> tuple[dict[int, int], list[list[int]]]:
    parent: dict[int, int] = {}
    children: list[list[int]] = [[] for _ in nodes]
    for g, node in enumerate(nodes):
        for ref in node.get("children").items():
            child = ref.index(len(nodes), "node")
            if child in parent:
                document.problems.add(
                    "asset.tree", ref, "is a second parent of a node", "The first one counts."
                )
                continue
            parent[child] = g
            children[g].append(child)
    return parent, children


def _breadth_first(nodes: list[At], parent: dict[int, int], children: list[list[int]]) -> list[int]:
    order: list[int] = []
    level = [g for g in range(len(nodes)) if g not in parent]
    depth = 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise nodes[level[0]].fault(
                f"has more than {MOST_DEPTH} nodes above it", code="asset.large"
            )
        order += level
        level = [c for g in level for c in children[g]]
    if len(order) != len(nodes):
        # Every node has one parent at most, so whatever was not reached hangs in a ring.
        lost = min(set(range(len(nodes))) - set(order))
        raise nodes[lost].fault("is its own ancestor", code="asset.cycle")
    return order


def _absurd(parents: I32, translation: F32, scale: F32) -> Iterator[tuple[int, str]]:
    """Nodes that stand too far away or are scaled too much once their parents are counted in."""
    far, wide = [0.0] * len(parents), [1.0] * len(parents)
    lengths = np.abs(translation).max(axis=1, initial=0.0).tolist()
    widths = np.abs(scale).max(axis=1, initial=0.0).tolist()
    for i, parent in enumerate(parents.tolist()):
        above, size = (far[parent], wide[parent]) if parent >= 0 else (0.0, 1.0)
        far[i] = above + size * lengths[i]
        wide[i] = size * widths[i]
        if far[i] > _FARTHEST_M:
            yield i, "stands further away than any avatar is large"
        if wide[i] > _WIDEST:
            yield i, "is scaled up beyond any avatar's size by the nodes above it"


def _drawn(document: Document, place: dict[int, int], children: list[list[int]]) -> frozenset[int]:
    scenes = document.root.get("scenes")
    if not scenes.items():
        return frozenset(place.values())
    which = document.root.get("scene")
    index = At(0, "scene") if which.absent else which
    todo = [
        r.index(len(place), "node") for r in scenes.element(index, "scene").get("nodes").items()
    ]
    seen: set[int] = set()
    while todo:
        g = todo.pop()
        if g not in seen:
            seen.add(g)
            todo += children[g]
    return frozenset(place[g] for g in seen)


def _transform(
    document: Document, node: At
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    matrix = node.get("matrix")
    if not matrix.absent:
        return _decompose(matrix)
    t = node.get("translation").numbers(3, (0.0, 0.0, 0.0))
    s = node.get("scale").numbers(3, (1.0, 1.0, 1.0))
    rotation = node.get("rotation")
    q = rotation.numbers(4, (0.0, 0.0, 0.0, 1.0))
    for name, values in (("translation", t), ("scale", s)):
        if max(map(abs, values)) > _LARGEST:
            raise node.get(name).fault("is too large", code="asset.range")
    length = sum(min(abs(v), _LARGEST) ** 2 for v in q) ** 0.5
    if abs(length - 1.0) > _UNIT_WITHIN:
        document.problems.add(
            "asset.rotation", rotation, "is not a unit quaternion", "It was normalised."
        )
    unit = quat.normalize(np.array(q)).tolist()
    return t, tuple(unit), s


def _decompose(
    at: At,
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Translation, rotation and scale of a column-major 4x4; a mirror goes into the x scale."""
    values = np.array(at.numbers(16)).reshape(4, 4).T
    if np.abs(values).max() > _LARGEST:
        raise at.fault("is too large", code="asset.range")
    linear = values[:3, :3]
    scale = np.sqrt((linear * linear).sum(axis=0))
    if np.linalg.det(linear) < 0:
        scale[0] = -scale[0]
    safe = np.where(np.abs(scale) > _SMALLEST, scale, 1.0)
    rotation = quat.from_matrix(linear / safe) if np.abs(scale).min() > _SMALLEST else quat.IDENTITY
    return tuple(values[:3, 3].tolist()), tuple(rotation.tolist()), tuple(scale.tolist())
