"""``mirrorstage``: the command line.

Only argparse is imported before a command is chosen, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TypeAlias

from flow.errors import MirrorstageError
from host import border

SUMMARY = "A webcam drives a 3D host on a virtual stage, live to rooms, pages and files."
LONGEST_S = 3.2e8
"""Ten years: more is a slip of the finger."""
EPILOG = """\
go live at once:        mirrorstage live
with your own avatar:   mirrorstage live --avatar me.vrm
to a room and a file:   mirrorstage live --output rtmp://server/app/key --output record:show.mp4
a show as a file:       mirrorstage new tonight.toml && mirrorstage live tonight.toml
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; every fault ends as one sentence and an exit status."""
    border.hold_streams()
    as_json = False
    try:
        arguments = parser().parse_args(argv)
        as_json = getattr(arguments, "json", False)
        command = import_module(f"host.commands.{arguments.command}")
        status = int(command.run(arguments))
        sys.stdout.flush()
    except MirrorstageError as fault:
        return border.tell(fault, as_json=as_json)
    except KeyboardInterrupt:
        with suppress(OSError):
            sys.stderr.write("\nStopped.\n")
        return 130
    except border.PrintError as fault:
        border.drop_output()
        if fault.errno == errno.EPIPE:
            return 0  # the reader of our output (head, less) has gone and wants no more
        return border.tell(border.refused(fault), as_json=False)
    except Exception as fault:  # noqa: BLE001 - the command's border
        return border.tell(border.unexpected(fault), as_json=as_json)
    finally:
        border.let_go()
    return status


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="mirrorstage",
        description=SUMMARY,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"mirrorstage {_version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _live(commands)
    _new(commands)
    _check(commands)
    _devices(commands)
    _doctor(commands)
    _inspect(commands)
    _rig(commands)
    _models(commands)
    _take(commands)
    _solve(commands)
    _blinks(commands)
    _bench(commands)
    _describe(commands)
    return top


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mirrorstage")
    except PackageNotFoundError:
        return "unknown"


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(commands: Commands, name: str, summary: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + "."
    )


def _json(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print for machines")


def seconds(text: str) -> float:
    """A finite time, not negative."""
    value = float(text)
    if not 0 <= value <= LONGEST_S:
        raise ValueError(text)
    return value


def hip_height(text: str) -> float:
    """Metres, 0.01 to 100."""
    value = float(text)
    if not 0.01 <= value <= 100:  # noqa: PLR2004
        raise ValueError(text)
    return value


def frame_rate(text: str) -> float:
    """Frames a second, 1 to 240."""
    value = float(text)
    if not 1 <= value <= 240:  # noqa: PLR2004
        raise ValueError(text)
    return value


def count(text: str) -> int:
    """From 1 to 64."""
    value = int(text)
    if not 1 <= value <= 64:  # noqa: PLR2004
        raise ValueError(text)
    return value


def jobs(text: str) -> int:
    """From 0 to 64."""
    value = int(text)
    if not 0 <= value <= 64:  # noqa: PLR2004
        raise ValueError(text)
    return value


def size(text: str) -> str:
    """WIDTHxHEIGHT, each from 64 to 2048 pixels."""
    width, _, height = text.partition("x")
    if not all(64 <= int(side) <= 2048 for side in (width, height)):  # noqa: PLR2004
        raise ValueError(text)
    return text


def _show_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "show", nargs="?", metavar="SHOW.toml", help="a show file; without one, defaults"
    )
    sub.add_argument(
        "--source",
        metavar="SOURCE",
        help="webcam[:N], file:PATH, images:PATTERN, rtsp://…, take:PATH|NAME, synthetic or "
        "vmc[:PORT]; default: the first webcam, else the built-in performer",
    )
    sub.add_argument("--avatar", metavar="PATH|NAME", help="a VRM or GLB, or a built-in host")
    sub.add_argument(
        "--purpose",
        choices=("personal", "personal-profit", "corporate"),
        help="what the show is for, to be held against the avatar's licence; default: personal",
    )
    sub.add_argument("--stage", metavar="PATH|NAME", help="a GLB, or a built-in stage")
    sub.add_argument(
        "--sound", metavar="SOUND", help="auto, microphone[:NAME], file:PATH or silence"
    )
    sub.add_argument(
        "--output",
        metavar="KIND[:TARGET]",
        action="append",
        help="page[:PORT], record:FILE.mp4|.mkv, rtmp(s)://…, vmc:HOST:PORT or null; repeatable; "
        "default: page",
    )
    sub.add_argument("--size", metavar="WxH", help="picture size, default 1280x720")
    sub.add_argument("--fps", type=int, metavar="N", help="pictures per second, default 30")
    sub.add_argument("--shot", metavar="NAME", help="first camera shot: wide, medium or close")
    sub.add_argument(
        "--animation",
        metavar="PATH|NAME",
        action="append",
        help="a .vrma, .bvh or humanoid .glb, looped under what the camera sees; repeatable",
    )
    sub.add_argument("--duration", type=float, metavar="SECONDS", help="end by itself after this")
    sub.add_argument(
        "--backend", choices=("auto", "gl", "software"), help="how the picture is drawn"
    )
    sub.add_argument("--profile", choices=("face", "upper", "full"), help="what is tracked")
    sub.add_argument(
        "--mirror", action=argparse.BooleanOptionalAction, help="move like a mirror image"
    )
    sub.add_argument(
        "--set",
        metavar="SECTION.KEY=VALUE",
        action="append",
        default=[],
        dest="overrides",
        help="any other setting of the show file; repeatable",
    )


def _live(commands: Commands) -> None:
    sub = _add(commands, "live", "go live")
    _show_options(sub)
    sub.add_argument("--report", metavar="FILE.json", help="write the end-of-show report here")
    sub.add_argument("--window", action="store_true", help="show the picture in a window too")
    sub.add_argument("--quiet", action="store_true", help="say nothing but faults")
    sub.add_argument(
        "--open", action="store_true", dest="open_page", help="open the page in a browser"
    )
    _json(sub)


def _new(commands: Commands) -> None:
    sub = _add(commands, "new", "write a commented show file to start from")
    sub.add_argument("file", metavar="SHOW.toml")
    sub.add_argument(
        "--template", choices=("streamer", "museum", "brand"), default="streamer", help="what for"
    )


def _check(commands: Commands) -> None:
    sub = _add(commands, "check", "check a show without going live")
    _show_options(sub)
    _json(sub)


def _devices(commands: Commands) -> None:
    _json(_add(commands, "devices", "list cameras and microphones"))


def _doctor(commands: Commands) -> None:
    sub = _add(commands, "doctor", "check this machine and say how to mend what is missing")
    sub.add_argument("--port", type=int, default=8080, help="port of the page, default 8080")
    sub.add_argument("--clear-cache", action="store_true", help="throw decoded avatars away")
    _json(sub)


def _inspect(commands: Commands) -> None:
    sub = _add(commands, "inspect", "say what is inside avatars or a take, and what they cost")
    sub.add_argument(
        "files", nargs="+", metavar="MODEL.vrm|.glb|FILE.take", help="files or built-in names"
    )
    sub.add_argument("--picture", metavar="OUT.png", help="draw the avatar: front, side and face")
    sub.add_argument(
        "--backdrop", choices=("plain", "clear"), default="plain", help="clear: a see-through PNG"
    )
    sub.add_argument("--measure", action="store_true", help="draw it and say what that costs here")
    sub.add_argument("--backend", choices=("auto", "gl", "software"), default="auto")
    _json(sub)


def _rig(commands: Commands) -> None:
    sub = _add(commands, "rig", "play a scripted motion and write down where every bone went")
    sub.add_argument("model", metavar="MODEL.vrm|.glb", help="a file or a built-in name")
    sub.add_argument("scenario", metavar="SCENARIO.json", help="steps of pose, face, gaze, place")
    sub.add_argument("-o", "--out", metavar="OUT.json", help="where to write; default: print it")
    sub.add_argument(
        "--compare", metavar="THEIRS.json", help="print where another runtime's result differs"
    )
    _json(sub)


def _models(commands: Commands) -> None:
    sub = _add(commands, "models", "show, verify and fetch the tracker's model files")
    sub.add_argument("action", nargs="?", choices=("show", "verify", "fetch"), default="show")
    sub.add_argument("--folder", metavar="DIR", help="where they lie; default: a per-user cache")
    _json(sub)


def _take(commands: Commands) -> None:
    sub = _add(commands, "take", "record a performance, replay it bit for bit, export it")
    actions = sub.add_subparsers(dest="action", required=True, metavar="ACTION")
    _take_record(_add(actions, "record", "record a performance"))
    _take_export(_add(actions, "export", "make a VRM animation or a BVH of a take or a motion"))
    _take_review(_add(actions, "review", "show source, landmarks and avatar side by side"))


def _take_record(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--source", default="webcam", metavar="SOURCE", help="as in 'live'; a take is copied"
    )
    sub.add_argument("-o", "--out", required=True, metavar="FILE.take")
    sub.add_argument(
        "--duration", type=seconds, default=0.0, metavar="SECONDS", help="0: to the end"
    )
    sub.add_argument("--profile", choices=("face", "upper", "full"), default="full")
    sub.add_argument(
        "--landmarks", action="store_true", help="also keep the 478 points of the face"
    )
    sub.add_argument(
        "--jobs", type=jobs, default=0, metavar="N", help="processes for a file; 0: as many as help"
    )
    sub.add_argument("--force", action="store_true", help="replace an existing file")
    _json(sub)


def _take_export(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("take", metavar="TAKE", help="a take, a built-in one's name, a .vrma or .bvh")
    sub.add_argument("-o", "--out", required=True, metavar="OUT.vrma|OUT.bvh")
    sub.add_argument(
        "--avatar", metavar="PATH|NAME", help="whose proportions; default: a standard body"
    )
    sub.add_argument("--fps", type=frame_rate, default=30.0, help="default 30")
    sub.add_argument("--mirror", action="store_true", help="left and right exchanged")
    sub.add_argument(
        "--face",
        choices=("all", "presets", "arkit"),
        default="all",
        help="expressions in a .vrma; programs that show ARKit's and VRM's at once want one kind",
    )
    sub.add_argument("--force", action="store_true", help="replace an existing file")
    _json(sub)


def _solve(commands: Commands) -> None:
    sub = _add(commands, "solve", "turn landmarks on standard input into poses")
    sub.add_argument(
        "--legs",
        choices=("auto", "on", "off"),
        default="on",
        help="auto: only legs that stand, on: all that are seen (default), off: none",
    )
    sub.add_argument(
        "--hip-height",
        type=hip_height,
        default=0.85,
        metavar="METRES",
        help="how high the hips of the body stand, for 'hipsPos'; default 0.85",
    )
    sub.add_argument("--mirror", action="store_true", help="move like a mirror image")
    sub.add_argument("--strict", action="store_true", help="end at the first line that is wrong")


def _blinks(commands: Commands) -> None:
    sub = _add(commands, "blinks", "write how closed the eyes are in every picture of a video")
    sub.add_argument("video", metavar="VIDEO")
    sub.add_argument("-o", "--out", required=True, metavar="OUT.json")
    _json(sub)


def _take_review(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "source", metavar="CLIP|TAKE", help="a video, a folder of pictures, a take or its name"
    )
    sub.add_argument("-o", "--out", metavar="OUT.mp4", help="a video at the clip's own times")
    sub.add_argument("--sheet", metavar="OUT.png", help="stills of some moments")
    sub.add_argument("--moments", type=count, default=6, metavar="N", help="stills, default 6")
    sub.add_argument("--avatar", metavar="PATH|NAME", default="mira")
    sub.add_argument("--shot", choices=("wide", "medium", "close"), default="medium")
    sub.add_argument("--size", type=size, metavar="WxH", help="of one panel; default: by the clip")
    sub.add_argument("--profile", choices=("face", "upper", "full"), default="full")
    sub.add_argument("--mirror", action="store_true", help="left and right exchanged")
    sub.add_argument("--backend", choices=("auto", "gl", "software"), default="auto")
    sub.add_argument("--force", action="store_true", help="replace existing files")
    _json(sub)


def _bench(commands: Commands) -> None:
    sub = _add(commands, "bench", "measure every stage on this machine")
    sub.add_argument("part", nargs="?", default="all", metavar="PART", help="one part; default all")
    sub.add_argument("--source", metavar="file:PATH", help="a real video for capture and the show")
    sub.add_argument(
        "--seconds", type=seconds, default=20.0, help="length of each show, default 20"
    )
    sub.add_argument("--avatar", metavar="PATH|NAME", default="mira")
    sub.add_argument("--backend", choices=("auto", "gl", "software"), default="auto")
    _json(sub)


def _describe(commands: Commands) -> None:
    sub = _add(commands, "describe", "list every setting and plug-in")
    sub.add_argument("name", nargs="?", metavar="NAME", help="one section or plug-in")
    _json(sub)


if __name__ == "__main__":
    sys.exit(main())
