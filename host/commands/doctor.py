"""``mirrorstage doctor``: what this machine has, what is missing, what to type."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from flow.errors import MirrorstageError

DISK_WARN_GB = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    what: str
    state: Literal["ok", "note", "fault"]
    sentence: str
    remedy: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Examine; exit status 1 when something that every show needs is missing."""
    if arguments.clear_cache:
        return _clear()
    findings = [_examine(what, look) for what, look in _looks(arguments.port)]
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(f) for f in findings], ensure_ascii=False) + "\n")
    else:
        marks = marks_for(sys.stdout.encoding)
        for finding in findings:
            sys.stdout.write(f"{marks[finding.state]} {finding.what}: {finding.sentence}\n")
            if finding.remedy:
                sys.stdout.write(f"    {finding.remedy}\n")
    return int(any(f.state == "fault" for f in findings))


def _clear() -> int:
    from host.wardrobe import shelf_of

    shelf = shelf_of()
    freed = shelf.clear() if shelf is not None else 0
    sys.stdout.write(f"{freed / 1e6:.0f} MB of decoded avatars thrown away.\n")
    return 0


def marks_for(encoding: str) -> dict[str, str]:
    """A mark for each state; plain ones where a terminal would show '?' for all of them."""
    try:
        "✓✗".encode(encoding)
    except UnicodeEncodeError:
        return {"ok": "+", "note": "-", "fault": "!"}
    return {"ok": "✓", "note": "·", "fault": "✗"}


Answer = tuple[Literal["ok", "note", "fault"], str, str]


def _examine(what: str, look: Callable[[], Answer]) -> Finding:
    try:
        return Finding(what, *look())
    except MirrorstageError as fault:
        return Finding(what, "fault", fault.message, fault.hint)
    except (ImportError, OSError) as fault:
        return Finding(what, "fault", f"{type(fault).__name__}: {fault}.", "Type: make setup")


def _looks(port: int) -> list[tuple[str, Callable[[], Answer]]]:
    return [
        ("Python", _python),
        ("drawing", _drawing),
        ("tracking", _tracking),
        ("models", _models),
        ("encoder", _encoder),
        ("cameras", _cameras),
        ("sound", _sound),
        ("browser page", lambda: _page(port)),
        ("built-in host", _assets),
        ("fonts", _fonts),
        ("avatar cache", _shelf),
        ("disk", _disk),
    ]


def _python() -> Answer:
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return "ok", f"{platform.python_version()} on {platform.platform()}, {cores} cores", ""


def _drawing() -> Answer:
    from render.engine import open_renderer

    renderer = open_renderer(64, 64)
    try:
        info = renderer.info()
        return "ok", f"{info['backend']} by {info['device']}", ""
    finally:
        renderer.close()


def _tracking() -> Answer:
    import ctypes
    from importlib.metadata import version

    for library in ("libEGL.so.1", "libGLESv2.so.2") if sys.platform == "linux" else ():
        try:
            ctypes.CDLL(library)
        except OSError:
            return (
                "fault",
                f"the tracker needs {library}, which is not here",
                "Type: sudo apt-get install -y --no-install-recommends libegl1 libgles2",
            )
    return "ok", f"mediapipe {version('mediapipe')}", ""


def _models() -> Answer:
    from capture.models.store import resolve

    try:
        found = resolve("full")
    except MirrorstageError as fault:
        return "note", f"{fault.message} Shows from takes work without.", fault.hint
    kind = "official" if found.face_is_official else "rebuilt"
    return "ok", f"complete ({kind} face model) in {found.face.parent}", ""


def _encoder() -> Answer:
    import av

    av.CodecContext.create("libx264", "w")
    return "ok", f"H.264 by libx264 in PyAV {av.__version__}", ""


def _cameras() -> Answer:
    from capture.devices import list_cameras

    cameras = list_cameras()
    if not cameras:
        return (
            "note",
            "none found; shows use the built-in performer",
            "Plug one in, or use --source http://… with a phone.",
        )
    return "ok", ", ".join(c.name for c in cameras), ""


def _sound() -> Answer:
    from capture.devices import list_microphones

    try:
        import sounddevice

        version = sounddevice.get_portaudio_version()[1]
    except OSError:
        return (
            "note",
            "PortAudio is not here; shows are silent or take sound from files",
            "Type: sudo apt-get install -y libportaudio2",
        )
    microphones = list_microphones()
    names = ", ".join(m.name for m in microphones) or "no microphone found"
    return ("ok" if microphones else "note"), f"{names} ({version.split(',')[0]})", ""


def _fonts() -> Answer:
    from host.lettering.fonts import SCRIPTS, FontBook

    book = FontBook(12)
    missing = [name for name, letter in SCRIPTS.items() if book.missing(letter)]
    if missing:
        return (
            "note",
            f"none for {', '.join(missing)}: makers' names in a credit would be boxes",
            "On Debian and Ubuntu: sudo apt-get install -y fonts-wqy-microhei",
        )
    return "ok", f"{', '.join(SCRIPTS)} can be drawn", ""


def _page(port: int) -> Answer:
    import stream

    built = (Path(stream.__file__).parent / "web_dist" / "index.html").is_file()
    if not built:
        return "fault", "the browser client was not built", "Type: make setup"
    try:
        free = port_is_free(port)
    except OverflowError:
        return "fault", f"{port} is no port", "Give --port a number from 0 to 65535"
    if not free:
        return (
            "note",
            f"port {port} is taken by another program",
            f"Use another: mirrorstage live --output page:{port + 1}",
        )
    return "ok", f"built, port {port} is free", ""


def port_is_free(port: int, system: str = os.name) -> bool:
    """Whether the page could have `port`, asked as asyncio asks.

    On Windows SO_REUSEADDR would let two programs have one port.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if system == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _assets() -> Answer:
    import assets
    from avatar.read.load import load_avatar
    from scenes.stage import load_stage

    body = load_avatar(assets.locate("avatars", "mira"))
    place = load_stage(assets.locate("stages", "studio"))
    assets.locate("takes", "greeting")
    return "ok", f"{body.name} on {place.name}", ""


def _shelf() -> Answer:
    from host.wardrobe import shelf_of

    shelf = shelf_of()
    if shelf is None:
        return "note", "off: heavy avatars are decoded every time", ""
    entries = shelf.entries()
    size = sum(taken for _, taken, _ in entries) / 1e6
    clear = "Type: mirrorstage doctor --clear-cache" if entries else ""
    most = shelf.most_bytes / 1e6
    said = f"{len(entries)} decoded avatars, {size:.0f} of at most {most:.0f} MB in {shelf.folder}"
    return "ok", said, clear


def _disk() -> Answer:
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    state: Literal["ok", "note"] = "ok" if free_gb > DISK_WARN_GB else "note"
    hours = free_gb * 8e6 / 2800 / 3600
    return state, f"{free_gb:.0f} GB free here: about {hours:.0f} hours of recording", ""
