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
    """How round, wide and open the mouth is, shared out over five shapes."""
    opening = max(0.0, w[_I["jawOpen"]] - 0.6 * w[_I["mouthClose"]])
    pucker, funnel = w[_I["mouthPucker"]], w[_I["mouthFunnel"]]
    wide = 0.6 * _pair(w, "mouthSmile") + 0.8 * _pair(w, "mouthStretch")
    lips = _pair(w, "mouthLowerDown") + _pair(w, "mouthUpperUp")
    amount = min(1.0, 1.5 * opening)
    tall = amount * (1.0 - min(1.0, pucker + funnel))
    vowels = {
        "aa": tall * max(0.0, 1.0 - 0.5 * wide),
        "ih": min(1.0, 0.5 * lips) * min(1.0, wide + 0.3) * (1.0 - amount),
        "ou": max(0.0, pucker - 0.15) * (1.0 - 0.6 * amount),
        "ee": tall * 0.5 * min(1.0, wide),
        "oh": amount * min(1.0, funnel + 0.5 * pucker),
    }
    total = sum(vowels.values())
    if total > 1.0:
        vowels = {name: value / total for name, value in vowels.items()}
    return vowels


def _moods(w: list[float]) -> dict[str, float]:
    """Moods, gently: half strength, and only when their signs are clear."""
    smile, frown = _pair(w, "mouthSmile"), _pair(w, "mouthFrown")
    brow_down, brow_up = _pair(w, "browDown"), _pair(w, "browOuterUp")
    inner_up, wide = w[_I["browInnerUp"]], _pair(w, "eyeWide")

    def gentle(x: float) -> float:
        return 0.6 * min(1.0, max(0.0, x))

    happy = gentle(1.4 * (smile - 0.25))
    return {
        "happy": happy,
        "surprised": gentle(0.7 * (brow_up + inner_up + wide - 0.8)) * (1.0 - happy),
        "angry": gentle(1.4 * (brow_down - 0.35)) * (1.0 - happy),
        "sad": gentle(frown + 0.5 * inner_up - 0.5) * (1.0 - happy),
    }
