"""Who else moves the host: the ``[[driver]]`` sections of a show, each a layer of the mixer.

Any source can be a driver: another program's poses (kinds of plug-in ``pose``), or another camera,
tracker or take (``motion``), which gets a performer of its own. Each has the parts it is given.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avatar.perform.camera_layer import CameraLayer
from avatar.perform.layer import PRIORITY, LayerKind
from avatar.perform.performer import Performer
from avatar.perform.pose_layer import PoseLayer
from avatar.solve.mirror import mirror_pose
from capture.supervise import fresh
from flow.clock import Clock
from flow.errors import ShowFileError
from flow.pose import Driver, Part
from flow.seams import MotionSource, Plugin, PoseSource
from host import registry
from host.log import Voice
from host.mistakes import sentence
from host.showfile import Show

OVER_CAMERA = PRIORITY[LayerKind.CAMERA] + 5
"""A second tracker lies over the camera, under other programs' poses."""


class DriverSection(BaseModel):
    """What every driver has; the rest is the source's own settings."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    kind: str = Field(
        min_length=1,
        description="vmc, ifacialmocap, facemotion3d, livelink, openseeface, camera, take, "
        "synthetic or a plug-in's; its own settings stand beside these",
    )
    name: str = Field("", description="what messages and reports call it; unset: its kind")
    parts: list[Part] = Field(
        default_factory=lambda: list(Part),
        min_length=1,
        description="what it may move: face, head, torso, left_arm, right_arm, left_hand, "
        "right_hand, legs; unset: all that it sends",
    )
    weight: float = Field(1.0, ge=0, le=1, description="how much of its movement shows")
    priority: int | None = Field(
        None,
        ge=1,
        le=99,
        description="higher lies over lower; unset: 30 for solved bodies and faces, 25 for "
        "trackers (the camera has 20)",
    )
    mirrored: bool = Field(False, description="it moves the other side")
    who: Literal["human", "ai", "replay"] = Field(
        "human", description="who is behind it, for labels and the avatar's licence"
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A driver that a show asks for, not made yet."""

    label: str
    section: DriverSection
    plugin: Plugin
    settings: Any

    @property
    def weights(self) -> dict[Part, float]:
        """How much of each part it may have."""
        return dict.fromkeys(self.section.parts, self.section.weight)

    @property
    def words(self) -> str:
        """What it has, for people."""
        if len(self.section.parts) == len(Part):
            return "the whole body"
        return ", ".join(part.value.replace("_", " ") for part in self.section.parts)


@dataclass(slots=True)
class PoseDriver:
    """Another program's bodies at work. One thread."""

    label: str
    source: PoseSource
    layer: PoseLayer
    who: Driver = Driver.HUMAN
    mirrored: bool = False

    @classmethod
    def of_show(cls, source: PoseSource, *, mirrored: bool) -> PoseDriver:
        """Who has the whole body, as a show's source of motion."""
        return cls("motion", source, PoseLayer("motion"), mirrored=mirrored)

    def follow(self) -> int:
        """Hand what is new to the layer; returns when it was seen (ns), or 0."""
        pose = self.source.poll()
        if pose is None:
            return 0
        pose = mirror_pose(pose) if self.mirrored else pose
        parts = pose.driver or dict.fromkeys(Part)
        self.layer.feed(replace(pose, driver=dict.fromkeys(parts, self.who)))
        return pose.captured


@dataclass(slots=True)
class MotionDriver:
    """Another tracker, camera or take at work, with a performer of its own. One thread."""

    label: str
    source: MotionSource
    layer: CameraLayer
    who: Driver = Driver.HUMAN

    def follow(self) -> int:
        """Hand what is new to the performer; returns when it was seen (ns), or 0."""
        newest = 0
        for frame in fresh(self.source):
            self.layer.performer.feed(frame)
            newest = frame.captured
        return newest


Driven: TypeAlias = PoseDriver | MotionDriver


def wanted_drivers(show: Show) -> list[Wanted]:
    """Every driver of a show; nothing is made yet.

    Raises:
        ShowFileError: ``show.driver``, ``show.unknown_plugin`` or ``show.invalid``; with several
            wrong drivers, what is wrong with each.
    """
    found: list[Wanted] = []
    faults: list[ShowFileError] = []
    for number, values in enumerate(show.driver, start=1):
        try:
            found.append(_wanted(number, values, {one.label for one in found}))
        except ShowFileError as fault:
            faults.append(fault)
    if len(faults) > 1:
        raise ShowFileError(
            f"{len(faults)} drivers are wrong:\n" + "\n".join(f"  {fault}" for fault in faults)
        )
    if faults:
        raise faults[0]
    return found


def _wanted(number: int, values: dict[str, Any], taken: set[str]) -> Wanted:
    if not isinstance(values.get("kind"), str):
        raise ShowFileError(
            f"Driver {number} of the show has no kind.",
            code="show.driver",
            hint='Write, for example, kind = "vmc" in its [[driver]] section.',
        )
    try:
        section = DriverSection.model_validate_json(json.dumps(values))
    except ValidationError as fault:
        said = "; ".join(
            sentence(e, DriverSection, f"driver.{number - 1}.")
            for e in fault.errors(include_url=False)
        )
        raise ShowFileError(f"{said}.", hint="See: mirrorstage describe driver") from None
    known = registry.names()
    kind = "pose" if f"pose.{section.kind}" in known else "motion"
    plugin = registry.find(kind, section.kind)
    own = {k: v for k, v in values.items() if k not in DriverSection.model_fields}
    if kind == "motion" and "mirrored" in plugin.settings.model_fields and section.mirrored:
        own["mirrored"] = True
    label = section.name or section.kind
    label = f"{label}-{number}" if label in taken else label
    return Wanted(label, section, plugin, registry.settings_of(plugin, own))


def make_driver(wanted: Wanted, clock: Clock) -> Driven:
    """A driver, not started.

    Raises:
        MirrorstageError: what its source says of its settings.
    """
    section, label, who = wanted.section, wanted.label, Driver(wanted.section.who)
    source = wanted.plugin.make(wanted.settings, clock=clock)
    if wanted.plugin.kind == "pose":
        poses = PoseLayer(label, priority=section.priority, weights=wanted.weights, driver=who)
        return PoseDriver(label, source, poses, who, section.mirrored)
    performer = Performer(mirrored=section.mirrored, source_driver=who)
    priority = OVER_CAMERA if section.priority is None else section.priority
    layer = CameraLayer(performer, priority=priority, weights=wanted.weights)
    layer.name = label
    return MotionDriver(label, source, layer, who)


def start_drivers(
    wanted: list[Wanted], clock: Clock, voice: Voice, closers: ExitStack
) -> list[Driven]:
    """Every driver at work; `closers` ends them.

    Raises:
        MirrorstageError: what a source says when it cannot begin.
    """
    found: list[Driven] = []
    for one in wanted:
        driver = make_driver(one, clock)
        driver.source.start()
        closers.callback(driver.source.stop)
        found.append(driver)
        voice.say(f"Driver {driver.label}: {one.plugin.summary}; {one.words}.")
    return found
