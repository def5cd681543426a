"""Eyes, lids, lashes and brows."""

from __future__ import annotations

import numpy as np

from assets.build.mira.decal import flat, moves, on_face, pair, ribbon
from assets.build.mira.face import eye_contour, outwards
from assets.build.mira.features import EYE_IN, EYE_OUT, brow_move, lower_lid, upper_lid
from assets.build.mira.head import height, to_world
from assets.build.mira.mesh import F64, I64, Piece, grid_triangles, join, smooth
from assets.build.mira.morphs import FACE_MORPHS
from assets.build.mira.skeleton import EYE, EYEBALL, HEAD_SCALE

IRIS = (32.8, 99.8)
IRIS_RADII = (11.8, 14.6)
_WHITE_DEPTH, _IRIS_DEPTH = 3.4, 2.3


def _on_ball(xy: F64, depth: float) -> F64:
    """Head points on the left eyeball in front of (x, y), `depth` millimetres under the skin."""
    centre = (np.array(EYE) - to_world(np.zeros((1, 3)))[0]) * 1000.0
    r = EYEBALL * 1000.0 - depth
    across = xy * HEAD_SCALE[:2] - centre[:2]
    z = centre[2] + np.sqrt(np.maximum(r * r - (across**2).sum(1), 9.0))
    return np.concatenate([xy, z[:, None]], 1)


def _upper_lash() -> Piece:
    t = np.linspace(0, 1, 20)
    s = 0.5 - 0.5 * np.cos(np.pi * t)
    x = EYE_IN + (EYE_OUT - EYE_IN) * s
    edge = np.stack([x, upper_lid(x)], 1)
    loop = outwards(np.concatenate([edge, [[33.0, 60.0]]]), 1.0)[:-1] - edge
    thick = 1.0 + 2.5 * smooth(s / 0.55) + 0.5 * smooth((s - 0.6) / 0.4)
    thick[0] = 0.3
    outer = edge + loop * thick[:, None]
    wing = np.array([[EYE_OUT + 3.2, 101.0], [EYE_OUT + 6.0, 104.6]])
    outer[-1] = wing[1]
    outer[-2] = edge[-2] + [2.4, 2.9]
    inner = edge.copy() - 0.35 * loop
    inner[-1] = [EYE_OUT - 0.2, edge[-1, 1] - 0.9]
    return _lash(edge, inner, outer, 0.9)


def _lash(edge: F64, inner: F64, outer: F64, lift: float) -> Piece:
    root = on_face(edge, 0.0)
    p = np.concatenate([on_face(inner, lift), on_face(outer, lift + 0.5)])
    tri = grid_triangles(2, len(edge))
    a, b, c = (p[tri[4, i]] for i in range(3))
    if np.cross(b - a, c - a)[2] < 0:
        tri = tri[:, ::-1].copy()
    roots = np.concatenate([root, root])
    return flat("lash", p, tri, moves(roots, np.zeros(len(roots))))


def _spikes() -> Piece:
    """Three lashes that stand off at the outer corner."""
    out = []
    for s, size, lean in ((0.80, 4.2, 0.95), (0.90, 4.6, 1.25), (0.62, 3.4, 0.62)):
        x = EYE_IN + (EYE_OUT - EYE_IN) * np.array([s - 0.035, s + 0.035])
        base = np.stack([x, upper_lid(x) + 1.6], 1)
        tip = base.mean(0) + size * np.array([np.sin(lean), np.cos(lean)])
        edge = np.stack([x, upper_lid(x)], 1)
        p = np.concatenate([on_face(base, 1.1), on_face(tip[None], 1.8)])
        root = on_face(np.concatenate([edge, edge.mean(0)[None]]), 0.0)
        out.append(flat("lash", p, np.array([[0, 1, 2]]), moves(root, np.zeros(3))))
    return join(out)


def _rim() -> Piece:
    """The thickness of the lids: a wall from the eye's opening back to the eyeball."""
    loop = eye_contour()
    n = len(loop)
    front = on_face(loop, 0.0)
    back = _on_ball(loop, _WHITE_DEPTH + 0.4)
    tri = [t for i in range(n) for t in
           ([i, n + i, (i + 1) % n], [(i + 1) % n, n + i, n + (i + 1) % n])]  # fmt: skip
    roots = np.concatenate([front, front])
    moved = moves(roots, np.zeros(2 * n))
    return flat("rim", np.concatenate([front, back]), np.array(tri, np.int64), moved)


def _lower_lash() -> Piece:
    s = np.linspace(0.30, 0.97, 12)
    x = EYE_IN + (EYE_OUT - EYE_IN) * s
    edge = np.stack([x, lower_lid(x)], 1)
    thick = 0.25 + 0.75 * np.clip(np.sin(np.pi * (s - 0.3) / 0.67), 0, 1) ** 0.7
    return ribbon("lash_soft", edge, edge - np.stack([0 * x, thick], 1), 0.55)


