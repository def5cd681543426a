"""A picture of an avatar: front, side and face, as `inspect --picture` and the README show it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from avatar.perform.idle import Idle
from avatar.quat import F64
from avatar.rig.avatar import Avatar
from avatar.rig.extent import extent, head_extent
from avatar.rig.runtime import Runtime
from flow.errors import OutputError
from flow.paths import check_writable
from flow.spec import U8
from flow.stage import CameraShot, Light, RigState, StageFrame
from host.caption import captioned
from render.choose import BackendName
from render.engine import Renderer, open_renderer

Backdrop = Literal["plain", "clear"]
PANEL_PX = (480, 720)
FOV_DEG = 24.0
ROOM, FACE_ROOM = 1.12, 1.28
"""How much larger than what is to be seen a panel is."""
SIDE_DEG = 68.0
TALL_M = 1.6
_TOP_SHARE = 0.4
CALM_NS = 1_000_000_000
"""A moment of the idle performance with open eyes."""
SETTLE = 90
"""Updates after which hair and skirts hang."""
TOP, BOTTOM = np.array([236, 239, 244]), np.array([196, 202, 212])
LIGHT = Light(
    (np.array([-0.35, -0.55, -0.75]) / math.sqrt(0.35**2 + 0.55**2 + 0.75**2)).astype(np.float32),
    shadow=0.35,
)


@dataclass(frozen=True, slots=True)
class View:
    """One panel: a box (2, 3) to show, from `turn_deg` to the avatar's left, with room around."""

    label: str
    box: F64
    turn_deg: float
    room: float

    def shot(self) -> CameraShot:
        """The camera that sees the whole box, whatever its shape."""
        low, high = self.box
        middle, size = (low + high) / 2, np.maximum(high - low, 1e-4) * self.room
        turn = math.radians(self.turn_deg)
        wide = abs(math.cos(turn)) * size[0] + abs(math.sin(turn)) * size[2]
        deep = abs(math.sin(turn)) * size[0] + abs(math.cos(turn)) * size[2]
        half = math.tan(math.radians(FOV_DEG) / 2)
        away = max(size[1] / 2, wide / 2 * PANEL_PX[1] / PANEL_PX[0]) / half + deep / 2
        eye = middle + np.array([math.sin(turn), 0.0, math.cos(turn)]) * away
        return CameraShot(eye.astype(np.float32), middle.astype(np.float32), FOV_DEG)


def portrait(
    avatar: Avatar,
    path: Path,
    *,
    backdrop: Backdrop = "plain",
    backend: BackendName = "auto",
) -> Path:
    """Draw `avatar` three times side by side into a PNG, labelled; `clear` leaves all else out.

    Raises:
        OutputError: ``picture.unwritable``.
        EngineError: when nothing can draw here.
    """
    try:
        check_writable(path)
    except OSError as fault:
        raise _unwritable(path, fault) from fault
    rig = _standing(avatar)
    renderer = open_renderer(*PANEL_PX, backend=backend)
    try:
        renderer.add_avatar("host", avatar.model)
        views = views_of(avatar, rig)
        panels = [_drawn(renderer, number, view, rig) for number, view in enumerate(views)]
    finally:
        renderer.close()
    whole = np.hstack(panels)
    if backdrop == "plain":
        whole = captioned(_on_grey(whole), [v.label for v in views], _about(avatar))
    try:
        Image.fromarray(whole).save(path, format="PNG")
    except OSError as fault:
        raise _unwritable(path, fault) from fault
    return path


def views_of(avatar: Avatar, rig: RigState) -> tuple[View, View, View]:
    """Front, side and face of a body of any size and shape."""
    box = extent(avatar.model, rig.world)
    bones = rig.world[[n for n in avatar.humanoid.nodes.tolist() if n >= 0], :3, 3]
    whole = np.stack(box if box is not None else (bones.min(axis=0), bones.max(axis=0)))
    whole = whole.astype(np.float64)
    head = head_extent(avatar.model, avatar.humanoid, rig.world)
    if head is None:  # nobody there: the upper part of whatever there is
        top = whole[1].copy()
        head = (
            np.array([whole[0, 0], top[1] - _TOP_SHARE * (top[1] - whole[0, 1]), whole[0, 2]]),
            top,
        )
    return (
        View("front", whole, 0.0, ROOM),
        View("side", whole, SIDE_DEG, ROOM),
        View("face", np.stack(head), 12.0, FACE_ROOM),
    )


def _standing(avatar: Avatar) -> RigState:
    """The body at ease, as tall as people are: cameras see nothing that is nearer than a hand."""
    runtime, pose = Runtime(avatar), Idle().pose(CALM_NS)
    for _ in range(SETTLE - 1):
        runtime.update(pose, 1 / 30)
    rig = runtime.update(pose, 1 / 30)
    box = extent(avatar.model, rig.world)
    size = float((box[1] - box[0]).max()) if box is not None else 0.0
    if size > 0.0:
        rig.world[:, :3] *= TALL_M / size
    return rig


def _drawn(renderer: Renderer, number: int, view: View, rig: RigState) -> U8:
    frame = StageFrame(number, 0, 0, {"host": rig}, view.shot(), LIGHT)
    return renderer.picture(frame, transparent=True).copy()


def _on_grey(rgba: U8) -> U8:
    """The picture on a wall that is lighter above, (h, w, 3)."""
    down = np.linspace(0.0, 1.0, rgba.shape[0])[:, None, None]
    wall = TOP * (1.0 - down) + BOTTOM * down
    share = rgba[..., 3:4] / 255.0
    return np.rint(rgba[..., :3] * share + wall * (1.0 - share)).astype(np.uint8)


def _about(avatar: Avatar) -> str:
    makers = ", ".join(avatar.meta.authors)
    kind = {"vrm1": "VRM 1.0", "vrm0": "VRM 0.x", "glb": "glTF"}[avatar.version]
    by = f" by {makers}" if makers else ""
    return f"{avatar.name}{by}  ·  {kind}  ·  {avatar.model.triangle_count:,} triangles"


def _unwritable(path: Path, fault: OSError) -> OutputError:
    return OutputError(
        f"The picture cannot be written to {path}: {fault.strerror or fault}.",
        code="picture.unwritable",
        hint="Choose another file with --picture.",
    )
