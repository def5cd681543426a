"""What swings and what it must not go through, VRM 1.0 and 0.x alike.

`avatar.rig.spring_rig` moves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VIRTUAL_TAIL_M = 0.07
"""The length of a last bone that has no child to tell it (VRM 0.x)."""


@dataclass(frozen=True, slots=True)
class Collider:
    """What springs do not go through; `offset`, `tail` and `normal` in the node's space."""

    node: int
    shape: Literal["sphere", "capsule", "plane"] = "sphere"
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tail: tuple[float, float, float] = (0.0, 0.0, 0.0)
    normal: tuple[float, float, float] = (0.0, 0.0, 1.0)
    radius: float = 0.0
    inside: bool = False
    """Keeps joints in rather than out."""


@dataclass(frozen=True, slots=True)
class SpringJoint:
    """One swinging bone. `tail` is where its end lies in its own space."""

    node: int
    tail: tuple[float, float, float]
    hit_radius: float = 0.0
    stiffness: float = 1.0
    gravity_power: float = 0.0
    gravity_dir: tuple[float, float, float] = (0.0, -1.0, 0.0)
    drag_force: float = 0.5
    center: int = -1
    """Node in whose space the inertia is felt; -1: the world."""
    colliders: tuple[int, ...] = ()
    child: int = -1
    """Node at the end; -1: nothing is there but the tail."""


@dataclass(frozen=True, slots=True)
class Springs:
    """All springs of one avatar."""

    joints: tuple[SpringJoint, ...] = ()
    colliders: tuple[Collider, ...] = ()
