"""The programme in a window, for the person at the machine; it shows what is drawn elsewhere."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from flow.errors import EngineError
from flow.spec import U8
from render.panda import core

MODULES = ("pandagl", "p3tinydisplay")


class PictureWindow:
    """A window that shows the last picture given to it. Same thread as the renderer."""

    def __init__(self, width: int, height: int, title: str = "Mirrorstage") -> None:
        panda = core()
        self._engine = panda.GraphicsEngine.get_global_ptr()
        self._window = _open(width, height, title)
        self._window.set_active(False)
        self.size = (width, height)
        self._texture = panda.Texture("programme")
        self._texture.setup_2d_texture(
            width, height, panda.Texture.T_unsigned_byte, panda.Texture.F_rgba8
        )
        self._texture.set_auto_texture_scale(panda.ATS_none)
        maker = panda.CardMaker("programme")
        maker.set_frame_fullscreen_quad()
        # Pictures have their first row on top, the engine's textures at the bottom.
        maker.set_uv_range(panda.LPoint2(0.0, 1.0), panda.LPoint2(1.0, 0.0))
        root = panda.NodePath("window")
        card = root.attach_new_node(maker.generate())
        card.set_texture(self._texture)
        card.set_depth_test(False)
        card.set_depth_write(False)
        camera = panda.Camera("window")
        lens = panda.OrthographicLens()
        lens.set_film_size(2.0, 2.0)
        lens.set_near_far(-10.0, 10.0)
        camera.set_lens(lens)
        region = self._window.make_display_region()
        region.set_camera(root.attach_new_node(camera))
        self._root = root

    def show(self, bgra: U8) -> None:
        """Show a (h, w, 4) BGRA picture of the window's size."""
        if self._window.is_closed():
            return
        handle = memoryview(self._texture.modify_ram_image()).cast("B")
        np.copyto(np.frombuffer(handle, np.uint8), np.ascontiguousarray(bgra).reshape(-1))
        self._window.set_active(True)
        self._engine.render_frame()
        self._window.set_active(False)

    @property
    def is_closed(self) -> bool:
        """Whether the user closed it."""
        return bool(self._window.is_closed())

    def close(self) -> None:
        """Close it; idempotent."""
        self._engine.remove_window(self._window)


def _open(width: int, height: int, title: str) -> Any:
    panda = core()
    engine = panda.GraphicsEngine.get_global_ptr()
    selection = panda.GraphicsPipeSelection.get_global_ptr()
    properties = panda.WindowProperties.size(width, height)
    properties.set_title(title)
    for module in MODULES:
        pipe = selection.make_module_pipe(module)
        if pipe is None or not pipe.is_valid():
            continue
        window = engine.make_output(
            pipe,
            "window",
            50,
            panda.FrameBufferProperties.get_default(),
            properties,
            panda.GraphicsPipe.BF_require_window,
        )
        if window is not None:
            engine.open_windows()
            if window.is_valid():
                return window
    screen = "no screen" if sys.platform.startswith("linux") else "no window system"
    raise EngineError(
        f"The programme window cannot open: there is {screen} to show it on.",
        code="engine.no_window",
        hint="Leave window = true out of the show file, or start it on a desktop.",
    )
