"""How calm and how quick each signal is.

Found by random search on motion capture under the tracker's measured noise (error, jitter of what
stands still, lag and foot slide together), then looked at on real clips.
"""

from __future__ import annotations

from avatar.perform.smooth import Settings, settings
from avatar.solve.assemble import CHEST, HEAD, HIPS, SPINE
from avatar.solve.body import (
    FEET,
    HANDS,
    LOWER_ARMS,
    LOWER_LEGS,
    SHOULDERS,
    UPPER_ARMS,
    UPPER_LEGS,
)
from avatar.solve.solution import FINGER_ROWS
from flow.motion import ARKIT_NAMES
from flow.pose import HUMAN_BONES

TRACKED: list[int] = [HIPS, SPINE, CHEST, *SHOULDERS, *UPPER_ARMS, *LOWER_ARMS, *UPPER_LEGS]
TRACKED += [*LOWER_LEGS, *FEET]
"""Bones whose joints were tracked as points (`avatar.perform.point_track`): what is left to calm
is little, and nothing where the tracker is quieter than usual."""


def rotation_settings() -> Settings:
    """Turns of bones, radians."""
    s = settings(len(HUMAN_BONES), 1.2, 4.0, 1.5, 0.5)
    for rows, cutoff_hz, beta, speed_hz, quiet_rad_s in (
        (TRACKED, 5.0, 10.0, 2.0, 0.2),
        ([HIPS, SPINE, CHEST, *SHOULDERS], 3.5, 12.0, 2.0, 0.2),
        ([HEAD], 1.6, 3.0, 2.0, 0.1),
        (HANDS, 1.0, 4.0, 1.5, 0.6),
        ([i for part in FINGER_ROWS for i in range(part.start, part.stop)], 1.2, 2.5, 1.5, 0.5),
    ):
        s.min_cutoff_hz[rows], s.beta[rows] = cutoff_hz, beta
        s.speed_cutoff_hz[rows], s.quiet[rows] = speed_hz, quiet_rad_s
    # The hand tracker filters nothing itself; how much it shakes depends on the hand's size.
    s.noise_gain[HANDS] = 1.2
    for part in FINGER_ROWS:
        s.noise_gain[part] = 1.2
    return s


def weight_settings() -> Settings:
    """The 52 weights: lids at once, lips quickly, brows calmly."""
    s = settings(52, 2.5, 1.5, 2.0)
    for i, name in enumerate(ARKIT_NAMES):
        if name.startswith("eyeBlink"):
            s.min_cutoff_hz[i], s.beta[i] = 6.0, 12.0
        elif name.startswith(("jaw", "mouth")):
            s.min_cutoff_hz[i], s.beta[i] = 4.0, 4.0
    return s
