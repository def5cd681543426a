"""Other programs that send solved bodies, as plug-ins."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from capture.vmc_body import Eyes
from capture.vmc_words import BONE_PORT
from flow.clock import Clock
from flow.motion import MotionFrame
from flow.seams import Plugin, PoseSource, Status

_HOST = Field(
    "127.0.0.1",
    min_length=1,
    description="address to listen at: this machine only; 0.0.0.0 lets others send",
)


class _Settings(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class VmcSettings(_Settings):
    """A program that sends by the VMC protocol."""

    port: int = Field(BONE_PORT, ge=0, le=65535, description="UDP port to listen at")
    host: str = _HOST
    hip_height_m: float = Field(
        0.0, ge=0, le=20, description="how high the sender's hips stand; 0: found from its legs"
    )
    eyes: Eyes = Field(
        "bones", description="bones: turned as there; gaze: look where they look, by any means"
    )
    root: bool = Field(True, description="whether the place of the sender's whole body counts")


def _vmc(settings: VmcSettings, *, clock: Clock, **_: Any) -> PoseSource:
    from capture.vmc import VmcReceiver

    return VmcReceiver(
        clock,
        port=settings.port,
        host=settings.host,
        hip_height_m=settings.hip_height_m,
        eyes=settings.eyes,
        root=settings.root,
    )


VMC = Plugin("pose", "vmc", "Bodies and faces by the VMC protocol", VmcSettings, _vmc)


class PosesOnly:
    """A `flow.seams.MotionSource` for shows that nobody films: somebody else sends poses."""

    def __init__(self, poses: PoseSource) -> None:
        self.poses = poses

    def start(self) -> None:
        """Begin; errors as the source of the poses."""
        self.poses.start()

    def poll(self) -> MotionFrame | None:
        """Nothing is ever seen."""
        return None

    def status(self) -> Status:
        """That of the source of the poses."""
        return self.poses.status()

    def stop(self) -> None:
        """End; idempotent."""
        self.poses.stop()
