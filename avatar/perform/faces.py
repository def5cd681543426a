"""How an expression that somebody chose lies over the face that moves.

The rules (docs/decisions/expressions.md says why; tests/unit/test_avatar_faces.py pins them):

1. A name that is chosen lies over the same name beneath (moving, or chosen by a lower layer) like
   paint: by its share the one goes and the other comes, never their sum.
2. Likewise for what says the same in other words. A chosen *mood* (happy, angry, sad, relaxed,
   surprised, or neutral: no mood at all) takes the place of the moving moods and of the ARKit
   shapes that make them (smile, frown, brows, squint, wide eyes, sneer); a chosen *vowel* that of
   the moving mouth; a chosen *blink* that of the moving lid; a chosen *look* that of the gaze.
3. Everything else goes on: under a chosen mood the performer still blinks, looks and speaks. What
   the avatar's author forbids (overrideBlink, overrideLookAt, overrideMouth) is applied
   afterwards, by `avatar.rig.expression_rig`, to moving and chosen alike.
4. The author's own names that are no words for a feature stand beside everything.
5. Moods share one face: together they weigh 1 at most; so do vowels. Every weight is 0..1.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np

from flow.motion import ARKIT_NAMES
from flow.pose import PRESET_EXPRESSIONS, AvatarPose

MOODS = ("happy", "angry", "sad", "relaxed", "surprised", "neutral")
VOWELS = ("aa", "ih", "ou", "ee", "oh")


class Feature(Enum):
    """What of a face an expression is a word for."""

    MOOD = "mood"
    MOUTH = "mouth"
    LEFT_LID = "left lid"
    RIGHT_LID = "right lid"
    GAZE = "gaze"


_MOOD_SHAPES = (
    "mouthSmile", "mouthFrown", "mouthDimple", "cheekSquint", "brow", "eyeSquint", "eyeWide",
    "noseSneer",
)  # fmt: skip
_LIDS = {
    "blink": (Feature.LEFT_LID, Feature.RIGHT_LID),
    "blinkLeft": (Feature.LEFT_LID,),
    "blinkRight": (Feature.RIGHT_LID,),
    "eyeBlinkLeft": (Feature.LEFT_LID,),
    "eyeBlinkRight": (Feature.RIGHT_LID,),
}


def _features(name: str) -> tuple[Feature, ...]:
    if name in _LIDS:
        return _LIDS[name]
    if name in MOODS or name.startswith(_MOOD_SHAPES):
        return (Feature.MOOD,)
    if name in VOWELS or name.startswith(("jaw", "mouth", "tongue")):
        return (Feature.MOUTH,)
    if name.startswith(("look", "eyeLook")):
        return (Feature.GAZE,)
    return ()


FEATURES: dict[str, tuple[Feature, ...]] = {
    name: _features(name) for name in (*PRESET_EXPRESSIONS, *ARKIT_NAMES)
}
"""Preset and ARKit names to the features they are words for (cheekPuff: none)."""
_CHOOSING: dict[str, tuple[Feature, ...]] = {
    # Other ARKit shapes replace themselves only.
    name: FEATURES[name]
    for name in (*PRESET_EXPRESSIONS, "eyeBlinkLeft", "eyeBlinkRight")
}
MOUTH_WORDS: frozenset[str] = frozenset(
    n for n, features in FEATURES.items() if Feature.MOUTH in features
)
"""What speech takes over: vowels, jaw and lips, but not the smile."""


def choose(
    pose: AvatarPose, chosen: dict[str, float], shares: dict[str, float] | None = None
) -> AvatarPose:
    """`pose` with `chosen` (name to weight) laid over it, by the rules above.

    `shares` says by how much each name takes its place (a hotkey that is half faded in has a share
    of one half, whatever weight it shows); without, by its weight: half a smile in a clip leaves
    half of the moving mood.
    """
    shares = chosen if shares is None else shares
    taken: dict[Feature, float] = {}
    for name, share in shares.items():
        for feature in _CHOOSING.get(name, ()):
            taken[feature] = min(taken.get(feature, 0.0) + share, 1.0)
    return _laid(pose, chosen, shares, taken)


def speak(pose: AvatarPose, mouth: dict[str, float], share: float) -> AvatarPose:
    """`pose` whose mouth belongs to `mouth` (vowels, jaw and lip shapes) by `share`, 0..1.

    The moving mouth gives way by the share, whether the spoken one is open or shut. The smile and
    all else that is no word for the mouth goes on.
    """
    spoken = {name: value * share for name, value in mouth.items() if name in MOUTH_WORDS}
    return _laid(pose, spoken, {}, {Feature.MOUTH: share})


def _laid(
    pose: AvatarPose,
    chosen: dict[str, float],
    shares: dict[str, float],
    taken: dict[Feature, float],
) -> AvatarPose:
    shown = _left(pose.chosen, shares, taken)
    for name, weight in chosen.items():
        shown[name] = min(shown.get(name, 0.0) + weight, 1.0)
    gaze = pose.gaze_deg
    if Feature.GAZE in taken:
        gaze = (gaze * (1.0 - taken[Feature.GAZE])).astype(np.float32)
    return replace(
        pose,
        expressions=_left(pose.expressions, shares, taken),
        gaze_deg=gaze,
        chosen=_shared(_shared(shown, MOODS), VOWELS),
    )


def _left(
    weights: dict[str, float], shares: dict[str, float], taken: dict[Feature, float]
) -> dict[str, float]:
    """What still shows of `weights` under what lies over it; what does not is left out."""
    out: dict[str, float] = {}
    for name, value in weights.items():
        left = 1.0 - shares.get(name, 0.0)
        for feature in FEATURES.get(name, ()):
            left = min(left, 1.0 - taken.get(feature, 0.0))
        if left > 0.0:
            out[name] = value * left
    return out


def _shared(weights: dict[str, float], group: tuple[str, ...]) -> dict[str, float]:
    total = sum(weights.get(name, 0.0) for name in group)
    if total > 1.0:
        for name in group:
            if name in weights:
                weights[name] /= total
    return weights
