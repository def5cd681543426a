"""Small things that stand on furniture: books, vases, a trophy, a round lamp."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.paint import random
from assets.build.stagecraft.patch import Finish, box, moved, turned, yaw
from assets.build.studio_set.plan import WARM_WHITE, Set, Spot, above

_SEEN = (-125.0, 125.0)
"""The part of a turned thing that any shot can see."""
_DARK = Finish("felt", "props", 30)


def books(into: Set, spot: Spot, at: tuple[float, float], count: int, seed: int) -> None:
    """A row from (x, y) to the right, each with its own size and colour."""
    x, y = at
    for k, (thick, tall, deep, back) in enumerate(random(seed, 4 * count).reshape(count, 4)):
        t, h, d = 0.026 + 0.022 * thick, 0.22 + 0.10 * tall, 0.16 + 0.05 * deep
        made = box((t, h, d), Finish("book", "props", 45, seed=seed + k), 0.0, "frlt")
        spot.block(into, made, (t, h, d), (x + t / 2, y, 0.06 - 0.02 * back))
        x += t + 0.002


def pile(into: Set, spot: Spot, at: tuple[float, float], count: int, seed: int) -> None:
    """Books lying on each other, a little turned."""
    x, y = at
    for k, (thick, long, deep, lean) in enumerate(random(seed, 4 * count).reshape(count, 4)):
        t, w, d = 0.026 + 0.022 * thick, 0.22 + 0.10 * long, 0.16 + 0.05 * deep
        made = box((w, t, d), Finish("book", "props", 45, seed=seed + k), 0.0, "frlt")
        spot.put(into, moved(made, yaw(10 * (lean - 0.5)), (0, 0, 0)), (x, y, 0.02))
        y += t


def vase(into: Set, spot: Spot, at: tuple[float, float], paint: str, h: float) -> None:
    """A bellied vase of height `h`."""
    shape = ((0.22, 0.0), (0.30, 0.15), (0.31, 0.36), (0.22, 0.62), (0.12, 0.83), (0.16, 1.0))
    made = turned([(r * h, v * h) for r, v in shape], Finish(paint, "props", 60), 10,
                  sharp=False, arc_deg=_SEEN)  # fmt: skip
    made += turned([(0.16 * h, h), (0.1 * h, h - 0.02)], _DARK, 10, arc_deg=_SEEN)
    place = spot.put(into, made, (at[0], at[1], 0.02))
    into.workshop.drum(place + above(h / 2), 0.26 * h, h)


def trophy(into: Set, spot: Spot, at: tuple[float, float]) -> None:
    """A brass cup on a black foot."""
    made = box((0.10, 0.06, 0.10), Finish("black", "props", 50), 0.006)
    cup = [(0.012, 0.06), (0.012, 0.11), (0.03, 0.13), (0.065, 0.18), (0.075, 0.25)]
    made += turned(cup, Finish("brass", "props", 60), 10, sharp=False, arc_deg=_SEEN)
    made += turned([(0.075, 0.25), (0.0, 0.2)], _DARK, 12)
    place = spot.put(into, made, (at[0], at[1], 0.03))
    into.workshop.drum(place + above(0.13), 0.06, 0.26)


def lamp(into: Set, spot: Spot, at: tuple[float, float], r: float) -> None:
    """An opal globe on a brass ring."""
    a = np.radians(np.linspace(-70, 90, 7))
    ball = [(r * np.cos(k), r + r * np.sin(k)) for k in a]
    made = turned(ball, Finish("bulb", "props", 90), 15, sharp=False, arc_deg=_SEEN)
    made += turned([(0.06, 0.0), (0.05, 0.02)], Finish("brass", "props", 40), 12)
    place = spot.put(into, made, (at[0], at[1], 0.0))
    into.lamps.line([place + above(r)], WARM_WHITE, 0.22, shine=0.5)
