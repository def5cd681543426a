"""What Mira wears: blouse, cropped jacket, pleated skirt, tights, boots, bow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assets.build.mira.body import feet, legs, torso, trunk
from assets.build.mira.collar import bow, button, shirt_collar
from assets.build.mira.mesh import (
    F64,
    Field,
    Piece,
    clip,
    gradient,
    grid_triangles,
    hem,
    join,
    keep,
    polygonise,
    smooth,
    smooth_min,
    step,
    unit,
    vertex_normals,
)
from assets.build.mira.skeleton import WRIST
from assets.build.mira.springs import Chain, along
from assets.build.mira.texture import cloth_uv
from assets.build.mira.weights import leg_weights, trunk_weights

_SKIN_UV = (0.045, 0.45)
JACKET_HEM = 0.945
CUFF = WRIST[0] - 0.012


def _dressed(
    cloth: str, p: F64, tri: np.ndarray, normals: F64, weigh: Callable[[F64], dict[str, F64]]
) -> Piece:
    uv = cloth_uv(cloth, np.full((len(p), 2), 0.5))
    return Piece("cloth", p, tri, normals, uv, weigh(p))


def _cut(
    cloth: str, base: tuple[F64, np.ndarray, F64], regions: tuple[Field, ...], lift: float, depth: float,
    weigh: Callable[[F64], dict[str, F64]] = trunk_weights,
) -> Piece:  # fmt: skip
    """A part of a garment's surface, lifted along its normals and hemmed."""
    p, tri, normals = base
    piece = Piece("cloth", p, tri, normals, np.zeros((len(p), 2)))
    for region in regions:  # one after the other: a band may be narrower than a triangle
        piece = clip(piece, region)
    piece = replace(piece, positions=piece.positions + lift * piece.normals)
    if depth:
        piece = hem(piece, depth)
    uv = cloth_uv(cloth, np.full((len(piece.positions), 2), 0.5))
    return replace(piece, uv=uv, weights=weigh(piece.positions))


def neckline(p: F64) -> F64:
    """Positive below the blouse's round neckline."""
    z = np.clip(p[:, 2], -0.06, 0.06)
    x = np.abs(p[:, 0])
    return (1.298 - 0.40 * np.clip(z + 0.02, 0, 1)) - p[:, 1] + 2.0 * np.clip(x - 0.058, 0, None)


def skin_neck() -> Piece:
    """Neck and what the neckline shows of the chest."""
    low, high = np.array([-0.16, 1.19, -0.13]), np.array([0.16, 1.428, 0.12])
    p, tri, normals = polygonise(trunk, low, high, 0.0055, 1000)
    piece = Piece("skin", p, tri, normals, np.zeros((len(p), 2)))
    regions: tuple[Field, ...] = (
        lambda p: 0.016 - neckline(p), lambda p: 0.105 - np.abs(p[:, 0]),
        lambda p: 1.424 - p[:, 1],
    )  # fmt: skip
    for region in regions:
        piece = clip(piece, region)
    piece = replace(piece, weights=trunk_weights(piece.positions))
    return replace(piece, uv=neck_uv(piece.positions))


def neck_uv(p: F64) -> F64:
    """The strip of the face texture that is shaded under the chin."""
    v = np.clip((1.385 - p[:, 1]) / 0.085, 0.0, 1.0)
    return np.stack([np.full(len(p), 0.012), 0.12 + 0.30 * v], 1)


def blouse() -> list[Piece]:
    """The top: what the open jacket shows of it."""

    def loose(p: F64) -> F64:
        return torso(p) - 0.006

    low, high = np.array([-0.15, 0.95, -0.14]), np.array([0.15, 1.35, 0.15])
    base = polygonise(
        lambda p: smooth_min(loose(p), trunk(p) - 0.004, 0.01), low, high, 0.007, 1000
    )

    def middle(p: F64) -> F64:
        return 0.090 - np.abs(p[:, 0])

    def front(p: F64) -> F64:
        return p[:, 2] + 0.045

    def below(p: F64) -> F64:
        return p[:, 1] - 0.955

    return [_cut("blouse", base, (neckline, middle, front, below), 0.0, 0.004)]


def opening(y: F64) -> F64:
    """Half width of the jacket's front opening at a height."""
    return np.interp(y, [0.93, 1.00, 1.08, 1.16, 1.21, 1.255, 1.30],
                     [0.062, 0.050, 0.047, 0.053, 0.060, 0.064, 0.060])  # fmt: skip


def _jacket_field(p: F64) -> F64:
    x = np.abs(p[:, 0])
    loose = 0.010 + 0.005 * step(x, 0.16, 0.30) + 0.006 * step(x, 0.40, 0.54)
    body = smooth_min(torso(p), trunk(p), 0.02) - loose
    # The waist hangs straighter than the body below it, and the back falls from the shoulders.
    y = p[:, 1]
    q = ((x / 0.128) ** 2.4 + (np.abs(p[:, 2] + 0.004) / 0.104) ** 2.4) ** (1 / 2.4)
    drum = np.maximum((q - 1.0) * 0.104, np.maximum(0.90 - y, y - 1.12))
    return smooth_min(body, drum, 0.02)


