"""Shader programs, put together from the files in `render/shaders` and a set of switches."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from flow.errors import EngineError
from render.panda import core

SHADED = ("mtoon", "surface")
FIRST_MAP_ROW = 9
MAPS = (
    "base", "shade", "shift", "rim", "emissive", "normal", "metal_rough", "occlusion",
    "uv_mask", "matcap",
)  # fmt: skip
MAP_ROWS = {name: FIRST_MAP_ROW + 2 * place for place, name in enumerate(MAPS)}
"""Where `u_material` has the two rows of each map's transform."""
ROWS = FIRST_MAP_ROW + 2 * len(MAPS)
_CONSTANTS = f"#define ROWS {ROWS}\n" + "".join(
    f"#define MAP_{name.upper()} {row}\n" for name, row in MAP_ROWS.items()
)


@cache
def source(name: str) -> str:
    """The text of one shader file."""
    return (files("render") / "shaders" / name).read_text("utf-8")


@cache
def program(vertex: str, fragment: str, switches: frozenset[str] = frozenset()) -> Any:
    """A compiled-on-first-use program; `switches` become preprocessor definitions.

    Raises:
        EngineError: the engine rejects the text.
    """
    panda = core()
    head = "#version 330\n" + _CONSTANTS + "".join(f"#define {name}\n" for name in sorted(switches))
    shared = source("light.glsl") if fragment in SHADED else ""
    shader = panda.Shader.make(
        panda.Shader.SL_GLSL,
        head + source(f"{vertex}.vert"),
        head + shared + source(f"{fragment}.frag"),
    )
    if shader is None:
        raise EngineError(f"The shader {vertex}/{fragment} does not compile.", code="engine.shader")
    return shader
