"""Every failure a user can meet, as one sentence with a stable code, a remedy and a retry rule.

Building a show raises these; running a show counts them and goes on. A message says *what* and
*where*, the hint says *what to do*. Codes never change meaning once released.
"""

from __future__ import annotations

from typing import ClassVar, Self


class MirrorstageError(Exception):
    """A fault with a stable `code`, a `hint` for the user and whether trying again can help.

    Args:
        message: What happened and where, one sentence.
        code: Stable machine-readable name such as ``asset.truncated``.
        hint: What the user can do about it; may be empty when nothing can be done.
        retryable: Whether the same call may succeed later.
    """

    exit_status: ClassVar[int] = 1
    default_code: ClassVar[str] = "error"

    def __init__(
        self, message: str, *, code: str = "", hint: str = "", retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        """Keep keyword arguments when the error crosses a process border."""
        return (_rebuild, (type(self), self.message, self.code, self.hint, self.retryable))

    def within(self, place: str) -> Self:
        """The same error with `place` (a file's name) in front of its sentence."""
        return type(self)(
            f"{place}: {self.message}", code=self.code, hint=self.hint, retryable=self.retryable
        )

    def as_dict(self) -> dict[str, object]:
        """The error as plain data for ``--json`` output and reports."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
        }


def _rebuild(
    kind: type[MirrorstageError], message: str, code: str, hint: str, retryable: bool
) -> MirrorstageError:
    return kind(message, code=code, hint=hint, retryable=retryable)


class ShowFileError(MirrorstageError):
    """A show file or command line that cannot be a show."""

    exit_status = 2
    default_code = "show.invalid"


class AssetError(MirrorstageError):
    """An avatar, stage, model, take or media file that is missing, damaged or hostile."""

    exit_status = 3
    default_code = "asset.invalid"


class LicenceError(AssetError):
    """An asset whose terms do not allow what the show wants to do with it."""

    exit_status = 4
    default_code = "asset.licence"


class DeviceError(MirrorstageError):
    """A camera, microphone or other device that is missing, busy or lost."""

    exit_status = 5
    default_code = "device.unavailable"


class EngineError(MirrorstageError):
    """The drawing engine, encoder or tracker cannot work on this machine."""

    exit_status = 6
    default_code = "engine.unavailable"


class OutputError(MirrorstageError):
    """Something that takes the show away (file, server, page) cannot."""

    exit_status = 7
    default_code = "output.failed"


class ConnectError(OutputError):
    """A server could not be reached."""

    default_code = "output.unreachable"


class RefusedError(OutputError):
    """A server answered and said no: never retried."""

    default_code = "output.refused"


class LostError(OutputError):
    """A connection that worked is gone."""

    default_code = "output.lost"
