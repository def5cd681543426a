"""The stage as a picture: drawn once per camera and light, kept while they stay.

A moving camera gets a plain plate at once; a camera that rests gets one with smoothed edges. Plates
of recent shots are kept, so that cutting between resting shots costs nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from flow.mesh import RGB, Model
from flow.spec import F32, U8
from flow.stage import Light, StageFrame
from render.camera import clip_from_world
from render.color import display_from_linear
from render.layers import Layers
from render.model import Layout, lay_out
from render.panda import Host, core, panda_matrix
from render.skin import Skinner, rest_rig
from render.software.drawable import SoftDrawable
from render.software.view import View

KEPT = 4
RESTED = 3
"""Pictures after which a camera counts as resting."""


class PlateMaker:
    """Draws and remembers stage pictures of one size."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._root = core().NodePath("stage scene")
        self._drawable: SoftDrawable | None = None
        self._posed: F32 = np.zeros((0, 6), np.float32)
        self._view: View | None = None
        self._background: RGB = (0.0, 0.0, 0.0)
        self._kept: OrderedDict[tuple[Any, ...], tuple[U8, int, bool]] = OrderedDict()
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
        return self._posed[:, :3]

    def set_stage(self, model: Model | None, background: RGB) -> None:
        """Replace the stage and forget every plate."""
        if self._drawable is not None:
            self._drawable.remove()
            self._drawable = None
        self._background = background
        if model is not None:
            layout = lay_out(model)
            self._posed = Skinner(layout).pose(rest_rig(model)).copy()
            self._drawable = SoftDrawable(layout, self._root, "stage")
        self._kept.clear()

    def resize(self, width: int, height: int) -> None:
        """Take a picture size and forget every plate."""
        self.size = (width, height)
        self._kept.clear()

    def get(self, frame: StageFrame) -> Layers:
        """The plate for `frame`, drawn when it has to be."""
        key = (*frame.shot.key, *_light_key(frame.light))
        self._same = self._same + 1 if key == self._last else 0
        self._last = key
        found = self._kept.get(key)
        smooth = self._same >= RESTED or frame.shot.cut
        if found is None or (smooth and not found[2]):
            self._version += 1
            found = (self._draw(frame, smooth=smooth), self._version, smooth)
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return Layers(found[0], found[1])

    def _draw(self, frame: StageFrame, *, smooth: bool) -> U8:
        width, height = self.size
        color = display_from_linear(self._background)
        if self._drawable is None:
            plate = np.zeros((height, width, 4), np.uint8)
            plate[..., :3] = np.round(color[::-1] * 255.0)
            plate[..., 3] = 255
            return plate
        scale = 2 if smooth else 1
        if self._view is None:
            self._view = View(self._host, self._root, "plate", sort=-5)
        self._view.resize(width * 2, height * 2)
        rig = rest_rig(self._drawable.layout.model)
        self._drawable.show(self._posed, rig, frame.shot.eye, frame.light)
        self._view.aim(
            panda_matrix(_flipped(clip_from_world(frame.shot, width / height))),
            width * scale,
            height * scale,
            (*(float(v) for v in color), 1.0),
        )
        self._view.set_active(True)
        self._host.engine.render_frame()
        self._view.set_active(False)
        picture = self._view.read()
        if scale == 1:
            plate = picture.copy()
        else:
            import cv2

            plate = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        plate[..., 3] = 255
        return np.asarray(plate, np.uint8)

    def close(self) -> None:
        """Give the buffer back."""
        self.set_stage(None, (0.0, 0.0, 0.0))
        if self._view is not None:
            self._view.close()


def _light_key(light: Light) -> tuple[float, ...]:
    return (*map(float, light.key_direction), *light.key_color, *light.ambient_color)


def _flipped(clip: F32) -> F32:
    """`clip` upside down: the engine writes the bottom row first, pictures start at the top."""
    out = clip.copy()
    out[1] *= -1.0
    return out
