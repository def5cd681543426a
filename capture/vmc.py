"""The VMC protocol's receiver: bodies and faces that another program sends over OSC and UDP."""

from __future__ import annotations

from capture.inbox import LOOPBACK, Address, Inbox
from capture.osc import OscError, decode
from capture.vmc_body import Eyes, RestPose, VmcBody
from capture.vmc_words import BONE_PORT
from flow.clock import Clock
from flow.pose import AvatarPose
from flow.seams import Status


class VmcReceiver:
    """A `flow.seams.PoseSource`: a "Marionette" in the words of the protocol.

    Args:
        clock: The show's.
        port: UDP port to listen at.
        host: Address to listen at; 0.0.0.0 lets other machines send.
        hip_height_m: As `capture.vmc_body.VmcBody`.
        eyes: As there.
        root: As there.
        rest: As there.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        port: int = BONE_PORT,
        host: str = LOOPBACK,
        hip_height_m: float = 0.0,
        eyes: Eyes = "bones",
        root: bool = True,
        rest: RestPose | None = None,
    ) -> None:
        self.inbox = Inbox("VMC", host, port, clock)
        self.body = VmcBody(hip_height_m=hip_height_m, eyes=eyes, root=root, rest=rest)
        self._clock = clock
        self._sender: Address | None = None

    def start(self) -> None:
        """Listen.

        Raises:
            DeviceError: ``device.port``.
        """
        self.inbox.open()

    def poll(self) -> AvatarPose | None:
        """The pose after all that came since the last call; None when nothing did."""
        now = self._clock.now()
        if not self.inbox.drain(lambda packet, sender: self._hear(packet, sender, now)):
            return None
        return self.body.pose(now)

    def _hear(self, packet: bytes, sender: Address, now: int) -> bool:
        try:
            messages = decode(packet)
        except OscError:
            return False
        if not any(m.address.startswith("/VMC/") for m in messages):
            return False
        if sender != self._sender:
            self._sender = sender
            self.body.forget()
        for message in messages:
            self.body.hear(message, now)
        return True

    def status(self) -> Status:
        """Who sends how much, and what of it could not be used."""
        body = self.body
        status = self.inbox.status(
            {
                "unusable": body.unusable,
                "unknown": body.unknown,
                "devices": len(body.devices),
                "hip_height_m": body.hip_height_m,
            }
        )
        if status.state != "running":
            return status
        said = "" if body.loaded else " It has no avatar loaded."
        said += "" if body.calibrated else " It is not calibrated."
        said += "" if body.tracking else " It says that its tracking is bad."
        return Status(status.state, status.sentence + said, numbers=status.numbers)

    def stop(self) -> None:
        """End; idempotent."""
        self.inbox.close()
