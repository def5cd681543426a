"""Her hair: a cap on the skull, and locks that run over it and hang from it.

A lock is a curve in the coordinates of a bell around the head: angle (0 front, + her left),
height above the chin and lift off the bell, millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from assets.build.mira.head import section, to_world
from assets.build.mira.mesh import F64, Piece, grid_triangles, join, smooth, unit, vertex_normals
from assets.build.mira.springs import Chain, along

_MIDDLE = np.array([0.0, 112.0, -8.0])
_EQUATOR = 96.0
# Below the equator the bell hangs: height, half width, front, back.
_BELL = np.array([
    (-230, 66, 40, -152), (-190, 74, 44, -146), (-130, 82, 48, -134), (-80, 85, 52, -122),
    (-30, 86, 56, -110), (20, 84, 64, -102), (60, 80, 76, -98), (96, 76, 90, -93),
])  # fmt: skip
_WIDE, _AHEAD, _BEHIND = (PchipInterpolator(_BELL[:, 0], _BELL[:, i]) for i in (1, 2, 3))


def bell(angle: F64, y: F64, lift: F64) -> F64:
    """(n, 3) points at `lift` millimetres off the bell."""
    high = np.maximum(y, _EQUATOR)
    skull = section(high, angle)
    grown = _MIDDLE + (skull - _MIDDLE) * (1 + lift / 82.0)[:, None]
    # A rounder crown than the skull's.
    grown[:, 1] += 9.0 * smooth((high - 196.0) / 40.0)
    low = np.clip(y, -230.0, _EQUATOR)
    c, s = np.cos(angle), np.sin(angle)
    depth = np.where(c >= 0, _AHEAD(low) + 4.0, -_BEHIND(low) - 4.0)
    x = (_WIDE(low) + lift) * np.sign(s) * np.abs(s) ** 0.9
    z = -4.0 + (depth + lift) * np.sign(c) * np.abs(c) ** 0.93
    hung = np.stack([x, y, z], 1)
    blend = smooth((y - 70.0) / 50.0)[:, None]
    grown[:, 1] += np.minimum(y - _EQUATOR, 0.0)
    return hung + blend * (grown - hung)


def outward(p: F64) -> F64:
    """The calm direction away from the head that shading of hair leans on."""
    c = np.stack([0 * p[:, 0], np.clip(p[:, 1], -200.0, 118.0), 0 * p[:, 0] - 8.0], 1)
    return unit((p - c) * [1.0, 0.9, 1.0])


@dataclass(frozen=True, slots=True)
class Lock:
    """Control points (angle in degrees, height, lift) from root to tip."""

    group: str
    points: tuple[tuple[float, float, float], ...]
    width: float
    thick: float = 6.0
    seed: float = 0.0
    taper: float = 0.62
    """The share of its length over which it narrows to a point."""


_SECTION = np.array([(-1, -0.1), (-0.62, 0.62), (0, 1.0), (0.62, 0.62), (1, -0.1), (0, -0.55)])


def _sweep(lock: Lock, steps: int) -> Piece:
    ctrl = np.array(lock.points, np.float64)
    t = np.linspace(0, 1, len(ctrl))
    fine = np.linspace(0, 1, 160)
    angle, y, lift = (PchipInterpolator(t, ctrl[:, i])(fine) for i in range(3))
    line = bell(np.radians(angle), y, lift)
    # Even steps along the curve, not along its parameter.
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    s = np.linspace(0, 1, steps)
    line = np.stack([np.interp(s * run[-1], run, line[:, i]) for i in range(3)], 1)
    tangent = unit(np.gradient(line, axis=0))
    normal = outward(line)
    side = unit(np.cross(tangent, normal))
    normal = unit(np.cross(side, tangent))
    grow = 0.55 + 0.45 * smooth(s / 0.35)
    taper = np.clip((1 - s) / lock.taper, 0, 1) ** 0.75
    w = 0.5 * lock.width * grow * taper
    h = lock.thick * grow * np.maximum(taper, 0.12)
    rows = (
        line[:, None]
        + _SECTION[None, :, :1] * w[:, None, None] * side[:, None]
        + _SECTION[None, :, 1:] * h[:, None, None] * normal[:, None]
    )
    # Locks hug the bell: their edges bend with it.
    bend = (_SECTION[None, :, 0] * w[:, None]) ** 2 / 190.0
    rows = rows - bend[..., None] * normal[:, None]
    p = rows.reshape(-1, 3)
    k = len(_SECTION)
    tri = grid_triangles(steps, k, closed=True)
    n = vertex_normals(p, tri)
    away = (rows - line[:, None]).reshape(-1, 3)
    if np.sum(n * away) < 0:
        tri, n = tri[:, ::-1].copy(), -n
    out = outward(p)
    facing = np.sum(n * out, 1) > -0.2
    n = np.where(facing[:, None], unit(0.28 * n + 0.85 * out), n)
    u = lock.seed + np.tile(0.5 + 0.5 * _SECTION[:, 0], steps) * lock.width / 140.0
    return Piece("hair", to_world(p), tri, n, np.stack([u, strand_v(p[:, 1])], 1),
                 _weights(lock.group, p))  # fmt: skip


def strand_v(y: F64) -> F64:
    """Place in the hair texture for a height."""
    return np.interp(-y, [-246.0, -90.0, 210.0], [0.01, 0.45, 0.99])


# --- springs -------------------------------------------------------------------------------
_BACK_ANGLES = (110.0, 145.0, 180.0, 215.0, 250.0)
_BACK_Y = np.array([70.0, 0.0, -70.0, -140.0, -205.0])
_SIDE_Y = np.array([120.0, 62.0, 5.0, -60.0])
_FRINGE_ANGLES = (-42.0, 0.0, 42.0)
_FRINGE_Y = np.array([178.0, 145.0, 108.0])


def _blend(angle: F64, marks: tuple[float, ...]) -> list[F64]:
    """Piecewise smooth shares of each mark at the angles."""
    a = np.clip(angle, marks[0], marks[-1])
    out = []
    for i, m in enumerate(marks):
        up = smooth((a - marks[i - 1]) / (m - marks[i - 1])) if i else np.ones_like(a)
        down = 1 - smooth((a - m) / (marks[i + 1] - m)) if i + 1 < len(marks) else np.ones_like(a)
        out.append(np.where(a <= m, up, down))
    return out


def _weights(group: str, p: F64) -> dict[str, F64]:
    if group == "cap":
        return {"head": np.ones(len(p))}
    angle = np.degrees(np.arctan2(p[:, 0], p[:, 2] + 6.0))
    if group == "back":
        heights, prefix = _BACK_Y, "HairBack"
        across = _blend(angle % 360.0, _BACK_ANGLES)
    elif group == "fringe":
        heights, prefix = _FRINGE_Y, "HairFringe"
        across = _blend(angle, _FRINGE_ANGLES)
    else:
        heights, prefix = _SIDE_Y, "HairSide"
        left = (p[:, 0] > 0).astype(float)
        across = [left, 1 - left]
    parts = along(heights, p[:, 1])
    out = {"head": parts[0]}
    for k, share in enumerate(across):
        for j, part in enumerate(parts[1:]):
            out[f"{prefix}{k}_{j}"] = part * share
    return out


def hair_chains() -> list[Chain]:
    """Springs of back, sides and fringe."""
    out = []

    def chain(name: str, angle: float, heights: F64, lift: float, stiff: float, drag: float,
              gravity: float, groups: tuple[str, ...]) -> None:  # fmt: skip
        a = np.full(len(heights), np.radians(angle))
        p = to_world(bell(a, heights, np.full(len(heights), lift)))
        points = tuple((float(x), float(y), float(z)) for x, y, z in np.round(p, 5))
        out.append(Chain(name, "head", points, stiff, drag, gravity, 0.014, groups))

    for k, a in enumerate(_BACK_ANGLES):
        chain(f"HairBack{k}", a, _BACK_Y, 4.0, 0.9, 0.40, 0.22, ("head", "torso"))
    for k, a in enumerate((72.0, -72.0)):
        chain(f"HairSide{k}", a, _SIDE_Y, 8.0, 0.9, 0.38, 0.15, ("head", "torso"))
    for k, a in enumerate(_FRINGE_ANGLES):
        chain(f"HairFringe{k}", a, _FRINGE_Y, 10.0, 1.6, 0.45, 0.05, ("head",))
    return out


# --- shape ---------------------------------------------------------------------------------
def _hairline(angle: F64) -> F64:
    """Lower edge of the cap: above the face, then a curtain behind the ears."""
    a = np.abs((np.degrees(angle) + 180.0) % 360.0 - 180.0)
    return np.interp(
        a, [0, 35, 56, 70, 82, 99, 112, 128, 180], [178, 170, 146, 114, 98, 92, -30, -70, -84]
    )


def _cap() -> Piece:
    """Skull cap and curtain in one smooth sheet with a relief of strands."""
    rows, cols = 15, 56
    angle = np.arange(cols) * 2 * np.pi / cols
    t = np.linspace(0.0, 1.0, rows)[:, None]
    line = _hairline(angle)[None, :]
    # Rows crowd at the crown, where the sheet bends most.
    y = 235.6 + (0.35 * t + 0.65 * t**1.9) * (line - 235.6)
    aa = np.broadcast_to(angle, y.shape)
    relief = 1.1 * np.sin(aa * 13.0 + 0.8 * np.sin(aa * 3)) * smooth((230.0 - y) / 60.0)
    edge = np.where(t > 0.999, -4.0, 0.0)
    lift = 8.0 + 5.0 * smooth((250.0 - y) / 60.0) * (np.abs(np.sin(aa / 2)) > 0.3) + relief + edge
    p = bell(aa.reshape(-1), y.reshape(-1), lift.reshape(-1))
    tri = grid_triangles(rows, cols, closed=True)
    top = len(p)
    p = np.concatenate([p, p[:cols].mean(0)[None] + [[0, 0.8, 0]]])
    lid = np.array([[top, i, (i + 1) % cols] for i in range(cols)])
    tri = np.concatenate([tri, lid])
    n = vertex_normals(p, tri)
    if np.sum(n * outward(p)) < 0:
        tri, n = tri[:, ::-1].copy(), -n
    n = unit(0.35 * n + 0.8 * outward(p))
    ang = np.concatenate([aa.reshape(-1), [0.0]])
    uv = np.stack([np.abs((ang / np.pi) % 2.0 - 1.0) * 2.4, strand_v(p[:, 1])], 1)
    return Piece("hair", to_world(p), tri, n, uv, _weights("back", p))


def _curtain_inside() -> Piece:
    """The curtain seen from the front, behind the neck."""
    rows, cols = 7, 19
    angle = np.radians(np.linspace(100, 260, cols))[None, :]
    t = np.linspace(0, 1, rows)[:, None]
    line = _hairline(angle)
    y = 165.0 + t * (line - 3.0 - 165.0)
    aa = np.broadcast_to(angle, y.shape)
    p = bell(aa.reshape(-1), y.reshape(-1), np.where(y > 60, 1.0, 0.0).reshape(-1))
    tri = grid_triangles(rows, cols)
    n = vertex_normals(p, tri)
    if np.sum(n * outward(p)) > 0:
        tri = tri[:, ::-1].copy()
    uv = np.stack([(aa.reshape(-1) / np.pi) * 2.4, strand_v(p[:, 1])], 1)
    # It lies in the shade of the head: its normals look away from any light in front.
    shade = np.tile([0.0, -0.6, -0.8], (len(p), 1))
    return Piece("hair", to_world(p), tri, shade, uv, _weights("back", p))


def _fringe() -> list[Lock]:
    # Tip angle, height, width, lift; roots gather at a parting a little to her left.
    tips = [
        (-60, 92, 27, 4.0), (-44, 112, 30, 5.0), (-26, 121, 29, 6.5),
        (-8, 104, 24, 8.0), (6, 114, 20, 8.5), (22, 122, 29, 7.0), (40, 115, 30, 5.5),
        (57, 94, 28, 4.0),
    ]  # fmt: skip
    out = []
    for i, (angle, y, width, lift) in enumerate(tips):
        root = 8.0 + (angle - 8.0) * 0.5
        bulge = 12.5 + 3.0 * np.cos(np.radians(angle))
        bow = 7.0 if angle < 3 else -7.0
        out.append(Lock(
            "fringe",
            ((root, 233, 9.0), (root + 0.12 * (angle - root), 218, bulge),
             (root + 0.45 * (angle - root) + 0.6 * bow, 186, bulge + 2.5),
             (angle + bow, 150, 11.0 + lift * 0.5), (angle + 0.55 * bow, 0.5 * (150 + y), lift + 3),
             (angle - 0.2 * bow, y, lift)),
            float(width) + 4.0, 6.5, 0.13 * i,
        ))  # fmt: skip
    for i, (angle, y, width) in enumerate(
        [(-17, 130, 12), (15, 128, 11), (-36, 118, 11), (31, 120, 10)]
    ):
        root = 8.0 + (angle - 8.0) * 0.6
        bow = 4.0 if angle < 3 else -4.0
        out.append(Lock(
            "fringe",
            ((root, 231, 10.0), (root + 0.3 * (angle - root), 210, 18.5),
             (angle + bow, 168, 18.5), (angle - bow, y, 12.0)),
            float(width), 4.0, 0.31 + 0.17 * i,
        ))  # fmt: skip
    return out


def _sides() -> list[Lock]:
    out = []
    for s in (1.0, -1.0):
        for i, (a, tip, width, curl, belly) in enumerate(
            [(65, -66, 30, -13, 4), (84, -40, 46, -8, 8), (57, 14, 17, -6, 1)]
        ):
            out.append(Lock(
                "side",
                ((s * a * 0.82, 222, 5.0), (s * a * 0.93, 202, 13.0), (s * a, 145, 15.0),
                 (s * (a + 3), 84, 13.0 + belly), (s * (a + 3), 0.45 * tip + 42, 11.0 + belly),
                 (s * (a - 1 + 0.4 * curl), 0.8 * tip + 10, 5.0), (s * (a + curl), tip, -4.0)),
                float(width), 7.5, 0.21 * i + (0.4 if s > 0 else 0.0), 0.45,
            ))  # fmt: skip
    return out


def _back() -> list[Lock]:
    rng = np.random.default_rng(11)
    out = []
    # Root height, lift, angles, tip height, width
    layers = (
        (206.0, 12.0, np.linspace(112, 248, 6), -58.0, 54.0),
        (92.0, 10.0, np.linspace(110, 250, 9), -150.0, 46.0),
        (40.0, 8.0, np.linspace(120, 240, 7), -200.0, 46.0),
    )
    for layer, (start, lift, angles, tip, width) in enumerate(layers):
        for a in angles:
            side = abs(((a + 180) % 360) - 180)
            end = tip + np.interp(side, [95, 125, 180], [62.0, 18.0, 0.0]) * (layer > 0)
            end += rng.uniform(-14, 14)
            sway = rng.uniform(3, 7) * (1 if a < 180 else -1)
            span = start - end
            out.append(Lock(
                "back",
                ((a, start, lift - 2.0 - 2.0 * (layer == 1)), (a, start - 0.12 * span, lift),
                 (a - sway * 0.4, start - 0.40 * span, lift + 2.0),
                 (a + sway * 0.6, start - 0.70 * span, lift + 3.0),
                 (a + sway * 0.2, start - 0.90 * span, lift - 1.0),
                 (a - sway, end, lift - 9.0)),
                width, 8.0, float(rng.uniform()),
            ))  # fmt: skip
    return out


def _stray() -> list[Lock]:
    """A small curl on top."""
    return [
        Lock("cap", ((20, 233, 6.0), (30, 236, 20.0), (60, 232, 27.0), (88, 218, 24.0)), 10.0, 3.0,
             0.2),
    ]  # fmt: skip


def build_hair() -> Piece:
    """The whole hair as one piece."""
    parts = [_cap(), _curtain_inside()]
    for locks, steps in ((_fringe(), 10), (_sides(), 14), (_back(), 9), (_stray(), 8)):
        parts += [_sweep(lock, steps) for lock in locks]
    return join(parts)
