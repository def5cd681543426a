"""Which networks run on which picture, so that the face is quick and two cores suffice."""

from __future__ import annotations

import os
from dataclasses import dataclass

from capture.settings import Profile, Schedule
from flow.clock import NS_PER_MS
from flow.motion import LOOKED_BODY, LOOKED_FACE, LOOKED_LEFT, LOOKED_RIGHT

_RESEARCH_NS = 330 * NS_PER_MS
"""Pause between looks for a hand that was not there: searching costs half more than following."""

_GONE_AFTER = 4
"""Looks in vain after which a hand counts as absent; motion blur costs one or two."""

_THREADS_NEED_CPUS = 4
"""Two are for drawing and encoding the show."""


def resolve_schedule(schedule: Schedule, *, realtime: bool) -> Schedule:
    """What ``auto`` means on this machine."""
    if schedule != "auto":
        return schedule
    if not realtime:
        return "every"
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    return "threads" if cpus >= _THREADS_NEED_CPUS else "turns"


@dataclass(slots=True)
class _Hand:
    wanted: bool = False
    misses: int = 0
    looked: int = -(1 << 62)


class Turns:
    """Gives each picture its set of `LOOKED_*` bits.

    ``turns``: face, and one of body, left, right. ``threads``: face, and body or both hands.
    ``every``: all. A hand that the body says is out of view loses its turn to the next part;
    one that stays absent is looked for three times a second.
    """

    def __init__(self, profile: Profile, schedule: Schedule) -> None:
        self._face_only = profile == "face"
        self._schedule = schedule
        self._turn = 0
        self._body_was_last = False
        self._hands = {LOOKED_LEFT: _Hand(), LOOKED_RIGHT: _Hand()}

    def tell_in_view(self, bit: int, in_view: bool) -> None:
        """Whether the body says that a hand can be seen."""
        self._hands[bit].wanted = in_view

    def tell_found(self, bit: int, found: bool, captured: int) -> None:
        """How the look for a hand ended."""
        self._hands[bit].misses = 0 if found else self._hands[bit].misses + 1
        self._hands[bit].looked = captured

    def plan(self, captured: int) -> int:
        """The bits for the picture of time `captured`."""
        if self._face_only:
            return LOOKED_FACE
        ready = [bit for bit, hand in self._hands.items() if self._is_ready(hand, captured)]
        if self._schedule == "every":
            wanted = (bit for bit, hand in self._hands.items() if hand.wanted)
            return LOOKED_FACE | LOOKED_BODY | sum(wanted)
        if self._schedule == "threads":
            self._turn = (self._turn + 1) % 2
            return LOOKED_FACE | (LOOKED_BODY if self._turn else sum(ready))
        order = (LOOKED_BODY, LOOKED_LEFT, LOOKED_RIGHT)
        for step in range(3):
            bit = order[(self._turn + step) % 3]
            if bit == LOOKED_BODY or bit in ready:
                if bit == LOOKED_BODY and self._body_was_last:
                    break  # with no hand in view, every second picture is enough for the body
                self._turn = (self._turn + step + 1) % 3
                self._body_was_last = bit == LOOKED_BODY
                return LOOKED_FACE | bit
        self._body_was_last = False
        return LOOKED_FACE

    def _is_ready(self, hand: _Hand, captured: int) -> bool:
        known = hand.misses < _GONE_AFTER
        return hand.wanted and (known or captured - hand.looked >= _RESEARCH_NS)
