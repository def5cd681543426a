"""VRM's preset expressions from 52 corrected ARKit weights, for avatars without ARKit shapes."""

from __future__ import annotations

from flow.motion import ARKIT_INDEX, ARKIT_NAMES
from flow.spec import F32

_I = ARKIT_INDEX


def expressions(weights: F32) -> dict[str, float]:
    """All ARKit names plus the presets for lids, vowels and moods. Vowels sum to at most 1."""
    w = weights.tolist()
    out = dict(zip(ARKIT_NAMES, w, strict=True))
    out["blinkLeft"], out["blinkRight"] = out["eyeBlinkLeft"], out["eyeBlinkRight"]
    out.update(_vowels(w))
    out.update(_moods(w))
    return out


def _pair(w: list[float], name: str) -> float:
    return 0.5 * (w[_I[name + "Left"]] + w[_I[name + "Right"]])


def _vowels(w: list[float]) -> dict[str, float]:
    """How open, round and wide the mouth is, shared out over five shapes.

    Fitted on thirteen filmed faces so that a mouth made of vowels opens and widens as one made of
    ARKit shapes does (correlation 0.99 and 0.89; docs/decisions/expressions.md). ARKit's mouthClose
    undoes jawOpen; lips part without the jaw, too; every vowel opens the mouth by its own amount,
    which the open one ("aa") makes up for.
    """
    lips = _pair(w, "mouthLowerDown") + _pair(w, "mouthUpperUp")
    pucker, funnel = w[_I["mouthPucker"]], w[_I["mouthFunnel"]]
    jaw = max(0.0, w[_I["jawOpen"]] - 0.85 * w[_I["mouthClose"]])
    opening = min(1.2 * jaw + 0.27 * lips + 0.7 * funnel, 1.0)
    spread = min(0.6 * _pair(w, "mouthSmile") + 0.8 * _pair(w, "mouthStretch"), 1.0)
    ou = min(0.5 * max(0.0, pucker - 0.1) + 0.2 * funnel, 1.0) * (1.0 - opening)
    opening = max(0.0, opening - 0.45 * ou)
    oh = opening * min(1.0, 0.8 * funnel + 0.4 * pucker)
    flat = opening - oh
    ee = flat * 0.6 * spread
    ih = (flat - ee) * min(max(2.0 * lips * (1.0 - 2.0 * opening), 0.0), 0.8)
    vowels = {"aa": flat - 0.4 * ee - 0.37 * ih, "ih": ih, "ou": ou, "ee": ee, "oh": oh}
    total = max(sum(vowels.values()), 1.0)
    return {name: value / total for name, value in vowels.items()}


def _moods(w: list[float]) -> dict[str, float]:
    """Moods, gently: half strength, and only when their signs are clear.

    A soft smile is relaxed, a broad one happy. Raised brows alone are a habit of many faces:
    surprise also opens the eyes or the mouth.
    """
    smile, frown = _pair(w, "mouthSmile"), _pair(w, "mouthFrown")
    brow_down, brow_up = _pair(w, "browDown"), _pair(w, "browOuterUp")
    inner_up, wide, jaw = w[_I["browInnerUp"]], _pair(w, "eyeWide"), w[_I["jawOpen"]]
    raised = 0.5 * (brow_up + inner_up)

    def gentle(x: float) -> float:
        return 0.6 * min(1.0, max(0.0, x))

    happy = gentle(1.4 * (smile - 0.25))
    rest = 1.0 - happy / 0.6
    return {
        "happy": happy,
        "surprised": gentle(1.6 * (raised * min(1.0, 2.0 * wide + 0.8 * jaw) - 0.2)) * rest,
        "angry": gentle(1.4 * (brow_down - 0.35)) * rest,
        "sad": gentle(frown + 0.5 * inner_up - 0.5) * rest,
        "relaxed": gentle(2.5 * (smile - 0.1)) * rest * (1.0 - min(1.0, brow_down + frown)),
    }
