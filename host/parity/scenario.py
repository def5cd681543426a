"""A scripted motion of one avatar, as `mirrorstage rig` and three-vrm's script both play it.

A JSON object: ``fps`` (60), ``rotateVRM0``, ``raw``, what to write down (``dumpExpr``,
``dumpMaterials``, ``dumpConstraints``) and ``steps``. A step sets ``pose`` (bone to ``rotation``
xyzw and, for the hips, ``position``), ``expressions``, ``lookAt`` (``{yaw, pitch}``,
``{target}`` or null) and ``root`` (``position``, ``rotation``), then lets ``frames`` (1) pass and
writes the avatar down, unless ``dump`` is false; ``dumpEvery`` writes every so many frames.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flow.errors import AssetError

MOST_FRAMES = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """What changes, then how long it stays. What is not named stays as it was."""

    rotations: dict[str, tuple[float, ...]] = field(default_factory=dict)
    positions: dict[str, tuple[float, ...]] = field(default_factory=dict)
    expressions: dict[str, float] = field(default_factory=dict)
    looks: bool = False
    """Whether the gaze changes: to `target`, else to `gaze_deg`."""
    gaze_deg: tuple[float, float] = (0.0, 0.0)
    target: tuple[float, ...] | None = None
    root_position: tuple[float, ...] | None = None
    root_rotation: tuple[float, ...] | None = None
    frames: int = 1
    every: int = 0
    dump: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scripted motion."""

    steps: tuple[Step, ...]
    fps: float = 60.0
    turns_vrm0: bool = False
    raw: bool = False
    expressions: bool = False
    materials: bool = False
    constraints: bool = False


def read_scenario(path: Path) -> Scenario:
    """The scenario of a file.

    Raises:
        AssetError: ``scenario.invalid``, with the place.
    """
    try:
        root = json.loads(path.read_bytes())
        steps = tuple(_step(s) for s in _of(root, "steps", list, []))
        _between(sum(s.frames for s in steps), 0, MOST_FRAMES)
        return Scenario(
            steps,
            fps=_between(root.get("fps", 60.0), 1.0, 1000.0),
            turns_vrm0=bool(root.get("rotateVRM0")),
            raw=bool(root.get("raw")),
            expressions=bool(root.get("dumpExpr")),
            materials=bool(root.get("dumpMaterials")),
            constraints=bool(root.get("dumpConstraints")),
        )
    except OSError as fault:
        raise AssetError(
            f"The scenario {path} cannot be read: {fault.strerror or fault}.",
            code="scenario.unreadable",
            hint="Check the path.",
        ) from fault
    except (ValueError, TypeError, AttributeError, RecursionError) as fault:
        raise AssetError(
            f"{path} is no scenario: {fault}.",
            code="scenario.invalid",
            hint='Write a JSON object with "steps"; "mirrorstage rig --help" says what they have.',
        ) from fault


def _step(at: Any) -> Step:
    pose = _of(at, "pose", dict, {})
    look = at.get("lookAt")
    target = look.get("target") if look else None
    root = _of(at, "root", dict, {})
    return Step(
        rotations={b: _numbers(v["rotation"], 4) for b, v in pose.items() if "rotation" in v},
        positions={b: _numbers(v["position"], 3) for b, v in pose.items() if "position" in v},
        expressions={k: _between(v) for k, v in _of(at, "expressions", dict, {}).items()},
        looks="lookAt" in at,
        gaze_deg=(_between(look.get("yaw", 0)), _between(look.get("pitch", 0))) if look else (0, 0),
        target=_numbers(target, 3) if target is not None else None,
        root_position=_numbers(root["position"], 3) if "position" in root else None,
        root_rotation=_numbers(root["rotation"], 4) if "rotation" in root else None,
        frames=int(_between(at.get("frames", 1), 0, MOST_FRAMES)),
        every=int(_between(at.get("dumpEvery", 0), 0, MOST_FRAMES)),
        dump=at.get("dump") is not False,
    )


def _of(at: Any, key: str, kind: type, otherwise: Any) -> Any:
    value = at.get(key, otherwise)
    if not isinstance(value, kind):
        raise TypeError(f'"{key}" is {value!r}')
    return value


def _between(value: Any, low: float = -1e6, high: float = 1e6) -> float:
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"{value!r} is not between {low:g} and {high:g}")
    return number


def _numbers(value: Any, count: int) -> tuple[float, ...]:
    out = tuple(_between(v) for v in value)
    if len(out) != count:
        raise ValueError(f"{value!r} does not have {count} numbers")
    return out
