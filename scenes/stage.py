"""A place to stand in: geometry, shots, light and named spots of one stage file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from flow.mesh import RGB, Model
from flow.spec import F32
from flow.stage import Light
from scenes.geometry import bounds_of
from scenes.material import Materials
from scenes.mesh import read_primitives
from scenes.shot import ShotSpec, default_shots
from scenes.stage_file import StageFile, open_stage_file, refuse

MAX_TRIANGLES = 2_000_000
MANY_TRIANGLES = 100_000
MANY_TEXTURE_BYTES = 64 << 20
MAX_EXTENT_M = 10_000.0
ANCHOR_PREFIX = "anchor."
_DEFAULT_BACKGROUND: RGB = (0.007, 0.008, 0.012)


@dataclass(frozen=True, slots=True)
class Stage:
    """One loaded stage. World axes: +Y up, the host stands at the origin and faces +Z, metres.

    `model` has one node and one primitive per material, already in world space. `anchors` are
    world-from-anchor matrices; ``host`` is always there. `problems` are sentences about what was
    left out or is expensive. `background` is linear colour.
    """

    name: str
    model: Model
    shots: dict[str, ShotSpec]
    light: Light
    anchors: dict[str, F32]
    problems: tuple[str, ...]
    background: RGB


def load_stage(path: Path | str) -> Stage:
    """Read a GLB and the TOML of the same name beside it; without one, shots come from the bounds.

    Memory and time are bounded by the limits in `scenes.stage_file`; any thread.

    Raises:
        AssetError: ``asset.*`` for the GLB, ``stage.description`` for the TOML.
    """
    path = Path(path)
    file = open_stage_file(path)
    triangles = sum(file.triangles(mesh) for _, mesh in file.drawn())
    if triangles > MAX_TRIANGLES:
        why = f"has {triangles:,} triangles, more than {MAX_TRIANGLES:,}"
        raise refuse(path.name, why, "Simplify it first.", "asset.large")
    problems: list[str] = []
    model = _model(path.stem, file, problems)
    problems += _expensive(model)
    bounds = bounds_of(np.concatenate([p.positions for p in model.primitives]))
    if max(map(abs, (*bounds.low, *bounds.high))) > MAX_EXTENT_M:
        raise refuse(path.name, "reaches further than 10 km", "Export it in metres.", "asset.nan")
    anchors = {"host": np.eye(4, dtype=np.float32), **_file_anchors(file)}
    words = path.with_suffix(".toml")
    from scenes.description import default_light, read_description

    if not words.is_file():
        return Stage(
            path.stem, model, default_shots(bounds), default_light(), anchors, tuple(problems),
            _DEFAULT_BACKGROUND,
        )  # fmt: skip
    table = read_description(words)
    return Stage(
        table.name, replace(model, name=table.name), table.specs(), table.lamp(),
        anchors | table.places(), tuple(problems), table.backdrop(),
    )  # fmt: skip


def _model(name: str, file: StageFile, problems: list[str]) -> Model:
    primitives, rows = read_primitives(file)
    if not primitives:
        raise refuse(file.where, "has no triangles to draw")
    reader = Materials(file, problems)
    materials = tuple(reader.read(row) for row in rows)
    return Model(
        name,
        ("stage",),
        np.array([-1], np.int32),
        np.zeros((1, 3), np.float32),
        np.array([[0, 0, 0, 1]], np.float32),
        np.ones((1, 3), np.float32),
        tuple(primitives),
        materials,
        tuple(reader.textures),
        (),
        (),
    )


def _expensive(model: Model) -> list[str]:
    out: list[str] = []
    if model.triangle_count > MANY_TRIANGLES:
        out.append(
            f"{model.triangle_count:,} triangles: camera moves will be slow without a graphics card"
        )
    used = sum(t.rgba.nbytes for t in model.textures)
    if used > MANY_TEXTURE_BYTES:
        out.append(f"textures take {used >> 20} MB of memory")
    return out


def _file_anchors(file: StageFile) -> dict[str, F32]:
    """Nodes named ``anchor.NAME`` as world matrices (no mesh needed)."""
    nodes = file.rows("nodes")
    out: dict[str, F32] = {}
    waiting = [(root, np.eye(4)) for root in file.roots()]
    while waiting:
        index, above = waiting.pop()
        node = nodes[index]
        name = str(node.get("name", ""))
        try:
            world = above @ _local(node)
        except (ArithmeticError, TypeError, ValueError) as e:
            raise refuse(file.where, f"has a broken transform on node {index}") from e
        if name.startswith(ANCHOR_PREFIX) and bool(np.isfinite(world).all()):
            out[name.removeprefix(ANCHOR_PREFIX)] = world.astype(np.float32)
        waiting.extend((child, world) for child in node.get("children", []))
    return out


def _local(node: dict[str, object]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Parent-from-node, (4, 4), glTF 2.0 section 5.25."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    out = np.eye(4)
    out[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    out[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64)
    return out
