"""A clip: keys of normalised motion on one time line, and the pose between them.

All bones share one list of key times. Tracks that were keyed differently are brought to the union
of their times (`avatar.clip.tracks`), which changes nothing: a part of a straight line or of a
great arc is a straight line or a great arc. Steps are two keys at neighbouring numbers, and cubic
splines are cut so finely that the arcs between lie within 1e-5 of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from avatar import quat
from avatar.rig.avatar import Problem
from flow.pose import HUMAN_BONES, AvatarPose, Driver, Part, part_of_bone
from flow.spec import F32

Mask = NDArray[np.bool_]
MOST_KEYS = 200_000
"""What one clip may have (176 MB of rotations): 28 minutes at 120 keys a second."""
_N = len(HUMAN_BONES)
_NEAR = 0.9995
"""Cosine of half the turn below which a chord, brought to unit length, is the arc within 1e-6."""
_PLUS, _MINUS = np.float32(1.0), np.float32(-1.0)
_NO_GAZE: F32 = np.zeros(2, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A piece of motion that any avatar can play. Never changes.

    Make one with `clip_of`, which checks; the arrays belong to the clip.
    """

    name: str
    times_s: NDArray[np.float64]
    """(k,) key times, increasing, from 0 on."""
    hips: F32
    """(k, 3) as `AvatarPose.hips`: metres for a hip height of 1 m."""
    rotations: F32
    """(k, 55, 4) normalised humanoid, HUMAN_BONES order; identity where `bones` is false."""
    expressions: dict[str, F32]
    """Name → (k,) weights. Interpolated first and brought to 0..1 afterwards."""
    gaze_deg: F32 | None
    """(k, 2) yaw and pitch as `AvatarPose.gaze_deg`, or None: the clip does not move the eyes."""
    bones: Mask
    """(55,) the bones that it turns."""
    has_hips: bool
    """Whether it moves the hips about."""
    duration_s: float
    """At least the last key's time."""
    problems: tuple[Problem, ...] = ()
    """What was odd about the file that it came from."""
    _faces: F32 = field(init=False, repr=False)
    _driver: dict[Part, Driver] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        keys = len(self.times_s)
        faces = np.zeros((keys, len(self.expressions)), np.float32)
        for i, weights in enumerate(self.expressions.values()):
            faces[:, i] = weights
        object.__setattr__(self, "_faces", faces)
        object.__setattr__(self, "_driver", dict.fromkeys(self.parts, Driver.REPLAY))

    @property
    def parts(self) -> frozenset[Part]:
        """The body parts that it moves. Expressions and gaze are the face's."""
        moved = {part_of_bone(b) for b, on in zip(HUMAN_BONES, self.bones, strict=True) if on}
        if self.expressions or self.gaze_deg is not None:
            moved.add(Part.FACE)
        if self.has_hips:
            moved.add(Part.TORSO)
        return frozenset(moved)

    def time_at(self, t_s: float, *, loop: bool = False) -> float:
        """Where in the clip it is `t_s` seconds after its start: held at the ends, or repeated."""
        if not math.isfinite(t_s):
            return 0.0
        if loop and self.duration_s > 0.0:
            return t_s % self.duration_s
        return min(max(t_s, 0.0), self.duration_s)

    def sample(self, t_s: float, loop: bool = False, captured: int = 0) -> AvatarPose:
        """The pose `t_s` seconds after the start, stamped `captured`.

        Bones that the clip does not turn are at rest; `bones`, `has_hips`, `expressions` and
        `gaze_deg` say what counts. Arrays of the pose are the caller's.
        """
        t = self.time_at(t_s, loop=loop)
        after = int(self.times_s.searchsorted(t, "right"))
        if after in (0, len(self.times_s)):
            key = min(after, len(self.times_s) - 1)
            hips, turns, faces = (a[key].copy() for a in (self.hips, self.rotations, self._faces))
            gaze = _NO_GAZE.copy() if self.gaze_deg is None else self.gaze_deg[key].copy()
        else:
            k = after - 1
            start = float(self.times_s[k])
            share = np.float32((t - start) / (float(self.times_s[after]) - start))
            hips = _between(self.hips, k, share)
            turns = arc(self.rotations[k], self.rotations[after], share)
            faces = _between(self._faces, k, share)
            gaze = _NO_GAZE.copy() if self.gaze_deg is None else _between(self.gaze_deg, k, share)
        weights = np.clip(faces, 0.0, 1.0).tolist()
        names = dict(zip(self.expressions, weights, strict=True))
        return AvatarPose(captured, hips, turns, names, gaze, dict(self._driver))


