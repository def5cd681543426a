"""The stage as a picture: drawn once per camera and light, kept while they stay.

A moving camera gets a plain plate at once. Under a camera that rests, one with smooth edges and
textures is drawn in strips, one a frame (all at once it would cost several frames), and takes over
when it is complete. Plates of recent shots are kept, so that cutting between them costs nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from flow.mesh import RGB, Model
from flow.spec import F32, U8
from flow.stage import Light, StageFrame
from render.camera import Rect, clip_from_world, crop
from render.color import display_from_linear
from render.model import Layout, lay_out
from render.panda import Host, core
from render.skin import Skinner, rest_rig
from render.software.drawable import SoftDrawable
from render.software.floor import FloorMask
from render.software.subdivide import subdivided
from render.software.view import View

KEPT = 4
NEAR_PLATE_M = 0.3
"""The rasteriser has 20 bits of depth; with a nearer plane, thin things on walls flicker."""
RESTED = 3
"""Pictures after which a camera counts as resting."""
SMOOTH = 2
"""How many times larger a smooth plate is drawn."""
STRIP_PIXELS = 200_000
"""Drawn pixels of one strip: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Plate:
    """A stage picture: BGRA (h, w, 4) and where it shows floor (h, w), top row first."""

    picture: U8
    floor: U8 | None
    version: int
    smooth: bool


