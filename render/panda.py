"""The one place that starts the engine: quiet, off-screen, and checked before it is used.

Panda3D is imported lazily: it costs 0.3 s. All its messages go to a log file in the temporary
folder, never to the user's terminal.
"""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from flow.errors import EngineError

SOFTWARE_GL = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software")
APT_SOFTWARE = "apt-get install libx11-6"
APT_GL = "apt-get install --no-install-recommends libegl1 libgl1"

SOFTWARE_MODULE = "p3tinydisplay"


def gl_module(platform: str = sys.platform) -> str:
    """The engine's GL: without any window system on Linux, with the system's own elsewhere."""
    return "p3headlessgl" if platform.startswith("linux") else "pandagl"


def window_module(platform: str = sys.platform) -> str:
    """What opens a window. A window only copies a picture, so the software rasteriser will do.

    On Linux not pandagl: beside p3headlessgl in one process it shows black, and beside
    p3tinydisplay it prints on the terminal. On macOS p3tinydisplay only draws off-screen.
    """
    return "pandagl" if platform == "darwin" else SOFTWARE_MODULE


def remedy(apt: str, platform: str = sys.platform) -> str:
    """What to do about a back end that does not start; `apt` brings its libraries on Linux."""
    if platform.startswith("linux"):
        return f"Run `{apt}`."
    return "Update the graphics driver, or draw with --backend software."


_core: Any = None
_log: Path | None = None


def core() -> Any:
    """`panda3d.core`, configured before anything in it starts. Main thread."""
    global _core, _log  # noqa: PLW0603
    if _core is not None:
        return _core
    # llvmpipe starts a thread per processor unless told otherwise before the first context; the
    # tracker and the encoder need those. Mesa's own messages go to the terminal unless hushed.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    os.environ.setdefault("EGL_LOG_LEVEL", "fatal")
    os.environ.setdefault("MESA_DEBUG", "silent")
    try:
        import panda3d.core as panda
    except ImportError as fault:
        raise EngineError(
            f"The drawing engine Panda3D cannot be loaded: {fault}.",
            code="engine.no_renderer",
            hint="Install it with `pip install panda3d`.",
        ) from fault
    handle, name = tempfile.mkstemp(prefix="mirrorstage-engine-", suffix=".log")
    os.close(handle)
    _log = Path(name)
    atexit.register(_drop_empty_log)
    settings = (
        f"notify-output {_log}",
        "notify-level warning",
        "window-type none",
        "audio-library-name null",
        # The engine's task manager, which we do not run, would collect them.
        "garbage-collect-states false",
        # Harmless on machines without a screen, and said at every start and end; what matters of
        # it shows as an EngineError.
        "notify-level-egldisplay fatal",
        "notify-level-x11display fatal",
        # macOS offers modern shaders only to those who ask for a version.
        *(("gl-version 3 2",) if sys.platform == "darwin" else ()),
    )
    panda.load_prc_file_data("mirrorstage", "\n".join(settings))
    _core = panda
    return panda


def _drop_empty_log() -> None:
    with suppress(OSError):  # Windows keeps a file that the engine still has open
        if _log is not None and _log.stat().st_size == 0:
            _log.unlink()


def log_path() -> Path | None:
    """Where the engine writes its messages, once it is loaded."""
    return _log


class Host:
    """A pipe (a way to draw) with the tiny buffer that owns its context.

    Raises:
        EngineError: the pipe or its first buffer cannot be made on this machine.
    """

    def __init__(self, module: str, hint: str) -> None:
        panda = core()
        self.module = module
        self.engine = panda.GraphicsEngine.get_global_ptr()
        # A pipe whose libraries are missing is None; using it would be a TypeError.
        self.pipe = panda.GraphicsPipeSelection.get_global_ptr().make_module_pipe(module)
        if self.pipe is None:
            raise EngineError(
                f"The drawing back end {module} cannot start: its system libraries are missing.",
                code="engine.no_renderer",
                hint=remedy(hint),
            )
        self.buffer = self._open("host", 4, 4, None)
        if self.buffer is None or self.buffer.get_gsg() is None:
            raise EngineError(
                f"The drawing back end {module} opened no off-screen buffer.",
                code="engine.no_renderer",
                hint=remedy(hint),
            )
        self.buffer.set_active(False)
        self.gsg = self.buffer.get_gsg()

    @property
    def device(self) -> str:
        """The driver's own name for what draws."""
        return str(self.gsg.get_driver_renderer() or self.module)

    @property
    def is_hardware(self) -> bool:
        """Whether a graphics processor draws."""
        name = self.device.lower()
        return self.module != SOFTWARE_MODULE and not any(word in name for word in SOFTWARE_GL)

    def _open(self, name: str, width: int, height: int, properties: Any) -> Any:
        panda = core()
        if properties is None:
            properties = color_properties()
        output = self.engine.make_output(
            self.pipe,
            name,
            0,
            properties,
            panda.WindowProperties.size(width, height),
            panda.GraphicsPipe.BF_refuse_window,
            *((self.gsg, self.buffer) if name != "host" else ()),
        )
        self.engine.open_windows()
        return output

    def open(self, name: str, width: int, height: int, properties: Any = None) -> Any:
        """An off-screen buffer that shares this host's context.

        Raises:
            EngineError: the driver refuses it.
        """
        output = self._open(name, width, height, properties)
        if output is None or not output.is_valid():
            raise EngineError(
                f"{self.device} refused a {width}x{height} drawing buffer.",
                code="engine.buffer",
                hint="Choose a smaller size with --size.",
            )
        return output

    def close_buffer(self, output: Any) -> None:
        """Give one buffer back."""
        self.engine.remove_window(output)

    def close(self) -> None:
        """Give the context back."""
        self.engine.remove_window(self.buffer)


def color_properties(multisamples: int = 0) -> Any:
    """8-bit RGBA with a 24-bit depth buffer."""
    properties = core().FrameBufferProperties()
    properties.set_rgba_bits(8, 8, 8, 8)
    properties.set_depth_bits(24)
    if multisamples:
        properties.set_multisamples(multisamples)
    return properties


def panda_matrix(matrix: Any) -> Any:
    """A column-vector (4, 4) array as the engine's row-vector matrix."""
    return core().LMatrix4f(*(float(value) for value in matrix.T.ravel()))
