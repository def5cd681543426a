"""Draws with the engine's own rasteriser: a kept plate of the stage, the avatars over it.

Only the rectangle that the avatars cover is drawn, at a multiple of its size, and scaled down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flow.mesh import RGB, Model
from flow.meter import Meter
from flow.spec import F32, U8
from flow.stage import StageFrame
from render.camera import FAR_M, NEAR_M, Rect, clip_from_world, crop
from render.color import unit
from render.layers import Layers
from render.model import lay_out
from render.panda import APT_SOFTWARE, Host, core, panda_matrix
from render.quality import Quality
from render.skin import Skinner
from render.software.drawable import SoftDrawable
from render.software.floor import FloorShadow, Holdout
from render.software.plate import PlateMaker
from render.software.shadow import Splatter, footprint, splat, splatter
from render.software.view import View

PAD_PX = 6
SNAP_PX = 8
"""Rectangles begin and end on multiples of this, so that every supersampling divides evenly."""
DEPTH_SLACK_M = 0.4


@dataclass(slots=True)
class _Actor:
    drawable: SoftDrawable
    skinner: Skinner
    splatter: Splatter | None = None


class SoftwareBackend:
    """`render.engine.Backend` on the software rasteriser. Calls from one thread only."""

    name = "software"

    def __init__(self, width: int, height: int, quality: Quality, meter: Meter) -> None:
        self.host = Host("p3tinydisplay", APT_SOFTWARE)
        self.device = "software rasteriser (tinydisplay)"
        self._meter = meter
        self._root = core().NodePath("avatar scene")
        self._view = View(self.host, self._root, "avatars")
        self._plates = PlateMaker(self.host)
        self._floor = FloorShadow(self._root)
        self._holdout = Holdout(self._root)
        self._actors: dict[str, _Actor] = {}
        self._stage_is_open = True
        self.size = (0, 0)
        self.apply(quality, width, height)

    def apply(self, quality: Quality, width: int, height: int) -> None:
        """Take a quality and a picture size."""
        self.quality = quality
        if (width, height) != self.size:
            self.size = (width, height)
            self._plates.resize(width, height)
        scale = quality.supersample
        self._view.resize(int(np.ceil(width * scale)), int(np.ceil(height * scale)))

    def set_stage(self, model: Model | None, background: RGB) -> None:
        """Replace the stage; `background` (linear) fills what it leaves open."""
        self._plates.set_stage(model, background)

    def add_avatar(self, name: str, model: Model) -> None:
        """Bring an avatar in, replacing one of the same name."""
        self.remove_avatar(name)
        layout = lay_out(model)
        self._actors[name] = _Actor(SoftDrawable(layout, self._root, name), Skinner(layout))

    def remove_avatar(self, name: str) -> None:
        """Take an avatar out; unknown names are ignored."""
        found = self._actors.pop(name, None)
        if found is not None:
            found.drawable.remove()

    def draw(self, frame: StageFrame, *, transparent: bool = False) -> Layers:
        """Draw `frame`; the sprite's memory lasts until the next call."""
        with self._meter.measure("skin"):
            posed = self._pose(frame)
        with self._meter.measure("draw"):
            plate = self._plate(frame, transparent=transparent)
            rect, size = self._aim(frame, posed, shadow=not transparent)
            if rect.width and rect.height:
                self._view.set_active(True)
                self.host.engine.render_frame()
                self._view.set_active(False)
        if not rect.width or not rect.height:
            return plate
        with self._meter.measure("readback"):
            sprite = self._scaled(self._view.read(), rect, size)
        return Layers(plate.plate, plate.version, sprite, rect)

    def _plate(self, frame: StageFrame, *, transparent: bool) -> Layers:
        if not transparent:
            return self._plates.get(frame)
        width, height = self.size
        return Layers(np.zeros((height, width, 4), np.uint8), -2)

    def _pose(self, frame: StageFrame) -> list[F32]:
        """Skin, light and upload every avatar that has a rig; their posed vertices."""
        out: list[F32] = []
        view_scale = 2.0 * float(np.tan(np.radians(frame.shot.fov_deg) / 2.0))
        for name, actor in self._actors.items():
            rig = frame.rigs.get(name)
            if rig is None:
                actor.drawable.path.hide()
                continue
            actor.drawable.path.show()
            posed = actor.skinner.pose(rig)
            actor.drawable.show(posed, rig, frame.shot.eye, frame.light)
            if self.quality.outline:
                actor.drawable.outlines.show()
                actor.drawable.outline(posed, frame.shot.eye, view_scale, frame.light)
            else:
                actor.drawable.outlines.hide()
            if actor.splatter is None:
                actor.splatter = splatter(actor.drawable.layout, posed)
            out.append(posed)
        return out

    def _aim(
        self, frame: StageFrame, posed: list[F32], *, shadow: bool
    ) -> tuple[Rect, tuple[int, int]]:
        """Point the camera at what the avatars cover: that rectangle and its drawn size."""
        width, height = self.size
        self._floor.hide()
        clip = clip_from_world(frame.shot, width / height)
        if not any(len(points) for points in posed):
            return Rect(0, 0, 0, 0), (0, 0)
        corners = [points[:, :3] for points in posed if len(points)]
        near, far = _depths(corners, clip)
        if far <= NEAR_M:
            return Rect(0, 0, 0, 0), (0, 0)
        if shadow and self.quality.shadow and frame.light.shadow > 0.0:
            corners.append(self._cast(frame, corners))
        rect = covered(corners, clip, width, height)
        has_stage = shadow and self._plates.layout is not None
        self._holdout.update(
            self._plates.layout if has_stage else None,
            self._plates.positions,
            frame.shot.key,
            clip,
            far,
        )
        # Near and far close around the avatar: the rasteriser's depth has only 20 bits.
        tight = clip_from_world(
            frame.shot,
            width / height,
            NEAR_M if has_stage else max(NEAR_M, near - DEPTH_SLACK_M),
            min(far + 2.0, FAR_M),
        )
        tight = crop(tight, rect, width, height) if rect.width and rect.height else tight
        tight[1] *= -1.0
        scale = self.quality.supersample
        size = (max(2, round(rect.width * scale)), max(2, round(rect.height * scale)))
        self._view.aim(panda_matrix(tight), *size, (0.0, 0.0, 0.0, 0.0))
        return rect, size

    def _cast(self, frame: StageFrame, bodies: list[F32]) -> F32:
        """Lay the floor shadow; returns its corners (4, 3)."""
        direction = unit(frame.light.key_direction)
        points: list[F32] = []
        area = 0.0
        for name, actor in self._actors.items():
            if name in frame.rigs and actor.splatter is not None:
                points.append(actor.splatter.carry @ actor.skinner.out[:, :3])
                area = max(area, actor.splatter.area_m2)
        low = np.min([body.min(axis=0) for body in bodies], axis=0)
        high = np.max([body.max(axis=0) for body in bodies], axis=0)
        near, far = footprint(low, high, direction)
        darkness = splat(np.concatenate(points), area, direction, near, far)
        self._floor.show(darkness, frame.light.shadow, near, far, 0.0)
        x0, z0 = near
        x1, z1 = far
        return np.array([[x0, 0, z0], [x1, 0, z0], [x0, 0, z1], [x1, 0, z1]], np.float32)

    def _scaled(self, picture: U8, rect: Rect, size: tuple[int, int]) -> U8:
        """The drawn pixels at the size they have in the picture."""
        if size == (rect.width, rect.height):
            return picture
        import cv2

        # INTER_AREA is fast for exact halves only (10 ms at 1.5 times, measured).
        exact = size == (2 * rect.width, 2 * rect.height)
        mode = cv2.INTER_AREA if exact else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(picture, (rect.width, rect.height), interpolation=mode))

    @property
    def triangles(self) -> int:
        """Triangles of stage and avatars, without outlines."""
        layouts = [actor.drawable.layout for actor in self._actors.values()]
        if self._plates.layout is not None:
            layouts.append(self._plates.layout)
        return sum(len(layout.triangles) for layout in layouts)

    def close(self) -> None:
        """Give everything back."""
        for name in list(self._actors):
            self.remove_avatar(name)
        self._plates.close()
        self._view.close()
        self.host.close()


