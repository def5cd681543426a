"""Where every lock grows and where it ends: fringe, sides, back, and one curl on top."""

from __future__ import annotations

import numpy as np

from assets.build.mira.lock import Lock


def fringe() -> list[Lock]:
    # Tip angle, height, width, lift; roots gather at a parting a little to her left.
    tips = [
        (-60, 92, 27, 4.0), (-44, 112, 30, 5.0), (-26, 121, 29, 6.5),
        (-8, 104, 24, 8.0), (6, 114, 20, 8.5), (22, 122, 29, 7.0), (40, 115, 30, 5.5),
        (57, 94, 28, 4.0),
    ]  # fmt: skip
    out = []
    for i, (angle, y, width, lift) in enumerate(tips):
        root = 8.0 + (angle - 8.0) * 0.5
        bulge = 12.5 + 3.0 * np.cos(np.radians(angle))
        bow = 7.0 if angle < 3 else -7.0
        out.append(Lock(
            "fringe",
            ((root, 233, 9.0), (root + 0.12 * (angle - root), 218, bulge),
             (root + 0.45 * (angle - root) + 0.6 * bow, 186, bulge + 2.5),
             (angle + bow, 150, 11.0 + lift * 0.5), (angle + 0.55 * bow, 0.5 * (150 + y), lift + 3),
             (angle - 0.2 * bow, y, lift)),
            float(width) + 4.0, 6.5, 0.13 * i,
        ))  # fmt: skip
    for i, (angle, y, width) in enumerate(
        [(-17, 130, 12), (15, 128, 11), (-36, 118, 11), (31, 120, 10)]
    ):
        root = 8.0 + (angle - 8.0) * 0.6
        bow = 4.0 if angle < 3 else -4.0
        out.append(Lock(
            "fringe",
            ((root, 231, 10.0), (root + 0.3 * (angle - root), 210, 18.5),
             (angle + bow, 168, 18.5), (angle - bow, y, 12.0)),
            float(width), 4.0, 0.31 + 0.17 * i,
        ))  # fmt: skip
    return out


def sides() -> list[Lock]:
    out = []
    for s in (1.0, -1.0):
        for i, (a, tip, width, curl, belly) in enumerate(
            [(65, -66, 30, -13, 4), (84, -40, 46, -8, 8), (57, 14, 17, -6, 1)]
        ):
            out.append(Lock(
                "side",
                ((s * a * 0.82, 222, 5.0), (s * a * 0.93, 202, 13.0), (s * a, 145, 15.0),
                 (s * (a + 3), 84, 13.0 + belly), (s * (a + 3), 0.45 * tip + 42, 11.0 + belly),
                 (s * (a - 1 + 0.4 * curl), 0.8 * tip + 10, 5.0), (s * (a + curl), tip, -4.0)),
                float(width), 7.5, 0.21 * i + (0.4 if s > 0 else 0.0), 0.45,
            ))  # fmt: skip
    return out


def back() -> list[Lock]:
    rng = np.random.default_rng(11)
    out = []
    # Root height, lift, angles, tip height, width
    layers = (
        (206.0, 12.0, np.linspace(112, 248, 6), -58.0, 54.0),
        (92.0, 10.0, np.linspace(122, 238, 8), -150.0, 46.0),
        (40.0, 8.0, np.linspace(128, 232, 6), -200.0, 46.0),
    )
    for layer, (start, lift, angles, tip, width) in enumerate(layers):
        for a in angles:
            side = abs(((a + 180) % 360) - 180)
            end = tip + np.interp(side, [95, 125, 180], [62.0, 18.0, 0.0]) * (layer > 0)
            end += rng.uniform(-14, 14)
            sway = rng.uniform(3, 7) * (1 if a < 180 else -1)
            span = start - end
            out.append(Lock(
                "back",
                ((a, start, lift - 2.0 - 2.0 * (layer == 1)), (a, start - 0.12 * span, lift),
                 (a - sway * 0.4, start - 0.40 * span, lift + 2.0),
                 (a + sway * 0.6, start - 0.70 * span, lift + 3.0),
                 (a + sway * 0.2, start - 0.90 * span, lift - 1.0),
                 (a - sway, end, lift - 9.0)),
                width, 8.0, float(rng.uniform()),
            ))  # fmt: skip
    return out


def stray() -> list[Lock]:
    """A small curl on top."""
    return [
        Lock(
            "cap",
            ((70, 221, 6.0), (66, 227, 13.0), (68, 228, 22.0), (84, 222, 27.0), (106, 211, 22.0)),
            9.0, 3.0, 0.2,
        ),
    ]  # fmt: skip
