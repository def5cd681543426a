"""Plays clips: once or looped, at any speed, cross-faded, on chosen body parts.

The player has no clock: it is asked `at(now)`. What it says is a pose and, per bone, how much that
pose counts (0: the clip has no say, 1: nobody else has), so that whoever mixes drivers can lay it
over a performer.
"""

from __future__ import annotations

from collections import deque

from avatar.clip.voices import FADE_S, Cue, Playing, Voice, mix, silence, still_heard, voice_of
from flow.clock import NS_PER_S

MOST_VOICES = 16
"""A clip asked for again and again in mid-fade: the oldest is hardly heard any more."""

__all__ = ["FADE_S", "Cue", "Player", "Playing"]


class Player:
    """Plays clips one after the other or over each other. One thread; times do not go back."""

    def __init__(self) -> None:
        self._voices: list[Voice] = []
        self._queue: deque[Cue] = deque()

    @property
    def idle(self) -> bool:
        """Whether nothing is heard or waiting."""
        return not self._voices and not self._queue

    def play(self, cue: Cue, now: int) -> None:
        """Fade to `cue` from whatever plays; what waits in the queue is forgotten."""
        self._advance(now)
        self._queue.clear()
        self._voices.append(voice_of(cue, now))

    def queue(self, cue: Cue, now: int) -> None:
        """Play `cue` when what plays ends, fading over from its last moments.

        A loop ends when something waits: at its next end.
        """
        self._queue.append(cue)
        self._advance(now)

    def stop(self, now: int, fade_s: float | None = None) -> None:
        """Fade everything out, in `fade_s` or as the newest clip's cue says."""
        self._advance(now)
        self._queue.clear()
        last = next((v.cue for v in reversed(self._voices) if v.cue), None)
        if last is not None:
            self._voices.append(silence(now, last.fade_out_s if fade_s is None else fade_s))

    def at(self, now: int) -> Playing | None:
        """What is played at `now` (ns), or None when nothing is heard."""
        self._advance(now)
        return mix(self._voices, now) if self._voices else None

    def _advance(self, now: int) -> None:
        """End what has ended and begin what waited for it."""
        while self._voices or self._queue:
            last = self._voices[-1] if self._voices else None
            if last is None or last.cue is None:
                if not self._queue:
                    break
                self._voices.append(voice_of(self._queue.popleft(), now))
                continue
            over = last.ends(now, waited_for=bool(self._queue))
            fade_s = self._queue[0].fade_in_s if self._queue else last.cue.fade_out_s
            fade_s = min(fade_s, 0.5 * last.cue.lasts_s)
            if over is None or now < (due := over - round(fade_s * NS_PER_S)):
                break
            next_one = voice_of(self._queue.popleft(), due) if self._queue else silence(due, fade_s)
            self._voices.append(next_one)
        self._voices = still_heard(self._voices, now)[-MOST_VOICES:]
