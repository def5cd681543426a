"""``--output KIND[:TARGET]`` as a kind and its settings."""

from __future__ import annotations

from typing import Any

from flow.errors import ShowFileError
from stream.rtmp.address import parse_address

_HINT = "Write record:show.mp4, rtmp://host/app/key, page, page:8080, vmc:HOST:PORT or null."


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """What an output's short form means. Pure; nothing is opened.

    ``record:show.mp4``, ``rtmp://…``, ``rtmps://…``, ``null``, ``page``, ``page:8080`` and
    ``page:0.0.0.0:8080``, ``vmc``, ``vmc:HOST:PORT``.

    Raises:
        ShowFileError: ``show.output`` when it is none of these. The text is not repeated where it
            may hold a stream key.
    """
    text = text.strip()
    kind, colon, target = text.partition(":")
    if kind in ("rtmp", "rtmps"):
        parse_address(text)
        return "rtmp", {"url": text}
    if kind == "record":
        return "record", {"path": _path(target)}
    if kind == "page":
        return "page", _place("page", target) if colon else {}
    if kind == "vmc":
        return "vmc", _place("receiver", target) if colon else {}
    if kind == "null" and not colon:
        return "null", {}
    raise _wrong(f"There is no output of the kind {kind[:20]!r}.")


def _path(target: str) -> str:
    if not target or target.endswith("/"):
        raise _wrong("The output record names no file.")
    if not target.lower().endswith((".mp4", ".mkv")):
        raise _wrong(f"The recording {target!r} is neither .mp4 nor .mkv.")
    return target


def _place(what: str, target: str) -> dict[str, Any]:
    host, _, port = target.rpartition(":")
    if not port.isascii() or not port.isdecimal() or not 0 <= int(port) < 1 << 16:
        raise _wrong(f"The {what}'s port {port[:20]!r} is not a number from 0 to 65535.")
    return {"host": host, "port": int(port)} if host else {"port": int(port)}


def _wrong(sentence: str) -> ShowFileError:
    return ShowFileError(sentence, code="show.output", hint=_HINT)
