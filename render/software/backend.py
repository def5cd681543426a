"""Draws with the engine's own rasteriser: a kept plate of the stage, the avatars over it.

Only the rectangle that the avatars cover is drawn, at a multiple of its size, and scaled down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from flow.mesh import RGB, Model
from flow.meter import Meter
from flow.spec import F32, U8
from flow.stage import StageFrame
from render.animate import Mover
from render.camera import NEAR_M, Rect, clip_from_world, crop
from render.color import unit
from render.layers import Layers
from render.model import lay_out
from render.panda import APT_SOFTWARE, SOFTWARE_MODULE, Host, core
from render.quality import Quality
from render.skin import Skinner
from render.software.carry import carried
from render.software.drawable import SoftDrawable
from render.software.extent import covered
from render.software.floor import Holdout, floor_shade
from render.software.plate import NEAR_PLATE_M, Plate, PlateMaker
from render.software.shadow import Splatter, footprint, splat, splatter
from render.software.view import View

DEPTH_SLACK_M = 0.4
MOST_PIXELS = 0.6e6
"""Supersampling stops here: a close-up at 720p then takes under 20 ms (24k triangles, measured)."""


@dataclass(slots=True)
class _Actor:
    drawable: SoftDrawable
    skinner: Skinner
    mover: Mover
    splatter: Splatter | None = None


class SoftwareBackend:
    """`render.engine.Backend` on the software rasteriser. Calls from one thread only."""

    name = "software"

    def __init__(self, width: int, height: int, quality: Quality, meter: Meter) -> None:
        self.host = Host(SOFTWARE_MODULE, APT_SOFTWARE)
        self.device = "software rasteriser (tinydisplay)"
        self._meter = meter
        self._root = core().NodePath("avatar scene")
        self._view = View(self.host, self._root, "avatars")
        self._plates = PlateMaker(self.host)
        self._holdout = Holdout(self._root)
        self._actors: dict[str, _Actor] = {}
        self._last_scale = 0.0
        self.size = (0, 0)
        self.apply(quality, width, height)

    def apply(self, quality: Quality, width: int, height: int) -> None:
        """Take a quality and a picture size."""
        self.quality = quality
        if (width, height) != self.size:
            self.size = (width, height)
            self._plates.resize(width, height)

    def set_stage(self, model: Model | None, background: RGB) -> None:
        """Replace the stage; `background` (linear) fills what it leaves open."""
        self._plates.set_stage(model, background)

    def add_avatar(self, name: str, model: Model) -> None:
        """Bring an avatar in, replacing one of the same name."""
        self.remove_avatar(name)
        layout = lay_out(carried(model))
        self._actors[name] = _Actor(
            SoftDrawable(layout, self._root, name),
            Skinner(layout, interleaved=False),
            Mover(model),
        )

    def remove_avatar(self, name: str) -> None:
        """Take an avatar out; unknown names are ignored."""
        found = self._actors.pop(name, None)
        if found is not None:
            found.drawable.remove()

    def draw(self, frame: StageFrame, *, transparent: bool = False, still: bool = False) -> Layers:
        """Draw `frame`; the sprite's memory lasts until the next call."""
        width, height = self.size
        clip = clip_from_world(frame.shot, width / height)
        with self._meter.measure("skin"):
            actors = self._pose(frame, clip)
        with self._meter.measure("draw"):
            plate = self._plate(frame, transparent=transparent, still=still)
            shade = self._shade(frame, actors, clip, plate)
            rect = self._draw_actors(frame, actors, clip, alone=transparent)
        layers = Layers(plate.picture, plate.version)
        if shade is not None:
            layers = replace(layers, shade=shade[0], shade_rect=shade[1])
        if rect is None:
            return layers
        with self._meter.measure("readback"):
            return replace(layers, sprite=self._scaled(self._view.read(), rect), rect=rect)

    def _plate(self, frame: StageFrame, *, transparent: bool, still: bool) -> Plate:
        if not transparent:
            return self._plates.get(frame, still=still)
        width, height = self.size
        return Plate(np.zeros((height, width, 4), np.uint8), None, -2, smooth=True)

    def _pose(self, frame: StageFrame, clip: F32) -> list[_Actor]:
        """Skin, light and upload every avatar that has a rig; those."""
        out: list[_Actor] = []
        view_scale = 2.0 * float(np.tan(np.radians(frame.shot.fov_deg) / 2.0))
        for name, actor in self._actors.items():
            rig = frame.rigs.get(name)
            drawable, skinner = actor.drawable, actor.skinner
            if rig is None or not len(skinner.positions):
                drawable.path.hide()
                continue
            drawable.path.show()
            skinner.pose(rig)
            overrides = actor.mover.at(rig.materials, frame.due)
            drawable.show(skinner, overrides, frame.shot.eye, frame.light)
            if self.quality.outline:
                drawable.outlines.show()
                drawable.outline(skinner, clip[3], view_scale)
            else:
                drawable.outlines.hide()
            if actor.splatter is None:
                actor.splatter = splatter(drawable.layout, skinner.positions)
            out.append(actor)
        return out

    def _draw_actors(
        self, frame: StageFrame, actors: list[_Actor], clip: F32, *, alone: bool
    ) -> Rect | None:
        """Draw the part of the picture that the avatars cover; that part, if there is one."""
        width, height = self.size
        bodies = [actor.skinner.positions for actor in actors]
        rect, near, far = covered(bodies, clip, width, height)
        if not rect.width or not rect.height:
            return None
        stage = None if alone else self._plates.layout
        self._holdout.update(stage, self._plates.positions, frame.shot.key, clip, far)
        # Near and far close around the avatar: the rasteriser's depth has only 20 bits.
        close = max(NEAR_M, near - DEPTH_SLACK_M)
        if self._holdout.present:
            close = min(close, NEAR_PLATE_M)
        tight = clip_from_world(frame.shot, width / height, close, max(far, close) + DEPTH_SLACK_M)
        tight = crop(tight, rect, width, height)
        tight[1] *= -1.0  # first row first
        scale = self._scale(rect)
        size = (max(2, round(rect.width * scale)), max(2, round(rect.height * scale)))
        self._view.aim(tight, *size, (0.0, 0.0, 0.0, 0.0))
        self._view.render()
        return rect

    def _scale(self, rect: Rect) -> float:
        """How much larger to draw `rect`.

        A close-up covers so many pixels that smoothing all would cost more than all the rest.
        """
        wanted = self.quality.supersample
        area = rect.width * rect.height
        for scale in (1.5, 1.25, 1.0):
            # Leaving the scale of the last picture takes a margin, so that it does not flicker.
            limit = MOST_PIXELS * (1.15 if scale == self._last_scale else 1.0)
            if scale <= wanted and area * scale * scale <= limit:
                break
        else:
            scale = min(1.0, wanted)
        self._last_scale = scale
        return min(scale, wanted)

    def _shade(
        self, frame: StageFrame, actors: list[_Actor], clip: F32, plate: Plate
    ) -> tuple[U8, Rect] | None:
        """The avatars' shadow on the floor, as seen in the picture."""
        strength = frame.light.shadow
        if not actors or plate.floor is None or not self.quality.shadow or strength <= 0.0:
            return None
        direction = unit(frame.light.key_direction)
        points = [
            actor.splatter.carry @ actor.skinner.positions for actor in actors if actor.splatter
        ]
        area = max(actor.splatter.area_m2 for actor in actors if actor.splatter)
        cloud = np.concatenate(points)
        if not len(cloud):
            return None
        low, high = footprint(cloud.min(axis=0), cloud.max(axis=0), direction)
        darkness = splat(cloud, area, direction, low, high)
        return floor_shade(darkness, (low, high), clip, plate.floor, strength=strength)

    def _scaled(self, picture: U8, rect: Rect) -> U8:
        """The drawn pixels at the size they have in the picture."""
        tall, wide = picture.shape[:2]
        if (wide, tall) == (rect.width, rect.height):
            return picture
        import cv2

        # INTER_AREA is fast for exact halves only (10 ms at 1.5 times, measured).
        exact = (wide, tall) == (2 * rect.width, 2 * rect.height)
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