class PlateMaker:
    """Draws and remembers stage pictures of one size."""

    def __init__(self, host: Host) -> None:
        self._root = core().NodePath("stage scene")
        self._drawable: SoftDrawable | None = None
        self._skinner: Skinner | None = None
        self._view = View(host, self._root, "plate", sort=-5)
        self._mask = FloorMask()
        self._mask_view = View(host, self._mask.root, "floor mask", sort=-5)
        self._background: RGB = (0.0, 0.0, 0.0)
        self._kept: OrderedDict[tuple[Any, ...], Plate] = OrderedDict()
        self._version = 0
        self._same = 0
        self._strips: list[U8] = []
        self._strips_of: tuple[Any, ...] = ()
        self._lit: tuple[float, ...] = ()
        self._last: tuple[Any, ...] = ()
        self.size = (0, 0)

    @property
    def layout(self) -> Layout | None:
        """The stage's geometry, already in world space."""
        return self._drawable.layout if self._drawable is not None else None

    @property
    def positions(self) -> F32:
        """(v, 3) world positions of the stage's vertices."""
        if self._skinner is None:
            return np.zeros((0, 3), np.float32)
        return self._skinner.positions

    def set_stage(self, model: Model | None, background: RGB) -> None:
        """Replace the stage and forget every plate."""
        if self._drawable is not None:
            self._drawable.remove()
            self._drawable = self._skinner = None
            self._lit, self._strips = (), []
        self._background = background
        if model is not None:
            layout = lay_out(subdivided(model))
            self._skinner = Skinner(layout, interleaved=False)
            self._skinner.pose(rest_rig(model))
            self._drawable = SoftDrawable(layout, self._root, "stage")
        self._mask.set_stage(self.layout, self.positions)
        self._kept.clear()

    def resize(self, width: int, height: int) -> None:
        """Take a picture size and forget every plate."""
        self.size = (width, height)
        self._kept.clear()
        self._strips = []

    def get(self, frame: StageFrame, *, still: bool = False) -> Plate:
        """The plate for `frame`, drawn when it has to be; as good as it gets when `still`."""
        key = (*frame.shot.key, *_light_key(frame.light))
        self._same = self._same + 1 if key == self._last else 0
        self._last = key
        found = self._kept.get(key)
        if found is None or (still and not found.smooth):
            found = self._draw(frame, still=still)
        elif not found.smooth and self._same >= RESTED:
            found = self._improve(frame, key, found)
        self._kept[key] = found
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found

    def _draw(self, frame: StageFrame, *, still: bool) -> Plate:
        """Draw the whole plate now: plainly, or smoothly when `still`."""
        self._version += 1
        self._strips = []
        width, height = self.size
        color = display_from_linear(self._background)
        if self._drawable is None:
            empty = np.zeros((height, width, 4), np.uint8)
            empty[..., :3] = np.round(color[::-1] * 255.0)
            empty[..., 3] = 255
            return Plate(empty, None, self._version, smooth=True)
        self._light(frame)
        if still:
            rows = self._rows()
            tops = range(0, height, rows)
            strips = [Rect(0, top, width, min(rows, height - top)) for top in tops]
            picture = np.concatenate([self._strip(frame, strip, SMOOTH) for strip in strips])
        else:
            picture = self._strip(frame, Rect(0, 0, width, height), 1)
        return Plate(picture, self._floor(frame, still=still), self._version, smooth=still)

    def _improve(self, frame: StageFrame, key: tuple[Any, ...], plain: Plate) -> Plate:
        """Draw one more strip of the smooth plate; `plain` until they are complete."""
        width, height = self.size
        if key != self._strips_of:
            self._strips, self._strips_of = [], key
        top = sum(len(strip) for strip in self._strips)
        rows = min(self._rows(), height - top)
        self._light(frame)
        self._strips.append(self._strip(frame, Rect(0, top, width, rows), SMOOTH))
        if top + rows < height:
            return plain
        self._version += 1
        picture = np.concatenate(self._strips)
        self._strips = []
        return Plate(picture, self._floor(frame, still=True), self._version, smooth=True)

    def _rows(self) -> int:
        """Rows of the picture in one strip."""
        return max(8, int(STRIP_PIXELS / (self.size[0] * SMOOTH * SMOOTH)))

    def _light(self, frame: StageFrame) -> None:
        """Light the stage, when the light is a new one."""
        key = _light_key(frame.light)
        if key == self._lit or self._drawable is None or self._skinner is None:
            return
        self._lit = key
        self._drawable.show(self._skinner, {}, frame.shot.eye, frame.light)

    def _clip(self, frame: StageFrame) -> F32:
        """Clip space with its far plane just behind the stage."""
        aspect = self.size[0] / self.size[1]
        at = clip_from_world(frame.shot, aspect)
        far = float((self.positions @ at[3, :3] + at[3, 3]).max(initial=1.0))
        return clip_from_world(frame.shot, aspect, NEAR_PLATE_M, max(far, 1.0) * 1.01)

    def _strip(self, frame: StageFrame, rect: Rect, scale: int) -> U8:
        """`rect` of the stage's picture, drawn `scale` times as large; new memory."""
        if self._drawable is not None:
            self._drawable.set_fine(scale > 1)
        color = display_from_linear(self._background)
        red, green, blue = (float(v) for v in color)
        clear = (red, green, blue, 1.0)
        picture = _render(self._view, crop(self._clip(frame), rect, *self.size), rect, scale, clear)
        if scale == 1:
            picture = picture.copy()
        else:
            import cv2

            picture = np.asarray(
                cv2.resize(picture, (rect.width, rect.height), interpolation=cv2.INTER_AREA),
                np.uint8,
            )
        picture[..., 3] = 255
        return picture

    def _floor(self, frame: StageFrame, *, still: bool) -> U8:
        """(h, w) 255 where the picture shows floor; coarse while the camera moves."""
        import cv2

        width, height = self.size
        rect = Rect(0, 0, width, height) if still else Rect(0, 0, width // 4, height // 4)
        black = (0.0, 0.0, 0.0, 1.0)
        mask = _render(self._mask_view, self._clip(frame), rect, 1, black)[..., 0]
        return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR))

    def close(self) -> None:
        """Give the buffer back."""
        self.set_stage(None, (0.0, 0.0, 0.0))
        self._view.close()
        self._mask_view.close()


def _light_key(light: Light) -> tuple[float, ...]:
    return (*map(float, light.key_direction), *light.key_color, *light.ambient_color)


def _render(
    view: View, clip: F32, rect: Rect, scale: int, clear: tuple[float, float, float, float]
) -> U8:
    """Draw `clip` into `scale` times the size of `rect`."""
    flipped = clip.copy()
    # Upside down: the engine writes the bottom row first, pictures start at the top.
    flipped[1] *= -1.0
    view.aim(flipped, rect.width * scale, rect.height * scale, clear)
    view.render()
    return view.read()
