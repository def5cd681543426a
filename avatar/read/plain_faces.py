"""Expressions and eyes of plain GLB files, from the names of their morph targets.

Known: ARKit's 52 in several spellings, Oculus visemes, Ready Player Me's, VRoid's, VRChat's, MMD's
and VRM's own names.
"""

from __future__ import annotations

import re

from avatar.rig.expression import Expression, MorphBind
from avatar.rig.humanoid import Humanoid
from avatar.rig.look_at import LookAt, RangeMap
from flow.mesh import Model
from flow.motion import ARKIT_NAMES
from flow.pose import PRESET_EXPRESSIONS

_ARKIT = {name.lower(): name for name in ARKIT_NAMES}
_OTHERS = {
    "visemeaa": "aa", "visemei": "ih", "visemeu": "ou", "visemee": "ee", "visemeo": "oh",
    "vaa": "aa", "vih": "ih", "vou": "ou", "ve": "ee", "voh": "oh",
    "a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh",
    "あ": "aa", "い": "ih", "う": "ou", "え": "ee", "お": "oh",
    "fclmtha": "aa", "fclmthi": "ih", "fclmthu": "ou", "fclmthe": "ee", "fclmtho": "oh",
    "fcleyeclose": "blink", "fcleyecloseleft": "blinkLeft",
    "fcleyecloseright": "blinkRight",
    "fclalljoy": "happy", "fclallangry": "angry", "fclallsorrow": "sad", "fclallfun": "relaxed",
    "fclallsurprised": "surprised", "fclallneutral": "neutral",
    "joy": "happy", "sorrow": "sad", "fun": "relaxed",
    "まばたき": "blink", "ウィンク": "blinkLeft", "ウィンク右": "blinkRight",
    "eyesclosed": "blink", "mouthopen": "aa",
}  # fmt: skip
_OTHERS.update({name.lower(): name for name in PRESET_EXPRESSIONS})
_MADE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("blinkLeft", ("eyeBlinkLeft",)),
    ("blinkRight", ("eyeBlinkRight",)),
    ("blink", ("blinkLeft", "blinkRight")),
    ("lookLeft", ("eyeLookOutLeft", "eyeLookInRight")),
    ("lookRight", ("eyeLookInLeft", "eyeLookOutRight")),
    ("lookUp", ("eyeLookUpLeft", "eyeLookUpRight")),
    ("lookDown", ("eyeLookDownLeft", "eyeLookDownRight")),
)
"""Presets that are made of others where the file has none."""
_STRAIGHT = RangeMap(25.0, 25.0)
_FULL = RangeMap(25.0, 1.0)


def shape_of(target: str) -> str | None:
    """The ARKit or preset name that a morph target's name means, or None."""
    word = re.split(r"[./:]", target.strip())[-1]
    word = re.sub(r"[\s_\-]", "", re.sub(r"(?<=[a-z])[\s_.]([LR])$", _spelt, word)).lower()
    for prefix in ("", "arkit", "blendshape1", "vrc"):
        bare = word.removeprefix(prefix)
        if bare in _ARKIT:
            return _ARKIT[bare]
        if bare in _OTHERS:
            return _OTHERS[bare]
    return None


def _spelt(side: re.Match[str]) -> str:
    return "Left" if side.group(1) == "L" else "Right"


def guess_expressions(model: Model) -> dict[str, Expression]:
    """Morph targets with known names as expressions; presets made of ARKit's shapes."""
    slots: dict[str, list[int]] = {}
    for slot, name in enumerate(model.morph_names):
        known = shape_of(name.rpartition("/")[2])
        if known:
            slots.setdefault(known, []).append(slot)
    out = {
        name: Expression(name, name in PRESET_EXPRESSIONS, tuple(MorphBind(s, 1.0) for s in found))
        for name, found in slots.items()
    }
    for preset, sources in _MADE:
        if preset not in out and all(s in out for s in sources):
            morphs = dict.fromkeys(m for s in sources for m in out[s].morphs)
            out[preset] = Expression(preset, True, tuple(morphs))
    return out


def guess_look_at(humanoid: Humanoid, expressions: dict[str, Expression]) -> LookAt | None:
    """Eye bones turn as they are asked, up to 25 degrees; without any, look shapes do."""
    if humanoid.node("leftEye") >= 0 or humanoid.node("rightEye") >= 0:
        return LookAt("bone", inner=_STRAIGHT, outer=_STRAIGHT, down=_STRAIGHT, up=_STRAIGHT)
    if all(f"look{way}" in expressions for way in ("Left", "Right", "Up", "Down")):
        return LookAt("expression", inner=_FULL, outer=_FULL, down=_FULL, up=_FULL)
    return None