def _depths(bodies: list[F32], clip: F32) -> tuple[float, float]:
    """Nearest and farthest depth (m) of the points, along the camera's axis."""
    depths = [body @ clip[3, :3] + clip[3, 3] for body in bodies]
    return float(min(d.min() for d in depths)), float(max(d.max() for d in depths))


def covered(bodies: list[F32], clip: F32, width: int, height: int) -> Rect:
    """The part of the picture that the points cover, padded and snapped; all of it when a point is
    at or behind the eye."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for body in bodies:
        at = body @ clip[:, :3].T + clip[:, 3]
        if float(at[:, 3].min()) < NEAR_M:
            return Rect(0, 0, width, height)
        flat = at[:, :2] / at[:, 3:4]
        low, high = np.minimum(low, flat.min(axis=0)), np.maximum(high, flat.max(axis=0))
    x0, x1 = (np.array([low[0], high[0]]) * 0.5 + 0.5) * width
    y0, y1 = (0.5 - np.array([high[1], low[1]]) * 0.5) * height
    left = max(0, int(np.floor((max(x0, -SNAP_PX) - PAD_PX) / SNAP_PX)) * SNAP_PX)
    top = max(0, int(np.floor((max(y0, -SNAP_PX) - PAD_PX) / SNAP_PX)) * SNAP_PX)
    right = min(width, int(np.ceil((min(x1, width) + PAD_PX) / SNAP_PX)) * SNAP_PX)
    bottom = min(height, int(np.ceil((min(y1, height) + PAD_PX) / SNAP_PX)) * SNAP_PX)
    return Rect(left, top, max(right - left, 0), max(bottom - top, 0))
