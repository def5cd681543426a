"""Bodies in another unit: what was exported in centimetres or inches is made as tall as people.

Metres are what the formats say, but a body of one centimetre or of a hundred metres is a slip of
the exporter, and on a stage it is a dot or a pair of shoes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from avatar.rig.avatar import Avatar, Problem
from avatar.rig.skeleton import rest_world
from avatar.rig.spring import Springs

SMALLEST_M, LARGEST_M, USUAL_M = 0.04, 6.0, 0.6
"""From hips to head: dolls and giants are welcome, other units are not."""
_NOTHING_M = 1e-6


def sized(avatar: Avatar) -> Avatar:
    """`avatar`, or the same with `Model.root`, collider and hit radii scaled, and a problem."""
    hips, head = (avatar.humanoid.node(b) for b in ("hips", "head"))
    if hips < 0 or head < 0:
        return avatar
    world = rest_world(avatar.model)
    way = world[head, :3, 3] - world[hips, :3, 3]
    reach = float(np.sqrt(way @ way))
    if reach < _NOTHING_M or SMALLEST_M <= reach <= LARGEST_M:
        return avatar
    factor = USUAL_M / reach
    root = avatar.model.root.copy()
    root[:3] *= np.float32(factor)
    where = {"vrm1": "extensions.VRMC_vrm.humanoid", "vrm0": "extensions.VRM.humanoid"}
    problem = Problem(
        "avatar.size",
        where.get(avatar.version, "nodes"),
        f"The body measures {reach:.3g} m from hips to head: it was exported in another unit.",
        f"It is drawn {factor:.3g} times as large.",
    )
    return replace(
        avatar,
        model=replace(avatar.model, root=root),
        springs=_scaled(avatar.springs, factor),
        problems=(*avatar.problems, problem),
    )


def _scaled(springs: Springs, factor: float) -> Springs:
    return Springs(
        tuple(replace(j, hit_radius=j.hit_radius * factor) for j in springs.joints),
        tuple(replace(c, radius=c.radius * factor) for c in springs.colliders),
    )
