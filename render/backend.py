"""What a back end can do."""

from __future__ import annotations

from typing import Protocol

from flow.mesh import RGB, Model
from flow.stage import StageFrame
from render.layers import Layers
from render.quality import Quality


class Backend(Protocol):
    """Draws models. All calls from the thread that made it."""

    name: str
    device: str

    def apply(self, quality: Quality, width: int, height: int) -> None:
        """Take a quality and a picture size."""
        ...

    def set_stage(self, model: Model | None, background: RGB) -> None:
        """Replace the stage."""
        ...

    def add_avatar(self, name: str, model: Model) -> None:
        """Bring an avatar in."""
        ...

    def remove_avatar(self, name: str) -> None:
        """Take an avatar out."""
        ...

    def draw(self, frame: StageFrame, *, transparent: bool = False, still: bool = False) -> Layers:
        """Draw; the result's memory lasts until the next call. `still`: time does not matter."""
        ...

    @property
    def triangles(self) -> int:
        """Triangles of stage and avatars."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...
