"""What an avatar is told: VRM's presets and ARKit's names together, in the words it has.

Drivers say one movement in several words (`blink`, `blinkLeft`, `eyeBlinkLeft`, `jawOpen` and
`aa`), so that any avatar finds one that it knows. Here the same movement is said once.

An avatar whose author made ARKit expressions of its own ("perfect sync") is driven by them; the
presets that would say the same again (blink, mouth, gaze) then rest.
"""

from __future__ import annotations

from avatar.rig.expression import Expression
from flow.motion import ARKIT_NAMES

BLINKS = ("blink", "blinkLeft", "blinkRight")
MOUTHS = ("aa", "ih", "ou", "ee", "oh")
LOOKS = ("lookUp", "lookDown", "lookLeft", "lookRight")
_ARKIT = {name.lower(): name for name in ARKIT_NAMES}
_ARKIT_BLINKS = frozenset({"eyeBlinkLeft", "eyeBlinkRight"})
_ARKIT_LOOKS = frozenset(n for n in ARKIT_NAMES if n.startswith("eyeLook"))
_ARKIT_MOUTH = frozenset(n for n in ARKIT_NAMES if n.startswith(("mouth", "jaw")))


def arkit_name(name: str) -> str:
    """The ARKit name that `name` spells in any case, else `name`."""
    return _ARKIT.get(name.lower(), name)


class Vocabulary:
    """The words of one avatar. `ignored` are names (lower case) never said to it."""

    def __init__(
        self, expressions: dict[str, Expression], *, ignored: frozenset[str] = frozenset()
    ) -> None:
        names = {n.lower() for n in expressions}
        own = {_ARKIT[n] for n in names if n in _ARKIT}
        self.syncs_blink = own >= _ARKIT_BLINKS
        self.syncs_mouth = "jawOpen" in own and bool({"mouthFunnel", "mouthPucker"} & own)
        self.syncs_gaze = own >= _ARKIT_LOOKS
        self._ignored = ignored
        self._has_blink = "blink" in names
        self._sided = {"blinkleft", "blinkright"} <= names

    @property
    def groups(self) -> tuple[set[str], set[str], set[str]]:
        """What blinks, looks and speaks on this avatar, for overrides.

        What an expression blocks or damps is the movement, whichever names say it.
        """
        return (
            {*BLINKS, *(_ARKIT_BLINKS if self.syncs_blink else ())},
            {*LOOKS, *(_ARKIT_LOOKS if self.syncs_gaze else ())},
            {*MOUTHS, *(_ARKIT_MOUTH if self.syncs_mouth else ())},
        )

    def takes_looks(self, asked: dict[str, float]) -> bool:
        """Whether gaze is to be shown by the look presets."""
        return not (self.syncs_gaze and "eyeLookInLeft" in asked)

    def choose(self, asked: dict[str, float]) -> dict[str, float]:
        """What this avatar is told: never the same movement by two names."""
        out = dict(asked)
        if self._ignored:
            out = {k: v for k, v in asked.items() if k.lower() not in self._ignored}
        if "eyeBlinkLeft" in asked or "eyeBlinkRight" in asked:
            if self.syncs_blink:
                for name in BLINKS:
                    out.pop(name, None)
            elif not any(name in asked for name in BLINKS):
                out["blinkLeft"] = asked.get("eyeBlinkLeft", 0.0)
                out["blinkRight"] = asked.get("eyeBlinkRight", 0.0)
        if "jawOpen" in asked:
            if self.syncs_mouth:
                for name in MOUTHS:
                    out.pop(name, None)
            elif not any(name in asked for name in MOUTHS):
                out["aa"] = asked["jawOpen"]
        self._blink(out)
        return out

    def _blink(self, out: dict[str, float]) -> None:
        """Say blinking in the words this avatar has; one eye never closes twice."""
        both = out.get("blink", 0.0)
        left, right = out.get("blinkLeft", 0.0), out.get("blinkRight", 0.0)
        if self._has_blink and (left or right) and not self._sided:
            out["blink"] = max(both, (left + right) / 2)
            out["blinkLeft"] = out["blinkRight"] = 0.0
        elif both and not self._has_blink:
            out["blinkLeft"], out["blinkRight"] = max(left, both), max(right, both)
        elif both and (left or right):
            out["blinkLeft"], out["blinkRight"] = max(left - both, 0.0), max(right - both, 0.0)
