"""Faces that phones send: one socket, one dialect, poses out."""

from __future__ import annotations

from collections.abc import Callable

from capture.face_words import NO_FACE, Centre, FaceReading, pose_of, usable
from capture.inbox import Address, Inbox
from flow.clock import NS_PER_S, Clock
from flow.pose import AvatarPose
from flow.seams import Status

_ASKING_NS = NS_PER_S
Parser = Callable[[bytes], FaceReading | None]
"""A packet to a face; None when it is no face of this dialect. Never raises."""


class FaceReceiver:
    """A `flow.seams.PoseSource`.

    Args:
        inbox: Where they arrive.
        parse: How they are read.
        clock: The show's.
        centre: Take the resting head of the first second for straight ahead.
        ask: What a phone is sent once a second until it sends, and where it listens.
    """

    def __init__(
        self,
        inbox: Inbox,
        parse: Parser,
        clock: Clock,
        *,
        centre: bool = True,
        ask: tuple[bytes, Address] | None = None,
    ) -> None:
        self.inbox = inbox
        self._parse = parse
        self._clock = clock
        self._centre = Centre() if centre else None
        self._centres = centre
        self._ask = ask
        self._asked = 0
        self._sender: Address | None = None
        self._reading: FaceReading | None = None
        self._last = b""
        self._frozen = 0
        """Packets without a face, or that repeat the one before: the phone has lost it."""

    def start(self) -> None:
        """Listen.

        Raises:
            DeviceError: ``device.port``.
        """
        self.inbox.open()

    def poll(self) -> AvatarPose | None:
        """The newest face since the last call, or None."""
        now = self._clock.now()
        if self._ask is not None and self.inbox.silent and now - self._asked > _ASKING_NS:
            word, (host, port) = self._ask
            self.inbox.send(word, host, port)
            self._asked = now
        self._reading = None
        self.inbox.drain(self._hear)
        if self._reading is None:
            return None
        return pose_of(self._reading, now, self._centre)

    def _hear(self, packet: bytes, sender: Address) -> bool:
        if packet == self._last and sender == self._sender:
            self._frozen += 1
            return True
        reading = self._parse(packet)
        if reading is None or not usable(reading):
            return False
        if reading is NO_FACE:
            self._frozen += 1
            return True
        if sender != self._sender and self._centres:
            self._centre = Centre()
        self._sender, self._last, self._reading = sender, packet, reading
        return True

    def status(self) -> Status:
        """Who sends how much."""
        return self.inbox.status({"faceless": self._frozen})

    def stop(self) -> None:
        """End; idempotent."""
        self.inbox.close()
