"""The tracks of a glTF animation, brought to one list of key times without changing the motion.

glTF 2.0, section 3.11 and appendix C. Every kind of interpolation ends as lines (numbers) or arcs
(rotations) between keys: a STEP is two keys at neighbouring numbers, a CUBICSPLINE is cut until
its arcs are within `_CLOSE` of it. Lines and arcs may then be cut anywhere: the union of all key
times serves every track.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar import quat
from avatar.clip.clip import MOST_KEYS
from avatar.quat import F64
from avatar.read.accessors import Accessors
from avatar.read.document import Document
from avatar.read.jsonat import At
from flow.errors import AssetError

_CLOSE = 1e-5
_MOST_CUTS = 256
_WIDTHS = {"translation": 3, "rotation": 4}


@dataclass(frozen=True, slots=True)
class Track:
    """Keys with straight lines between them, or great arcs when `turns`."""

    times_s: F64
    values: F64
    turns: bool

    def at(self, times_s: F64) -> F64:
        """Values at many times; the ends are held."""
        if np.array_equal(times_s, self.times_s):
            return self.values
        last = len(self.times_s) - 1
        if last == 0:
            return np.repeat(self.values, len(times_s), axis=0)
        k = np.clip(self.times_s.searchsorted(times_s, "right") - 1, 0, last - 1)
        start, end = self.times_s[k], self.times_s[k + 1]
        share = np.clip((times_s - start) / (end - start), 0.0, 1.0)
        if self.turns:
            return quat.slerp(self.values[k], self.values[k + 1], share)
        here = self.values[k]
        between: F64 = here + (self.values[k + 1] - here) * share[:, None]
        return between


def choose_animation(document: Document, name: str) -> At:
    """The animation called `name`, or the first when no name is given.

    Raises:
        AssetError: there is none, or none of that name.
    """
    animations = document.root.get("animations").items()
    names = [a.get("name").text()[:60] for a in animations]
    if name and name not in names:
        listed = ", ".join(repr(n) for n in names[:12]) or "none"
        raise AssetError(
            f"There is no animation {name[:60]!r} in the file.",
            code="clip.animation",
            hint=f"It has {listed}.",
        )
    if not animations:
        raise document.root.fault(
            "has no animation", code="asset.empty", hint="Choose a file with an animation in it."
        )
    if len(animations) > 1 and not name:
        listed = ", ".join(repr(n) for n in names[:12])
        why = f"has {len(animations)} animations: {listed}"
        document.problems.add(
            "clip.several",
            document.root.get("animations"),
            why,
            "The first that moves anything is played.",
        )
    if name:
        return animations[names.index(name)]
    return next((a for a in animations if a.get("channels").items()), animations[0])


def read_track(channel: At, sampler: At, accessors: Accessors) -> Track:
    """The track of one channel whose path is ``translation`` or ``rotation``.

    Raises:
        AssetError: times that go back or are not finite, or another number of values than keys.
    """
    path = channel.at("target", "path").text()
    width, turns = _WIDTHS[path], path == "rotation"
    times = _times(sampler.get("input"), accessors)
    values = accessors.floats(sampler.get("output"), width).astype(np.float64)
    kind = sampler.get("interpolation").text("LINEAR")
    each = 3 if kind == "CUBICSPLINE" else 1
    if len(values) != each * len(times):
        raise sampler.get("output").fault(
            f"has {len(values)} values for {len(times)} keys of {kind} interpolation",
            code="asset.range",
        )
    if kind == "CUBICSPLINE":
        return _cut_spline(times, values.reshape(len(times), 3, width), turns, sampler)
    if kind not in ("LINEAR", "STEP"):
        raise sampler.get("interpolation").fault(f"is {kind[:40]!r}, which glTF does not know")
    if turns:
        values = quat.normalize(values)
    return _apart(times, values, turns, step=kind == "STEP")


def _times(at: At, accessors: Accessors) -> F64:
    times = accessors.floats(at, 1)[:, 0].astype(np.float64)
    if times[0] < 0.0 or (np.diff(times) < 0.0).any():
        raise at.fault("has key times that go back or begin before zero", code="asset.order")
    if len(times) > MOST_KEYS:
        raise too_many(at, len(times))
    return times


def _apart(times: F64, values: F64, turns: bool, *, step: bool) -> Track:
    """Steps, and keys at one time, as keys at neighbouring numbers.

    At the time itself the later value holds, just before it the earlier one.
    """
    if step and len(times) > 1:
        before = np.nextafter(times[1:], -np.inf)
        times = np.insert(times, np.arange(1, len(times)), before)
        values = np.repeat(values, 2, axis=0)[:-1]
    fresh = np.diff(times) > 0.0
    if not fresh.all():
        # Of the keys at one time the first holds just before it and the last from it on.
        first, last = np.r_[True, fresh], np.r_[fresh, True]
        times = np.where(last, times, np.nextafter(times, -np.inf))
        keep = (first | last) & (times >= 0.0)
        times, values = times[keep], values[keep]
    return Track(times, values, turns)


def _cut_spline(times: F64, keys: F64, turns: bool, at: At) -> Track:
    """Pieces of cubic curves as keys close enough for lines or arcs (glTF, appendix C)."""
    keep = np.r_[np.diff(times) > 0.0, True]
    times, keys = times[keep], keys[keep]
    step = np.diff(times)
    p0, p1 = keys[:-1, 1], keys[1:, 1]
    m0, m1 = keys[:-1, 2] * step[:, None], keys[1:, 0] * step[:, None]
    bend = np.maximum(
        np.abs(6 * (p1 - p0) - 4 * m0 - 2 * m1), np.abs(6 * (p0 - p1) + 2 * m0 + 4 * m1)
    ).max(axis=1, initial=0.0)
    # A chord over 1/n of a curve with second derivative b is off by b / 8 n² at most.
    cuts = np.clip(np.ceil(np.sqrt(bend / (8.0 * _CLOSE))), 1, _MOST_CUTS).astype(np.int64)
    if int(cuts.sum()) > MOST_KEYS:
        raise too_many(at, int(cuts.sum()))
    piece = np.repeat(np.arange(len(step)), cuts)
    first = np.cumsum(cuts) - cuts
    p = ((np.arange(len(piece)) - first[piece]) / cuts[piece])[:, None]
    s2 = p * p * (3.0 - 2.0 * p)
    s3 = p * p * (p - 1.0)
    s1 = p * (1.0 - p) * (1.0 - p)
    values = p0[piece] * (1.0 - s2) + m0[piece] * s1 + p1[piece] * s2 + m1[piece] * s3
    values = np.concatenate([values, keys[-1:, 1]])
    cut = np.append(times[piece] + p[:, 0] * step[piece], times[-1])
    return Track(cut, quat.normalize(values) if turns else values, turns)


def union(tracks: list[Track], at: At) -> F64:
    """All key times of all tracks.

    Raises:
        AssetError: more keys than a clip may have.
    """
    times = np.zeros(1)
    for track in tracks:
        times = track.times_s if track is tracks[0] else np.union1d(times, track.times_s)
        if len(times) > MOST_KEYS:
            raise too_many(at, len(times))
    return times


def too_many(at: At, count: int) -> AssetError:
    """The refusal of an animation with more keys than a clip may have."""
    return at.fault(
        f"has {count} keys; clips up to {MOST_KEYS} keys are read",
        code="asset.large",
        hint="Cut the animation into pieces or export it with fewer keys a second.",
    )
