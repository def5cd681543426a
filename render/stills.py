"""Reference stills of a model by a second, independent renderer (pyrender), off the live path.

For thumbnails and for tests of our own back ends: physically based light, no toon, a picture in
about a second. It runs in a process of its own, for three reasons: its context would disturb the
engine's, its import needs an alias that numpy 2 removed, and its OpenGL must be told the platform
before the first import.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np

from flow.errors import EngineError
from flow.mesh import Alpha, Material, Model
from flow.spec import F32, U8, U32
from flow.stage import CameraShot, RigState
from render.camera import NEAR_M
from render.model import lay_out, material_at, rest_uv
from render.panda import APT_GL
from render.skin import Skinner
from render.textures import with_alpha

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Still:
    """`rgba` (h, w, 4), top row first, alpha 0 where nothing is; `depth_m` (h, w), 0 there.

    pyrender knows no cut-out: masked and blended parts write depth over their whole triangles, and
    their alpha replaces that of what lies behind.
    """

    rgba: U8
    depth_m: F32


@dataclass(frozen=True, slots=True)
class _Piece:
    """One part, posed, as plain arrays that cross to the other process."""

    positions: F32
    normals: F32
    uv: F32
    triangles: U32
    material: Material
    texture: U8 | None


def still(model: Model, rig: RigState, shot: CameraShot, width: int, height: int) -> Still:
    """A picture of `model` in the pose `rig`, alone.

    Raises:
        EngineError: ``engine.no_stills`` when pyrender cannot draw on this machine.
    """
    pieces = _pieces(model, rig)
    view = (shot.eye, shot.target, float(shot.fov_deg))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_draw, pieces, view, width, height).result(TIMEOUT_S)
        except (ImportError, OSError, RuntimeError, BrokenProcessPool, TimeoutError) as fault:
            raise EngineError(
                f"The still of {model.name} cannot be drawn: {type(fault).__name__}: {fault}.",
                code="engine.no_stills",
                hint=f"It needs EGL: run `{APT_GL}`.",
            ) from fault


def _pieces(model: Model, rig: RigState) -> list[_Piece]:
    layout = lay_out(model)
    skinner = Skinner(layout, interleaved=False)
    skinner.pose(rig)
    uv = rest_uv(layout)
    out: list[_Piece] = []
    for part in layout.parts:
        run = slice(part.start, part.stop)
        material = material_at(model, part.material)
        texture: U8 | None = None
        if 0 <= material.base_map.texture < len(model.textures):
            rgba = model.textures[material.base_map.texture].rgba
            texture = with_alpha(rgba, part.alpha, material.cutoff)
        out.append(
            _Piece(
                skinner.positions[run].copy(),
                skinner.normals[run].copy(),
                uv[run],
                part.triangles - np.uint32(part.start),
                material,
                texture,
            )
        )
    return out


def _draw(
    pieces: list[_Piece], view: tuple[F32, F32, float], width: int, height: int
) -> Still:  # pragma: no cover - runs in the other process
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    os.environ.setdefault("EGL_LOG_LEVEL", "fatal")
    vars(np)["infty"] = np.inf  # pyrender 0.1.45 still uses the name that numpy 2 dropped
    # pyrender insists on PyOpenGL 3.1.0, which does not know this type's name from Python 3.12 on.
    from OpenGL.plugins import FormatHandler

    handler = "OpenGL.arrays.ctypesparameters.CtypesParameterHandler"
    FormatHandler("ctypesparameter312", handler, ["_ctypes.CArgObject"])
    import pyrender

    eye, target, fov_deg = view
    scene = pyrender.Scene(bg_color=(0.0, 0.0, 0.0, 0.0), ambient_light=(0.35, 0.35, 0.38))
    for piece in pieces:
        scene.add(pyrender.Mesh([_primitive(pyrender, piece)]))
    pose = _world_from_camera(eye, target)
    scene.add(pyrender.PerspectiveCamera(np.radians(fov_deg), znear=NEAR_M, zfar=100.0), pose=pose)
    scene.add(pyrender.DirectionalLight(intensity=3.0), pose=pose)
    renderer = pyrender.OffscreenRenderer(width, height)
    try:
        rgba, depth = renderer.render(scene, flags=pyrender.RenderFlags.RGBA)
    finally:
        renderer.delete()
    return Still(np.array(rgba, np.uint8), np.array(depth, np.float32))


def _primitive(pyrender: Any, piece: _Piece) -> Any:  # pragma: no cover - in the other process
    material = piece.material
    texture = None
    if piece.texture is not None:
        texture = pyrender.Texture(source=piece.texture, source_channels="RGBA")
    blends = material.alpha is Alpha.BLEND
    return pyrender.Primitive(
        positions=piece.positions,
        normals=piece.normals,
        texcoord_0=piece.uv * np.array([1.0, -1.0], np.float32) + np.array([0, 1], np.float32),
        indices=piece.triangles,
        material=pyrender.MetallicRoughnessMaterial(
            baseColorFactor=material.base_color,
            baseColorTexture=texture,
            metallicFactor=0.0,
            roughnessFactor=0.9,
            alphaMode=material.alpha.value,
            doubleSided=material.double_sided or blends,
        ),
    )


def _world_from_camera(eye: F32, target: F32) -> np.ndarray[Any, Any]:
    """(4, 4) pose of a camera that looks along its -Z from `eye` at `target`."""
    back = np.asarray(eye, np.float64) - target
    back /= np.linalg.norm(back)
    right = np.cross([0.0, 1.0, 0.0], back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, np.cross(back, right), back, eye
    return pose
