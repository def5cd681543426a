"""The TOML beside a stage: its name, light, background, shots and anchors, strictly checked."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from flow.errors import AssetError
from flow.mesh import RGB
from flow.spec import F32
from flow.stage import DEFAULT_LIGHT_DIRECTION, Light
from scenes.geometry import standing
from scenes.shot import ShotSpec

MAX_TOML_BYTES = 1 << 20

_Metres = Annotated[float, Field(ge=-1000.0, le=1000.0)]
_Share = Annotated[float, Field(ge=0.0, le=1.0)]
_Linear = Annotated[float, Field(ge=0.0, le=64.0)]
_Vec3 = tuple[_Metres, _Metres, _Metres]
_Color = tuple[_Linear, _Linear, _Linear]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ShotTable(_Strict):
    """``[shots.NAME]``: metres, world axes, for a host of 1.6 m and a 16:9 picture."""

    eye: _Vec3
    target: _Vec3
    fov_deg: Annotated[float, Field(ge=5.0, le=100.0)] = 30.0
    follow: _Share = 0.0
    ease_s: Annotated[float, Field(ge=0.0, le=30.0)] = 1.2


class LightTable(_Strict):
    """``[light]``: linear colours; the direction runs from the light into the scene."""

    key_direction: _Vec3 = (-0.45, -0.75, -0.5)
    key_color: _Color = (1.0, 0.98, 0.95)
    ambient_color: _Color = (0.45, 0.46, 0.5)
    rim_color: _Color = (0.25, 0.3, 0.4)
    shadow: _Share = 0.5

    @field_validator("key_direction")
    @classmethod
    def _points_somewhere(cls, value: _Vec3) -> _Vec3:
        if sum(c * c for c in value) < 1e-6:  # noqa: PLR2004
            raise ValueError("must not be zero")
        return value


class AnchorTable(_Strict):
    """``[anchors.NAME]``: a named place for props and products."""

    position: _Vec3
    yaw_deg: Annotated[float, Field(ge=-360.0, le=360.0)] = 0.0


class StageTable(_Strict):
    """The whole file."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    background: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#14161c"
    light: LightTable = LightTable()
    shots: Annotated[dict[str, ShotTable], Field(min_length=1)]
    anchors: dict[str, AnchorTable] = {}

    def specs(self) -> dict[str, ShotSpec]:
        """The shots as values."""
        return {
            name: ShotSpec(name, s.eye, s.target, s.fov_deg, s.follow, s.ease_s)
            for name, s in self.shots.items()
        }

    def lamp(self) -> Light:
        """The light as a value, its direction of length 1."""
        at = np.array(self.light.key_direction, np.float64)
        t = self.light
        unit = (at / np.linalg.norm(at)).astype(np.float32)
        return Light(unit, t.key_color, t.ambient_color, t.rim_color, t.shadow)

    def places(self) -> dict[str, F32]:
        """The anchors as world-from-anchor matrices."""
        return {name: standing(a.position, a.yaw_deg) for name, a in self.anchors.items()}

    def backdrop(self) -> RGB:
        """The background in linear colour."""
        return linear_rgb(self.background)


def linear_rgb(hex_color: str) -> RGB:
    """``#rrggbb`` (sRGB) in linear colour, IEC 61966-2-1."""
    r, g, b = (int(hex_color[i : i + 2], 16) / 255.0 for i in (1, 3, 5))
    return (_linear(r), _linear(g), _linear(b))


def _linear(c: float) -> float:
    low, slope, offset, power = 0.04045, 12.92, 0.055, 2.4
    return c / slope if c <= low else float(((c + offset) / (1.0 + offset)) ** power)


def default_light() -> Light:
    """The light of a stage that describes none."""
    unit = DEFAULT_LIGHT_DIRECTION / np.linalg.norm(DEFAULT_LIGHT_DIRECTION)
    return Light(unit.astype(np.float32))


def read_description(path: Path) -> StageTable:
    """Parse and check; every mistake is in the message with its dotted path.

    Raises:
        AssetError: ``stage.description``.
    """
    try:
        if path.stat().st_size > MAX_TOML_BYTES:
            raise _wrong(path, ["the file is larger than 1 MB"])
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as e:
        raise _wrong(path, [f"it cannot be read ({e})"]) from e
    try:
        # pydantic's strict Python mode refuses TOML's lists for tuples; its JSON mode is right.
        return StageTable.model_validate_json(json.dumps(data, default=str))
    except ValidationError as e:
        mistakes = [
            f"{'.'.join(str(p) for p in m['loc']) or 'file'}: {m['msg']}" for m in e.errors()
        ]
        raise _wrong(path, mistakes) from e


def _wrong(path: Path, mistakes: list[str]) -> AssetError:
    return AssetError(
        f"The stage description {path.name} is wrong: {'; '.join(mistakes)}.",
        code="stage.description",
        hint="Correct these entries, or delete the file to get standard shots and light.",
    )
