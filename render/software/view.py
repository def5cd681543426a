"""An off-screen buffer of the software rasteriser of which a corner is drawn and read back.

Clearing and copying cost by the pixel, so the buffer is kept little larger than what is drawn.
Reading goes through one texture that lives as long as the buffer: a fresh screenshot each frame
costs 1 ms in page faults where the copy costs 0.04 ms (416 x 1088, measured).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flow.spec import U8
from render.panda import Host, core

STEP_PX = 64
SHRINK_AFTER = 90
"""Frames that must fit in half the buffer before it shrinks."""


class View:
    """One buffer, camera and display region over the scene `root`."""

    def __init__(self, host: Host, root: Any, name: str, *, sort: int = 0) -> None:
        panda = core()
        self._host = host
        self._name = name
        self._sort = sort
        node = panda.Camera(name)
        self._lens = panda.MatrixLens()
        self._lens.set_coordinate_system(panda.CS_yup_right)
        node.set_lens(self._lens)
        node.set_cull_bounds(panda.OmniBoundingVolume())
        self._camera = root.attach_new_node(node)
        self._buffer: Any = None
        self._region: Any = None
        self._texture: Any = None
        self._size = (0, 0)
        self._used = (0, 0)
        self._small = 0

    def _fit(self, width: int, height: int) -> None:
        """Make the buffer large enough, and not much larger for long."""
        have_width, have_height = self._size
        small = 2 * width * height < have_width * have_height
        self._small = self._small + 1 if small else 0
        if width <= have_width and height <= have_height and self._small < SHRINK_AFTER:
            return
        shrinks = self._small >= SHRINK_AFTER
        wide = width if shrinks else max(width, have_width)
        tall = height if shrinks else max(height, have_height)
        self._open(-(-wide // STEP_PX) * STEP_PX, -(-tall // STEP_PX) * STEP_PX)

    def _open(self, width: int, height: int) -> None:
        panda = core()
        self._small = 0
        if self._buffer is not None:
            self._host.close_buffer(self._buffer)
        self._size, self._used = (width, height), (0, 0)
        self._buffer = self._host.open(self._name, width, height)
        self._buffer.set_sort(self._sort)
        self._buffer.set_clear_color_active(False)
        self._buffer.set_clear_depth_active(False)
        self._buffer.set_active(False)
        self._region = self._buffer.make_display_region()
        self._region.set_camera(self._camera)
        self._region.set_clear_color_active(True)
        self._region.set_clear_depth_active(True)
        self._texture = panda.Texture(self._name)
        # The size is set here and checked in `read`: the copy may change a texture's kind.
        self._texture.setup_2d_texture(
            width, height, panda.Texture.T_unsigned_byte, panda.Texture.F_rgba8
        )
        self._buffer.add_render_texture(self._texture, panda.GraphicsOutput.RTM_copy_ram)

    def aim(
        self, matrix: Any, width: int, height: int, clear: tuple[float, float, float, float]
    ) -> None:
        """Prepare to draw with clip-from-world `matrix` into `width` x `height` pixels."""
        self._fit(width, height)
        self._lens.set_user_mat(matrix)
        self._region.set_clear_color(core().LVecBase4f(*clear))
        if (width, height) != self._used:
            self._used = (width, height)
            self._region.set_dimensions(0.0, width / self._size[0], 0.0, height / self._size[1])

    def render(self) -> None:
        """Draw what was aimed."""
        self._buffer.set_active(True)
        self._host.engine.render_frame()
        self._buffer.set_active(False)

    def read(self) -> U8:
        """(h, w, 4) BGRA of the drawn part, first row first; valid until the next drawing."""
        wide, tall = self._size
        width, height = self._used
        pixels = np.frombuffer(memoryview(self._texture.get_ram_image()), np.uint8)
        return pixels.reshape(tall, wide, 4)[:height, :width]

    def close(self) -> None:
        """Give the buffer back."""
        if self._buffer is not None:
            self._host.close_buffer(self._buffer)
            self._buffer = None
        self._camera.remove_node()
