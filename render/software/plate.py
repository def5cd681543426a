"""The stage as a picture: drawn once per camera and light, kept while they stay.

A moving camera gets a plain plate at once; a camera that rests gets one with smoothed edges. Plates
of recent shots are kept, so that cutting between resting shots costs nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from flow.mesh import RGB, Model
from flow.spec import F32, U8
from flow.stage import Light, StageFrame
from render.camera import clip_from_world
from render.color import display_from_linear
from render.model import Layout, lay_out
from render.panda import Host, core, panda_matrix
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
        self._host = host
        self._root = core().NodePath("stage scene")
        self._drawable: SoftDrawable | None = None
        self._skinner: Skinner | None = None
        self._view: View | None = None
        self._mask: FloorMask | None = None
        self._mask_view: View | None = None
        self._background: RGB = (0.0, 0.0, 0.0)
        self._kept: OrderedDict[tuple[Any, ...], Plate] = OrderedDict()
        self._version = 0
        self._same = 0
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
            self._drawable = self._skinner = self._mask = None
        if self._mask_view is not None:
            self._mask_view.close()
            self._mask_view = None
        self._background = background
        if model is not None:
            layout = lay_out(subdivided(model))
            self._skinner = Skinner(layout, interleaved=False)
            self._skinner.pose(rest_rig(model))
            self._drawable = SoftDrawable(layout, self._root, "stage", fine=True)
            self._mask = FloorMask(layout, self._skinner.positions)
            self._mask_view = View(self._host, self._mask.root, "floor mask", sort=-5)
        self._kept.clear()

    def resize(self, width: int, height: int) -> None:
        """Take a picture size and forget every plate."""
        self.size = (width, height)
        self._kept.clear()

    def get(self, frame: StageFrame) -> Plate:
        """The plate for `frame`, drawn when it has to be."""
        key = (*frame.shot.key, *_light_key(frame.light))
        self._same = self._same + 1 if key == self._last else 0
        self._last = key
        found = self._kept.get(key)
        # The first plate of all and a cut are smooth at once: nothing moves into them.
        smooth = self._same >= RESTED or frame.shot.cut or not self._version
        if found is None or (smooth and not found.smooth):
            found = self._kept[key] = self._draw(frame, smooth=smooth)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found

    def _draw(self, frame: StageFrame, *, smooth: bool) -> Plate:
        self._version += 1
        width, height = self.size
        color = display_from_linear(self._background)
        if self._drawable is None or self._skinner is None:
            empty = np.zeros((height, width, 4), np.uint8)
            empty[..., :3] = np.round(color[::-1] * 255.0)
            empty[..., 3] = 255
            return Plate(empty, None, self._version, smooth=True)
        scale = 2 if smooth else 1
        if self._view is None:
            self._view = View(self._host, self._root, "plate", sort=-5)
        rig = rest_rig(self._drawable.layout.model)
        self._drawable.show(self._skinner, rig, frame.shot.eye, frame.light)
        far = float(self._depths(clip_from_world(frame.shot, width / height)).max(initial=1.0))
        clip = clip_from_world(frame.shot, width / height, NEAR_PLATE_M, max(far, 1.0) * 1.01)
        # Upside down: the engine writes the bottom row first, pictures start at the top.
        clip[1] *= -1.0
        matrix = panda_matrix(clip)
        clear = (*(float(v) for v in color), 1.0)
        picture = _render(self._view, matrix, width * scale, height * scale, clear)
        if scale == 1:
            picture = picture.copy()
        else:
            import cv2

            picture = np.asarray(
                cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8
            )
        picture[..., 3] = 255
        mask: U8 | None = None
        if self._mask_view is not None:
            black = (0.0, 0.0, 0.0, 1.0)
            mask = _render(self._mask_view, matrix, width, height, black)[..., 0].copy()
        return Plate(picture, mask, self._version, smooth)

    def _depths(self, clip: F32) -> F32:
        """(v,) depths (m) of the stage's vertices."""
        return np.asarray(self.positions @ clip[3, :3] + clip[3, 3], np.float32)

    def close(self) -> None:
        """Give the buffer back."""
        self.set_stage(None, (0.0, 0.0, 0.0))
        if self._view is not None:
            self._view.close()


def _light_key(light: Light) -> tuple[float, ...]:
    return (*map(float, light.key_direction), *light.key_color, *light.ambient_color)


def _render(
    view: View, matrix: Any, width: int, height: int, clear: tuple[float, float, float, float]
) -> U8:
    view.aim(matrix, width, height, clear)
    view.render()
    return view.read()
