"""The dark disc behind the host, the ring of light around it, and the two neon columns."""

from __future__ import annotations

import numpy as np

from assets.build.stagecraft.patch import Finish, box, moved, tilt, tube, turned
from assets.build.studio_set.plan import (
    CEILING_Y,
    FLOOR_Y,
    HALO,
    HALO_R,
    HALO_Y,
    ROSE,
    SLAT_DEG,
    TEAL,
    WALL_R,
    WALL_Z,
    Set,
    above,
    facing_in,
    on_wall,
)

DISC_Z = WALL_Z - WALL_R + 0.30
_COLUMN_DEG = SLAT_DEG + 2.4
TUBE_ENDS = {
    name: (on_wall(side * _COLUMN_DEG, WALL_R - 0.235, 0.12),
           on_wall(side * _COLUMN_DEG, WALL_R - 0.235, 2.62))
    for name, side in (("teal", -1), ("rose", 1))
}  # fmt: skip
"""Lower and upper end of each neon column."""


def halo(into: Set) -> None:
    """Disc and ring stand 20 cm before the slats: the camera's moves show the depth."""
    at = (0.0, HALO_Y, DISC_Z)
    dark, rim = Finish("disc", "props", 70), Finish("brass", "props", 50)
    steps = [(0.86, 0.06), (0.84, 0.075), (0.62, 0.075), (0.61, 0.05), (0.32, 0.05), (0.31, 0.025),
             (0.0, 0.025)]  # fmt: skip
    made = turned(steps, dark, 54)
    made += turned([(0.875, -0.03), (0.875, 0.05), (0.86, 0.06)], rim, 54)
    into.add(moved(made, tilt(90), at))
    a = np.linspace(0, 2 * np.pi, 55)
    ring = np.stack([HALO_R * np.sin(a), HALO_Y + HALO_R * np.cos(a), np.full_like(a, DISC_Z)], 1)
    into.add([tube(ring, 0.02, Finish("halo", "props", 10), 5)])
    into.lamps.line(ring[:-1] - np.array([0, 0, 0.02]), HALO, 2.7, shine=0.55)
    for k in range(12):  # the disc as a wall of short boxes, enough for shadows and contact
        turn = np.radians(15 * k)
        spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0],
                         [0, 0, 1]])  # fmt: skip
        into.workshop.box((0, HALO_Y, DISC_Z), (0.22, 1.70, 0.06), spin)
    for k in range(8):  # stand-offs that carry the ring
        b = np.radians(45 * k + 22.5)
        d = np.array([np.sin(b), np.cos(b), 0.0])
        foot, head = d * 0.875 + (0, HALO_Y, DISC_Z), d * (HALO_R - 0.01) + (0, HALO_Y, DISC_Z)
        into.add([tube([foot, head], 0.007, Finish("brass", "props", 30), 3)])


def columns(into: Set) -> None:
    """A slim pillar on each side of the slats with an upright neon tube before it."""
    for side, name, color in ((-1, "teal", TEAL), (1, "rose", ROSE)):
        theta = side * _COLUMN_DEG
        turn, height = facing_in(theta), CEILING_Y - FLOOR_Y - 0.16
        foot = on_wall(theta, WALL_R - 0.09, FLOOR_Y)
        into.add(box((0.20, height, 0.18), Finish("trim", "props", 40), 0.02, "frl"), turn, foot)
        into.workshop.box(foot + above(height / 2), (0.20, height, 0.18), turn)
        front = on_wall(theta, WALL_R - 0.235, 0.0)
        into.add([tube(TUBE_ENDS[name], 0.018, Finish(name, "props", 6), 8)])
        for y in (0.10, 2.60):
            into.add(box((0.06, 0.05, 0.09), Finish("brass", "props", 40), 0.0, "frltu"),
                     turn, on_wall(theta, WALL_R - 0.22, y))  # fmt: skip
        path = np.array([front + above(y) for y in np.linspace(0.15, 2.6, 24)])
        path[:, 2] += 0.02
        into.lamps.line(path, color, 0.85, shine=1.5)
