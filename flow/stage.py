"""One moment of the show, ready to draw: who stands how, seen from where, in which light."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from flow.spec import F32, U8, Spec


@dataclass(frozen=True, slots=True)
class RigState:
    """One model's moving state. Memory belongs to the runtime until its next update.

    World matrices rather than local transforms: springs and look-at need them anyway, and nobody
    should run forward kinematics twice (docs/decisions/rigstate.md).
    """

    world: Annotated[F32, Spec((-1, 4, 4), "node to model-world transforms, column vectors, m")]
    morph_weights: Annotated[F32, Spec((-1,), "Model.morph_names order")]
    materials: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What expressions change: material index -> {'base_color': (4,), 'uv_offset': (2,), ...}."""


@dataclass(frozen=True, slots=True)
class CameraShot:
    """Where the audience's eye is. World axes: +Y up, the host faces +Z, metres."""

    eye: Annotated[F32, Spec((3,), "m")]
    target: Annotated[F32, Spec((3,), "m")]
    fov_deg: float = 30.0
    """Vertical field of view."""
    name: str = ""
    cut: bool = False
    """True on the first frame of a hard cut: nothing may be blended across it."""

    @property
    def key(self) -> tuple[float, ...]:
        """What the picture of a static stage depends on."""
        return (*map(float, self.eye), *map(float, self.target), self.fov_deg)


@dataclass(frozen=True, slots=True)
class Light:
    """The stage's light: one shadow-casting key, a fill from the sky, a rim. Linear colours."""

    key_direction: Annotated[F32, Spec((3,), "unit vector, from the light into the scene")]
    key_color: tuple[float, float, float] = (1.0, 0.98, 0.95)
    ambient_color: tuple[float, float, float] = (0.45, 0.46, 0.5)
    rim_color: tuple[float, float, float] = (0.25, 0.3, 0.4)
    shadow: float = 0.5
    """Darkness of the cast shadow, 0..1."""
    sky: float = 0.3
    """How much of the ambient light depends on where a surface faces: 0 is the same from
    everywhere; at 0.3 what faces up gets all of it, a wall 0.7 and what faces down 0.4."""


DEFAULT_LIGHT_DIRECTION = np.array([-0.45, -0.75, -0.5], np.float32)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A picture laid over the programme. `rgba` is (h, w, 4) straight alpha, top row first.

    Rasterised by whoever owns the text, only when it changes; `version` says when that was.
    """

    name: str
    rgba: U8
    x: float
    """Left edge as a fraction of the frame's width."""
    y: float
    """Top edge as a fraction of the frame's height."""
    version: int = 0


@dataclass(frozen=True, slots=True)
class StageFrame:
    """Everything render needs for one picture. `due` (ns) is when it should be on air."""

    seq: int
    due: int
    captured: int
    """Birth of the newest motion in it (ns), or `due` when nothing was captured."""
    rigs: dict[str, RigState]
    shot: CameraShot
    light: Light
    overlays: tuple[Overlay, ...] = ()
