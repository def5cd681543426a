"""Potted plants: a few kinds of bent, folded leaves on stalks."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.paint import random
from assets.build.stagecraft.patch import Array, Finish, Patch, patch, turned, yaw
from assets.build.studio_set.plan import EYE, FLOOR_Y, Set, above

_OUTLINE = np.array([0.0, 0.62, 1.0, 0.78, 0.0])
"""Half width of a leaf along its length."""


def greenery(into: Set) -> None:
    """A tall one to the left, a bushy one to the right."""
    plant(into, (-1.52, -1.55), 0.17, 0.34, leaves=25, tall=1.05, reach=0.46, seed=3, pot="ceramic")
    plant(into, (1.62, -1.75), 0.15, 0.27, leaves=18, tall=0.55, reach=0.36, seed=8, pot="clay")
    plant(into, (-2.35, -0.75), 0.15, 0.30, leaves=14, tall=0.65, reach=0.36, seed=15, pot="ink")


def plant(
    into: Set,
    xz: tuple[float, float],
    pot_r: float,
    pot_h: float,
    *,
    leaves: int,
    tall: float,
    reach: float,
    seed: int,
    pot: str,
) -> None:
    """A pot of leaves: each leaf has its own height, direction, bend and green."""
    at = np.array([xz[0], FLOOR_Y, xz[1]])
    f = Finish(pot, "props", 60)
    made = turned([(pot_r * 0.72, 0.0), (pot_r * 0.95, pot_h * 0.6), (pot_r, pot_h - 0.03),
                   (pot_r * 1.04, pot_h - 0.01), (pot_r, pot_h)], f, 16, sharp=False)  # fmt: skip
    made += turned([(pot_r, pot_h), (pot_r * 0.9, pot_h), (pot_r * 0.88, pot_h - 0.03)], f, 16)
    made += turned([(pot_r * 0.9, pot_h - 0.03), (0, pot_h - 0.02)],
                   Finish("soil", "props", 40), 16)  # fmt: skip
    into.add(made, None, at)
    into.workshop.drum(at + above(pot_h / 2), pot_r, pot_h)
    u = random(seed, 5 * leaves).reshape(leaves, 5)
    for k, (a, b, c, d, e) in enumerate(u):
        turn = yaw(360 * (k * 0.382 + 0.08 * a))
        high = tall * (0.25 + 0.75 * ((k + b) / leaves))
        out = reach * (0.35 + 0.5 * c) * (1.15 - 0.6 * (k / leaves))
        length, width = 0.30 + 0.14 * d, 0.085 + 0.04 * e
        stalk, tip = _stalk(high, out, pot_h)
        into.add([_stem(stalk @ turn.T + at)])
        into.add([_leaf(tip, length, width, droop=0.5 + 0.7 * a, seed=seed * 100 + k)], turn, at)


def _stalk(high: float, out: float, foot: float) -> tuple[Array, Array]:
    """A bent stalk in the y-z plane (3, 3) and the leaf's base."""
    t = np.array([0.0, 0.55, 1.0])
    path = np.stack([0 * t, foot - 0.03 + high * t**0.8, out * t**1.6], axis=1)
    return path, path[-1]


def _stem(path: Array) -> Patch:
    """A ribbon along a world path (n, 3) that turns its flat side to the audience."""
    side = np.cross(np.gradient(path, axis=0), EYE - path)
    side *= 0.006 / np.linalg.norm(side, axis=1, keepdims=True)
    grid = np.stack([path - side, path + side], axis=1)
    return patch(grid, Finish("stem", "green", 10), np.broadcast_to((0.0, 0.5, 0.87), grid.shape))


def _leaf(base: Array, length: float, width: float, droop: float, seed: int) -> Patch:
    """A blade along +z from `base` that folds at its midrib and bends down."""
    t = np.linspace(0.0, 1.0, len(_OUTLINE))
    bend = 0.75 - droop * t * 1.7
    step = np.diff(t, prepend=0.0) * length
    z, y = np.cumsum(np.cos(bend) * step), np.cumsum(np.sin(bend) * step)
    grid = np.zeros((len(t), 3, 3))
    for column, side in enumerate((-1.0, 0.0, 1.0)):
        grid[:, column, 0] = -side * width * _OUTLINE
        grid[:, column, 1] = y + abs(side) * 0.25 * width * _OUTLINE
        grid[:, column, 2] = z
    return patch(grid + base, Finish("leaf", "green", 110, seed=seed, least_px=5))