def _between(values: F32, k: int, share: np.float32) -> F32:
    here: F32 = values[k]
    out: F32 = here + (values[k + 1] - here) * share
    return out


def arc(a: F32, b: F32, share: np.float32 | F32) -> F32:
    """Along the shorter arc from `a` to `b`, both (n, 4); `share` is one number or (n,).

    `quat.slerp` for a picture's hot path, in float32.
    """
    dot = np.einsum("ij,ij->i", a, b)
    cosine = np.abs(dot)
    from_a = np.subtract(_PLUS, share)[..., None]
    from_b = (share * np.where(dot < 0.0, _MINUS, _PLUS))[:, None]
    if cosine.min(initial=1.0) <= _NEAR:
        angle = np.arccos(np.minimum(cosine, _PLUS))[:, None]
        sine = np.sin(angle)
        near = cosine[:, None] > _NEAR
        safe = np.where(near, _PLUS, sine)
        arc_b = np.copysign(np.sin(np.abs(from_b) * angle) / safe, from_b)
        from_a = np.where(near, from_a, np.sin(from_a * angle) / safe)
        from_b = np.where(near, from_b, arc_b)
    out: F32 = a * from_a
    out += b * from_b
    out /= np.sqrt(np.einsum("ij,ij->i", out, out))[:, None]
    return out


def clip_of(
    name: str,
    times_s: NDArray[np.float64],
    *,
    rotations: NDArray[np.floating] | None = None,
    bones: Mask | None = None,
    hips: NDArray[np.floating] | None = None,
    expressions: dict[str, NDArray[np.floating]] | None = None,
    gaze_deg: NDArray[np.floating] | None = None,
    duration_s: float = 0.0,
    problems: tuple[Problem, ...] = (),
    keep: bool = False,
) -> Clip:
    """A clip from its keys, checked: shapes, finite numbers, increasing times, unit rotations.

    With `keep` the caller gives its `rotations` (float32) away: they are changed and not copied.

    Raises:
        ValueError: arrays that do not belong together; files are judged by those who read them.
    """
    times = np.array(times_s, np.float64)
    keys = len(times)
    if not 0 < keys <= MOST_KEYS or times.ndim != 1:
        raise ValueError(f"a clip has 1 to {MOST_KEYS} key times, not an array {times.shape}")
    if times[0] < 0.0 or not np.isfinite(times).all() or (np.diff(times) <= 0.0).any():
        raise ValueError("key times increase from 0 on")
    moved = np.zeros(_N, np.bool_)
    if rotations is not None:
        moved = np.ones(_N, np.bool_) if bones is None else np.array(bones, np.bool_)
        if rotations.shape != (keys, _N, 4) or moved.shape != (_N,):
            raise ValueError(f"rotations are {(keys, _N, 4)}, not {rotations.shape}")
        turns: F32 = np.asarray(rotations, np.float32) if keep else np.array(rotations, np.float32)
    else:
        turns = np.zeros((keys, _N, 4), np.float32)
    for bone in range(_N):
        turns[:, bone] = quat.normalize(turns[:, bone]) if moved[bone] else quat.IDENTITY
    return Clip(
        name=name,
        times_s=times,
        hips=_floats("hips", hips, (keys, 3)),
        rotations=turns,
        expressions={n: _floats(n, w, (keys,)) for n, w in (expressions or {}).items()},
        gaze_deg=None if gaze_deg is None else _floats("gaze_deg", gaze_deg, (keys, 2)),
        bones=moved,
        has_hips=hips is not None,
        duration_s=max(float(duration_s), float(times[-1])),
        problems=problems,
    )


def _floats(name: str, values: NDArray[np.floating] | None, shape: tuple[int, ...]) -> F32:
    out = np.zeros(shape, np.float32) if values is None else np.array(values, np.float32)
    if out.shape != shape or not np.isfinite(out).all():
        raise ValueError(f"{name} has {shape} finite numbers, not {out.shape}")
    return out
