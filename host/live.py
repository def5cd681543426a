"""A live show from its first sentence to its report: what `mirrorstage live` and the bench run."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from avatar.perform.mixer import Mixer
from flow.clock import NS_PER_S, Clock
from flow.errors import OutputError
from flow.seams import Status
from host.drivers import Driven
from host.keys import Keyboard, Keyboards, NoKeyboard
from host.log import Voice
from host.loop import Loop
from host.processes import Usage
from host.report import report
from host.session import Session, build, trouble
from host.showfile import Show

DAMAGE = {
    "damaged": "damaged packets",
    "strangers": "packets of a second sender",
    "flooded": "packets of a flood",
    "unusable": "impossible messages",
    "impossible": "impossible poses",
}
"""What is wrong with what other programs send, by their sources' numbers."""
SETTLE_S = 60
"""In shows longer than this, memory growth is counted from here on (caches have filled)."""


def has_desktop() -> bool:
    """Whether somebody sits in front of this machine's screen."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return "SSH_CONNECTION" not in os.environ


class LiveShow:
    """One show, run once.

    Args:
        show: What to run.
        clock: The clock.
        voice: Where it speaks.
        started: When the user asked for it (ns), to say how long the first picture took.
        open_page: Show the page in the user's browser, where there is a desktop.
    """

    def __init__(
        self, show: Show, *, clock: Clock, voice: Voice, started: int, open_page: bool = False
    ) -> None:
        self.show = show
        self.exit_status = 0
        self.first_picture_s = 0.0
        self.loop: Loop | None = None
        self.keys: Keyboard = NoKeyboard()
        """What is typed while it runs; set before `run`."""
        self._clock = clock
        self._voice = voice
        self._started = started
        self._usage = Usage()
        self._stopped = False
        self._troubles: dict[str, str] = {}
        self._settled = False
        self._motion_lost = ""
        self._open_page = open_page
        self._mixer_faults = 0
        self._driver_states: dict[str, str] = {}
        self._damage: dict[str, dict[str, int]] = {}
        self._rate = 0.0
        self._counted = (0, 0)

    def stop(self) -> None:
        """End the show after the current picture, or its building after the current step.

        Safe from a signal handler. Nothing is raised there: libraries that try one import after
        the other take an interrupt for a missing module and go on, broken.
        """
        self._stopped = True
        if self.loop is not None:
            self.loop.stop()

    def run(self) -> dict[str, Any]:
        """Build, run and end the show.

        Returns:
            The report.

        Raises:
            MirrorstageError: when it cannot be built, or every picture failed.
            KeyboardInterrupt: when it was stopped before it was built.
        """
        session = build(
            self.show,
            clock=self._clock,
            voice=self._voice,
            status=self.status,
            go_on=self._unless_stopped,
        )
        try:
            session.prompter.keyboard = Keyboards(self.keys, session.renderer)
            self.loop = Loop(session, self._each_second, self._on_air)
            self._unless_stopped()
            self.loop.run()
            self._usage.sample()
            session.hub.stop()
            session.posing.stop()
            data = report(self.loop, self._usage)
            data["first_picture_s"] = round(self.first_picture_s, 2)
        finally:
            session.close()
        failed = [n for n, o in data["outputs"].items() if o["state"] == "failed"]
        if failed:
            self.exit_status = OutputError.exit_status
        return data

    def _unless_stopped(self) -> None:
        """Between the steps of the building, which takes seconds."""
        if self._stopped:
            raise KeyboardInterrupt

    def status(self) -> dict[str, Any]:
        """What the page shows of the running show; called from the network thread."""
        loop = self.loop
        if loop is None or not loop.origin:
            return {"state": "starting"}
        session = loop.session
        counters = session.meter.counters
        motion = session.motion.source.status()
        outputs = session.output_status()  # brings counters.dropped up to date
        return {
            "state": "live",
            "show": self.show.name,
            "seconds": round(loop.seconds, 1),
            "fps": round(self._fps(loop), 1),
            "drawn": counters.drawn,
            "lagged": counters.lagged,
            "skipped": counters.skipped,
            "dropped": counters.dropped,
            "latency_ms": round(
                session.meter.series("latency.captured_to_encoded").percentile_ms(50), 1
            ),
            "motion": {
                "sentence": session.motion.sentence,
                "state": motion.state,
                "said": motion.sentence,
            },
            "outputs": {
                name: {"state": s.state, "sentence": s.sentence} for name, s in outputs.items()
            },
        }

    def _on_air(self, loop: Loop) -> None:
        self.first_picture_s = (self._clock.now() - self._started) / NS_PER_S
        self._usage.mark_on_air()
        self._voice.say(f"On air after {self.first_picture_s:.1f} s.")
        for name, status in loop.session.output_status().items():
            if status.sentence:
                self._voice.say(f"{name}: {status.sentence}")
        if self._open_page:
            self._show_page(loop.session)
        typed = self.show.picture.window or not isinstance(self.keys, NoKeyboard)
        if loop.session.prompter.has_keys and typed:
            self._voice.say(loop.session.prompter.help())
        self._voice.say("End with Ctrl-C.")

    def _show_page(self, session: Session) -> None:
        """Open the first page in a browser; beside the tick, since browsers take their time."""
        urls = [url for o in session.outputs.values() if (url := getattr(o, "url", ""))]
        if urls and has_desktop():
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(urls[0],), daemon=True).start()

    def _each_second(self, loop: Loop) -> None:
        session = loop.session
        self._usage.sample()
        self._count_rate(loop)
        if not self._settled and loop.seconds > SETTLE_S:
            self._settled = True
            self._usage.mark_start()
        motion = session.motion.source.status()
        self._say_mixer(session.mixer)
        for driver in session.drivers:
            self._say_driver(driver)
        self._say_outputs(session.output_status())  # brings counters.dropped up to date
        self._say_motion(motion)
        counters = session.meter.counters
        self._voice.status(
            f"● {int(loop.seconds) // 60}:{int(loop.seconds) % 60:02d}  "
            f"{self._fps(loop):.1f} fps  lagged {counters.lagged}  skipped {counters.skipped}  "
            f"dropped {counters.dropped}  {motion.sentence}"
        )

    def _say_outputs(self, status: dict[str, Status]) -> None:
        troubles = trouble(status)
        for name, sentence in troubles.items():
            if self._troubles.get(name) != sentence:
                self._voice.warn(f"{name}: {sentence}")
        for name in self._troubles.keys() - troubles.keys():
            self._voice.say(f"{name}: running again.")
        self._troubles = troubles

    def _say_mixer(self, mixer: Mixer) -> None:
        """Poses that could not be shown, once a second."""
        faults = sum(mixer.faults.values())
        if faults > self._mixer_faults:
            self._voice.warn(
                f"{faults - self._mixer_faults} poses could not be shown ({mixer.last_fault}).",
                key="mixer",
            )
        self._mixer_faults = faults

    def _say_driver(self, driver: Driven) -> None:
        """Its loss and return, and what of its packets could not be used, once a second."""
        status = driver.source.status()
        label = driver.label
        state = "waiting" if status.state in ("waiting", "failed", "reconnecting") else status.state
        if label != "motion" and self._driver_states.get(label, "running") != state:
            self._voice.say(f"Driver {label}: {status.sentence}")
        self._driver_states[label] = state
        layer = getattr(driver.layer, "faults", 0)
        numbers = {**(status.numbers or {}), "impossible": layer}
        counts = {word: int(numbers.get(word, 0)) for word in DAMAGE}
        before = self._damage.get(label, {})
        more = {word: n - before.get(word, 0) for word, n in counts.items()}
        said = ", ".join(f"{n} {DAMAGE[word]}" for word, n in more.items() if n > 0)
        if said:
            self._voice.warn(f"Driver {label}: {said} left out.", key=f"driver {label}")
        self._damage[label] = counts

    def _say_motion(self, motion: Status) -> None:
        """A loss, once for each reason, and the return; starting anew lies between the two."""
        if motion.state in ("failed", "reconnecting", "waiting"):
            if self._motion_lost != motion.sentence:
                self._voice.warn(f"Motion: {motion.sentence}")
            self._motion_lost = motion.sentence
        elif motion.state == "running" and self._motion_lost:
            self._voice.say("Motion: running again.")
            self._motion_lost = ""

    def _fps(self, loop: Loop) -> float:
        """Pictures per second over the last second (from the start, before the first is over)."""
        return self._rate or loop.session.meter.counters.drawn / max(loop.seconds, 1e-9)

    def _count_rate(self, loop: Loop) -> None:
        drawn, now = loop.session.meter.counters.drawn, self._clock.now()
        before, then = self._counted
        if then:
            self._rate = (drawn - before) * NS_PER_S / (now - then)
        self._counted = (drawn, now)
