"""Her cropped open jacket: shell, lapels, cuffs, hem, buttons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.build.mira.body import jacket_surface
from assets.build.mira.collar import button
from assets.build.mira.garment import blouse_field, cut_out, dressed, on_cloth
from assets.build.mira.mesh import (
    F64,
    Field,
    Piece,
    mirror,
    polygonise,
    swap_sides,
)
from assets.build.mira.skeleton import WRIST
from assets.build.mira.weights import trunk_weights

JACKET_HEM = 0.945
CUFF = WRIST[0] - 0.012


def opening(y: F64) -> F64:
    """Half width of the jacket's front opening at a height."""
    return np.interp(y, [0.93, 1.00, 1.08, 1.16, 1.21, 1.255, 1.30],
                     [0.062, 0.050, 0.047, 0.053, 0.060, 0.064, 0.060])  # fmt: skip


def jacket() -> list[Piece]:
    """A cropped open jacket with light edges and coloured cuffs."""
    low, high = np.array([-0.62, 0.905, -0.145]), np.array([0.62, 1.36, 0.16])
    p, tri, normals = polygonise(jacket_surface, low, high, 0.0075, 2900, calm=0.012)
    base = (p, tri, normals)

    def front(p: F64) -> F64:
        return np.where(p[:, 2] > -0.035, np.abs(p[:, 0]) - opening(p[:, 1]), 0.05)

    def neck(p: F64) -> F64:
        ring = 1.290 + 0.12 * (np.clip(-p[:, 2], -0.02, 0.06))
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

    # Below the bands the shell ends a little earlier, so that no two edges coincide.
    shell: tuple[Field, ...] = (
        lambda p: front(p) - 0.0016, neck,
        lambda p: above_hem(p) - 0.002, lambda p: before_cuff(p) - 0.004,
    )  # fmt: skip

    def cuff(p: F64) -> F64:
        return np.abs(p[:, 0]) - (CUFF - 0.026)

    def belt(p: F64) -> F64:
        return JACKET_HEM + 0.016 - p[:, 1]

    return [
        cut_out("jacket", base, shell, 0.0, 0.008),
        cut_out("trim", base, (front, lapel, neck, above_hem), 0.0030, 0.011),
        cut_out("accent", base, (before_cuff, cuff), 0.0022, 0.015),
        cut_out("trim", base, (front, above_hem, belt), 0.0020, 0.006),
    ]


def sleeve_ends() -> list[Piece]:
    """Dark discs a little inside the cuffs, so that nobody looks up a sleeve."""
    a = np.arange(16) * 2 * np.pi / 16
    x, y, z = CUFF - 0.010, WRIST[1], WRIST[2]
    rim = np.stack([np.full(16, x), y + 0.037 * np.sin(a), z - 0.002 + 0.037 * np.cos(a)], 1)
    p = np.concatenate([[[x, y, z]], rim])
    tri = np.array([[0, 1 + (i + 1) % 16, 1 + i] for i in range(16)])
    left = dressed("inner", p, tri, np.tile([1.0, 0.0, 0.0], (17, 1)), trunk_weights)
    if np.cross(p[tri[0, 1]] - p[0], p[tri[0, 2]] - p[0])[0] < 0:
        left = replace(left, triangles=tri[:, ::-1].copy())
    return [left, mirror(left, swap_sides)]


def buttons() -> list[Piece]:
    """Gold buttons down both front edges of the jacket, small ones down the blouse."""
    out = [
        button(*on_cloth(blouse_field, 0.0, y), 0.0042, "accent")
        for y in (1.175, 1.125, 1.075, 1.025)
    ]
    for y in (1.145, 1.085, 1.025):
        for s in (1.0, -1.0):
            x = s * (float(opening(np.array(y))) + 0.030)
            out.append(button(*on_cloth(jacket_surface, x, y), 0.0068))
    return out
