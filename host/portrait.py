"""A picture of an avatar: front, side and face, as `inspect --picture` and the README show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from avatar.perform.idle import Idle
from avatar.rig.avatar import Avatar
from avatar.rig.extent import extent
from avatar.rig.runtime import Runtime
from flow.errors import OutputError
from flow.paths import check_writable
from flow.spec import U8
from flow.stage import DEFAULT_LIGHT_DIRECTION, CameraShot, Light, StageFrame
from host.session import model_height_m
from render.engine import open_renderer

PANEL_PX = (480, 720)
BACKGROUND = (0.86, 0.88, 0.91)
CALM_NS = 1_000_000_000
"""A moment of the idle performance with open eyes."""


def portrait(avatar: Avatar, path: Path) -> Path:
    """Draw `avatar` three times side by side into a PNG.

    Raises:
        OutputError: ``picture.unwritable``.
        EngineError: when nothing can draw here.
    """
    try:
        check_writable(path)
    except OSError as fault:
        raise _unwritable(path, fault) from fault
    height = model_height_m(avatar.model)
    runtime = Runtime(avatar)
    rig = runtime.update(Idle().pose(CALM_NS), 1 / 30)
    head = rig.world[avatar.humanoid.node("head"), :3, 3]
    box = extent(avatar.model, rig.world)
    low, high = box if box is not None else (np.zeros(3), np.array([0.0, height, 0.0]))
    middle = ((low + high) / 2).astype(np.float32)
    face = np.array([head[0], head[1] + height * 0.04, head[2]], np.float32)
    size = high - low
    far = 2.15 * float(max(size[1], np.hypot(size[0], size[2]) * PANEL_PX[1] / PANEL_PX[0]))
    near = height * 0.62
    views = (
        (middle + np.array([0, 0, far], np.float32), middle),
        (middle + np.array([far * 0.8, 0, far * 0.6], np.float32), middle),
        (face + np.array([0, 0, near], np.float32), face),
    )
    light = Light(DEFAULT_LIGHT_DIRECTION / np.linalg.norm(DEFAULT_LIGHT_DIRECTION))
    renderer = open_renderer(*PANEL_PX)
    try:
        renderer.set_stage(None, BACKGROUND)
        renderer.add_avatar("host", avatar.model)
        panels: list[U8] = []
        for number, (eye, target) in enumerate(views):
            shot = CameraShot(eye, target, 30.0)
            frame = StageFrame(number, 0, 0, {"host": rig}, shot, light)
            panels.append(renderer.picture(frame)[..., :3].copy())
    finally:
        renderer.close()
    try:
        Image.fromarray(np.hstack(panels)).save(path, format="PNG")
    except OSError as fault:
        raise _unwritable(path, fault) from fault
    return path


def _unwritable(path: Path, fault: OSError) -> OutputError:
    return OutputError(
        f"The picture cannot be written to {path}: {fault.strerror or fault}.",
        code="picture.unwritable",
        hint="Choose another file with --picture.",
    )
