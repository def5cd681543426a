"""The head's skin: points placed along the eyes and the mouth, triangulated, with real openings."""

# `array + [x, y, z]` adds vectors here; it joins no lists.
# ruff: noqa: RUF005, PLR0915
from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay, cKDTree

from assets.build.mira.features import (
    EYE_IN,
    EYE_OUT,
    MOUTH_HALF,
    MOUTH_Y,
    lower_lid,
    move,
    upper_lid,
)
from assets.build.mira.head import calm_normals, height, implicit, moved_to_world, to_world
from assets.build.mira.mesh import F64, I64, Piece, smooth, unit, vertex_normals
from assets.build.mira.morphs import FACE_MORPHS

_CENTRE = np.array([0.0, 104.0, -2.0])


def mouth_line(x: F64) -> F64:
    """Where the closed lips meet: nearly straight, the corners a little up."""
    u = np.clip(np.abs(x) / MOUTH_HALF, 0.0, 1.4)
    return MOUTH_Y - 0.7 + 2.0 * u * u


def eye_contour() -> F64:
    """(30, 2) her left eye's opening, from the inner corner over the upper lid and back."""
    t = np.linspace(0, 1, 16)
    x = EYE_IN + (EYE_OUT - EYE_IN) * (0.5 - 0.5 * np.cos(np.pi * t))
    top = np.stack([x, upper_lid(x)], 1)
    low = np.stack([x, lower_lid(x)], 1)[1:-1][::-1]
    return np.concatenate([top, low])


def mouth_contour() -> F64:
    """(17, 2) the line between the lips, from her right corner to her left."""
    x = MOUTH_HALF * np.sin(np.linspace(-1, 1, 17) * np.pi / 2)
    return np.stack([x, mouth_line(x)], 1)


def outwards(loop: F64, distance: float) -> F64:
    """A closed clockwise contour moved outwards."""
    ahead, behind = np.roll(loop, -1, axis=0), np.roll(loop, 1, axis=0)
    tangent = unit(ahead - behind)
    return loop + distance * np.stack([-tangent[:, 1], tangent[:, 0]], 1)


def _opened(xy: F64, part: F64) -> F64:
    """Points with the lips parted, where triangles can be told apart."""
    u = np.clip(np.abs(xy[:, 0]) / MOUTH_HALF, 0, 1)
    gap = 5.0 * (1 - u**2.0)
    near = 1 - smooth(np.abs(xy[:, 1] - mouth_line(xy[:, 0])) / 16.0)
    return xy + np.stack([0 * u, part * gap * near], 1)


def _surface(directions: F64) -> F64:
    """Where rays from the middle of the head leave it."""
    near, far = np.full(len(directions), 5.0), np.full(len(directions), 220.0)
    for _ in range(40):
        mid = 0.5 * (near + far)
        inside = implicit(_CENTRE + mid[:, None] * directions) < 0
        near, far = np.where(inside, mid, near), np.where(inside, far, mid)
    p = _CENTRE + near[:, None] * directions
    on_face = height(p[:, 0], p[:, 1])
    front = (directions[:, 2] > 0.35) & (p[:, 1] > 5.0) & (np.abs(on_face - p[:, 2]) < 12.0)
    p[front, 2] = on_face[front]
    return p


def _plane(p: F64) -> F64:
    """Azimuthal equidistant map of points around the head's middle, looking at the face."""
    d = unit(p - _CENTRE)
    angle = np.arccos(np.clip(d[:, 2], -1, 1))
    return angle[:, None] * unit(d[:, :2])


def _unplane(q: F64) -> F64:
    angle = np.linalg.norm(q, axis=1)
    xy = unit(q) * np.sin(angle)[:, None]
    return np.concatenate([xy, np.cos(angle)[:, None]], 1)


def _hexagons(pitch: float, reach: float) -> F64:
    rows = int(reach / (pitch * 0.866)) + 1
    out = []
    for r in range(-rows, rows + 1):
        half = 0.5 if r % 2 else 0.0
        u = (np.arange(0, int(reach / pitch) + 2) + half) * pitch
        out.append(np.stack([u, np.full_like(u, r * pitch * 0.866)], 1))
    q = np.concatenate(out)
    near: F64 = q[np.linalg.norm(q, axis=1) < reach]
    return near


def _scatter(taken: F64) -> F64:
    """Surface points with x >= 0 that fill the space between the contours, fine to coarse."""
    kept = taken
    for pitch, reach, wanted in (
        (0.034, 0.9, lambda p: (p[:, 0] < 13) & (p[:, 1] > 45) & (p[:, 1] < 72)),
        (0.058, 1.2, lambda p: (p[:, 0] < 60) & (p[:, 1] > -2) & (p[:, 1] < 128) & (p[:, 2] > 20)),
        (0.105, 1.9, lambda p: p[:, 2] > -5),
        (0.25, 2.95, lambda p: p[:, 2] <= 12),
    ):
        p = _surface(_unplane(_hexagons(pitch, reach)))
        p = p[wanted(p)]  # type: ignore[no-untyped-call]
        gap, _ = cKDTree(kept).query(p)
        kept = np.concatenate([kept, p[gap > 0.72 * pitch * 100]])
    return kept[len(taken) :]


