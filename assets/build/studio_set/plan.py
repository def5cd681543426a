"""The studio's floor plan and palette, and the bench its pieces are put on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from assets.build.stagecraft.light import Lamps
from assets.build.stagecraft.paint import srgb
from assets.build.stagecraft.patch import Array, Patch, moved, yaw
from assets.build.stagecraft.solid import Workshop

FLOOR_Y = -0.16
CEILING_Y = 3.1
WALL_Z = 0.5
WALL_R = 3.6
"""The round back wall: a cylinder about (0, WALL_Z) that opens towards the camera."""
SIDE_DEG = 92.0
SLAT_DEG = 26.0
HALO_Y = 1.58
HALO_R = 0.95
PODIUM_R = 0.92
EYE = np.array([0.0, 1.3, 4.2])

HALO = srgb("#ffd2a8")
TEAL = srgb("#25d8e8")
ROSE = srgb("#d05cff")
AMBER = srgb("#ffa650")
MOON = srgb("#7fa2ff")
WARM_WHITE = srgb("#ffe6c8")


@dataclass
class Set:
    """What has been built so far."""

    patches: list[Patch] = field(default_factory=list)
    workshop: Workshop = field(default_factory=lambda: Workshop(FLOOR_Y, (WALL_Z, WALL_R)))
    lamps: Lamps = field(default_factory=Lamps)

    def add(
        self, patches: list[Patch], turn: Array | None = None, at: ArrayLike = (0, 0, 0)
    ) -> None:
        """Put pieces made at the origin in their place."""
        self.patches += moved(patches, np.eye(3) if turn is None else turn, at)


def on_wall(theta_deg: float, r: float = WALL_R, y: float = 0.0) -> Array:
    """A point on the round wall: 0 degrees behind the host, positive to the picture's right."""
    a = np.radians(theta_deg)
    return np.array([r * np.sin(a), y, WALL_Z - r * np.cos(a)])


def facing_in(theta_deg: float) -> Array:
    """Turns a piece that faces +z so that it faces the middle from the wall."""
    return yaw(-theta_deg)


def above(y: float) -> Array:
    """A step upwards."""
    return np.array([0.0, y, 0.0])


@dataclass(frozen=True, slots=True)
class Spot:
    """A frame on the floor before the round wall: x to its right, y up, z towards the middle."""

    theta_deg: float
    r: float

    @property
    def turn(self) -> Array:
        """World-from-spot rotation."""
        return facing_in(self.theta_deg)

    def at(self, x: float, y: float, z: float) -> Array:
        """A world point; y counts from the floor."""
        place: Array = on_wall(self.theta_deg, self.r, FLOOR_Y) + self.turn @ np.array([x, y, z])
        return place

    def put(self, into: Set, made: list[Patch], at: tuple[float, float, float]) -> Array:
        """Stand pieces at a place; returns the world point."""
        place = self.at(*at)
        into.add(made, self.turn, place)
        return place

    def block(self, into: Set, made: list[Patch], size: tuple[float, float, float],
              at: tuple[float, float, float]) -> None:  # fmt: skip
        """Stand a box that also blocks light."""
        into.workshop.box(self.put(into, made, at) + above(size[1] / 2), size, self.turn)
