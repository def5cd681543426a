"""Recorded motion on somebody else's skeleton, before it is an avatar's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from avatar.quat import F64
from avatar.rig.avatar import Problem

BLOCK = 2048
"""Frames that are worked through at a time, so that a long file takes bounded memory."""


@dataclass(frozen=True, slots=True)
class Mocap:
    """A skeleton and its motion, in the file's own axes and units. Parents come first."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    """-1 for a root."""
    positions: F64
    """(J, 3) joints of the rest pose (all rotations of the file at zero)."""
    turns: F64
    """(J, 4) world rotations of the rest pose."""
    tips: dict[int, F64]
    """Joint → where its last segment ends in the rest pose, for joints without children."""
    times_s: F64
    """(F,)"""
    play: Callable[[int, int], tuple[F64, F64]]
    """World rotations (n, J, 4) and positions (n, J, 3) of the frames from, to."""
    problems: tuple[Problem, ...] = field(default=())

    def children(self, joint: int) -> list[int]:
        """The joints that hang from `joint`."""
        return [j for j, p in enumerate(self.parents) if p == joint]

    def blocks(self) -> Iterator[tuple[slice, F64, F64]]:
        """All frames, piece by piece: where they belong, world rotations, positions."""
        for start in range(0, len(self.times_s), BLOCK):
            piece = slice(start, min(start + BLOCK, len(self.times_s)))
            yield piece, *self.play(piece.start, piece.stop)

    def some(self, most: int = 600) -> tuple[F64, F64]:
        """World rotations and positions of at most `most` frames from all over the motion."""
        count = len(self.times_s)
        step = -(-count // most)
        pieces = [(r[::step], p[::step]) for _, r, p in self.blocks()] if step > 1 else []
        if not pieces:
            return self.play(0, count)
        return np.concatenate([r for r, _ in pieces]), np.concatenate([p for _, p in pieces])
