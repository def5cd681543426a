"""What lies on or behind the face: lashes, brows, lip line, eyeballs, mouth, teeth, tongue."""

from __future__ import annotations

import numpy as np

from assets.build.mira.face import _outwards, eye_contour, mouth_contour
from assets.build.mira.features import (
    EYE_IN,
    EYE_OUT,
    MOUTH_HALF,
    MOUTH_Y,
    brow_move,
    lower_lid,
    move,
    upper_lid,
)
from assets.build.mira.head import height, moved_to_world, to_world
from assets.build.mira.mesh import F64, I64, Piece, grid_triangles, mirror, smooth, swap_sides
from assets.build.mira.mesh import join as join_pieces
from assets.build.mira.morphs import FACE_MORPHS
from assets.build.mira.skeleton import EYE, EYEBALL, HEAD_SCALE
from assets.build.mira.texture import cell_uv

IRIS = (32.8, 99.8)
IRIS_RADII = (11.8, 14.6)
_WHITE_DEPTH, _IRIS_DEPTH = 3.4, 2.3


def _flat(cell: str, p: F64, tri: I64, moved: dict[str, F64], uv: F64 | None = None) -> Piece:
    """A piece of the unlit `lines` material in one palette colour. Millimetres in."""
    place = cell_uv(cell, np.full((len(p), 2), 0.5) if uv is None else uv)
    return Piece(
        material="lines",
        positions=to_world(p),
        triangles=tri,
        normals=np.tile([0.0, 0.0, 1.0], (len(p), 1)),
        uv=place,
        weights={"head": np.ones(len(p))},
        morphs={k: moved_to_world(v) for k, v in moved.items() if np.abs(v).max() > 1e-5},
    )


def _moves(p: F64, part: F64, share: F64 | float = 1.0, lids: bool = True) -> dict[str, F64]:
    still = move(p, part, {}, lids)
    s = np.broadcast_to(np.asarray(share, np.float64), (len(p),))[:, None]
    return {n: s * (move(p, part, {n: 1.0}, lids) - still) for n in FACE_MORPHS}


def _on_face(xy: F64, lift: float) -> F64:
    return np.concatenate([xy, (height(xy[:, 0], xy[:, 1]) + lift)[:, None]], 1)


def _on_ball(xy: F64, depth: float) -> F64:
    """Head points on the left eyeball in front of (x, y), `depth` millimetres under the skin."""
    centre = (np.array(EYE) - to_world(np.zeros((1, 3)))[0]) * 1000.0
    r = EYEBALL * 1000.0 - depth
    across = xy * HEAD_SCALE[:2] - centre[:2]
    z = centre[2] + np.sqrt(np.maximum(r * r - (across**2).sum(1), 9.0))
    return np.concatenate([xy, z[:, None]], 1)


def _ribbon(cell: str, edge: F64, outer: F64, lift: float, part: F64 | float = 0.0) -> Piece:
    """A strip between two lines on the face; all of it moves like its `edge`."""
    n = len(edge)
    root = _on_face(edge, 0.0)
    root = np.concatenate([root, root])
    p = _on_face(np.concatenate([edge, outer]), lift)
    # `move` needs to know on which lid a point lies, so it is asked about the edge itself.
    parts = np.tile(np.broadcast_to(np.asarray(part, np.float64), (n,)), 2)
    tri = grid_triangles(2, n)
    a, b, c = (p[tri[0, i]] for i in range(3))
    if np.cross(b - a, c - a)[2] < 0:
        tri = tri[:, ::-1].copy()
    return _flat(cell, p, tri, _moves(root, parts))


def _upper_lash() -> Piece:
    t = np.linspace(0, 1, 20)
    s = 0.5 - 0.5 * np.cos(np.pi * t)
    x = EYE_IN + (EYE_OUT - EYE_IN) * s
    edge = np.stack([x, upper_lid(x)], 1)
    loop = _outwards(np.concatenate([edge, [[33.0, 60.0]]]), 1.0)[:-1] - edge
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
    root = _on_face(edge, 0.0)
    p = np.concatenate([_on_face(inner, lift), _on_face(outer, lift + 0.5)])
    tri = grid_triangles(2, len(edge))
    a, b, c = (p[tri[4, i]] for i in range(3))
    if np.cross(b - a, c - a)[2] < 0:
        tri = tri[:, ::-1].copy()
    roots = np.concatenate([root, root])
    return _flat("lash", p, tri, _moves(roots, np.zeros(len(roots))))


