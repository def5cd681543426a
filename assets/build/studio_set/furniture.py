"""Shelf with things on it, sideboard and screen, windows, hanging lamps."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.paint import random
from assets.build.stagecraft.patch import (
    Array,
    Finish,
    Patch,
    box,
    moved,
    patch,
    quad,
    tube,
    turned,
    yaw,
)
from assets.build.studio_set.plan import (
    AMBER,
    CEILING_Y,
    FLOOR_Y,
    MOON,
    WALL_R,
    WARM_WHITE,
    Set,
    facing_in,
    on_wall,
)

SHELF_DEG, SCREEN_DEG = -39.5, 40.5
SHELF_R, BOARD_R = WALL_R - 0.30, WALL_R - 0.40


def furniture(into: Set) -> None:
    """All of it."""
    shelf(into)
    sideboard(into)
    screen(into)
    for theta in (-62.0, 63.0):
        window(into, theta, seed=int(abs(theta)))
    pendants(into)


def _place(into: Set, made: list[Patch], theta: float, r: float, y: float, x: float = 0.0,
           z: float = 0.0) -> Array:  # fmt: skip
    """Put a piece in the local frame of a spot on the wall; returns its world position."""
    turn = facing_in(theta)
    at = on_wall(theta, r, FLOOR_Y) + turn @ np.array([x, y, z])
    into.add(made, turn, at)
    return at


def _block(into: Set, size: tuple[float, float, float], finish: Finish, spot: tuple[float, float],
           y: float, x: float = 0.0, z: float = 0.0, bevel: float = 0.008,
           faces: str = "frlt") -> None:  # fmt: skip
    at = _place(into, box(size, finish, bevel, faces), *spot, y, x, z)
    into.workshop.box(at + (0, size[1] / 2, 0), size, facing_in(spot[0]))


def shelf(into: Set) -> None:
    """Five walnut boards between black posts, a warm light line under each."""
    spot, w, d = (SHELF_DEG, SHELF_R), 1.02, 0.34
    board, post = Finish("walnut_flat", "wood", 75, seed=5), Finish("black", "props", 40)
    levels = (0.12, 0.60, 1.08, 1.56, 2.04)
    for k, y in enumerate(levels):
        f = Finish("walnut_flat", "wood", 75, seed=50 + k)
        _block(into, (w, 0.035, d), f, spot, y, faces="ftu" if y > 1.2 else "ft")
        if k:
            _place(into, [quad((-w / 2 + 0.05, 0, 0), (w / 2 - 0.05, 0, 0),
                               (w / 2 - 0.05, 0.012, 0.012), (-w / 2 + 0.05, 0.012, 0.012),
                               Finish("amber", "props", 20))],
                   *spot, y - 0.012, 0, -d / 2 + 0.035)  # fmt: skip
            line = [on_wall(SHELF_DEG, SHELF_R, FLOOR_Y) + facing_in(SHELF_DEG) @ np.array(
                [x, y - 0.03, -d / 2 + 0.07]) for x in np.linspace(-0.4, 0.4, 6)]  # fmt: skip
            into.lamps.line(line, AMBER, 0.17, facing=(0, -0.6, 0), shine=0.15)
    for x in (-w / 2 - 0.015, w / 2 + 0.015):
        for z in (-d / 2 + 0.02, d / 2 - 0.02):
            _block(into, (0.03, 2.2, 0.03), post, spot, 0.0, x, z, 0.004)
    _place(into, [quad((-w / 2, 0.1, 0), (w / 2, 0.1, 0), (w / 2, 2.1, 0), (-w / 2, 2.1, 0),
                       Finish("felt", "shell", 60))], *spot, 0, 0, -d / 2 + 0.005)  # fmt: skip
    del board
    _books(into, spot, levels[1] + 0.035, -0.44, 8, 100)
    _books(into, spot, levels[3] + 0.035, 0.02, 9, 200)
    _books(into, spot, levels[0] + 0.035, 0.05, 9, 300)
    _books(into, spot, levels[2] + 0.035, -0.46, 5, 400, flat=True)
    _vase(into, spot, levels[2] + 0.035, 0.18, "ink", 0.30)
    _vase(into, spot, levels[3] + 0.035, -0.30, "ceramic", 0.24)
    _trophy(into, spot, levels[1] + 0.035, 0.25)
    _globe(into, spot, levels[4] + 0.035, 0.22, 0.11)
    _vase(into, spot, levels[4] + 0.035, -0.25, "clay", 0.2)
    _vase(into, spot, levels[0] + 0.035, -0.3, "ceramic", 0.28)


def _books(into: Set, spot: tuple[float, float], y: float, x: float, count: int, seed: int,
           *, flat: bool = False) -> None:  # fmt: skip
    u = random(seed, 4 * count).reshape(count, 4)
    for k, (thick, tall, deep, lean) in enumerate(u):
        t, h, d = 0.026 + 0.022 * thick, 0.22 + 0.10 * tall, 0.16 + 0.05 * deep
        f = Finish("book", "props", 45, seed=seed + k)
        if flat:
            made = moved(box((h, t, d), f, 0.003, "frlt"), yaw(10 * (lean - 0.5)), (0, 0, 0))
            _place(into, made, *spot, y, x + 0.17, 0.02)
            y += t
        else:
            _place(into, box((t, h, d), f, 0.003, "frlt"), *spot, y, x + t / 2, 0.06 - 0.02 * lean)
            into.workshop.box(on_wall(spot[0], spot[1], FLOOR_Y) + facing_in(spot[0]) @ np.array(
                [x + t / 2, y + h / 2, 0.06]), (t, h, d), facing_in(spot[0]))  # fmt: skip
            x += t + 0.002


def _vase(into: Set, spot: tuple[float, float], y: float, x: float, paint: str, h: float) -> None:
    shape = [(0.25, 0.0), (0.36, 0.12), (0.40, 0.32), (0.33, 0.55), (0.17, 0.76), (0.15, 0.88),
             (0.20, 1.0)]  # fmt: skip
    made = turned([(r * h * 0.8, v * h) for r, v in shape], Finish(paint, "props", 60), 16,
                  sharp=False)  # fmt: skip
    made += turned([(0.2 * h * 0.8, h), (0.1 * h, h - 0.02)], Finish("felt", "props", 30), 16)
    at = _place(into, made, *spot, y, x, 0.02)
    into.workshop.drum(at + (0, h / 2, 0), 0.26 * h, h)


def _trophy(into: Set, spot: tuple[float, float], y: float, x: float) -> None:
    brass = Finish("brass", "props", 60)
    made = box((0.10, 0.06, 0.10), Finish("black", "props", 50), 0.006)
    cup = [(0.012, 0.06), (0.012, 0.11), (0.03, 0.13), (0.065, 0.18), (0.075, 0.25), (0.07, 0.25)]
    made += turned(cup, brass, 16, sharp=False)
    made += turned([(0.072, 0.25), (0.0, 0.2)], Finish("felt", "props", 30), 16)
    at = _place(into, made, *spot, y, x, 0.03)
    into.workshop.drum(at + (0, 0.13, 0), 0.06, 0.26)


def _globe(into: Set, spot: tuple[float, float], y: float, x: float, r: float) -> None:
    """A small round table lamp."""
    a = np.radians(np.linspace(-70, 90, 9))
    ball = [(r * np.cos(k), r + r * np.sin(k)) for k in a]
    made = turned(ball, Finish("bulb", "props", 10), 18, sharp=False)
    made += turned([(0.06, 0.0), (0.05, 0.02)], Finish("brass", "props", 40), 16)
    at = _place(into, made, *spot, y, x, 0.0)
    into.lamps.line([at + (0, r, 0.0)], WARM_WHITE, 0.22, shine=0.5)


def sideboard(into: Set) -> None:
    """Low walnut cabinet under the screen: doors with shadow gaps, black feet, a few things."""
    spot = (SCREEN_DEG, WALL_R - 0.42)
    w, h, d = 1.7, 0.5, 0.4
    _block(into, (w, h, d), Finish("walnut_flat", "wood", 60, seed=31), spot, 0.14)
    for k, x in enumerate((-0.56, 0.0, 0.56)):
        f = Finish("walnut_flat", "wood", 75, seed=32 + k)
        _place(into, box((0.53, h - 0.06, 0.02), f, 0.006), *spot, 0.17, x, d / 2 + 0.008)
        _place(into, box((0.13, 0.014, 0.014), Finish("brass", "props", 50), 0.003), *spot,
               0.53, x, d / 2 + 0.024)  # fmt: skip
    for x in (-0.75, 0.75):
        _block(into, (0.04, 0.14, 0.3), Finish("black", "props", 30), spot, 0.0, x)
    _vase(into, spot, 0.64, -0.62, "ceramic", 0.34)
    _books(into, spot, 0.64, 0.28, 4, 500, flat=True)
    _vase(into, spot, 0.64, 0.70, "ink", 0.22)


def screen(into: Set) -> None:
    """A large picture in a slim black frame, held off the wall so that its light spills round."""
    spot, w, h, y = (SCREEN_DEG, BOARD_R), 1.62, 0.93, 1.10
    frame = Finish("black", "props", 40)
    _block(into, (w + 0.06, h + 0.06, 0.05), frame, spot, y - 0.03, bevel=0.012)
    _place(into, [quad((-w / 2, 0, 0), (w / 2, 0, 0), (w / 2, h, 0), (-w / 2, h, 0),
                       Finish("screen", "pictures", 330))], *spot, y, 0, 0.027)  # fmt: skip
    turn = facing_in(SCREEN_DEG)
    base = on_wall(SCREEN_DEG, BOARD_R, FLOOR_Y + y)
    points = [base + turn @ np.array([x, v, 0.08]) for x in (-0.5, 0, 0.5) for v in (0.25, 0.7)]
    into.lamps.line(points, (0.75, 0.38, 0.62), 0.8, facing=turn @ (0, 0, 1), shine=0.6)
    back = [base + turn @ np.array([x, v, -0.1]) for x in (-0.8, 0, 0.8) for v in (-0.02, 0.95)]
    into.lamps.line(back, (0.8, 0.35, 0.75), 0.35, shine=0.0)


def window(into: Set, theta: float, seed: int) -> None:
    """A tall window onto a city at night, with a real reveal and glazing bars."""
    spot, w, h, y = (theta, WALL_R - 0.11), 1.15, 2.25, 0.45
    bar = Finish("black", "props", 30)
    _place(into, [quad((-w / 2, 0, 0), (w / 2, 0, 0), (w / 2, h, 0), (-w / 2, h, 0),
                       Finish("window", "pictures", 150, seed=seed))], *spot, y)  # fmt: skip
    for x in (-w / 2 - 0.03, w / 2 + 0.03):
        _block(into, (0.06, h + 0.12, 0.12), bar, spot, y - 0.06, x, 0.03)
    for v in (-0.06, h):
        _block(into, (w, 0.06, 0.12), bar, spot, y + v, 0, 0.03, faces="ftu")
    _place(into, box((0.025, h, 0.03), bar, 0.004, "frl"), *spot, y, 0.0, 0.015)
    for v in (0.33, 0.66):
        _place(into, box((w, 0.022, 0.028), bar, 0.004, "ftu"), *spot, y + v * h, 0, 0.014)
    turn = facing_in(theta)
    base = on_wall(theta, WALL_R - 0.05, FLOOR_Y + y)
    points = [base + turn @ np.array([x, v, 0.1]) for x in (-0.3, 0.3) for v in (0.4, 1.1, 1.8)]
    into.lamps.line(points, MOON, 1.0, facing=turn @ (0, 0, 1), shine=0.5)


def pendants(into: Set) -> None:
    """Three glass globes on long cords at different heights."""
    brass, cord = Finish("brass", "props", 60), Finish("black", "props", 8)
    for x, y, z, r in ((1.52, 2.02, -1.55, 0.10), (1.86, 2.36, -1.15, 0.085),
                       (1.25, 2.46, -1.95, 0.075)):  # fmt: skip
        a = np.radians(np.linspace(-90, 74, 10))
        ball = [(r * np.cos(k), r * np.sin(k)) for k in a]
        made = turned(ball, Finish("bulb", "props", 12), 20, sharp=False)
        made += turned([(r * 0.34, r * 0.9), (r * 0.3, r * 1.25), (0.008, r * 1.35)], brass, 12)
        into.add(made, None, (x, y, z))
        into.add([tube([(x, y + r * 1.3, z), (x, CEILING_Y, z)], 0.004, cord, 4)])
        into.lamps.line([(x, y, z)], WARM_WHITE, 0.42, shine=0.8)


__all__ = ["furniture", "patch"]