def _inside(loop: F64, xy: F64) -> np.ndarray:
    x, y = xy.T
    hit = np.zeros(len(xy), bool)
    for (ax, ay), (bx, by) in zip(loop, np.roll(loop, -1, axis=0), strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            cross = ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
        hit ^= cross
    return hit


def _lift(xy: F64) -> F64:
    return np.concatenate([xy, height(xy[:, 0], xy[:, 1])[:, None]], 1)


def head_points() -> tuple[F64, F64, F64, I64]:
    """Rest points, domain points (lips parted), lip part and triangles of the skin."""
    eye = eye_contour()
    lips = mouth_contour()
    half = lips[8:]
    groups: list[tuple[F64, float, int]] = [(eye, 0.0, 0)]
    groups += [(outwards(eye, d), 0.0, -1) for d in (2.0, 4.8, 8.5)]
    groups += [(half[:-1], 1.0, 1), (half[:-1], -1.0, 2), (half[-1:], 0.0, 3)]
    for d in (1.8, 4.2, 7.6):
        stretch = np.stack([half[:, 0] * (1 + 0.55 * d / MOUTH_HALF), half[:, 1]], 1)
        groups.append((stretch + [0, d], 1.0, -1))
        groups.append((stretch - [0, d], -1.0, -1))
        groups.append((half[-1:] + [d, 0.6], 0.0, -1))
    xy = np.concatenate([g[0] for g in groups])
    part = np.concatenate([np.full(len(g[0]), g[1]) for g in groups])
    ring = np.concatenate([np.full(len(g[0]), g[2]) for g in groups])
    opened = _opened(xy, part)
    taken = _lift(opened)
    extra = _scatter(taken)
    extra = extra[~_inside(eye, extra[:, :2])]
    lens = np.concatenate([_opened(lips, np.ones(17)), _opened(lips[::-1], -np.ones(17))])
    extra = extra[~_inside(lens, extra[:, :2]) | (extra[:, 2] < 0)]
    domain = np.concatenate([taken, extra])
    part = np.concatenate([part, np.zeros(len(extra))])
    ring = np.concatenate([ring, np.full(len(extra), -1)])
    rest = np.concatenate([_lift(xy), extra])
    # What lies loose around the mouth is brought back from the parted to the closed lips.
    loose = np.arange(len(domain)) >= len(taken)
    part[loose] = np.sign(domain[loose, 1] - mouth_line(domain[loose, 0]))
    gap = 5.0 * (1 - np.clip(np.abs(domain[:, 0]) / MOUTH_HALF, 0, 1) ** 2)
    for _ in range(12):
        near = 1 - smooth(np.abs(rest[loose, 1] - mouth_line(rest[loose, 0])) / 16.0)
        rest[loose, 1] = domain[loose, 1] - part[loose] * gap[loose] * near
    front = loose & (domain[:, 2] > 30) & (gap > 0) & (rest[:, 1] > 12.0)
    rest[front, 2] = height(rest[front, 0], rest[front, 1])

    middle = np.abs(rest[:, 0]) < 0.4
    rest[middle, 0] = domain[middle, 0] = 0.0
    other = np.flatnonzero(~middle)
    flip = np.array([-1.0, 1.0, 1.0])
    rest = np.concatenate([rest, rest[other] * flip])
    domain = np.concatenate([domain, domain[other] * flip])
    part = np.concatenate([part, part[other]])
    # Rings 0-3 are on her left; their mirror images get 10 more.
    ring = np.concatenate([ring, np.where(ring[other] >= 0, ring[other] + 10, -1)])

    tri = Delaunay(_plane(domain)).simplices.astype(np.int64)
    c = domain[tri].mean(1)
    rings = ring[tri]
    hole = np.zeros(len(tri), bool)
    hole |= np.all(rings == 0, 1) & _inside(eye, c[:, :2])
    hole |= np.all(rings == 10, 1) & _inside(eye * [-1, 1], c[:, :2])
    lipset = np.isin(rings, (1, 2, 3, 11, 12, 13)).all(1)
    hole |= lipset & _inside(lens, c[:, :2])
    tri = tri[~hole]
    a, b, e = (domain[tri[:, i]] for i in range(3))
    out = np.sum(np.cross(b - a, e - a) * (c[~hole] - _CENTRE), 1)
    tri[out < 0] = tri[out < 0][:, ::-1]
    return rest, domain, part, tri


def face_uv(p: F64) -> F64:
    """The face texture seen from the front; what faces backwards takes its plain border."""
    u = 0.5 + p[:, 0] / 200.0
    side = np.where(p[:, 0] < 0, 0.035, 0.965)
    u = np.where(p[:, 2] < -5, side, u)
    return np.stack([np.clip(u, 0.035, 0.965), np.clip((212.0 - p[:, 1]) / 224.0, 0.01, 0.99)], 1)


def skin_normals(rest: F64, tri: I64) -> F64:
    """Mostly the calm normals; a little of the true shape around nose and chin."""
    true = vertex_normals(rest, tri)
    calm = calm_normals(rest)
    x, y, z = rest.T
    share = 0.22 * np.exp(-0.5 * ((x / 9) ** 2 + ((y - 60) / 12) ** 2)) * (z > 0)
    return unit(calm * (1 - share)[:, None] + true * share[:, None])


def build_skin() -> Piece:
    """The head's skin with every morph target that moves it."""
    rest, _, part, tri = head_points()
    still = move(rest, part, {})
    morphs = {n: moved_to_world(move(rest, part, {n: 1.0}) - still) for n in FACE_MORPHS}
    return Piece(
        material="skin",
        positions=to_world(rest),
        triangles=tri,
        normals=skin_normals(rest, tri),
        uv=face_uv(rest),
        weights={"head": np.ones(len(rest))},
        morphs={k: v for k, v in morphs.items() if np.abs(v).max() > 1e-5},
    )