def jacket() -> list[Piece]:
    """A cropped open jacket with light edges, cuffs and a stand collar."""
    low, high = np.array([-0.62, 0.905, -0.145]), np.array([0.62, 1.36, 0.16])
    p, tri, normals = polygonise(_jacket_field, low, high, 0.0075, 2500)
    base = (p, tri, normals)

    def front(p: F64) -> F64:
        return np.where(p[:, 2] > -0.035, np.abs(p[:, 0]) - opening(p[:, 1]), 0.05)

    def neck(p: F64) -> F64:
        ring = 1.284 + 0.12 * (np.clip(-p[:, 2], -0.02, 0.06))
        return ring - p[:, 1] + 2.0 * np.clip(np.abs(p[:, 0]) - 0.070, 0.0, None)

    def lapel(p: F64) -> F64:
        width = np.interp(
            p[:, 1], [0.94, 1.08, 1.16, 1.235, 1.30], [0.010, 0.011, 0.030, 0.040, 0.02]
        )
        return np.where(p[:, 2] > -0.02, width - front(p), -0.05)

    def above_hem(p: F64) -> F64:
        return p[:, 1] - JACKET_HEM

    def before_cuff(p: F64) -> F64:
        return CUFF - np.abs(p[:, 0])

    def cuff(p: F64) -> F64:
        return np.abs(p[:, 0]) - (CUFF - 0.026)

    def belt(p: F64) -> F64:
        return JACKET_HEM + 0.016 - p[:, 1]

    return [
        _cut(
            "jacket", base, (lambda p: front(p) - 0.0016, neck, above_hem, before_cuff), 0.0, 0.008
        ),
        _cut("trim", base, (front, lapel, neck, above_hem), 0.0030, 0.011),
        _cut("accent", base, (before_cuff, cuff), 0.0022, 0.010),
        _cut("trim", base, (front, above_hem, belt), 0.0020, 0.006),
    ]


# --- skirt ---------------------------------------------------------------------------------
_WAIST, _HEM = 0.990, 0.625
_SPRING_TOP, _SPRING_MID = 0.880, 0.755
_CHAINS = 8


def _skirt_ring(t: F64, angle: F64) -> F64:
    """A point of the skirt: `t` from waist (0) to hem (1), `angle` from the front to her left."""
    flare = smooth(t * 0.9 + 0.1) * 0.55 + 0.45 * t
    half = 0.112 + 0.090 * flare + 0.010 * np.sin(np.pi * t)
    front = 0.090 + 0.085 * flare
    back = 0.084 + 0.100 * flare + 0.020 * np.sin(np.pi * t)
    pleats = 16
    wave = angle * pleats / (2 * np.pi)
    saw = wave - np.floor(wave)
    fold = np.where(saw < 0.78, saw / 0.78, 1 - (saw - 0.78) / 0.22) - 0.5
    r = 1.0 + 0.075 * fold * smooth((t - 0.06) / 0.6)
    c, s = np.cos(angle), np.sin(angle)
    x = half * r * s
    z = -0.004 + np.where(c >= 0, front, back) * r * c
    return np.stack([x, _WAIST + (_HEM - _WAIST) * t, z], -1)


def skirt_chains() -> list[Chain]:
    """Eight springs around the skirt."""
    out = []
    for k in range(_CHAINS):
        a = 2 * np.pi * k / _CHAINS
        heights = np.array([_SPRING_TOP, _SPRING_MID, _HEM])
        t = (heights - _WAIST) / (_HEM - _WAIST)
        c, s = np.cos(a), np.sin(a)
        pts = _skirt_ring(t, np.full(3, a))
        middle = pts * 0.97 + np.array([0.0, 0.03, 0.0]) * pts[:, 1:2]
        points = tuple((float(x), float(y), float(z)) for x, y, z in middle)
        points = tuple((x, float(h), z) for (x, _, z), h in zip(points, heights, strict=True))
        _ = c, s
        out.append(Chain(f"Skirt{k}", "hips", points, 1.6, 0.45, 0.15, 0.012, ("legs",)))
    return out


def _skirt_weights(p: F64) -> dict[str, F64]:
    angle = np.arctan2(p[:, 0], p[:, 2]) % (2 * np.pi)
    place = angle / (2 * np.pi) * _CHAINS
    first = np.floor(place).astype(int) % _CHAINS
    share = smooth(place - np.floor(place))
    heights = np.array([_SPRING_TOP, _SPRING_MID, _HEM])
    parts = along(heights, p[:, 1])
    waist = step(p[:, 1], 0.935, 0.985)
    out = {"hips": parts[0] * (1 - waist), "spine": parts[0] * waist}
    for k in range(_CHAINS):
        mine = np.where(first == k, 1 - share, 0) + np.where((first + 1) % _CHAINS == k, share, 0)
        out[f"Skirt{k}_0"] = parts[1] * mine
        out[f"Skirt{k}_1"] = parts[2] * mine
    return out


