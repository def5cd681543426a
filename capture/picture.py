"""Pictures, and the one small protocol of everything that gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flow.spec import U8


@dataclass(frozen=True, slots=True)
class Picture:
    """One camera picture. Memory belongs to the receiver."""

    pixels: U8
    """(height, width, 3), BGR, unmirrored."""
    captured: int
    """Birth in nanoseconds."""


class PictureSource(Protocol):
    """Gives the newest picture. Used from one thread of the capture process."""

    def read(self, timeout_s: float) -> Picture | None:
        """The newest unread picture, or None when there is none within `timeout_s`.

        Raises:
            DeviceError: The camera is gone for good.
            AssetError: The file turned out to have no readable pictures.
        """
        ...

    @property
    def ended(self) -> bool:
        """Whether no picture will come any more."""
        ...

    @property
    def trouble(self) -> str:
        """What is wrong at the moment (a camera being reopened), or empty."""
        ...

    @property
    def skipped(self) -> int:
        """Pictures that nobody had time to read."""
        ...

    def close(self) -> None:
        """Give the device back; idempotent."""
        ...
