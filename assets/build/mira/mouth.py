"""Lip line, inside of the mouth, teeth and tongue."""

from __future__ import annotations

import numpy as np

from assets.build.mira.decal import flat, moves, on_face, ribbon
from assets.build.mira.face import mouth_contour
from assets.build.mira.features import MOUTH_HALF, MOUTH_Y
from assets.build.mira.head import height
from assets.build.mira.mesh import Piece, grid_triangles, join, smooth
from assets.build.mira.morphs import FACE_MORPHS


def _lip_lines() -> Piece:
    line = mouth_contour()
    u = line[:, 0] / MOUTH_HALF
    corner = np.zeros(len(line))
    thick = 0.25 + 0.55 * (1 - u**2) + 0.25 * np.abs(u) ** 4
    up = np.where(np.abs(u) < 0.999, 1.0, 0.0)
    wide = line * [1.03, 1.0]
    top = ribbon("line", line, wide + np.stack([corner, thick], 1), 0.35, up)
    low = ribbon("line", line, wide - np.stack([corner, 0.45 * thick], 1), 0.32, -up)
    return join([top, low])


def _mouth_bag() -> Piece:
    """The inside of the mouth, hung on the lips; its front ring moves with them."""
    line = mouth_contour()
    n = len(line)
    loop = np.concatenate([line, line[1:-1][::-1]])
    part = np.concatenate([[0], np.ones(n - 2), [0], -np.ones(n - 2)])
    root = on_face(loop, 0.0)
    rings, moved, uv = [], [], []
    lips = moves(root, part)
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
    return flat(
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
        low = bottom + np.where(part > 0, round_off, 0)
        rows = [np.stack([x, y, face + curve], 1) for y in (np.full_like(x, top), low)]
        p = np.concatenate(rows)
        # Teeth are bone: the upper row stays, the lower row falls with the jaw alone.
        probe = p.copy()
        probe[:, 1] = 12.0
        probe[:, 2] = 80.0
        moved = {
            k: v for k, v in moves(probe, -np.ones(len(p))).items()
            if part < 0 and k in ("jawOpen", "jawLeft", "jawRight", "jawForward")
        }  # fmt: skip
        out.append(flat("teeth", p, grid_triangles(2, 13), moved))
    return join(out)


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
        k: w for k, w in moves(probe, -np.ones(len(p))).items()
        if k in ("jawOpen", "jawLeft", "jawRight", "jawForward")
    }  # fmt: skip
    tip = (1 - v.reshape(-1)) ** 1.3
    moved["tongueOut"] = np.stack([-0.30 * p[:, 0] * tip, 2.6 - 6.5 * tip**3, 22.0 * tip], axis=1)
    moved["jawOpen"] = moved["jawOpen"] + np.stack([0 * tip, 1.5 * (1 - tip), 0 * tip], 1)
    tri = grid_triangles(rows, cols)[:, ::-1].copy()
    return flat("tongue", p, tri, moved)


def build_mouth() -> Piece:
    """Lip line, inside of the mouth, teeth and tongue."""
    return join([_lip_lines(), _mouth_bag(), _teeth(), _tongue()])
