"""One question to the Linux video drivers: does this node capture pictures?

Structure and numbers from the kernel's ``linux/videodev2.h``.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

_QUERYCAP = 0x80685600
"""``VIDIOC_QUERYCAP``: _IOR('V', 0, struct v4l2_capability of 104 bytes)."""

_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_VIDEO_CAPTURE, _VIDEO_CAPTURE_MPLANE = 0x1, 0x1000
_STREAMING = 0x04000000
_DEVICE_CAPS = 0x80000000


def captures(answer: bytes) -> bool:
    """Whether a ``v4l2_capability`` structure describes a node that streams pictures in."""
    _, _, _, _, capabilities, device_caps = _CAPABILITY.unpack(answer)
    own = device_caps if capabilities & _DEVICE_CAPS else capabilities
    return bool(own & (_VIDEO_CAPTURE | _VIDEO_CAPTURE_MPLANE)) and bool(own & _STREAMING)


def can_capture(node: Path) -> bool:
    """Ask the driver of `node`. A node that may not be opened is listed: it is there."""
    import fcntl

    try:
        handle = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    except PermissionError:
        return True
    except OSError:
        return False
    answer = bytearray(_CAPABILITY.size)
    try:
        fcntl.ioctl(handle, _QUERYCAP, answer)
    except OSError:
        return False
    finally:
        os.close(handle)
    return captures(bytes(answer))
