"""The programme in a window, for the person at the machine; it shows what is drawn elsewhere."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from flow.errors import EngineError
from flow.spec import U8
from render.panda import core, window_module


class PictureWindow:
    """A window that shows the last picture given to it. Same thread as the renderer."""

    def __init__(self, width: int, height: int, title: str = "Mirrorstage") -> None:
        panda = core()
        self._engine = panda.GraphicsEngine.get_global_ptr()
        self._window = _open(width, height, title)
        self._window.set_active(False)
        self.size = (width, height)
        # The software rasteriser takes powers of two: the picture fills a corner of one.
        self._wide, self._tall = (1 << (side - 1).bit_length() for side in (width, height))
        self._texture = panda.Texture("programme")
        self._texture.setup_2d_texture(
            self._wide, self._tall, panda.Texture.T_unsigned_byte, panda.Texture.F_rgba8
        )
        self._texture.set_minfilter(panda.SamplerState.FT_nearest)
        self._texture.set_magfilter(panda.SamplerState.FT_nearest)
        maker = panda.CardMaker("programme")
        maker.set_frame_fullscreen_quad()
        # Pictures have their first row on top, the engine's textures at the bottom.
        maker.set_uv_range(
            panda.LPoint2(0.0, height / self._tall), panda.LPoint2(width / self._wide, 0.0)
        )
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
        self._keys = _Keys(self._window)

    def show(self, bgra: U8) -> None:
        """Show a (h, w, 4) BGRA picture of the window's size."""
        if self._window.is_closed():
            return
        handle = memoryview(self._texture.modify_ram_image()).cast("B")
        pixels = np.frombuffer(handle, np.uint8).reshape(self._tall, self._wide, 4)
        np.copyto(pixels[: self.size[1], : self.size[0]], bgra)
        self._window.set_active(True)
        self._engine.render_frame()
        self._window.set_active(False)
        self._keys.collect()

    def pressed(self) -> str:
        """The characters typed into the window since the last call."""
        return self._keys.taken()

    @property
    def is_closed(self) -> bool:
        """Whether the user closed it."""
        return bool(self._window.is_closed())

    def close(self) -> None:
        """Close it; idempotent."""
        self._engine.remove_window(self._window)


class _Keys:
    """What is typed into a window: the engine's data graph, walked once a picture."""

    EVENT = "mirrorstage-key"

    def __init__(self, window: Any) -> None:
        panda = core()
        self._root = panda.NodePath("keys")
        device = self._root.attach_new_node(panda.MouseAndKeyboard(window, 0, "keyboard"))
        thrower = panda.ButtonThrower("characters")
        thrower.set_keystroke_event(self.EVENT)
        device.attach_new_node(thrower)
        self._walker = panda.DataGraphTraverser()
        self._queue = panda.EventQueue.get_global_event_queue()
        self._typed = ""

    def collect(self) -> None:
        """Take what the last picture's window events brought. Nobody else uses the queue."""
        self._walker.traverse(self._root.node())
        while not self._queue.is_queue_empty():
            event = self._queue.dequeue_event()
            if event.get_name() == self.EVENT and event.get_num_parameters():
                self._typed += event.get_parameter(0).get_wstring_value()

    def taken(self) -> str:
        """The characters so far, once; control characters are left out."""
        typed, self._typed = self._typed, ""
        return "".join(c for c in typed if c.isprintable())


def _open(width: int, height: int, title: str) -> Any:
    panda = core()
    engine = panda.GraphicsEngine.get_global_ptr()
    properties = panda.WindowProperties.size(width, height)
    properties.set_title(title)
    pipe = panda.GraphicsPipeSelection.get_global_ptr().make_module_pipe(window_module())
    if pipe is not None and pipe.is_valid():
        window = engine.make_output(
            pipe,
            "window",
            50,
            panda.FrameBufferProperties.get_default(),
            properties,
            panda.GraphicsPipe.BF_require_window,
        )
        engine.open_windows()
        if window is not None and window.is_valid():
            return window
    screen = "no screen" if sys.platform.startswith("linux") else "no window system"
    raise EngineError(
        f"The programme window cannot open: there is {screen} to show it on.",
        code="engine.no_window",
        hint="Leave window = true out of the show file, or start it on a desktop.",
    )
