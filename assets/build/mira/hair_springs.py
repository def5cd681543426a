"""Which springs move a point of the hair, and where those springs hang."""

# Coordinates and radii read best in the order of a drawing.
# ruff: noqa: PLR0917
from __future__ import annotations

import numpy as np

from assets.build.mira.bell import bell
from assets.build.mira.head import to_world
from assets.build.mira.mesh import F64, smooth
from assets.build.mira.springs import Chain, along

_BACK_ANGLES = (110.0, 145.0, 180.0, 215.0, 250.0)
_BACK_Y = np.array([70.0, 0.0, -70.0, -140.0, -205.0])
# The outermost strands end on the shoulders.
_BACK_Y_OUTER = np.array([70.0, 25.0, -20.0, -65.0])
_SIDE_Y = np.array([120.0, 62.0, 5.0, -60.0])
_FRINGE_ANGLES = (-42.0, 0.0, 42.0)
_FRINGE_Y = np.array([178.0, 145.0, 108.0])


def _blend(angle: F64, marks: tuple[float, ...]) -> list[F64]:
    """Piecewise smooth shares of each mark at the angles."""
    a = np.clip(angle, marks[0], marks[-1])
    out = []
    for i, m in enumerate(marks):
        up = smooth((a - marks[i - 1]) / (m - marks[i - 1])) if i else np.ones_like(a)
        down = 1 - smooth((a - m) / (marks[i + 1] - m)) if i + 1 < len(marks) else np.ones_like(a)
        out.append(np.where(a <= m, up, down))
    return out


def _back_heights(k: int) -> F64:
    return _BACK_Y_OUTER if k in (0, len(_BACK_ANGLES) - 1) else _BACK_Y


def hair_weights(group: str, p: F64) -> dict[str, F64]:
    """Shares of head and springs for points (head millimetres) of a group of locks."""
    if group == "cap":
        return {"head": np.ones(len(p))}
    angle = np.degrees(np.arctan2(p[:, 0], p[:, 2] + 6.0))
    if group == "back":
        heights, prefix = [_back_heights(k) for k in range(len(_BACK_ANGLES))], "HairBack"
        across = _blend(angle % 360.0, _BACK_ANGLES)
    elif group == "fringe":
        heights, prefix = [_FRINGE_Y] * 3, "HairFringe"
        across = _blend(angle, _FRINGE_ANGLES)
    else:
        heights, prefix = [_SIDE_Y] * 2, "HairSide"
        left = (p[:, 0] > 0).astype(float)
        across = [left, 1 - left]
    out = {"head": np.zeros(len(p))}
    for k, share in enumerate(across):
        parts = along(heights[k], p[:, 1])
        out["head"] += parts[0] * share
        for j, part in enumerate(parts[1:]):
            out[f"{prefix}{k}_{j}"] = part * share
    return out


def hair_chains() -> list[Chain]:
    """Springs of back, sides and fringe."""
    out = []

    def chain(name: str, angle: float, heights: F64, lift: float, stiff: float, drag: float,
              gravity: float, groups: tuple[str, ...]) -> None:  # fmt: skip
        a = np.full(len(heights), np.radians(angle))
        p = to_world(bell(a, heights, np.full(len(heights), lift)))
        points = tuple((float(x), float(y), float(z)) for x, y, z in np.round(p, 5))
        out.append(Chain(name, "head", points, stiff, drag, gravity, 0.014, groups))

    for k, a in enumerate(_BACK_ANGLES):
        chain(f"HairBack{k}", a, _back_heights(k), 4.0, 0.9, 0.40, 0.22, ("head", "torso"))
    for k, a in enumerate((72.0, -72.0)):
        chain(f"HairSide{k}", a, _SIDE_Y, 8.0, 0.9, 0.38, 0.15, ("head", "torso"))
    for k, a in enumerate(_FRINGE_ANGLES):
        chain(f"HairFringe{k}", a, _FRINGE_Y, 10.0, 1.6, 0.45, 0.05, ("head",))
    return out
