"""The large screen, windows onto the city, and the hanging lamps."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.patch import Finish, box, quad, tube, turned
from assets.build.studio_set.plan import CEILING_Y, MOON, WALL_R, WARM_WHITE, Set, Spot

SCREEN = Spot(40.5, WALL_R - 0.40)
WINDOWS = (Spot(-62.0, WALL_R - 0.11), Spot(63.0, WALL_R - 0.11))
PENDANTS = ((1.52, 2.02, -1.55, 0.10), (1.86, 2.36, -1.15, 0.085), (1.25, 2.46, -1.95, 0.075))
"""Middle (x, y, z) and radius of each glass globe."""


def fittings(into: Set) -> None:
    """All of it."""
    screen(into)
    for k, spot in enumerate(WINDOWS):
        window(into, spot, 62 + k)
    pendants(into)


def screen(into: Set) -> None:
    """A large picture in a slim black frame, held off the wall so that its light spills round."""
    w, h, y = 1.62, 0.93, 1.10
    size = (w + 0.06, h + 0.06, 0.05)
    SCREEN.block(into, box(size, Finish("black", "props", 40), 0.012), size, (0, y - 0.03, 0))
    picture = quad((-w / 2, 0, 0), (w / 2, 0, 0), (w / 2, h, 0), (-w / 2, h, 0),
                   Finish("screen", "pictures", 330), cells=(6, 4))  # fmt: skip
    SCREEN.put(into, [picture], (0, y, 0.027))
    front = SCREEN.turn @ np.array([0.0, 0.0, 1.0])
    points = [SCREEN.at(x, y + v, 0.08) for x in (-0.5, 0, 0.5) for v in (0.25, 0.7)]
    into.lamps.line(points, (0.75, 0.38, 0.62), 0.8, facing=front, shine=0.6)
    back = [SCREEN.at(x, y + v, -0.1) for x in (-0.8, 0, 0.8) for v in (-0.02, 0.95)]
    into.lamps.line(back, (0.8, 0.35, 0.75), 0.35, shine=0.0)


def window(into: Set, spot: Spot, seed: int) -> None:
    """A tall window onto a city at night, with a real reveal and glazing bars."""
    w, h, y = 1.15, 2.25, 0.45
    bar = Finish("black", "props", 30)
    view = quad((-w / 2, 0, 0), (w / 2, 0, 0), (w / 2, h, 0), (-w / 2, h, 0),
                Finish("window", "pictures", 150, seed=seed), cells=(2, 4))  # fmt: skip
    spot.put(into, [view], (0, y, 0))
    for x in (-w / 2 - 0.03, w / 2 + 0.03):
        jamb = (0.06, h + 0.12, 0.12)
        spot.block(into, box(jamb, bar, 0.008, "frl"), jamb, (x, y - 0.06, 0.03))
    for v in (-0.06, h):
        sill = (w, 0.06, 0.12)
        spot.block(into, box(sill, bar, 0.008, "ftu"), sill, (0, y + v, 0.03))
    spot.put(into, box((0.025, h, 0.03), bar, 0.0, "frl"), (0, y, 0.015))
    for v in (0.33, 0.66):
        spot.put(into, box((w, 0.022, 0.028), bar, 0.0, "ftu"), (0, y + v * h, 0.014))
    points = [spot.at(x, y + v, 0.04) for x in (-0.4, -0.13, 0.13, 0.4)
              for v in np.linspace(0.1, 2.1, 9)]  # fmt: skip
    into.lamps.line(points, MOON, 1.0, facing=spot.turn @ np.array([0.0, 0.0, 1.0]), shine=0.4)


def pendants(into: Set) -> None:
    """Three glass globes on long cords at different heights."""
    brass, cord = Finish("brass", "props", 60), Finish("black", "props", 8)
    for x, y, z, r in PENDANTS:
        a = np.radians(np.linspace(-90, 74, 7))
        ball = [(r * np.cos(k), r * np.sin(k)) for k in a]
        made = turned(ball, Finish("bulb", "props", 90), 14, sharp=False, arc_deg=(-115, 115))
        made += turned([(r * 0.34, r * 0.9), (r * 0.3, r * 1.25), (0.008, r * 1.35)], brass, 8)
        into.add(made, None, (x, y, z))
        into.add([tube([(x, y + r * 1.3, z), (x, CEILING_Y, z)], 0.004, cord, 4)])
        into.lamps.line([(x, y, z)], WARM_WHITE, 0.42, shine=0.8)