def _spikes() -> Piece:
    """Three lashes that stand off at the outer corner."""
    out = []
    for s, size, lean in ((0.80, 4.2, 0.95), (0.90, 4.6, 1.25), (0.62, 3.4, 0.62)):
        x = EYE_IN + (EYE_OUT - EYE_IN) * np.array([s - 0.035, s + 0.035])
        base = np.stack([x, upper_lid(x) + 1.6], 1)
        tip = base.mean(0) + size * np.array([np.sin(lean), np.cos(lean)])
        edge = np.stack([x, upper_lid(x)], 1)
        p = np.concatenate([_on_face(base, 1.1), _on_face(tip[None], 1.8)])
        root = _on_face(np.concatenate([edge, edge.mean(0)[None]]), 0.0)
        out.append(_flat("lash", p, np.array([[0, 1, 2]]), _moves(root, np.zeros(3))))
    return join_pieces(out)


def _rim() -> Piece:
    """The thickness of the lids: a wall from the eye's opening back to the eyeball."""
    loop = eye_contour()
    n = len(loop)
    front = _on_face(loop, 0.0)
    back = _on_ball(loop, _WHITE_DEPTH + 0.4)
    tri = [t for i in range(n) for t in
           ([i, n + i, (i + 1) % n], [(i + 1) % n, n + i, n + (i + 1) % n])]  # fmt: skip
    roots = np.concatenate([front, front])
    moved = _moves(roots, np.zeros(2 * n))
    return _flat("rim", np.concatenate([front, back]), np.array(tri, np.int64), moved)


def _lower_lash() -> Piece:
    s = np.linspace(0.30, 0.97, 12)
    x = EYE_IN + (EYE_OUT - EYE_IN) * s
    edge = np.stack([x, lower_lid(x)], 1)
    thick = 0.25 + 0.75 * np.clip(np.sin(np.pi * (s - 0.3) / 0.67), 0, 1) ** 0.7
    return _ribbon("lash_soft", edge, edge - np.stack([0 * x, thick], 1), 0.55)


def _crease() -> Piece:
    s = np.linspace(0.10, 0.93, 14)
    x = EYE_IN + (EYE_OUT - EYE_IN) * s
    gap = 3.9 + 0.8 * s
    mid = np.stack([x, upper_lid(x) + gap], 1)
    thick = 0.55 * np.clip(np.sin(np.pi * (s - 0.1) / 0.83), 0, 1) ** 0.6 + 0.05
    low, top = mid.copy(), mid.copy()
    low[:, 1] -= thick / 2
    top[:, 1] += thick / 2
    return _ribbon("crease", low, top, 0.35)


def _brow() -> Piece:
    s = np.linspace(0, 1, 12)
    x = 13.5 + 38.5 * s
    y = 127.0 + 6.2 * np.sin(np.pi * (0.10 + 0.62 * s)) - 5.6 * s**2.2
    thick = (1.9 - 0.4 * s) * (1 - smooth((s - 0.55) / 0.45) * 0.92) * smooth(s / 0.05 + 0.45)
    p = np.concatenate(
        [
            _on_face(np.stack([x, y + thick], 1), 1.0),
            _on_face(np.stack([x, y - thick], 1), 1.0),
        ]
    )
    ss = np.concatenate([s, s])
    moved = {}
    for name in FACE_MORPHS:
        dx, dy = brow_move(p[:, 0], ss, {name: 1.0})
        z = height(p[:, 0] + dx, p[:, 1] + dy) - height(p[:, 0], p[:, 1])
        moved[name] = np.stack([dx, dy, z], 1)
    return _flat("brow", p, grid_triangles(2, len(s)), moved)


def _lip_lines() -> Piece:
    line = mouth_contour()
    u = line[:, 0] / MOUTH_HALF
    corner = np.zeros(len(line))
    thick = 0.25 + 0.55 * (1 - u**2) + 0.25 * np.abs(u) ** 4
    up = np.where(np.abs(u) < 0.999, 1.0, 0.0)
    wide = line * [1.03, 1.0]
    top = _ribbon("line", line, wide + np.stack([corner, thick], 1), 0.35, up)
    low = _ribbon("line", line, wide - np.stack([corner, 0.45 * thick], 1), 0.32, -up)
    return join_pieces([top, low])


def _mouth_bag() -> Piece:
    """The inside of the mouth, hung on the lips; its front ring moves with them."""
    line = mouth_contour()
    n = len(line)
    loop = np.concatenate([line, line[1:-1][::-1]])
    part = np.concatenate([[0], np.ones(n - 2), [0], -np.ones(n - 2)])
    root = _on_face(loop, 0.0)
    rings, moved, uv = [], [], []
    lips = _moves(root, part)
    q = np.clip(1 - (loop[:, 0] / MOUTH_HALF) ** 2, 0, 1)
    for depth, grow, follow, shade in ((0.2, 0.0, 1.0, 0.15), (5, 1.5, 1.0, 0.35),
                                       (16, 3.0, 0.9, 0.75), (30, 1.0, 0.5, 0.95)):  # fmt: skip
        p = root.copy()
        p[:, 1] += part * grow * q
        p[:, 0] *= 1.0 - 0.006 * depth
        p[:, 2] -= depth
        rings.append(p)
        moved.append({k: v * follow for k, v in lips.items()})
        uv.append(np.stack([np.full(len(p), 0.5), np.full(len(p), shade)], 1))
    centre = rings[-1].mean(0)[None]
    rings.append(centre)
    moved.append({k: v.mean(0)[None] for k, v in moved[-1].items()})
    uv.append(np.array([[0.5, 0.97]]))
    m = len(loop)
    tri = []
    for r in range(3):
        for i in range(m):
            a, b = r * m + i, r * m + (i + 1) % m
            tri += [[a, a + m, b], [b, a + m, b + m]]
    tri += [[3 * m + i, 4 * m, 3 * m + (i + 1) % m] for i in range(m)]
    return _flat(
        "mouth", np.concatenate(rings), np.array(tri, np.int64),
        {k: np.concatenate([x[k] for x in moved]) for k in FACE_MORPHS}, np.concatenate(uv),
    )  # fmt: skip


