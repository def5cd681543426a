"""The four seams, after libobs: Source, Encoder, Output, Service; and the value a plug-in is.

A plug-in author imports this package only. `settings` is a pydantic model class (typed `Any`
here because the vocabulary depends on nothing): it drives validation, ``mirrorstage describe``
and the panel's forms. `make(settings, **services)` gets at least ``clock``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from flow.media import AudioBlock, Packet, TrackInfo, VideoFrame
from flow.motion import MotionFrame
from flow.pose import AvatarPose, Figure

Kind = Literal["motion", "pose", "sound", "encoder", "output", "service"]


@dataclass(frozen=True, slots=True)
class Status:
    """What a running piece says of itself: one word, one sentence, some numbers."""

    state: Literal["starting", "running", "waiting", "reconnecting", "failed", "stopped"]
    sentence: str = ""
    code: str = ""
    numbers: dict[str, float] | None = None


@runtime_checkable
class MotionSource(Protocol):
    """Makes motion. All calls come from the show's main thread and never block."""

    def start(self) -> None:
        """Begin; raises DeviceError or AssetError when it can be known at once."""
        ...

    def poll(self) -> MotionFrame | None:
        """The newest unread frame, or None."""
        ...

    def status(self) -> Status:
        """How it is doing."""
        ...

    def stop(self) -> None:
        """End; idempotent."""
        ...


@runtime_checkable
class PoseSource(Protocol):
    """Makes poses: another program that has solved a body already. Called as a `MotionSource`."""

    def start(self) -> None:
        """Begin; raises DeviceError when it can be known at once."""
        ...

    def poll(self) -> AvatarPose | None:
        """The newest unread pose, or None; its `driver` names the parts that it has."""
        ...

    def status(self) -> Status:
        """How it is doing; ``numbers`` has packets and damaged where there are packets."""
        ...

    def stop(self) -> None:
        """End; idempotent."""
        ...


@runtime_checkable
class SoundSource(Protocol):
    """Makes sound. `read` never blocks."""

    def start(self) -> None:
        """Begin."""
        ...

    def read(self) -> Sequence[AudioBlock]:
        """Every block since the last call, oldest first; stamps are contiguous."""
        ...

    def status(self) -> Status:
        """How it is doing."""
        ...

    def stop(self) -> None:
        """End; idempotent."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """Turns pictures or sound into packets, in its own thread's time."""

    def encode(self, item: VideoFrame | AudioBlock) -> Sequence[Packet]:
        """Packets that are ready after this item, in order."""
        ...

    def flush(self) -> Sequence[Packet]:
        """What is still inside."""
        ...


@runtime_checkable
class PacketOutput(Protocol):
    """Takes the show away. Called from the hub only; never blocks, never raises after `start`."""

    def start(self, tracks: Sequence[TrackInfo]) -> None:
        """Begin with these tracks; raises OutputError when it can be known at once."""
        ...

    def push(self, packet: Packet) -> None:
        """Take a packet or drop it (counted)."""
        ...

    def status(self) -> Status:
        """How it is doing; ``numbers`` has sent, dropped, reconnects, bytes."""
        ...

    def stop(self, timeout_s: float = 3.0) -> None:
        """Write what is buffered and end; idempotent."""
        ...


@runtime_checkable
class PoseOutput(Protocol):
    """Takes poses away, one a picture. Called from the main thread; never blocks.

    `show` never raises.
    """

    def start(self, figure: Figure) -> None:
        """Begin, with the body that wears the poses; raises OutputError when it cannot work."""
        ...

    def show(self, pose: AvatarPose, due: int) -> None:
        """Take the pose of the picture that is due at `due` (ns), or drop it (counted).

        Its rotations are those of the bones that the figure has, eyes as the gaze turned them.
        """
        ...

    def status(self) -> Status:
        """How it is doing; ``numbers`` has sent, dropped, bytes."""
        ...

    def stop(self, timeout_s: float = 3.0) -> None:
        """End; idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """A known live room: addresses and limits, no I/O."""

    name: str
    servers: tuple[str, ...]
    max_video_kbps: int
    keyframe_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Plugin:
    """A registered piece: what it is, how it is set up, how it is made."""

    kind: Kind
    name: str
    summary: str
    settings: Any
    make: Callable[..., Any]
