"""A show, built: every piece made, connected and ready to run.

Building raises a MirrorstageError for anything that would make the show impossible. Order matters:
motion starts first, because the tracker takes seconds to wake up while the rest is being made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import assets
from avatar.perform.mixer import Mixer
from avatar.perform.performer import Performer
from avatar.rig.avatar import Avatar
from avatar.rig.extent import extent
from avatar.rig.runtime import Runtime
from flow.clock import Clock
from flow.errors import MirrorstageError
from flow.mesh import Model
from flow.meter import Meter
from flow.pose import AvatarPose, Driver
from flow.seams import PacketOutput, Status
from flow.stage import RigState, StageFrame
from host.credit import Credit
from host.cues import Prompter
from host.drivers import Driven, PoseDriver, start_drivers, wanted_drivers
from host.gate import Licence, judge
from host.log import Voice
from host.outputs import make_outputs, wanted_outputs
from host.pose_sources import PosesOnly
from host.posing import Posing, apart
from host.showfile import Show
from host.sources import Chosen, choose_motion, choose_sound
from host.stack import make_actors
from host.wardrobe import open_avatar
from render.engine import Renderer, open_renderer
from scenes.director import Director
from scenes.stage import Stage, load_stage
from stream.hub import Hub
from stream.network import NetworkThread
from stream.settings import EncodeSettings, default_video_kbps

HOST_ID = "host"
USUAL_HEIGHT_M = 1.6
LEAST_HEIGHT_M = 0.05
"""Below this there is nothing a camera could be aimed at."""


@dataclass(slots=True)
class Session:
    """The pieces of one show. `close` ends them in the right order and is idempotent."""

    show: Show
    clock: Clock
    voice: Voice
    meter: Meter
    motion: Chosen
    sound: Chosen
    avatar: Avatar
    licence: Licence
    performer: Performer
    mixer: Mixer
    prompter: Prompter
    runtime: Runtime
    stage: Stage
    director: Director
    renderer: Renderer
    hub: Hub
    network: NetworkThread
    outputs: dict[str, PacketOutput]
    head_node: int
    posing: Posing
    drivers: list[Driven] = field(default_factory=list)
    credit: Credit | None = None
    _closers: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def stage_frame(self, seq: int, due: int, captured: int, rig: RigState) -> StageFrame:
        """What the audience sees at `due`."""
        head = rig.world[self.head_node, :3, 3]
        shot = self.director.shot(due, head)
        overlays = self.credit.at(due) if self.credit is not None else ()
        return StageFrame(seq, due, captured, {HOST_ID: rig}, shot, self.stage.light, overlays)

    def pass_on(self, pose: AvatarPose, due: int) -> None:
        """Hand the pose that the host wears now to who wants poses."""
        self.posing.show(pose, self.runtime.humanoid, due)

    def output_status(self) -> dict[str, Status]:
        """How every output is doing; brings the counter of dropped packets up to date."""
        return self.hub.status() | self.posing.status()

    def close(self) -> None:
        """End every piece; what was recorded is finalised."""
        self._closers.close()


def model_height_m(model: Model) -> float:
    """Height of a model's highest point over its floor, in its rest pose."""
    box = extent(model)
    return float(box[1][1]) if box is not None and box[1][1] > LEAST_HEIGHT_M else USUAL_HEIGHT_M