def _crease() -> Piece:
    s = np.linspace(0.10, 0.93, 14)
    x = EYE_IN + (EYE_OUT - EYE_IN) * s
    gap = 3.9 + 0.8 * s
    mid = np.stack([x, upper_lid(x) + gap], 1)
    thick = 0.55 * np.clip(np.sin(np.pi * (s - 0.1) / 0.83), 0, 1) ** 0.6 + 0.05
    low, top = mid.copy(), mid.copy()
    low[:, 1] -= thick / 2
    top[:, 1] += thick / 2
    return ribbon("crease", low, top, 0.35)


def _brow() -> Piece:
    s = np.linspace(0, 1, 12)
    x = 13.5 + 38.5 * s
    y = 127.0 + 6.2 * np.sin(np.pi * (0.10 + 0.62 * s)) - 5.6 * s**2.2
    thick = (1.9 - 0.4 * s) * (1 - smooth((s - 0.55) / 0.45) * 0.92) * smooth(s / 0.05 + 0.45)
    p = np.concatenate(
        [
            on_face(np.stack([x, y + thick], 1), 1.0),
            on_face(np.stack([x, y - thick], 1), 1.0),
        ]
    )
    ss = np.concatenate([s, s])
    moved = {}
    for name in FACE_MORPHS:
        dx, dy = brow_move(p[:, 0], ss, {name: 1.0})
        z = height(p[:, 0] + dx, p[:, 1] + dy) - height(p[:, 0], p[:, 1])
        moved[name] = np.stack([dx, dy, z], 1)
    return flat("brow", p, grid_triangles(2, len(s)), moved)


def _white() -> Piece:
    rows, cols = 7, 11
    s = np.linspace(-0.08, 1.08, cols)
    x = EYE_IN + (EYE_OUT - EYE_IN) * s
    top, low = upper_lid(x) + 3.5, lower_lid(x) - 3.5
    t = np.linspace(0, 1, rows)[:, None]
    y = top + t * (low - top)
    xx = np.broadcast_to(x, y.shape)
    p = _on_ball(np.stack([xx, y], -1).reshape(-1, 2), _WHITE_DEPTH)
    uv = np.stack([np.broadcast_to(s, y.shape), np.broadcast_to(t, y.shape)], -1).reshape(-1, 2)
    return _eye_piece(p, grid_triangles(rows, cols), np.array([0.5, 0.0]) + uv * [0.5, 1.0], "head")


def _iris() -> Piece:
    spokes, rings = 24, 4
    cx, cy = IRIS
    angle = np.arange(spokes) * 2 * np.pi / spokes
    r = np.array([0.0, *np.linspace(1 / rings, 1, rings)])
    unit_xy = [np.zeros((1, 2))]
    unit_xy += [k * np.stack([np.cos(angle), np.sin(angle)], 1) for k in r[1:]]
    q = np.concatenate(unit_xy)
    x, y = cx + IRIS_RADII[0] * q[:, 0], cy + IRIS_RADII[1] * q[:, 1]
    p = _on_ball(np.stack([x, y], 1), _IRIS_DEPTH)
    tri = [[0, 1 + i, 1 + (i + 1) % spokes] for i in range(spokes)]
    for k in range(rings - 1):
        for i in range(spokes):
            a, b = 1 + k * spokes + i, 1 + k * spokes + (i + 1) % spokes
            tri += [[a, a + spokes, b], [b, a + spokes, b + spokes]]
    uv = np.stack([0.25 + 0.235 * q[:, 0], 0.5 - 0.47 * q[:, 1]], 1)
    return _eye_piece(p, np.array(tri, np.int64), uv, "leftEye")


def _eye_piece(p: F64, tri: I64, uv: F64, bone: str) -> Piece:
    return Piece(
        material="eye", positions=to_world(p), triangles=tri,
        normals=np.tile([0.0, 0.0, 1.0], (len(p), 1)), uv=uv, weights={bone: np.ones(len(p))},
    )  # fmt: skip


def build_eyes() -> Piece:
    """Both eyeballs: the white stays with the head, the iris turns with its bone."""
    return join([*pair(_white()), *pair(_iris(), own_uv=True)])


def build_lids() -> Piece:
    """Lashes and lid creases."""
    parts = [_rim(), _upper_lash(), _spikes(), _lower_lash(), _crease()]
    return join([m for p in parts for m in pair(p)])


def build_brows() -> Piece:
    """Both brows."""
    return join(pair(_brow()))
