"""Which morph targets exist and what each VRM expression is made of."""

from __future__ import annotations

from flow.motion import ARKIT_NAMES

EXTRA = ("eyeJoyLeft", "eyeJoyRight")
"""Morph targets beyond ARKit's: lids that meet in an upward arc."""

FACE_MORPHS: tuple[str, ...] = (*ARKIT_NAMES, *EXTRA)


def both(name: str, weight: float) -> dict[str, float]:
    """The same weight for the left and the right shape."""
    return {name + "Left": weight, name + "Right": weight}


PRESETS: dict[str, dict[str, float]] = {
    "happy": {
        **both("mouthSmile", 0.95), **both("cheekSquint", 0.7), **both("eyeSquint", 0.15),
        **both("browOuterUp", 0.25), "browInnerUp": 0.2, "jawOpen": 0.28,
        **both("mouthUpperUp", 0.25),
    },
    "angry": {
        **both("browDown", 1.0), **both("mouthFrown", 0.8), **both("eyeSquint", 0.25),
        **both("noseSneer", 0.3), **both("mouthPress", 0.4),
    },
    "sad": {
        "browInnerUp": 1.0, **both("mouthFrown", 1.0), **both("eyeLookDown", 0.55),
        "mouthShrugLower": 0.3,
    },
    "relaxed": {
        **both("eyeJoy", 1.0), **both("mouthSmile", 0.6), **both("browOuterUp", 0.15),
        "browInnerUp": 0.15,
    },
    "surprised": {
        **both("eyeWide", 1.0), **both("browOuterUp", 0.9), "browInnerUp": 0.9, "jawOpen": 0.42,
        "mouthFunnel": 0.35,
    },
    "aa": {"jawOpen": 0.78, **both("mouthUpperUp", 0.15), **both("mouthLowerDown", 0.1)},
    "ih": {
        "jawOpen": 0.16, **both("mouthStretch", 0.4), **both("mouthLowerDown", 0.35),
        **both("mouthUpperUp", 0.3),
    },
    "ou": {"jawOpen": 0.16, "mouthPucker": 0.85, "mouthFunnel": 0.35},
    "ee": {
        "jawOpen": 0.12, **both("mouthSmile", 0.35), **both("mouthStretch", 0.25),
        **both("mouthLowerDown", 0.5), **both("mouthUpperUp", 0.45),
    },
    "oh": {"jawOpen": 0.45, "mouthFunnel": 0.8},
    "blink": both("eyeBlink", 1.0),
    "blinkLeft": {"eyeBlinkLeft": 1.0},
    "blinkRight": {"eyeBlinkRight": 1.0},
    "lookUp": both("eyeLookUp", 1.0),
    "lookDown": both("eyeLookDown", 1.0),
    "lookLeft": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "lookRight": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
    "neutral": {},
}  # fmt: skip
"""VRM preset name to morph weights."""

BLOCKS_BLINK = frozenset({"relaxed"})
"""Presets that close the eyes themselves."""
