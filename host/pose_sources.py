"""Other programs that send bodies and faces, as plug-ins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from avatar.rig.avatar import Avatar
from capture.ifacialmocap import FACEMOTION_HELLO, HELLO
from capture.vmc_body import Eyes, RestPose
from capture.vmc_words import BONE_PORT
from flow.clock import Clock
from flow.motion import MotionFrame
from flow.pose import identity_rotations
from flow.seams import MotionSource, Plugin, PoseSource, Status

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
    model: str = Field(
        "",
        description="the sender's VRM 1.0 file, where its raw rotations are sent; unset: rotations "
        "are normalised, as VRM 0.x's are",
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
        rest=_rest_of(settings.model) if settings.model else None,
    )


def _rest_of(model: str) -> RestPose:
    """The rest pose of a sender's model; VRM 0.x's is that of the normalised humanoid."""
    import assets
    from avatar.read.load import load_avatar

    return rest_pose(load_avatar(assets.locate("avatars", model), max_texture_px=16))


def rest_pose(body: Avatar) -> RestPose:
    """What raw rotations of an avatar's own bones start from."""
    from avatar.rig.humanoid import hip_height
    from avatar.rig.skeleton import Skeleton

    skeleton, hips = Skeleton(body.model), body.humanoid.node("hips")
    above, own = identity_rotations(), identity_rotations()
    for i, node in enumerate(body.humanoid.nodes.tolist()):
        if node >= 0 and body.version == "vrm1":
            above[i] = skeleton.rest_world_rotation[skeleton.parents[node]]
            own[i] = skeleton.rest_rotation[node]
    hips_on = np.eye(4, dtype=np.float32)
    if body.version == "vrm1":
        hips_on = skeleton.rest_world[skeleton.parents[hips]].astype(np.float32)
    place = skeleton.rest_world[hips, :3, 3].astype(np.float32)
    place[1] = hip_height(body.humanoid, skeleton)
    return RestPose(above, own, hips_on, place)


VMC = Plugin("pose", "vmc", "Bodies and faces by the VMC protocol", VmcSettings, _vmc)


class PhoneSettings(_Settings):
    """A phone that sends its face."""

    phone: str = Field(
        "",
        description="the phone's address: it is asked to send, and nobody else may; unset: it "
        "sends by itself",
    )
    host: str = Field(
        "",
        description="address to listen at; unset: this machine only, or every network when `phone` "
        "is set",
    )
    centre: bool = Field(True, description="the resting head of the first second is straight ahead")


class IFacialMocapSettings(PhoneSettings):
    """iFacialMocap on a phone, either dialect."""

    port: int = Field(49983, ge=0, le=65535, description="UDP port, here and on the phone")


class FacemotionSettings(PhoneSettings):
    """Facemotion3D on a phone."""

    port: int = Field(49993, ge=0, le=65535, description="UDP port, here and on the phone")


class LiveLinkSettings(_Settings):
    """Live Link Face on a phone, or a program that sends as it does."""

    port: int = Field(11111, ge=0, le=65535, description="UDP port to listen at")
    host: str = _HOST
    centre: bool = Field(True, description="the resting head of the first second is straight ahead")


def _phone(what: str, hello: bytes) -> Callable[..., PoseSource]:
    def make(
        settings: IFacialMocapSettings | FacemotionSettings, *, clock: Clock, **_: Any
    ) -> PoseSource:
        from capture.face_receiver import FaceReceiver
        from capture.ifacialmocap import parse
        from capture.inbox import LOOPBACK, Inbox

        host = settings.host or ("0.0.0.0" if settings.phone else LOOPBACK)
        ask = (hello, (settings.phone, settings.port)) if settings.phone else None
        inbox = Inbox(what, host, settings.port, clock, only=settings.phone)
        return FaceReceiver(inbox, parse, clock, centre=settings.centre, ask=ask)

    return make


def _live_link(settings: LiveLinkSettings, *, clock: Clock, **_: Any) -> PoseSource:
    from capture.face_receiver import FaceReceiver
    from capture.inbox import Inbox
    from capture.livelink import parse

    inbox = Inbox("Live Link Face", settings.host, settings.port, clock)
    return FaceReceiver(inbox, parse, clock, centre=settings.centre)


IFACIALMOCAP = Plugin(
    "pose",
    "ifacialmocap",
    "Faces by iFacialMocap",
    IFacialMocapSettings,
    _phone("iFacialMocap", HELLO),
)
FACEMOTION = Plugin(
    "pose",
    "facemotion3d",
    "Faces by Facemotion3D",
    FacemotionSettings,
    _phone("Facemotion3D", FACEMOTION_HELLO),
)
LIVELINK = Plugin("pose", "livelink", "Faces by Live Link Face", LiveLinkSettings, _live_link)


class OpenSeeFaceSettings(_Settings):
    """OpenSeeFace's facetracker, or a program that sends as it does."""

    port: int = Field(11573, ge=0, le=65535, description="UDP port to listen at")
    host: str = _HOST
    face: int = Field(0, ge=0, le=100, description="which of its faces, from 0")


def _open_see_face(settings: OpenSeeFaceSettings, *, clock: Clock, **_: Any) -> MotionSource:
    from capture.openseeface import OpenSeeFaceSource

    return OpenSeeFaceSource(clock, port=settings.port, host=settings.host, face=settings.face)


OPENSEEFACE = Plugin(
    "motion", "openseeface", "Faces by OpenSeeFace", OpenSeeFaceSettings, _open_see_face
)


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
