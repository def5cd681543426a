"""What an avatar is told: VRM's presets and ARKit's names together, in the words it has.

A face that moves is said in several words (`blink`, `blinkLeft`, `eyeBlinkLeft`; `jawOpen` and
`aa`; `mouthSmileLeft` and `happy`), so that any avatar finds one that it knows. Here each movement
is said once, in the finer word: feature by feature an avatar is driven by the ARKit shapes that
its author made ("perfect sync"), and by presets where these are missing or are only a part.

What somebody chose by name is said as it is; a preset that the avatar lacks is said in ARKit
shapes and the other way round, where it has those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from avatar.rig.expression import Expression
from avatar.rig.spelling import canonical
from avatar.rig.substitutes import INSTEAD
from flow.motion import ARKIT_NAMES

BLINKS = ("blink", "blinkLeft", "blinkRight")
MOUTHS = ("aa", "ih", "ou", "ee", "oh")
MOODS = ("happy", "angry", "sad", "relaxed", "surprised")
LOOKS = ("lookUp", "lookDown", "lookLeft", "lookRight")
_LIDS = frozenset({"eyeBlinkLeft", "eyeBlinkRight"})
_ARKIT_LOOKS = frozenset(n for n in ARKIT_NAMES if n.startswith("eyeLook"))
_ARKIT_MOUTH = frozenset(n for n in ARKIT_NAMES if n.startswith(("mouth", "jaw")))
_ROUND = frozenset({"mouthFunnel", "mouthPucker"})
_SPOKEN = frozenset(
    n
    for n in ARKIT_NAMES
    if n == "jawOpen"
    or n.startswith(
        ("mouthClose", "mouthFunnel", "mouthPucker", "mouthLowerDown", "mouthUpperUp",
         "mouthStretch", "mouthShrug", "mouthRoll")
    )
)  # fmt: skip
"""The shapes that vowels are made of."""


def _sided(*names: str) -> frozenset[str]:
    return frozenset(name + side for name in names for side in ("Left", "Right"))


_MOOD_SHAPES: dict[str, tuple[frozenset[str], ...]] = {
    "happy": (_sided("mouthSmile"),),
    "relaxed": (_sided("mouthSmile"),),
    "angry": (_sided("browDown"),),
    "sad": (_sided("mouthFrown"),),
    "surprised": (_sided("eyeWide") | {"browInnerUp"}, _sided("eyeWide", "browOuterUp")),
}
"""What says a moving mood, on avatars that have all of one of these."""

LID_WORDS = (*BLINKS, "eyeBlinkLeft", "eyeBlinkRight")
OPEN_WORDS = (*MOUTHS, "jawOpen")
_FEATURE_WORDS = frozenset((*LID_WORDS, *LOOKS, *MOUTHS, *ARKIT_NAMES))
_OPENING = {"aa": 1.0, "oh": 1.0, "ou": 0.45, "ee": 0.4, "ih": 0.4, "jawOpen": 1.2}
_MEANT, _TALKS = 0.3, 3.0
_ENOUGH = 0.5
"""So much of what stands for a word there must be."""
_MOST_NAMES = 1024


class Vocabulary:
    """The words of one avatar.

    Args:
        expressions: What its author made; those that change nothing do not count.
        ignored: Names (lower case) never said to it.
        lips_follow_jaw: Its mouthClose shuts the lips of an open jaw (as ARKit defines it), so
            that more of it than of jawOpen would press them through each other.
        blinks: How much of a blink its expressions contain (`avatar.rig.overlap`).
        opens: How much of an open mouth they contain.
    """

    def __init__(
        self,
        expressions: Mapping[str, Expression],
        *,
        ignored: frozenset[str] = frozenset(),
        lips_follow_jaw: bool = False,
        blinks: Mapping[str, float] | None = None,
        opens: Mapping[str, float] | None = None,
    ) -> None:
        at_work = [e.name for e in expressions.values() if e.morphs or e.colors or e.uvs]
        self._own = {canonical(name): name for name in reversed(at_work)}
        own = frozenset(self._own)
        self.syncs_blink = own >= _LIDS
        self.syncs_mouth = "jawOpen" in own and bool(_ROUND & own)
        self.syncs_gaze = own >= _ARKIT_LOOKS
        self._ignored = ignored
        self._lips_follow_jaw = lips_follow_jaw and {"jawOpen", "mouthClose"} <= own
        self._has_blink = "blink" in own
        self._sided = {"blinkLeft", "blinkRight"} <= own
        self._rests = self._resting(own)
        self._blinks = _others(blinks or {})
        self._opens = _others(opens or {})
        self._stern = {
            e.name: e.override_mouth == "block"
            for e in expressions.values()
            if e.name in MOODS
            and e.name in self._own
            and "block" in (e.override_blink, e.override_mouth)
        }
        self._chosen: dict[str, dict[str, float]] = {}

    def _resting(self, own: frozenset[str]) -> frozenset[str]:
        """Of a face said in both vocabularies, the words that would say a movement again."""
        rests: set[str] = set()
        if self.syncs_blink:
            rests.update(BLINKS)
        elif own & set(BLINKS):
            rests |= _LIDS
        if self.syncs_mouth:
            rests.update(MOUTHS)
        elif own & set(MOUTHS):
            rests |= _SPOKEN
        for mood, shapes in _MOOD_SHAPES.items():
            if any(own >= enough for enough in shapes):
                rests.add(mood)
        return frozenset(rests)

    @property
    def names(self) -> tuple[str, ...]:
        """The author's names of all that it can show."""
        return tuple(sorted(self._own.values()))

    def knows(self, name: str) -> bool:
        """Whether the avatar shows something when `name` is chosen."""
        return bool(self.words_for(name))

    @property
    def groups(self) -> tuple[set[str], set[str], set[str]]:
        """What blinks, looks and speaks on this avatar, for overrides.

        What an expression blocks or damps is the movement, whichever names say it.
        """
        return (
            {*BLINKS, *(_LIDS if self.syncs_blink else ())},
            {*LOOKS, *(_ARKIT_LOOKS if self.syncs_gaze else ())},
            {*MOUTHS, *(_ARKIT_MOUTH if self.syncs_mouth else ())},
        )

    def takes_looks(self, asked: dict[str, float]) -> bool:
        """Whether gaze is to be shown by the look presets."""
        return not (self.syncs_gaze and "eyeLookInLeft" in asked)

    def choose(
        self, moving: dict[str, float], chosen: dict[str, float] | None = None
    ) -> dict[str, float]:
        """What this avatar is told: never the same movement by two names.

        Args:
            moving: A face in both vocabularies, or in one.
            chosen: What somebody asked for by name, as it is.
        """
        out = self._moving(moving)
        if "jawOpen" in moving:  # a face that was seen; presets alone are somebody's wish
            self._moods(out)
        if chosen:
            told: dict[str, float] = {}
            for name, weight in chosen.items():
                for word, share in self.words_for(name).items():
                    told[word] = min(told.get(word, 0.0) + weight * share, 1.0)
            _give_way(out, LID_WORDS, _within(told, self._blinks))
            _give_way(out, OPEN_WORDS, _within(told, self._opens))
            for word, weight in told.items():
                out[word] = min(out.get(word, 0.0) + weight, 1.0)
        self._blink(out)
        return out

    def _moods(self, out: dict[str, float]) -> None:
        """Moving moods open the mouth as far as the performer does, and close no lid twice."""
        opening = min(sum(out.get(word, 0.0) * o for word, o in _OPENING.items()), 1.0)
        for mood in MOODS:
            weight = out.get(mood, 0.0)
            if weight <= 0.0:
                continue
            if mood in self._stern:
                # It stops the performer's blinks or speech: only when meant, not in mid-word, and
                # not for the vaguest of signs.
                weight = max(weight - _MEANT, 0.0) / (1.0 - _MEANT) if mood != "relaxed" else 0.0
                weight *= max(1.0 - _TALKS * opening, 0.0) if self._stern[mood] else 1.0
            opens = self._opens.get(mood, 0.0)
            if opens and opens * weight > opening:
                weight = opening / opens
            out[mood] = weight
            if opens and opening > 0.0:
                _give_way(out, OPEN_WORDS, opens * weight / opening)
                opening = max(opening - opens * weight, 0.0)
            if mood in self._blinks:
                _give_way(out, LID_WORDS, self._blinks[mood] * weight)

    def words_for(self, name: str) -> dict[str, float]:
        """What says `name` on this avatar; empty when nothing does."""
        known = self._chosen.get(name)
        if known is None:
            known = self._look_up(canonical(name))
            if len(self._chosen) < _MOST_NAMES:
                self._chosen[name] = known
        return known

    def _look_up(self, word: str) -> dict[str, float]:
        if word in self._own:
            return {self._own[word]: 1.0}
        if word == "blink":
            return self._look_up("blinkLeft") | self._look_up("blinkRight")
        wanted = INSTEAD.get(word, {})
        found = {self._own[o]: share for o, share in wanted.items() if o in self._own}
        enough = sum(found.values()) > _ENOUGH * sum(wanted.values())
        return found if enough else {}

    def _moving(self, asked: dict[str, float]) -> dict[str, float]:
        out = dict(asked)
        if self._ignored:
            out = {k: v for k, v in asked.items() if k.lower() not in self._ignored}
        lids = "eyeBlinkLeft" in asked or "eyeBlinkRight" in asked
        speaks = "jawOpen" in asked
        if lids and not self.syncs_blink and not any(name in asked for name in BLINKS):
            out["blinkLeft"] = asked.get("eyeBlinkLeft", 0.0)
            out["blinkRight"] = asked.get("eyeBlinkRight", 0.0)
        if speaks and not self.syncs_mouth and not any(name in asked for name in MOUTHS):
            out["aa"] = asked["jawOpen"]
        if lids or speaks or "mouthSmileLeft" in asked:  # said in ARKit's words too
            for name in self._rests:
                if name in out:
                    del out[name]
        if self._lips_follow_jaw and "mouthClose" in out:
            out["mouthClose"] = min(out["mouthClose"], out.get("jawOpen", 0.0))
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


def _others(shares: Mapping[str, float]) -> dict[str, float]:
    """Without the words whose blinks and openings are what they say."""
    return {name: s for name, s in shares.items() if canonical(name) not in _FEATURE_WORDS}


def _within(told: dict[str, float], shares: dict[str, float]) -> float:
    return min(sum(told.get(name, 0.0) * share for name, share in shares.items()), 1.0)


def _give_way(out: dict[str, float], words: Iterable[str], share: float) -> None:
    """What is to go the rest of a way of which `share` is gone already."""
    if share > 0.0:
        for word in words:
            if word in out:
                out[word] *= max(1.0 - share, 0.0)