def build(
    show: Show,
    *,
    clock: Clock,
    voice: Voice,
    meter: Meter | None = None,
    status: Callable[[], dict[str, Any]] | None = None,
    go_on: Callable[[], None] = lambda: None,
) -> Session:
    """Make every piece of `show` and start what needs time to wake up.

    Args:
        show: What to build.
        clock: The show's clock.
        voice: Where choices are explained.
        meter: Timings and counters; a new one when not given.
        status: What the page shows of the running show.
        go_on: Called between the steps; what it raises ends the building in order.

    Raises:
        MirrorstageError: the first thing that makes the show impossible.
    """
    meter = meter or Meter()
    network = NetworkThread()
    hub = Hub(encode_settings(show), clock=clock, meter=meter)
    services = {
        "clock": clock,
        "meter": meter,
        "network": network,
        "status": status or dict,
        "request_keyframe": hub.force_keyframe,
        "title": show.name,
    }
    made = make_outputs(wanted_outputs(show), services)  # the cheapest mistakes come first
    outputs, posing = apart(made)
    wanted = wanted_drivers(show)
    with contextlib.ExitStack() as closers:
        motion = choose_motion(show.motion, clock)
        motion.source.start()
        closers.callback(motion.source.stop)
        voice.say(f"Motion: {motion.sentence}")
        drivers = start_drivers(wanted, clock, voice, closers)

        go_on()
        body = open_avatar(show.avatar.model, go_on=go_on)
        machine = Driver.AI in (motion.driver, *(driver.who for driver in drivers))
        licence = judge(body, show.purpose.declared(ai_driven=machine))
        licence.say(voice)
        licence.enforce()
        go_on()
        place = load_stage(assets.locate("stages", show.stage.model))
        for problem in body.problems:
            voice.warn(f"{body.name}: {problem.sentence} {problem.remedy}".strip())

        go_on()
        picture = show.picture
        renderer = open_renderer(
            picture.width,
            picture.height,
            backend=picture.backend,
            meter=meter,
            clock=clock,
            window=picture.window,
        )
        closers.callback(renderer.close)
        go_on()
        renderer.set_stage(place.model, place.background)
        renderer.add_avatar(HOST_ID, body.model)
        voice.say(f"Host: {body.name} on {place.name}, drawn by {renderer.info()['device']}.")

        director = Director(
            place,
            host_height_m=model_height_m(body.model),
            aspect=picture.width / picture.height,
        )
        director.cut_to(show.stage.shot)

        performer = Performer(mirrored=motion.mirrored, source_driver=motion.driver)
        actors = make_actors(
            show, performer=performer, avatar=body, director=director, now=clock.now()
        )

        if isinstance(motion.source, PosesOnly):
            drivers = [PoseDriver.of_show(motion.source.poses, mirrored=motion.mirrored), *drivers]
        for driver in drivers:
            actors.mixer.add(driver.layer)

        go_on()
        sound = choose_sound(show.sound, motion, clock)
        sound = _start_sound(sound, show, clock, voice)
        closers.callback(sound.source.stop)
        voice.say(f"Sound: {sound.sentence}")

        network.start()
        closers.callback(network.stop)
        for label, output in outputs.items():
            hub.add(label, output)
        closers.callback(hub.stop)
        closers.callback(posing.stop)
        posing.start(body)
        return Session(
            show=show,
            clock=clock,
            voice=voice,
            meter=meter,
            motion=motion,
            sound=sound,
            avatar=body,
            licence=licence,
            performer=performer,
            mixer=actors.mixer,
            prompter=Prompter(show, actors, voice),
            runtime=Runtime(body, meter=meter),
            stage=place,
            director=director,
            renderer=renderer,
            hub=hub,
            network=network,
            outputs=outputs,
            head_node=body.humanoid.head,
            posing=posing,
            drivers=drivers,
            credit=_credit(licence, show, voice),
            _closers=closers.pop_all(),
        )


def _credit(licence: Licence, show: Show, voice: Voice) -> Credit | None:
    """The credit that the licence wants in the picture, if it wants one."""
    if not licence.decision.credit:
        return None
    size, wish = (show.picture.width, show.picture.height), show.purpose
    credit = Credit(
        licence.decision.credit, *size, corner=wish.credit_corner, shown=wish.credit_shown
    )
    voice.say(f"Credit in the picture ({wish.credit_shown}): {credit.text}")
    if credit.missing:
        voice.warn(
            f"No font of this machine has the characters {credit.missing} of the credit; they are "
            "drawn as boxes. On Debian and Ubuntu: apt install fonts-noto-cjk"
        )
    return credit


def encode_settings(show: Show) -> EncodeSettings:
    """The encode a show asks for."""
    picture, encode = show.picture, show.encode
    return EncodeSettings(
        width=picture.width,
        height=picture.height,
        fps=picture.fps,
        audio_kbps=encode.audio_kbps,
        keyframe_s=encode.keyframe_s,
        video_kbps=encode.video_kbps
        or default_video_kbps(picture.width, picture.height, picture.fps),
    )


def _start_sound(chosen: Chosen, show: Show, clock: Clock, voice: Voice) -> Chosen:
    """Start the sound; an automatic choice that fails becomes silence, a named one raises."""
    try:
        chosen.source.start()
    except MirrorstageError as fault:
        if show.sound.source != "auto":
            raise
        voice.warn(str(fault))
        silent = show.sound.model_copy(update={"source": "silence"})
        chosen = choose_sound(silent, chosen, clock)
        chosen.source.start()
    return chosen


def trouble(status: dict[str, Status]) -> dict[str, str]:
    """What is wrong with which output, in one sentence each."""
    return {
        name: s.sentence
        for name, s in status.items()
        if s.state in ("failed", "reconnecting") and s.sentence
    }
