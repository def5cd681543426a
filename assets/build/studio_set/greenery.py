"""Potted plants: a few kinds of bent, folded leaves on stalks."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.paint import random
from assets.build.stagecraft.patch import Array, Finish, Patch, patch, tube, turned, yaw
from assets.build.studio_set.plan import FLOOR_Y, Set

_OUTLINE = np.array([0.0, 0.62, 1.0, 0.78, 0.0])
"""Half width of a leaf along its length."""


def greenery(into: Set) -> None:
    """A tall one to the left, a bushy one to the right."""
    plant(into, (-1.52, -1.55), 0.17, 0.34, leaves=26, tall=1.15, reach=0.52, seed=3, pot="ceramic")
    plant(into, (1.62, -1.75), 0.15, 0.27, leaves=20, tall=0.62, reach=0.42, seed=8, pot="clay")
    plant(into, (-2.35, -0.75), 0.15, 0.30, leaves=16, tall=0.75, reach=0.42, seed=15, pot="ink")


def plant(
    into: Set, xz: tuple[float, float], pot_r: float, pot_h: float, *, leaves: int, tall: float,
    reach: float, seed: int, pot: str,
) -> None:
    """A pot of leaves: each leaf has its own height, direction, bend and green."""
    at = np.array([xz[0], FLOOR_Y, xz[1]])
    f = Finish(pot, "props", 60)
    made = turned([(pot_r * 0.72, 0.0), (pot_r * 0.95, pot_h * 0.6), (pot_r, pot_h - 0.03),
                   (pot_r * 1.04, pot_h - 0.01), (pot_r, pot_h)], f, 22, sharp=False)  # fmt: skip
    made += turned([(pot_r, pot_h), (pot_r * 0.9, pot_h), (pot_r * 0.88, pot_h - 0.03)], f, 22)
    made += turned([(pot_r * 0.9, pot_h - 0.03), (0, pot_h - 0.02)],
                   Finish("soil", "props", 40), 22)  # fmt: skip
    into.add(made, None, at)
    into.workshop.drum(at + (0, pot_h / 2, 0), pot_r, pot_h)
    u = random(seed, 5 * leaves).reshape(leaves, 5)
    for k, (a, b, c, d, e) in enumerate(u):
        turn = yaw(360 * (k * 0.382 + 0.08 * a))
        high = tall * (0.25 + 0.75 * ((k + b) / leaves))
        out = reach * (0.35 + 0.5 * c) * (1.15 - 0.6 * (k / leaves))
        length, width = 0.24 + 0.14 * d, 0.055 + 0.03 * e
        stalk, tip = _stalk(high, out, pot_h)
        into.add([tube(stalk, 0.006, Finish("stem", "props", 10), 3)], turn, at)
        into.add([_leaf(tip, length, width, droop=0.5 + 0.7 * a, seed=seed * 100 + k)], turn, at)


def _stalk(high: float, out: float, foot: float) -> tuple[Array, Array]:
    """A bent stalk in the y-z plane (3, 3) and the leaf's base."""
    t = np.array([0.0, 0.55, 1.0])
    path = np.stack([0 * t, foot - 0.03 + high * t ** 0.8, out * t ** 1.6], axis=1)
    return path, path[-1]


def _leaf(base: Array, length: float, width: float, droop: float, seed: int) -> Patch:
    """A blade along +z from `base` that folds at its midrib and bends down."""
    t = np.linspace(0.0, 1.0, len(_OUTLINE))
    bend = 0.7 - droop * t * 1.5
    step = np.diff(t, prepend=0.0) * length
    z, y = np.cumsum(np.cos(bend) * step), np.cumsum(np.sin(bend) * step)
    grid = np.zeros((len(t), 3, 3))
    for column, side in enumerate((-1.0, 0.0, 1.0)):
        grid[:, column, 0] = -side * width * _OUTLINE
        grid[:, column, 1] = y + abs(side) * 0.25 * width * _OUTLINE
        grid[:, column, 2] = z
    return patch(grid + base, Finish("leaf", "green", 110, seed=seed, least_px=5))
