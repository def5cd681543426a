"""What says a word that an avatar lacks: presets in ARKit shapes, a few shapes in presets."""

from __future__ import annotations


def _pairs(**weights: float) -> dict[str, float]:
    return {name + side: w for name, w in weights.items() for side in ("Left", "Right")}


INSTEAD: dict[str, dict[str, float]] = {
    "blinkLeft": {"eyeBlinkLeft": 1.0},
    "blinkRight": {"eyeBlinkRight": 1.0},
    "eyeBlinkLeft": {"blinkLeft": 1.0},
    "eyeBlinkRight": {"blinkRight": 1.0},
    "aa": {"jawOpen": 0.65},
    "ih": {"jawOpen": 0.15, **_pairs(mouthStretch=0.4, mouthLowerDown=0.3)},
    "ou": {"jawOpen": 0.1, "mouthPucker": 0.8},
    "ee": {"jawOpen": 0.25, **_pairs(mouthStretch=0.4, mouthSmile=0.25)},
    "oh": {"jawOpen": 0.35, "mouthFunnel": 0.6},
    "jawOpen": {"aa": 1.0},
    "mouthFunnel": {"oh": 0.7},
    "mouthPucker": {"ou": 0.8},
    "happy": _pairs(mouthSmile=0.85, cheekSquint=0.5, eyeSquint=0.3),
    "relaxed": _pairs(mouthSmile=0.35, eyeSquint=0.3),
    "angry": _pairs(browDown=0.9, noseSneer=0.3, mouthFrown=0.3),
    "sad": {"browInnerUp": 0.9, **_pairs(mouthFrown=0.7)},
    "surprised": {"browInnerUp": 0.8, "jawOpen": 0.2, **_pairs(browOuterUp=0.7, eyeWide=0.8)},
    "mouthSmileLeft": {"happy": 0.35},
    "mouthSmileRight": {"happy": 0.35},
}
"""The nearest to a word that an avatar lacks."""
