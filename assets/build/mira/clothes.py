"""What Mira wears, and the skin that it leaves open at the neck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.build.mira.body import feet, legs, trunk
from assets.build.mira.collar import bow, shirt_collar
from assets.build.mira.garment import blouse_field, cut_out, neckline
from assets.build.mira.jacket import buttons, jacket, sleeve_ends
from assets.build.mira.mesh import (
    F64,
    Field,
    Piece,
    clip,
    polygonise,
    step,
)
from assets.build.mira.skirt import skirt
from assets.build.mira.weights import leg_weights, trunk_weights


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
    low, high = np.array([-0.15, 0.95, -0.14]), np.array([0.15, 1.35, 0.15])
    base = polygonise(blouse_field, low, high, 0.007, 1000, calm=0.022)

    def middle(p: F64) -> F64:
        return 0.090 - 0.018 * step(p[:, 1], 1.20, 1.25) - np.abs(p[:, 0])

    def front(p: F64) -> F64:
        return np.maximum(p[:, 2] + 0.045, p[:, 1] - 1.262)

    def below(p: F64) -> F64:
        return p[:, 1] - 0.978

    return [cut_out("blouse", base, (neckline, middle, front, below), 0.0, 0.004)]


def tights() -> Piece:
    """Legs from under the skirt into the boots."""
    low, high = np.array([-0.18, 0.10, -0.13]), np.array([0.18, 0.86, 0.13])
    base = polygonise(legs, low, high, 0.010, 850)
    ends = (lambda p: 0.72 - p[:, 1], lambda p: p[:, 1] - 0.14)
    return cut_out("tights", base, ends, 0.0, 0.0, leg_weights)


def boots() -> list[Piece]:
    """Ankle boots on a light sole."""
    low, high = np.array([-0.15, -0.01, -0.11]), np.array([0.15, 0.27, 0.17])
    base = polygonise(feet, low, high, 0.0065, 700)
    above, below = (lambda p: p[:, 1] - 0.020), (lambda p: 0.195 - p[:, 1])
    shaft = cut_out("boot", base, (above, below), 0.0, 0.006, leg_weights)
    sole = cut_out("sole", base, (lambda p: 0.021 - p[:, 1],), 0.0022, 0.0, leg_weights)
    edge = (lambda p: p[:, 1] - 0.180), (lambda p: 0.196 - p[:, 1])
    cuff = cut_out("trim", base, edge, 0.002, 0.008, leg_weights)
    sole.positions[:, 1] = np.maximum(sole.positions[:, 1], 0.0)
    return [shaft, sole, cuff]


def build_clothes() -> list[Piece]:
    """Everything worn."""
    upper = [*blouse(), *jacket(), *sleeve_ends(), *buttons(), shirt_collar(), *bow()]
    return [*upper, *skirt(), tights(), *boots()]
