"""One named camera position, and how it adapts to the picture's shape and the host's height."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import atan, degrees, dist, radians, tan

from scenes.geometry import Bounds

Vec3 = tuple[float, float, float]

REFERENCE_HEIGHT_M = 1.6
"""Shots are written for a host this tall, standing at the origin and facing +Z."""
REFERENCE_ASPECT = 16.0 / 9.0
MAX_FOV_DEG = 100.0

SHOT_NAMES = ("wide", "medium", "close")
DEFAULT_SHOT = "medium"


@dataclass(frozen=True, slots=True)
class ShotSpec:
    """A camera as the stage's author wrote it: metres, world axes, vertical field of view.

    `follow` is how much of the head's walk the camera takes over (0 stands still, 1 keeps the
    head in place); `ease_s` is how long a move to this shot takes.
    """

    name: str
    eye: Vec3
    target: Vec3
    fov_deg: float = 30.0
    follow: float = 0.0
    ease_s: float = 1.2


def fitted_to(spec: ShotSpec, host_height_m: float) -> ShotSpec:
    """The shot for a host of another height: aimed as high, as near, as the host is tall.

    Distance follows the height only between 0.6 and 1.3 of the written one, so that a giant
    does not push the camera through the studio's fourth wall.
    """
    k = host_height_m / REFERENCE_HEIGHT_M
    near = min(max(k, 0.6), 1.3)
    tx, ty, tz = spec.target
    target = (tx, ty * k, tz)
    ex, ey, ez = (t + (e - s) * near for t, e, s in zip(target, spec.eye, spec.target, strict=True))
    half = tan(radians(spec.fov_deg) / 2.0) * k / near
    return replace(spec, eye=(ex, ey, ez), target=target, fov_deg=_fov(half))


def framed_for(
    spec: ShotSpec, aspect: float, host_height_m: float = REFERENCE_HEIGHT_M
) -> ShotSpec:
    """The shot for a picture of this shape (width over height) and a host of this height.

    Pictures narrower than 16:9 widen the vertical field of view until the host's width fits and
    lower the aim, so that the space above the head stays about the same.
    """
    fit = fitted_to(spec, host_height_m)
    away = max(dist(fit.eye, fit.target), 0.05)
    half = tan(radians(fit.fov_deg) / 2.0)
    tall = 2.0 * away * half
    k = host_height_m / REFERENCE_HEIGHT_M
    wanted = min(max(0.62 * tall, 0.46 * k), 1.05 * k, tall * REFERENCE_ASPECT)
    needed = wanted / (2.0 * away * aspect)
    if needed <= half:
        return fit
    fov = _fov(needed)
    drop = 0.8 * away * (tan(radians(fov) / 2.0) - half)
    drop = min(drop, max(0.0, fit.target[1] - 0.35 * host_height_m))
    ex, ey, ez = fit.eye
    tx, ty, tz = fit.target
    return replace(fit, eye=(ex, ey - drop, ez), target=(tx, ty - drop, tz), fov_deg=fov)


def _fov(half_tangent: float) -> float:
    return min(degrees(2.0 * atan(half_tangent)), MAX_FOV_DEG)


def default_shots(bounds: Bounds) -> dict[str, ShotSpec]:
    """Three shots for a stage that names none: full body, thigh up, head and shoulders.

    The host stands at the origin; the eyes come no further forward than the stage reaches, as
    far as that leaves the host in the picture.
    """
    front = bounds.high[2] if bounds.high[2] > 0.6 else 6.0  # noqa: PLR2004 - open in front
    out: dict[str, ShotSpec] = {}
    for name, tall, aim, fov in (
        ("wide", 2.3, 0.95, 38.0),
        ("medium", 1.15, 1.18, 30.0),
        ("close", 0.62, 1.40, 26.0),
    ):
        away = tall / (2.0 * tan(radians(fov) / 2.0))
        near = min(away, max(front - 0.15, 0.9))
        out[name] = ShotSpec(
            name, (0.0, aim + 0.05, near), (0.0, aim, 0.0), _fov(tall / (2.0 * near))
        )
    return out
