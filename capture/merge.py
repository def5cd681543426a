"""Two frames as one, so that a reader who polls slowly loses no body part, only time."""

from __future__ import annotations

from dataclasses import replace

from flow.clock import NS_PER_MS
from flow.motion import LOOKED_BODY, LOOKED_FACE, LOOKED_LEFT, LOOKED_RIGHT, MotionFrame

_TOO_OLD_NS = 250 * NS_PER_MS


def merge(older: MotionFrame | None, newer: MotionFrame) -> MotionFrame:
    """`newer`, and from an unread `older` the parts that `newer` did not look for.

    Body and hands are looked for in turn. A reader that takes only the newest frame would miss
    the turns between; each part is still delivered once, with what was known last.
    """
    if older is None or newer.captured - older.captured > _TOO_OLD_NS:
        return newer
    missing = older.looked_for & ~newer.looked_for
    if not missing:
        return newer
    return replace(
        newer,
        face=older.face if missing & LOOKED_FACE else newer.face,
        body=older.body if missing & LOOKED_BODY else newer.body,
        left_hand=older.left_hand if missing & LOOKED_LEFT else newer.left_hand,
        right_hand=older.right_hand if missing & LOOKED_RIGHT else newer.right_hand,
        looked_for=older.looked_for | newer.looked_for,
    )
