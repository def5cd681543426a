"""An avatar as a value: what is drawn, how it moves, whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from avatar.licence.terms import Meta
from avatar.rig.constraint import Constraint
from avatar.rig.expression import Expression
from avatar.rig.humanoid import Humanoid
from avatar.rig.look_at import LookAt
from avatar.rig.spring import Springs
from flow.mesh import Model

Version = Literal["vrm1", "vrm0", "glb"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One oddity: stable code, where, what, and what the loader did instead."""

    code: str
    json_path: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Avatar:
    """A body that can be worn: what is drawn, how it moves, whose it is. Never changes."""

    path: Path
    name: str
    version: Version
    model: Model
    humanoid: Humanoid
    expressions: dict[str, Expression]
    look_at: LookAt | None
    springs: Springs
    constraints: tuple[Constraint, ...]
    meta: Meta
    problems: tuple[Problem, ...] = field(default=())
