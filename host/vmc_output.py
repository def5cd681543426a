"""Sends what the host does to other programs: the VMC protocol's sender ("Performer")."""

from __future__ import annotations

import socket
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from capture import osc
from capture.vmc_words import BONE_PORT, UNITY_BONES, VRM0_NAMES, mirrored
from flow.clock import NS_PER_S, Clock
from flow.errors import OutputError
from flow.motion import ARKIT_NAMES
from flow.pose import BONE_INDEX, BONE_PARENTS, HUMAN_BONES, AvatarPose, Driver, Figure
from flow.seams import Plugin, Status
from flow.spec import F32

_MOST_BYTES = 1300
"""Of a packet: what passes any network in one piece."""
_HIPS = BONE_INDEX["hips"]
_MOST_NAMES = 512
_CALIBRATED = 3
Face = Literal["presets", "arkit", "both"]


class VmcSettings(BaseModel):
    """Where to send, and in which words the face is said."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", min_length=1, description="who receives")
    port: int = Field(BONE_PORT, ge=1, le=65535, description="UDP; 39540 for helped programs")
    face: Face = Field(
        "presets",
        description="presets: Joy, A, Blink_L …, which every avatar has; arkit: the 52 ARKit "
        "shapes of avatars with perfect sync; both",
    )


class VmcOutput:
    """A `flow.seams.PoseOutput`: every picture's pose, some bundles of OSC over UDP."""

    def __init__(self, settings: VmcSettings, clock: Clock) -> None:
        self.settings = settings
        self.sent = self.dropped = self.bytes = 0
        self._clock = clock
        self._state: Literal["starting", "running", "stopped"] = "starting"
        self._socket: socket.socket | None = None
        self._target: Any = None
        self._origin = 0
        self._writer: VmcWriter | None = None
        self._fault = ""

    def start(self, figure: Figure) -> None:
        """Find the receiver's address; UDP does not tell whether anybody is there.

        Raises:
            OutputError: ``output.host``: there is no such host.
        """
        host, port = self.settings.host, self.settings.port
        try:
            family, kind, _, _, self._target = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )[0]
            self._socket = socket.socket(family, kind)
        except (OSError, UnicodeError) as fault:
            raise OutputError(
                f"vmc: '{host}' is no host that can be found ({fault}).",
                code="output.host",
                hint="Write vmc:HOST:PORT, such as vmc:127.0.0.1:39539.",
            ) from fault
        self._socket.setblocking(False)
        self._writer = VmcWriter(figure, self.settings.face)
        self._origin = self._clock.now()
        self._state = "running"

    def show(self, pose: AvatarPose, due: int) -> None:
        """Send it; what the system does not take at once is dropped."""
        if self._socket is None or self._writer is None:
            return
        for packet in self._writer.packets(pose, (due - self._origin) / NS_PER_S):
            try:
                self._socket.sendto(packet, self._target)
            except OSError as fault:
                self.dropped += 1
                self._fault = f" {self.dropped} packets were not taken ({fault.strerror})."
            else:
                self.sent += 1
                self.bytes += len(packet)

    def status(self) -> Status:
        """Sending, to whom, how much."""
        place = f"{self.settings.host}:{self.settings.port}"
        said = {
            "starting": "Waiting for the show to begin.",
            "running": f"Sends poses to UDP {place}.{self._fault}",
            "stopped": f"Sent poses to UDP {place}.{self._fault}",
        }[self._state]
        numbers = {"sent": self.sent, "dropped": self.dropped, "bytes": self.bytes}
        return Status(self._state, said, numbers={k: float(v) for k, v in numbers.items()})

    def stop(self, timeout_s: float = 3.0) -> None:  # noqa: ARG002
        """End; idempotent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._state = "stopped"


class VmcWriter:
    """Poses of one body to packets. Bones are those of the normalised humanoid (VRM 0.x's own)."""

    def __init__(self, figure: Figure, face: Face) -> None:
        self._face: Face = face
        self._height = figure.hip_height_m
        self._rows = np.array([i for i, b in enumerate(HUMAN_BONES) if b in figure.bones], np.intp)
        self._at_rest = np.zeros((len(HUMAN_BONES), 3), np.float32)
        for row in self._rows.tolist():
            self._at_rest[row] = figure.places[row] - _above(figure, HUMAN_BONES[row])
        heads = [
            osc.message("/VMC/Ext/Bone/Pos", "sfffffff", [UNITY_BONES[i], *[0.0] * 7])
            for i in self._rows.tolist()
        ]
        self._heads = [osc.sized(head)[: -7 * 4] for head in heads]
        self._names: dict[str, bytes] = {}
        root = osc.message("/VMC/Ext/Root/Pos", "sfffffff", ["root", *[0.0] * 6, 1.0])
        self._root = osc.sized(root)
        self._apply = osc.sized(osc.message("/VMC/Ext/Blend/Apply", "", []))

    def packets(self, pose: AvatarPose, seconds: float) -> list[bytes]:
        """The packets of one picture, in the order to be sent."""
        alive = any(driver is not Driver.IDLE for driver in pose.driver.values())
        ok = osc.message("/VMC/Ext/OK", "iiii", [1, _CALIBRATED, 0, int(alive)])
        elements = [osc.sized(ok), osc.sized(osc.message("/VMC/Ext/T", "f", [seconds])), self._root]
        elements += self._bones(pose)
        elements += self._values(pose)
        elements.append(self._apply)
        return osc.bundles(elements, _MOST_BYTES)

    def _bones(self, pose: AvatarPose) -> list[bytes]:
        places = self._at_rest.copy()
        places[_HIPS] += pose.hips * np.float32(self._height)
        places[:, 0] *= -1.0
        values = np.concatenate([places, mirrored(pose.rotations)], axis=1)[self._rows]
        body = values.astype(">f4")
        return [head + row.tobytes() for head, row in zip(self._heads, body, strict=True)]

    def _values(self, pose: AvatarPose) -> list[bytes]:
        # Every name that was ever said is said again: a face that was let go is 0, not silent.
        said = said_face(pose, self._face)
        for name in said:
            if name not in self._names and len(self._names) < _MOST_NAMES:
                head = osc.sized(osc.message("/VMC/Ext/Blend/Val", "sf", [name, 0.0]))
                self._names[name] = head[:-4]
        # As one block: single numbers taken out of an array lose its byte order.
        data = np.array([said.get(name, 0.0) for name in self._names], ">f4").tobytes()
        heads = enumerate(self._names.values())
        return [head + data[4 * i : 4 * i + 4] for i, head in heads]


def said_face(pose: AvatarPose, face: Face) -> dict[str, float]:
    """The face in VMC's words: VRM 0.x's names for presets, ARKit's for the 52, authors' own.

    What both lids do is a blink, what one does more its own: avatars have the one or the others.
    """
    arkit = dict.fromkeys(ARKIT_NAMES, 0.0)
    presets = dict.fromkeys(VRM0_NAMES, 0.0)
    own: dict[str, float] = {}
    for faces in (pose.expressions, pose.chosen):
        for name, value in faces.items():
            words = arkit if name in arkit else presets if name in presets else own
            words[name] = min(words.get(name, 0.0) + max(value, 0.0), 1.0)
    both = min(presets["blinkLeft"], presets["blinkRight"])
    presets["blinkLeft"] -= both
    presets["blinkRight"] -= both
    presets["blink"] = min(presets["blink"] + both, 1.0)
    out = {VRM0_NAMES[name]: value for name, value in presets.items()} if face != "arkit" else {}
    return out | (arkit if face != "presets" else {}) | own


def _above(figure: Figure, bone: str) -> F32:
    """Where the bone that `bone` hangs on stands; the ground for the first."""
    parent = BONE_PARENTS[bone]
    while parent is not None and parent not in figure.bones:
        parent = BONE_PARENTS[parent]
    return np.zeros(3, np.float32) if parent is None else figure.places[BONE_INDEX[parent]]


def _make(settings: VmcSettings, *, clock: Clock, **_: Any) -> VmcOutput:
    return VmcOutput(settings, clock)


PLUGIN = Plugin("output", "vmc", "Sends the host's poses to other programs.", VmcSettings, _make)
