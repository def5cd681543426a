"""Her pleated skirt and the springs that swing it."""

# `array + [x, y, z]` adds vectors here; it joins no lists.
# ruff: noqa: RUF005
from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.build.mira.mesh import (
    F64,
    Piece,
    grid_triangles,
    keep,
    smooth,
    step,
    unit,
    vertex_normals,
)
from assets.build.mira.springs import Chain, along
from assets.build.mira.texture import cloth_uv

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
        pts = _skirt_ring(t, np.full(3, a))
        middle = pts * 0.97 + np.array([0.0, 0.03, 0.0]) * pts[:, 1:2]
        points = tuple((float(x), float(y), float(z)) for x, y, z in middle)
        points = tuple((x, float(h), z) for (x, _, z), h in zip(points, heights, strict=True))
        # The sides go with their leg, front and back stay with the hips.
        parent = "hips" if k % 4 == 0 else "leftUpperLeg" if k < 4 else "rightUpperLeg"
        out.append(Chain(f"Skirt{k}", parent, points, 1.6, 0.45, 0.15, 0.012, ("legs",)))
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
    c, s = np.cos(angle[::2]), np.sin(angle[::2])
    rows = [
        np.stack([s * (0.113 + g), np.full(n // 2, y),
                  -0.004 + np.where(c > 0, 0.091 + g, 0.085 + g) * c], 1)
        for y, g in ((0.996, -0.004), (0.996, 0.003), (0.966, 0.006), (0.966, 0.0))
    ]  # fmt: skip
    b = np.concatenate(rows)
    bt = grid_triangles(4, n // 2, closed=True)
    bn = vertex_normals(b, bt)
    if np.sum(bn * unit(b * [1, 0, 1])) < 0:
        bt, bn = bt[:, ::-1].copy(), -bn
    band = Piece("cloth", b, bt, bn, cloth_uv("jacket", np.full((len(b), 2), 0.5)))
    return [replace(x, weights=_skirt_weights(x.positions)) for x in (outer, inner, band)]
