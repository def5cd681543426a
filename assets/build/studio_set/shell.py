"""Floor, round wall, slats, ceiling and the podium."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.patch import Array, Finish, Patch, box, patch, quad, turned
from assets.build.studio_set.plan import (
    CEILING_Y,
    FLOOR_Y,
    MOON,
    PODIUM_R,
    SIDE_DEG,
    SLAT_DEG,
    TEAL,
    WALL_R,
    Set,
    facing_in,
    on_wall,
)

SLAT_STEP_DEG = 1.45
SLAT_TOP = 2.72
FRONT_Z = 5.2
STEP_Y = -0.075
RIM_R = 1.22


def shell(into: Set) -> None:
    """Everything that encloses the host."""
    floor(into)
    wall(into)
    slats(into)
    ceiling(into)
    podium(into)


def arc_band(
    theta: tuple[float, float], y: tuple[float, float], r: tuple[float, float], finish: Finish,
    *steps: int,
) -> Patch:  # fmt: skip
    """A strip of the inside of a drum, from (y0, r0) to (y1, r1), seen from the middle.

    `steps` along it and, when given, up.
    """
    a = np.linspace(theta[0], theta[1], steps[0] + 1)
    t = np.linspace(0.0, 1.0, (steps[1] if len(steps) > 1 else 1) + 1)
    grid: Array = np.array([[on_wall(d, r[0] + (r[1] - r[0]) * k, y[0] + (y[1] - y[0]) * k)
                             for d in a] for k in t])  # fmt: skip
    return patch(grid, finish)


def floor(into: Set) -> None:
    """One plane; its light pools and mirror images are painted."""
    w, back, split = WALL_R + 0.05, -WALL_R + 0.3, 2.2
    for near, far, density, cells in ((split, back, 130, (9, 8)), (FRONT_Z, split, 20, (1, 1))):
        corners = [(-w, FLOOR_Y, near), (w, FLOOR_Y, near), (w, FLOOR_Y, far), (-w, FLOOR_Y, far)]
        a, b, c, d = corners
        into.add([quad(a, b, c, d, Finish("floor", "shell", density), cells=cells)])


def wall(into: Set) -> None:
    """The drum, its skirting with a light groove, and a cornice that hides the cove light."""
    full = (-SIDE_DEG, SIDE_DEG)
    into.add([
        arc_band((-SIDE_DEG, -SLAT_DEG - 1), (FLOOR_Y, CEILING_Y), (WALL_R,) * 2,
                 Finish("wall", "shell", 62), 15, 4),
        arc_band((SLAT_DEG + 1, SIDE_DEG), (FLOOR_Y, CEILING_Y), (WALL_R,) * 2,
                 Finish("wall", "shell", 62), 15, 4),
        arc_band((-SLAT_DEG - 1, SLAT_DEG + 1), (FLOOR_Y, SLAT_TOP), (WALL_R - 0.005,) * 2,
                 Finish("felt", "shell", 40), 14),
        arc_band((-SLAT_DEG - 1, SLAT_DEG + 1), (SLAT_TOP, CEILING_Y), (WALL_R,) * 2,
                 Finish("wall", "shell", 62), 14),
        arc_band(full, (FLOOR_Y, FLOOR_Y + 0.10), (WALL_R - 0.07,) * 2,
                 Finish("trim", "shell", 60), 40),
        arc_band(full, (FLOOR_Y + 0.10, FLOOR_Y + 0.115), (WALL_R - 0.07, WALL_R - 0.055),
                 Finish("moon", "props", 30, least_px=2), 40),
        arc_band(full, (CEILING_Y - 0.16, CEILING_Y - 0.16), (WALL_R, WALL_R - 0.2),
                 Finish("trim", "shell", 40), 40),
        arc_band(full, (CEILING_Y - 0.16, CEILING_Y - 0.05), (WALL_R - 0.2,) * 2,
                 Finish("trim", "shell", 60), 40),
    ])  # fmt: skip
    ring = np.array([on_wall(d, WALL_R - 0.09, FLOOR_Y + 0.14) for d in np.linspace(-80, 80, 110)])
    into.lamps.line(ring, MOON, 0.45, shine=0.5)
    cove = np.array([on_wall(d, WALL_R - 0.16, CEILING_Y - 0.24) for d in np.linspace(-80, 80, 36)])
    into.lamps.line(cove, MOON, 1.5, facing=(0, -0.2, 0), shine=0.0)
    for side in (-1, 1):  # straight wings that close the drum towards the camera
        x = side * WALL_R
        a, b = (x, FLOOR_Y, 0.4), (x, FLOOR_Y, FRONT_Z)
        c, d = (x, CEILING_Y, FRONT_Z), (x, CEILING_Y, 0.4)
        corners = (a, b, c, d) if side > 0 else (b, a, d, c)
        into.add([quad(*corners, Finish("trim", "shell", 20))])


def slats(into: Set) -> None:
    """Upright walnut battens on felt, warm where the halo grazes them."""
    count = int(2 * SLAT_DEG / SLAT_STEP_DEG)
    height = SLAT_TOP - FLOOR_Y - 0.1
    for k in range(count + 1):
        theta = -SLAT_DEG + 2 * SLAT_DEG * k / count
        deep = 0.055 + 0.02 * (k % 3 == 0)
        made = box((0.054, height, deep), Finish("walnut", "wood", 62, seed=k + 1, least_px=3),
                   0.008, "frl")  # fmt: skip
        at = on_wall(theta, WALL_R - 0.015 - deep / 2, FLOOR_Y + 0.1)
        into.add(made, facing_in(theta), at)
        into.workshop.box(
            at + np.array([0, height / 2, 0]), (0.054, height, deep), facing_in(theta)
        )
    into.add([
        arc_band((-SLAT_DEG - 1, SLAT_DEG + 1), (SLAT_TOP - 0.02, SLAT_TOP + 0.05),
                 (WALL_R - 0.12,) * 2, Finish("walnut_flat", "wood", 70, seed=77), 20),
        arc_band((-SLAT_DEG - 1, SLAT_DEG + 1), (SLAT_TOP - 0.02, SLAT_TOP - 0.02),
                 (WALL_R, WALL_R - 0.12), Finish("walnut_flat", "wood", 40, seed=78), 20),
        arc_band((-SLAT_DEG - 1, SLAT_DEG + 1), (SLAT_TOP + 0.05, SLAT_TOP + 0.05),
                 (WALL_R - 0.12, WALL_R), Finish("walnut_flat", "wood", 40, seed=79), 20),
    ])  # fmt: skip


def ceiling(into: Set) -> None:
    """A dark lid with three light bars that point at the host."""
    w = WALL_R + 0.05
    into.add([quad((-w, CEILING_Y, -3.3), (w, CEILING_Y, -3.3), (w, CEILING_Y, FRONT_Z),
                   (-w, CEILING_Y, FRONT_Z), Finish("ceiling", "shell", 22))])  # fmt: skip
    for theta in (-34, 0, 34):
        r = 2.35
        into.add(
            box((0.11, 0.07, 1.1), Finish("trim", "props", 40), 0.01, "frlu"),
            facing_in(theta), on_wall(theta, r, CEILING_Y - 0.11),
        )  # fmt: skip
        lamp = quad((-0.035, 0, -0.5), (0.035, 0, -0.5), (0.035, 0, 0.5), (-0.035, 0, 0.5),
                    Finish("bulb", "props", 20))  # fmt: skip
        into.add([lamp], facing_in(theta), on_wall(theta, r, CEILING_Y - 0.114))
        path = [on_wall(theta, r + d, CEILING_Y - 0.16) for d in np.linspace(-0.45, 0.45, 6)]
        into.lamps.line(path, (1.0, 0.86, 0.7), 1.0, facing=(0, -1, 0), shine=0.7)


def podium(into: Set) -> None:
    """Two low round steps; the upper one is the stage, its top at y = 0."""
    edge, strip = Finish("podium_edge", "props", 60), Finish("teal", "props", 20)
    round_, front = 57, (-18 * 360 / 57, 18 * 360 / 57)  # what faces away is never seen
    flats = (([(PODIUM_R - 0.012, 0.0), (0.0, 0.0)], 190),
             ([(RIM_R - 0.01, STEP_Y), (PODIUM_R - 0.03, STEP_Y)], 130))  # fmt: skip
    for profile, density in flats:
        into.add(turned(profile, Finish("podium", "shell", density), round_))
    upright = (
        (edge, [(PODIUM_R, STEP_Y + 0.03), (PODIUM_R, -0.012), (PODIUM_R - 0.012, 0.0)]),
        (strip, [(PODIUM_R - 0.03, STEP_Y), (PODIUM_R - 0.03, STEP_Y + 0.03)]),
        (edge, [(RIM_R, FLOOR_Y + 0.025), (RIM_R, STEP_Y - 0.01), (RIM_R - 0.01, STEP_Y)]),
        (strip, [(RIM_R - 0.03, FLOOR_Y), (RIM_R - 0.03, FLOOR_Y + 0.025)]),
    )
    for finish, profile in upright:
        into.add(turned(profile, finish, 36, arc_deg=front))
    into.workshop.drum((0, STEP_Y / 2, 0), PODIUM_R - 0.03, -STEP_Y)
    into.workshop.drum((0, (FLOOR_Y + STEP_Y) / 2, 0), RIM_R - 0.03, STEP_Y - FLOOR_Y)
    a = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    for r, y, power in (
        (PODIUM_R + 0.03, STEP_Y + 0.02, 0.2),
        (RIM_R + 0.03, FLOOR_Y + 0.02, 0.36),
    ):
        ring = np.stack([r * np.sin(a), np.full_like(a, y), r * np.cos(a)], axis=1)
        into.lamps.line(ring, TEAL, power, shine=0.25)
