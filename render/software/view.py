"""An off-screen buffer of the software rasteriser of which a corner is drawn and read back.

Clearing and copying cost by the pixel, so the buffer is little larger than what is drawn. The
rasteriser never frees a buffer's memory (measured), so buffers come in few sizes and are kept for
use again. Reading goes through one texture that lives as long as its buffer: a fresh screenshot
each frame costs 1 ms in page faults where the copy costs 0.04 ms (416 x 1088, measured).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from flow.spec import F32, U8
from render.panda import Host, core, panda_matrix

STEP_PX = (640, 384)
"""Buffers are this large or a multiple: nine sizes for pictures up to 1920 x 1152."""

RASTER_PX = (0.25, -0.25)
"""How far the rasteriser's pictures lie beside those of GL, in pixels right and up (measured)."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One buffer with what belongs to it."""

    width: int
    height: int
    buffer: Any
    region: Any
    texture: Any


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
        self._slots: dict[tuple[int, int], _Slot] = {}
        self._slot: _Slot | None = None
        self._used = (0, 0)

    def _fit(self, width: int, height: int) -> _Slot:
        """The smallest buffer that holds the size."""
        step_x, step_y = STEP_PX
        size = (-(-width // step_x) * step_x, -(-height // step_y) * step_y)
        if self._slot is None or size != (self._slot.width, self._slot.height):
            found = self._slots.get(size)
            if found is None:
                found = self._slots[size] = self._open(*size)
            self._slot, self._used = found, (0, 0)
        return self._slot

    def _open(self, width: int, height: int) -> _Slot:
        panda = core()
        buffer = self._host.open(self._name, width, height)
        buffer.set_sort(self._sort)
        buffer.set_clear_color_active(False)
        buffer.set_clear_depth_active(False)
        buffer.set_active(False)
        region = buffer.make_display_region()
        region.set_camera(self._camera)
        region.set_clear_color_active(True)
        region.set_clear_depth_active(True)
        texture = panda.Texture(self._name)
        # The size is set here and relied on in `read`: the copy may change a texture's kind.
        texture.setup_2d_texture(
            width, height, panda.Texture.T_unsigned_byte, panda.Texture.F_rgba8
        )
        buffer.add_render_texture(texture, panda.GraphicsOutput.RTM_copy_ram)
        return _Slot(width, height, buffer, region, texture)

    def aim(
        self, clip: F32, width: int, height: int, clear: tuple[float, float, float, float]
    ) -> None:
        """Prepare to draw with clip-from-world `clip` into `width` x `height` pixels."""
        slot = self._fit(width, height)
        moved = clip.copy()
        moved[0] += clip[3] * (2.0 * RASTER_PX[0] / width)
        moved[1] += clip[3] * (2.0 * RASTER_PX[1] / height)
        self._lens.set_user_mat(panda_matrix(moved))
        slot.region.set_clear_color(core().LVecBase4f(*clear))
        if (width, height) != self._used:
            self._used = (width, height)
            slot.region.set_dimensions(0.0, width / slot.width, 0.0, height / slot.height)

    def render(self) -> None:
        """Draw what was aimed."""
        if self._slot is not None:
            self._slot.buffer.set_active(True)
            self._host.engine.render_frame()
            self._slot.buffer.set_active(False)

    def read(self) -> U8:
        """(h, w, 4) BGRA of the drawn part, first row first; valid until the next drawing."""
        width, height = self._used
        if self._slot is None:
            return np.zeros((0, 0, 4), np.uint8)
        pixels = np.frombuffer(memoryview(self._slot.texture.get_ram_image()), np.uint8)
        return pixels.reshape(self._slot.height, self._slot.width, 4)[:height, :width]

    def close(self) -> None:
        """Give the buffers back."""
        for slot in self._slots.values():
            self._host.close_buffer(slot.buffer)
        self._slots.clear()
        self._slot = None
        self._camera.remove_node()
