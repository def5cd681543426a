"""The renderer the show draws with: chooses a back end, composes, converts, keeps the budget."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from flow.clock import NS_PER_MS, Clock, MonotonicClock
from flow.errors import EngineError
from flow.media import Trace, VideoFrame
from flow.mesh import RGB, Model
from flow.meter import Meter
from flow.spec import U8
from flow.stage import StageFrame
from render.backend import Backend
from render.choose import BackendName, choose
from render.plate import Compositor
from render.quality import Governor, Quality

RING = 8
ALMOST_OPAQUE = 253
MIN_SIZE, MAX_SIZE = 16, 8192
_LOG = logging.getLogger("mirrorstage.render")


class Renderer:
    """Draws `StageFrame`s. Use it from one thread."""

    def __init__(
        self,
        backend: Backend,
        size: tuple[int, int],
        *,
        quality: Quality,
        meter: Meter,
        clock: Clock,
    ) -> None:
        self._drawing: Backend | None = backend
        self._meter = meter
        self._clock = clock
        self._governor = Governor(quality)
        self._window: Any = None
        self._size(*size)

    def _size(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._compositor = Compositor(width, height)
        self._ring = [np.zeros((height * 3 // 2, width), np.uint8) for _ in range(RING)]
        self._next = 0

    @property
    def _backend(self) -> Backend:
        if self._drawing is None:
            raise EngineError("The renderer is closed.", code="engine.closed")
        return self._drawing

    def set_stage(self, model: Model | None, background: RGB = (0.02, 0.02, 0.03)) -> None:
        """Replace the stage. `background` is linear colour, seen where the stage is open."""
        self._backend.set_stage(model, background)

    def add_avatar(self, name: str, model: Model) -> None:
        """Bring an avatar in; `StageFrame.rigs[name]` moves it. Replaces one of that name."""
        self._backend.add_avatar(name, model)

    def remove_avatar(self, name: str) -> None:
        """Take an avatar out; an unknown name is ignored."""
        self._backend.remove_avatar(name)

    def draw(self, frame: StageFrame) -> VideoFrame:
        """Draw one picture of the programme.

        The picture's memory is one of eight buffers used in turn: it is overwritten eight
        pictures later.
        """
        begun = self._clock.now()
        layers = self._backend.draw(frame)
        out = self._ring[self._next]
        self._next = (self._next + 1) % RING
        with self._meter.measure("convert"):
            self._compositor.i420(layers, frame.overlays, out)
        if self._window is not None:
            self._window.show(self._compositor.bgra(layers, frame.overlays))
        now = self._clock.now()
        if not frame.shot.cut and self._governor.observe((now - begun) / NS_PER_MS):
            self._backend.apply(self._governor.quality, self.width, self.height)
            given_up = ", ".join(self._governor.sentences) or "nothing"
            _LOG.info("Drawing to keep up with the show; given up: %s", given_up)
        trace = Trace(captured=frame.captured, drawn=now)
        return VideoFrame(frame.seq, frame.due, self.width, self.height, out, trace)

    def pressed(self) -> str:
        """The characters typed into the window since the last call; none without a window."""
        return self._window.pressed() if self._window is not None else ""

    def picture(self, frame: StageFrame, *, transparent: bool = False) -> U8:
        """(h, w, 4) RGBA, top row first, straight alpha; the caller's memory.

        `transparent` leaves stage and background out.
        """
        layers = self._backend.draw(frame, transparent=transparent, still=True)
        bgra = self._compositor.bgra(layers, frame.overlays)
        rgba = np.ascontiguousarray(bgra[..., [2, 1, 0, 3]])
        if not transparent:
            rgba[..., 3] = 255
            return rgba
        # The software rasteriser's fixed point loses a step of full alpha here and there.
        rgba[..., 3][rgba[..., 3] >= ALMOST_OPAQUE] = 255
        alpha = rgba[..., 3:4].astype(np.uint16)
        straight = (rgba[..., :3].astype(np.uint16) * 255 + alpha // 2) // np.maximum(alpha, 1)
        rgba[..., :3] = np.minimum(straight, 255)
        return rgba

    def info(self) -> dict[str, Any]:
        """Back end, device, size, triangles, quality now and what was given up."""
        quality = self._governor.quality
        return {
            "backend": self._backend.name,
            "device": self._backend.device,
            "size": f"{self.width}x{self.height}",
            "triangles": self._backend.triangles,
            "supersample": quality.supersample,
            "outline": quality.outline,
            "shadow": quality.shadow,
            "given_up": self._governor.sentences,
        }

    def resize(self, width: int, height: int) -> None:
        """Change the picture's size. Frames drawn before keep their memory.

        Raises:
            EngineError: a size the encoder or the engine cannot take.
        """
        _check_size(width, height)
        self._backend.apply(self._governor.quality, width, height)
        self._size(width, height)

    def close(self) -> None:
        """Give the engine's buffers back; idempotent."""
        if self._window is not None:
            self._window.close()
            self._window = None
        if self._drawing is not None:
            self._drawing.close()
            self._drawing = None


def open_renderer(
    width: int,
    height: int,
    *,
    backend: BackendName = "auto",
    quality: Quality | None = None,
    meter: Meter | None = None,
    clock: Clock | None = None,
    window: bool = False,
) -> Renderer:
    """A renderer of `width` x `height` pictures.

    ``auto`` takes GL where a graphics processor draws, else the software rasteriser, else software
    GL. `window` also shows the programme in a window, where there is a display.

    Raises:
        EngineError: ``engine.no_renderer`` when nothing can draw, ``engine.size`` for an odd or
            absurd size.
    """
    _check_size(width, height)
    wanted = quality or Quality()
    meter = meter or Meter()
    chosen = choose(backend, width, height, wanted, meter)
    renderer = Renderer(
        chosen, (width, height), quality=wanted, meter=meter, clock=clock or MonotonicClock()
    )
    if window:
        from render.window import PictureWindow

        renderer._window = PictureWindow(width, height)
    return renderer


def _check_size(width: int, height: int) -> None:
    if width % 2 or height % 2 or not all(MIN_SIZE <= v <= MAX_SIZE for v in (width, height)):
        raise EngineError(
            f"A picture of {width}x{height} cannot be drawn.",
            code="engine.size",
            hint=f"Both sides must be even and between {MIN_SIZE} and {MAX_SIZE}.",
        )
