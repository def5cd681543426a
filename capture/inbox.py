"""Datagrams from one sender, taken in without ever waiting."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from flow.clock import NS_PER_MS, NS_PER_S, Clock
from flow.errors import DeviceError
from flow.seams import Status

Address = tuple[str, int]
LOOPBACK = "127.0.0.1"
SILENCE_NS = NS_PER_S
"""After this long without a word from its sender an inbox listens to another."""
MOST_PACKETS = 512
MOST_BYTES = 1 << 18
"""What one call reads. The rest of a flood is thrown away unread, so that what comes next is new:
ten times what 60 frames a second of bones and faces are at 15 pictures a second."""
_LARGEST = 1 << 16
_BUFFER = 1 << 20


@dataclass(slots=True)
class Counts:
    """What came in, in packets."""

    taken: int = 0
    damaged: int = 0
    """Not of this protocol, or of a version that nobody knows."""
    strangers: int = 0
    """From a second sender while the first one speaks, or from one that may not."""
    flooded: int = 0
    """More than anybody needs: thrown away unread."""


class Inbox:
    """A bound UDP socket. All calls come from one thread.

    The first sender whose packets are understood is the sender; others are counted and not heard
    until it has been silent for a second.

    Args:
        what: Who is expected, for sentences ("VMC").
        host: Address to listen at: loopback unless the user asks for more.
        port: UDP port; 0 takes a free one.
        clock: The show's.
        only: The one machine that may send (an address or a name); empty lets any.
    """

    def __init__(self, what: str, host: str, port: int, clock: Clock, only: str = "") -> None:
        self.what, self.host, self.port = what, host, port
        self._only, self._only_address = only, ""
        self.counts = Counts()
        self.sender: Address | None = None
        self._clock = clock
        self._socket: socket.socket | None = None
        self._heard = 0
        self._ended = False
        self._said = 0
        self._before = 0
        self._rate = 0.0

    def open(self) -> None:
        """Bind.

        Raises:
            DeviceError: ``device.port``: the address is taken or is none of this machine's;
                ``device.host``: nobody knows the machine that may send.
        """
        if self._only:
            try:
                self._only_address = socket.gethostbyname(self._only)
            except (OSError, UnicodeError) as fault:
                raise DeviceError(
                    f"{self.what}: '{self._only}' is no machine that can be found ({fault}).",
                    code="device.host",
                    hint="Write its address, such as 192.168.1.20; the phone's app shows it.",
                    retryable=True,
                ) from fault
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            with suppress(OSError):
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            opened.bind((self.host, self.port))
        except (OSError, OverflowError, UnicodeError) as fault:
            opened.close()
            raise self._refused(fault) from fault
        self.port = int(opened.getsockname()[1])
        self._socket = opened
        self._ended = False
        self._heard = self._said = self._clock.now()

    def _refused(self, fault: Exception) -> DeviceError:
        taken = isinstance(fault, OSError) and fault.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be opened ({fault})"
        return DeviceError(
            f"{self.what}: UDP port {self.port} of {self.host} {why}.",
            code="device.port",
            hint="Choose another port here and in the sender; 127.0.0.1 hears this machine, "
            "0.0.0.0 every network.",
            retryable=taken,
        )

    def drain(self, use: Callable[[bytes, Address], bool]) -> int:
        """Give every waiting packet and its sender to `use`, oldest first; it says if it was one.

        Returns:
            How many were used.
        """
        if self._socket is None:
            return 0
        now, used, read = self._clock.now(), 0, 0
        for number in range(4 * MOST_PACKETS):
            try:
                data, sender = self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                break
            except OSError:  # a reply of ours that nobody took: Windows reports it here
                continue
            if number >= MOST_PACKETS or read > MOST_BYTES:
                self.counts.flooded += 1
                continue
            read += len(data)
            sender = (str(sender[0]), int(sender[1]))
            rival = sender != self.sender and self.sender and now - self._heard <= SILENCE_NS
            if rival or (self._only_address and sender[0] != self._only_address):
                self.counts.strangers += 1
                continue
            if not use(data, sender):
                self.counts.damaged += 1
                continue
            self.sender, self._heard = sender, now
            self.counts.taken += 1
            used += 1
        return used

    def send(self, data: bytes, host: str, port: int) -> None:
        """Send a word to a tracker that waits for one; what fails is tried again by the caller."""
        if self._socket is not None:
            with suppress(OSError, UnicodeError):
                self._socket.sendto(data, (host, port))

    @property
    def silent(self) -> bool:
        """Whether nobody has spoken for a second."""
        return self.sender is None or self._clock.now() - self._heard > SILENCE_NS

    def status(self, more: dict[str, float] | None = None) -> Status:
        """In one sentence who speaks; `numbers` counts packets."""
        if self._ended:
            return Status("stopped", numbers=self._numbers(more))
        if self._socket is None:
            return Status("starting", numbers=self._numbers(more))
        now = self._clock.now()
        if now - self._said > 500 * NS_PER_MS:
            self._rate = (self.counts.taken - self._before) * NS_PER_S / (now - self._said)
            self._before, self._said = self.counts.taken, now
        place = f"{self.host}:{self.port}"
        if self.sender is None:
            sentence = f"{self.what}: waiting at UDP {place} for a sender."
            return Status("waiting", sentence, numbers=self._numbers(more))
        who = f"{self.sender[0]}:{self.sender[1]}"
        if self.silent:
            sentence = f"{self.what}: {who} has fallen silent."
            return Status("waiting", sentence, numbers=self._numbers(more))
        sentence = f"{self.what} from {who}, {self._rate:.0f} packets a second."
        return Status("running", sentence, numbers=self._numbers(more))

    def _numbers(self, more: dict[str, float] | None) -> dict[str, float]:
        counts = self.counts
        return {
            "packets": counts.taken,
            "damaged": counts.damaged,
            "strangers": counts.strangers,
            "flooded": counts.flooded,
            **(more or {}),
        }

    def close(self) -> None:
        """End; idempotent."""
        self._ended = True
        if self._socket is not None:
            self._socket.close()
            self._socket = None