def _teeth() -> Piece:
    """An upper and a lower row, each a curved band without gaps."""
    out = []
    for top, bottom, part, back in ((42.0, 32.9, 1.0, 4.2), (29.0, 24.5, -1.0, 5.2)):
        x = np.linspace(-12.5, 12.5, 13)
        curve = -back - 0.035 * x * x
        face = height(x, np.full_like(x, MOUTH_Y))
        round_off = 0.02 * x * x * (1 if part > 0 else -1)
        rows = [np.stack([x, np.full_like(x, top), face + curve], 1),
                np.stack([x, bottom + np.where(part > 0, round_off, 0), face + curve], 1)]  # fmt: skip
        p = np.concatenate(rows)
        # Teeth are bone: the upper row stays, the lower row falls with the jaw alone.
        probe = p.copy()
        probe[:, 1] = 12.0
        probe[:, 2] = 80.0
        moved = {
            k: v for k, v in _moves(probe, -np.ones(len(p))).items()
            if part < 0 and k in ("jawOpen", "jawLeft", "jawRight", "jawForward")
        }  # fmt: skip
        out.append(_flat("teeth", p, grid_triangles(2, 13), moved))
    return join_pieces(out)


def _tongue() -> Piece:
    rows, cols = 7, 9
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(-1, 1, cols), indexing="ij")
    half = 9.5 * np.sqrt(np.clip(1 - 0.9 * (1 - v) ** 4, 0, 1))
    x = u * half
    z = 78.0 - 26.0 * v
    y = 29.5 + 3.0 * smooth(v * 2.2) - 2.6 * u * u - 0.4 * np.exp(-((u / 0.2) ** 2))
    # A first row tucked under the tip gives it a front.
    y[0] = 25.8 + 2.4 * u[0] ** 2
    z[0] -= 2.0
    z[1] += 3.0
    v = np.maximum(v - 1.0 / (rows - 1), 0.0)
    p = np.stack([x, y, z], -1).reshape(-1, 3)
    probe = p.copy()
    probe[:, 1], probe[:, 2] = 12.0, 80.0
    moved = {
        k: w for k, w in _moves(probe, -np.ones(len(p))).items()
        if k in ("jawOpen", "jawLeft", "jawRight", "jawForward")
    }  # fmt: skip
    tip = (1 - v.reshape(-1)) ** 1.3
    moved["tongueOut"] = np.stack([-0.30 * p[:, 0] * tip, 2.6 - 6.5 * tip**3, 22.0 * tip], axis=1)
    moved["jawOpen"] = moved["jawOpen"] + np.stack([0 * tip, 1.5 * (1 - tip), 0 * tip], 1)
    tri = grid_triangles(rows, cols)[:, ::-1].copy()
    return _flat("tongue", p, tri, moved)


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


def _pair(piece: Piece, own_uv: bool = False) -> list[Piece]:
    """A piece of the left side and its mirror image; `own_uv` keeps pictures unmirrored."""
    other = mirror(piece, swap_sides)
    if own_uv:
        uv = other.uv.copy()
        uv[:, 0] = np.where(uv[:, 0] < 0.5, 0.5 - uv[:, 0], uv[:, 0])
        other = Piece(other.material, other.positions, other.triangles, other.normals, uv,
                      other.weights, other.morphs)  # fmt: skip
    return [piece, other]


def build_eyes() -> Piece:
    """Both eyeballs: the white stays with the head, the iris turns with its bone."""
    return join_pieces([*_pair(_white()), *_pair(_iris(), own_uv=True)])


def build_lids() -> Piece:
    """Lashes and lid creases."""
    parts = [_rim(), _upper_lash(), _spikes(), _lower_lash(), _crease()]
    return join_pieces([m for p in parts for m in _pair(p)])


def build_brows() -> Piece:
    """Both brows."""
    return join_pieces(_pair(_brow()))


def build_mouth() -> Piece:
    """Lip line, inside of the mouth, teeth and tongue."""
    return join_pieces([_lip_lines(), _mouth_bag(), _teeth(), _tongue()])
