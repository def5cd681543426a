"""A shelf with things on it to the left, a sideboard to the right."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.patch import Finish, box, quad
from assets.build.studio_set.objects import books, lamp, pile, trophy, vase
from assets.build.studio_set.plan import AMBER, WALL_R, Set, Spot

SHELF = Spot(-39.5, WALL_R - 0.30)
SIDEBOARD = Spot(40.5, WALL_R - 0.42)
LEVELS = (0.12, 0.60, 1.08, 1.56, 2.04)
BOARD = 0.035


def furniture(into: Set) -> None:
    """All of it."""
    shelf(into)
    sideboard(into)


def shelf(into: Set) -> None:
    """Five walnut boards between black sides, a warm light line under each."""
    w, d = 1.02, 0.34
    for k, y in enumerate(LEVELS):
        size = (w, BOARD, d)
        f = Finish("walnut_flat", "wood", 75, seed=50 + k)
        SHELF.block(into, box(size, f, 0.008, "ftu" if y > 1.2 else "ft"), size, (0, y, 0))
        if k == 0:
            continue
        x = w / 2 - 0.05
        strip = quad((-x, 0, 0), (x, 0, 0), (x, 0.012, 0.012), (-x, 0.012, 0.012),
                     Finish("amber", "props", 20))  # fmt: skip
        SHELF.put(into, [strip], (0, y - 0.012, -d / 2 + 0.035))
        line = [SHELF.at(v, y - 0.03, -d / 2 + 0.07) for v in np.linspace(-0.4, 0.4, 6)]
        into.lamps.line(line, AMBER, 0.17, facing=(0, -0.6, 0), shine=0.15)
    for x in (-w / 2 - 0.014, w / 2 + 0.014):
        size = (0.028, 2.079, d + 0.01)
        SHELF.block(into, box(size, Finish("black", "props", 40), 0.004), size, (x, 0, 0))
    back = quad((-w / 2, 0.1, 0), (w / 2, 0.1, 0), (w / 2, 2.1, 0), (-w / 2, 2.1, 0),
                Finish("felt", "shell", 60))  # fmt: skip
    SHELF.put(into, [back], (0, 0, -d / 2 + 0.005))
    on = [y + BOARD for y in LEVELS]
    books(into, SHELF, (-0.44, on[1]), 8, 100)
    books(into, SHELF, (0.02, on[3]), 9, 200)
    books(into, SHELF, (0.05, on[0]), 9, 300)
    pile(into, SHELF, (-0.29, on[2]), 5, 400)
    vase(into, SHELF, (0.18, on[2]), "ink", 0.30)
    vase(into, SHELF, (-0.30, on[3]), "ceramic", 0.24)
    vase(into, SHELF, (-0.25, on[4]), "clay", 0.2)
    vase(into, SHELF, (-0.3, on[0]), "ceramic", 0.28)
    trophy(into, SHELF, (0.25, on[1]))
    lamp(into, SHELF, (0.22, on[4]), 0.11)


def sideboard(into: Set) -> None:
    """Low walnut cabinet under the screen: doors with shadow gaps, black feet, a few things."""
    size = (1.7, 0.5, 0.4)
    body = box(size, Finish("walnut_flat", "wood", 60, seed=31))
    SIDEBOARD.block(into, body, size, (0, 0.14, 0))
    for k, x in enumerate((-0.56, 0.0, 0.56)):
        door = box((0.53, 0.44, 0.02), Finish("walnut_flat", "wood", 75, seed=32 + k), 0.006)
        pull = box((0.13, 0.014, 0.014), Finish("brass", "props", 50), 0.0, "ftu")
        SIDEBOARD.put(into, door, (x, 0.17, 0.208))
        SIDEBOARD.put(into, pull, (x, 0.53, 0.224))
    for x in (-0.75, 0.75):
        foot = (0.04, 0.14, 0.3)
        SIDEBOARD.block(into, box(foot, Finish("black", "props", 30), 0.0), foot, (x, 0, 0))
    vase(into, SIDEBOARD, (-0.62, 0.64), "ceramic", 0.34)
    pile(into, SIDEBOARD, (0.45, 0.64), 4, 500)
    vase(into, SIDEBOARD, (0.70, 0.64), "ink", 0.22)
