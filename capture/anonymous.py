"""What the show may know of a face: what it does, not whose it is."""

from __future__ import annotations

from dataclasses import replace

from flow.motion import MotionFrame


def anonymous(frame: MotionFrame) -> MotionFrame:
    """The frame without the points of the face; 52 weights and the head's place stay."""
    if frame.face is None or frame.face.points is None:
        return frame
    return replace(frame, face=replace(frame.face, points=None))