def skirt() -> list[Piece]:
    """Pleats with a light stripe near the hem, and a waist band."""
    t = np.array([0.0, 0.10, 0.25, 0.42, 0.60, 0.80, 1.0])
    per = 5
    steps = np.array([0.0, 0.26, 0.52, 0.775, 0.885])
    angle = np.concatenate([(k + steps) for k in range(16)]) * 2 * np.pi / 16
    tt, aa = np.meshgrid(t, angle, indexing="ij")
    p = _skirt_ring(tt, aa).reshape(-1, 3)
    n = len(angle)
    assert n == 16 * per
    tri = grid_triangles(len(t), n, closed=True)
    normals = vertex_normals(p, tri)
    plain = _skirt_ring(tt, aa).reshape(-1, 3) * [1, 0, 1]
    outward = unit(plain + [0, 0.3 * 0.15, 0])
    if np.sum(normals * outward) < 0:
        tri, normals = tri[:, ::-1].copy(), -normals
    normals = unit(0.75 * normals + 0.45 * outward)
    across = np.tile(np.tile([0.0, 0.30, 0.62, 0.90, 1.0], 16), len(t))
    uv = cloth_uv("skirt", np.stack([across, tt.reshape(-1)], 1))
    outer = Piece("cloth", p, tri, normals, uv)
    inner = Piece("cloth", p - 0.004 * unit(p * [1, 0, 1]), tri[:, ::-1].copy(), -normals,
                  cloth_uv("jacket", np.full((len(p), 2), 0.5)))  # fmt: skip
    drop = (tt.reshape(-1) > 0.55)[inner.triangles].all(1)
    inner = keep(inner, inner.triangles[drop])
    rows = [np.stack([np.sin(angle[::2]) * (0.113 + g), np.full(n // 2, y),
                      -0.004 + np.where(np.cos(angle[::2]) > 0, 0.091 + g, 0.085 + g)
                      * np.cos(angle[::2])], 1)
            for y, g in ((0.996, -0.004), (0.996, 0.003), (0.966, 0.006), (0.966, 0.0))]  # fmt: skip
    b = np.concatenate(rows)
    bt = grid_triangles(4, n // 2, closed=True)
    bn = vertex_normals(b, bt)
    if np.sum(bn * unit(b * [1, 0, 1])) < 0:
        bt, bn = bt[:, ::-1].copy(), -bn
    band = Piece("cloth", b, bt, bn, cloth_uv("jacket", np.full((len(b), 2), 0.5)))
    return [replace(x, weights=_skirt_weights(x.positions)) for x in (outer, inner, band)]


def tights() -> Piece:
    """Legs from under the skirt into the boots."""
    low, high = np.array([-0.18, 0.10, -0.13]), np.array([0.18, 0.86, 0.13])
    base = polygonise(legs, low, high, 0.010, 850)
    ends = (lambda p: 0.72 - p[:, 1], lambda p: p[:, 1] - 0.14)
    return _cut("tights", base, ends, 0.0, 0.0, leg_weights)


def boots() -> list[Piece]:
    """Ankle boots on a light sole."""
    low, high = np.array([-0.15, -0.01, -0.11]), np.array([0.15, 0.27, 0.17])
    base = polygonise(feet, low, high, 0.0065, 700)
    shaft = _cut("boot", base, (lambda p: p[:, 1] - 0.020, lambda p: 0.195 - p[:, 1]), 0.0, 0.006,
                 leg_weights)  # fmt: skip
    sole = _cut("sole", base, (lambda p: 0.021 - p[:, 1],), 0.0022, 0.0, leg_weights)
    cuff = _cut("trim", base, (lambda p: p[:, 1] - 0.180, lambda p: 0.196 - p[:, 1]), 0.002, 0.008,
                leg_weights)  # fmt: skip
    sole.positions[:, 1] = np.maximum(sole.positions[:, 1], 0.0)
    return [shaft, sole, cuff]


def buttons() -> list[Piece]:
    """Gold buttons down both front edges of the jacket."""
    out = []
    for y in (1.145, 1.085, 1.025):
        for s in (1.0, -1.0):
            x = s * (float(opening(np.array(y))) + 0.030)
            z = np.linspace(0.05, 0.16, 400)
            line = np.stack([np.full(400, x), np.full(400, y), z], 1)
            inside = _jacket_field(line) < 0
            at = line[int(np.flatnonzero(inside).max())]
            n = gradient(_jacket_field, at[None])[0]
            out.append(button(at + 0.001 * unit(n[None])[0], n, 0.0068))
    return out


def build_clothes() -> list[Piece]:
    """Everything worn."""
    return [
        *blouse(), *jacket(), *buttons(), *skirt(), tights(), *boots(), shirt_collar(), *bow(),
    ]  # fmt: skip
