"""What crosses the capture pipe: motion frames, short reports and errors. Never a picture.

Every message begins with four bytes: ``MSMF`` (a `flow.wire` frame), ``MSST`` (a report) or
``MSER`` (an error), the latter two followed by JSON. No message may be longer than `LIMIT`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import flow.errors
from flow import wire
from flow.errors import AssetError, MirrorstageError
from flow.motion import MotionFrame

REPORT, FAILURE = b"MSST", b"MSER"
LIMIT = 16_384
_MAX_TEXT = 2_000

STOP = b"stop"
"""The only message in the other direction."""


@dataclass(frozen=True, slots=True)
class Report:
    """How the capture process is doing. `state` is one of `flow.seams.Status`'s."""

    state: str
    sentence: str = ""
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the capture process ends."""

    error: MirrorstageError


def pack_report(report: Report) -> bytes:
    """A report as bytes."""
    return REPORT + json.dumps(asdict(report)).encode()


def pack_failure(error: MirrorstageError) -> bytes:
    """An error as bytes."""
    data = error.as_dict() | {"kind": type(error).__name__}
    data["message"] = error.message[:_MAX_TEXT]
    return FAILURE + json.dumps(data).encode()


def unpack(data: bytes) -> MotionFrame | Report | Failure:
    """The message in `data`.

    Raises:
        AssetError: ``motion.damaged`` for anything else.
    """
    if data[:4] == REPORT:
        return _report(_json(data))
    if data[:4] == FAILURE:
        return Failure(_error(_json(data)))
    return wire.unpack(data)


def _json(data: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(data[4:]))
    except (ValueError, TypeError) as error:
        raise _damaged() from error


def _report(data: dict[str, Any]) -> Report:
    try:
        return Report(**data)
    except TypeError as error:
        raise _damaged() from error


def _damaged() -> AssetError:
    return AssetError("A report of the capture process is damaged.", code="motion.damaged")


def _error(data: dict[str, Any]) -> MirrorstageError:
    kind = getattr(flow.errors, str(data.get("kind")), MirrorstageError)
    if not (isinstance(kind, type) and issubclass(kind, MirrorstageError)):
        kind = MirrorstageError
    return kind(
        str(data.get("message", "")),
        code=str(data.get("code", "")),
        hint=str(data.get("hint", "")),
        retryable=bool(data.get("retryable")),
    )
