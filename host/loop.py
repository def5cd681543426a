"""The tick: once per picture, from the newest motion to the encoder's door.

Runs on the main thread. A tick that comes too late is skipped and counted (lagged); a fault in one
tick is counted, said once a second and the show goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from capture.supervise import fresh
from flow.clock import NS_PER_S
from flow.errors import EngineError
from flow.motion import MotionFrame
from host.session import Session

PATIENCE_NS = 5 * NS_PER_S
"""How long every tick may fail before the show is over."""
STALE_NS = NS_PER_S
"""Motion older than this no longer counts as the birth of a picture (the host idles)."""


@dataclass(slots=True)
class Loop:
    """One run of a session. `stop` may be called from a signal handler."""

    session: Session
    each_second: Callable[[Loop], None] | None = None
    on_air_after: Callable[[Loop], None] | None = None
    ticks: int = 0
    origin: int = 0
    last_motion: MotionFrame | None = None
    last_seen: int = 0
    """When what moves the host was last seen (ns)."""
    motion_frames: int = 0
    _stopped: bool = False
    _ended: int = 0
    _last_good: int = 0
    _last_update: int = 0
    _next_second: int = 0

    def stop(self) -> None:
        """End after the current tick."""
        self._stopped = True

    @property
    def seconds(self) -> float:
        """Time on air; 0 before the first picture."""
        if not self.origin:
            return 0.0
        return ((self._ended or self.session.clock.now()) - self.origin) / NS_PER_S

    def run(self) -> None:
        """Run until stopped or until the show's duration has passed.

        Raises:
            EngineError: ``show.broken`` when every tick failed for five seconds.
        """
        session = self.session
        clock, counters = session.clock, session.meter.counters
        period = NS_PER_S // session.show.picture.fps
        self.origin = self._last_good = clock.now()
        self._last_update = self.origin - period
        self._next_second = self.origin + NS_PER_S
        session.hub.start(self.origin)
        end = self.origin + int(session.show.duration_s * NS_PER_S)
        tick = 0
        while not self._stopped:
            due = self.origin + tick * period
            if session.show.duration_s and due >= end:
                break
            clock.sleep_until(due)
            behind = (clock.now() - due) // period
            if behind > 0:
                counters.lagged += behind
                tick += behind
                due += behind * period
            self._guarded_tick(due)
            tick += 1
            self.ticks += 1
            if self.ticks == 1 and self.on_air_after is not None:
                self.on_air_after(self)
            if clock.now() >= self._next_second:
                self._next_second += NS_PER_S
                if self.each_second is not None:
                    self.each_second(self)
        self._ended = clock.now()  # saying goodbye to slow outputs is not time on air

    def _guarded_tick(self, due: int) -> None:
        session = self.session
        try:
            with session.meter.measure("tick"):
                self._tick(due)
            self._last_good = session.clock.now()
        except Exception as fault:
            session.meter.counters.errors += 1
            session.voice.warn(f"A picture failed: {fault}", key=f"tick {type(fault).__name__}")
            if session.clock.now() - self._last_good > PATIENCE_NS:
                raise EngineError(
                    f"No picture could be made for five seconds: {fault}", code="show.broken"
                ) from fault

    def _tick(self, due: int) -> None:
        session, meter = self.session, self.session.meter
        with meter.measure("solve"):
            for frame in fresh(session.motion.source):
                session.performer.feed(frame)
                self.last_motion, self.last_seen = frame, frame.captured
                self.motion_frames += 1
            for driver in session.drivers:
                self.last_seen = max(self.last_seen, driver.follow())
            now = session.clock.now()
            session.prompter.tick(now, self.origin)
            pose = session.mixer.pose(now)
        rig = session.runtime.update(pose, max((due - self._last_update) / NS_PER_S, 1e-3))
        self._last_update = due
        session.pass_on(pose, due)
        for block in session.sound.source.read():
            session.hub.offer_sound(block)
        captured = due
        if self.last_seen and now - self.last_seen < STALE_NS:
            captured = self.last_seen
            meter.series("latency.captured_to_solved").add(now - captured)
        video = session.renderer.draw(session.stage_frame(self.ticks, due, captured, rig))
        video.trace.solved = now
        session.hub.offer(video)
        meter.counters.drawn += 1
