"""Every frame of a recording, as it is tracked, to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from capture.process import CaptureProcess
from flow.clock import NS_PER_MS, Clock
from flow.errors import DeviceError
from flow.motion import MotionFrame

_POLL_NS = 5 * NS_PER_MS


def batches(
    source: CaptureProcess, clock: Clock, stopped: Callable[[], bool], *, what: str
) -> Iterator[list[MotionFrame]]:
    """What comes of a started source until it ends or `stopped`, some frames at a time.

    Raises:
        DeviceError: The source failed; `what` names the recording when it does not say why.
    """
    while not stopped():
        frames = source.poll_all()
        if frames:
            yield frames
            continue
        status = source.status()
        if status.state == "stopped":
            return
        if status.state == "failed":
            raise DeviceError(
                status.sentence or f"The {what} could not be read.",
                code=status.code or "device.failed",
            )
        clock.sleep_until(clock.now() + _POLL_NS)
