"""An off-screen buffer of the software rasteriser of which a corner is drawn and read back.

Clearing and copying cost by the pixel, so a frame uses only as much of the buffer as it needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flow.spec import U8
from render.panda import Host, core


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
        self._size = (0, 0)
        self._used = (0, 0)

    def resize(self, width: int, height: int) -> None:
        """Make the buffer at least this large."""
        if self._buffer is not None and width <= self._size[0] and height <= self._size[1]:
            return
        if self._buffer is not None:
            self._host.close_buffer(self._buffer)
        self._size = (max(width, self._size[0]), max(height, self._size[1]))
        self._buffer = self._host.open(self._name, *self._size)
        self._buffer.set_sort(self._sort)
        self._buffer.set_clear_color_active(False)
        self._buffer.set_clear_depth_active(False)
        self._buffer.set_active(False)
        self._region = self._buffer.make_display_region()
        self._region.set_camera(self._camera)
        self._region.set_clear_color_active(True)
        self._region.set_clear_depth_active(True)
        self._used = (0, 0)

    def aim(
        self, matrix: Any, width: int, height: int, clear: tuple[float, float, float, float]
    ) -> None:
        """Draw with clip-from-world `matrix` into `width` x `height` pixels."""
        self._lens.set_user_mat(matrix)
        self._region.set_clear_color(core().LVecBase4f(*clear))
        if (width, height) != self._used:
            self._used = (width, height)
            self._region.set_dimensions(0.0, width / self._size[0], 0.0, height / self._size[1])

    def set_active(self, on: bool) -> None:
        """Whether the engine draws it with the next frame."""
        self._buffer.set_active(on)

    def read(self) -> U8:
        """(h, w, 4) BGRA of the drawn part, first row first; valid until the next read."""
        texture = self._region.get_screenshot()
        width, height = self._used
        self._held = texture.get_ram_image()
        return np.frombuffer(memoryview(self._held), np.uint8).reshape(height, width, 4)

    def close(self) -> None:
        """Give the buffer back."""
        if self._buffer is not None:
            self._host.close_buffer(self._buffer)
            self._buffer = None
        self._camera.remove_node()
