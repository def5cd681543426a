"""Which back end draws on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from flow.errors import EngineError
from flow.meter import Meter
from render.backend import Backend
from render.panda import APT_GL, APT_SOFTWARE, Host, gl_module, remedy
from render.quality import Quality

BackendName = Literal["auto", "gl", "software"]


def choose(
    backend: BackendName, width: int, height: int, quality: Quality, meter: Meter
) -> Backend:
    """Open the back end asked for.

    ``auto`` is GL on a graphics processor (Linux), else the software rasteriser, else any GL.

    Raises:
        EngineError: ``engine.no_renderer`` when it, or any, cannot start.
    """
    from render.gl.backend import GlBackend
    from render.software.backend import SoftwareBackend

    if backend == "gl":
        return GlBackend(width, height, quality, meter)
    if backend == "software":
        return SoftwareBackend(width, height, quality, meter)
    if may_have_graphics_processor():
        host = _open_gl()
        if host is not None and host.is_hardware:
            return GlBackend(width, height, quality, meter, host)
        if host is not None:
            host.close()
    try:
        return SoftwareBackend(width, height, quality, meter)
    except EngineError as fault:
        host = _open_gl()
        if host is None:
            raise EngineError(
                "Nothing on this machine can draw: neither the software rasteriser nor GL starts.",
                code="engine.no_renderer",
                hint=remedy(f"{APT_SOFTWARE} libegl1 libgl1"),
            ) from fault
        return GlBackend(width, height, quality, meter, host)


def _open_gl() -> Host | None:
    try:
        return Host(gl_module(), APT_GL)
    except EngineError:
        return None


def may_have_graphics_processor(platform: str = sys.platform) -> bool:
    """Cheap look before loading GL (0.4 s): Linux shows a processor as a device node.

    Elsewhere the answer is no: GL goes through the window system there, which makes the show a
    program in the foreground (macOS) and ends with the session; ``--backend gl`` asks for it.
    """
    if not platform.startswith("linux"):
        return False
    nodes = (*Path("/dev").glob("dri/*"), *Path("/dev").glob("nvidia[0-9]*"))
    return bool(nodes) or Path("/dev/dxg").exists()
