"""From the words of a show file to running sources of motion and sound.

``auto`` takes the first webcam (the first microphone) and, where there is none, the built-in
recorded performer (silence), and says which and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flow.clock import Clock
from flow.errors import MirrorstageError, ShowFileError
from flow.paths import user_path
from flow.pose import Driver
from flow.seams import MotionSource, Plugin, SoundSource
from host.pose_sources import PosesOnly
from host.showfile import Motion, Sound

BUILT_IN_PERFORMER = "greeting"
OTHER_PROGRAMS = {
    "vmc": "pose", "ifacialmocap": "pose", "facemotion3d": "pose", "livelink": "pose",
    "openseeface": "motion",
}  # fmt: skip
"""Trackers that are programs of their own, and the kind of plug-in that hears them."""
CAMERA_SCHEMES = ("webcam", "images:", "rtsp://", "rtsps://", "http://", "https://")


class _Settings(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class CameraSettings(_Settings):
    """A webcam, a video file, a picture sequence or a network camera."""

    source: str = Field("webcam", description="webcam[:N], file:PATH, images:PATTERN, rtsp://…")
    mirrored: bool = False
    loop: bool = True
    profile: Literal["face", "upper", "full"] = "full"
    landmarks: bool = Field(False, description="the points of the face leave capture too")


class TakeSettings(_Settings):
    """A recorded performance."""

    path: str = Field(BUILT_IN_PERFORMER, description="built-in name or path of a .take")
    loop: bool = True


class NoSettings(_Settings):
    """Nothing to set."""


class MicrophoneSettings(_Settings):
    """A microphone."""

    device: str | None = Field(None, description="number or part of the name; unset: the system's")


class SoundFileSettings(_Settings):
    """A sound or video file."""

    path: str
    loop: bool = True


def _camera(settings: CameraSettings, *, clock: Clock, **_: Any) -> MotionSource:
    from capture.process import CaptureProcess, CaptureSettings
    from capture.supervise import Supervised

    wanted = CaptureSettings(
        source=settings.source,
        mirrored=settings.mirrored,
        loop=settings.loop,
        profile=settings.profile,
        landmarks=settings.landmarks,
    )
    return Supervised(lambda: CaptureProcess(wanted, clock), clock)


def _take(settings: TakeSettings, *, clock: Clock, **_: Any) -> MotionSource:
    import assets
    from capture.take_replay import TakeSource

    return TakeSource(assets.locate("takes", settings.path), clock, loop=settings.loop)


def _synthetic(settings: NoSettings, *, clock: Clock, **_: Any) -> MotionSource:
    from capture.synthetic import SyntheticSource

    del settings
    return SyntheticSource(clock)


def _microphone(settings: MicrophoneSettings, *, clock: Clock, **_: Any) -> SoundSource:
    from capture.microphone import Microphone

    return Microphone(clock, device=settings.device)


def _sound_file(settings: SoundFileSettings, *, clock: Clock, **_: Any) -> SoundSource:
    from stream.file_sound import FileSound

    return FileSound(user_path(settings.path), clock, loop=settings.loop)


def _silence(settings: NoSettings, *, clock: Clock, **_: Any) -> SoundSource:
    from stream.silence import Silence

    del settings
    return Silence(clock)


CAMERA = Plugin("motion", "camera", "A camera or video, tracked here", CameraSettings, _camera)
TAKE = Plugin("motion", "take", "A recorded performance", TakeSettings, _take)
SYNTHETIC = Plugin("motion", "synthetic", "A computed performer", NoSettings, _synthetic)
MICROPHONE = Plugin("sound", "microphone", "A microphone", MicrophoneSettings, _microphone)
SOUND_FILE = Plugin("sound", "file", "A sound or video file", SoundFileSettings, _sound_file)
SILENCE = Plugin("sound", "silence", "No sound", NoSettings, _silence)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A source that was made, and the sentence that says which and why."""

    source: Any
    sentence: str
    driver: Driver = Driver.HUMAN
    mirrored: bool = False
    media: Path | None = None
    """The video file behind the motion, whose own sound goes with it."""


def choose_motion(motion: Motion, clock: Clock) -> Chosen:
    """The motion source a show asks for.

    Raises:
        ShowFileError: ``show.source`` for words that name no source.
        DeviceError, AssetError: what the source itself says.
    """
    text = motion.source
    if text == "auto":
        return _auto_motion(motion, clock)
    if text == "synthetic":
        return Chosen(_synthetic(NoSettings(), clock=clock), "A computed performer.", Driver.REPLAY)
    if text.startswith("take:"):
        settings = TakeSettings(path=text.removeprefix("take:"), loop=motion.loop)
        return Chosen(
            _take(settings, clock=clock),
            f"Recorded performance '{settings.path}'.",
            Driver.REPLAY,
            bool(motion.mirrored),
        )
    if text.startswith(("file:", *CAMERA_SCHEMES)):
        return _tracked(motion, text, clock)
    if text.partition(":")[0] in OTHER_PROGRAMS:
        return _other_program(motion, clock)
    if text.startswith("plugin:"):
        source = _plugged("motion", text, motion.settings, clock)
        return Chosen(source, f"Plug-in {text.removeprefix('plugin:')}.")
    raise ShowFileError(
        f"'{text}' is no source of motion.",
        code="show.source",
        hint="Write auto, webcam[:N], file:PATH, images:PATTERN, rtsp://…, take:PATH, synthetic, "
        "vmc[:PORT], ifacialmocap, facemotion3d, livelink, openseeface.",
    )


def _other_program(motion: Motion, clock: Clock) -> Chosen:
    """``vmc``, ``vmc:PORT`` or ``vmc:ADDRESS:PORT``: whoever sends there moves the host."""
    from host import registry

    kind, _, place = motion.source.partition(":")
    host, _, port = place.rpartition(":")
    values: dict[str, Any] = dict(motion.settings)
    plugin = registry.find(OTHER_PROGRAMS[kind], kind)
    if host:
        values["host"] = host
    if place:
        if not (port.isascii() and port.isdecimal()):
            raise ShowFileError(
                f"'{motion.source}' names no port.",
                code="show.source",
                hint=f"Write {kind}, {kind}:PORT or {kind}:ADDRESS:PORT.",
            )
        values["port"] = int(port[:6])
    source = plugin.make(registry.settings_of(plugin, values), clock=clock)
    sentence = f"{plugin.summary}."
    if plugin.kind == "pose":
        source = PosesOnly(source)
    return Chosen(source, sentence, Driver.HUMAN, bool(motion.mirrored))


def _plugged(kind: str, text: str, settings: dict[str, Any], clock: Clock) -> Any:
    from host import registry

    plugin = registry.find(kind, text.removeprefix("plugin:"))
    return plugin.make(registry.settings_of(plugin, settings), clock=clock)


def _tracked(motion: Motion, text: str, clock: Clock) -> Chosen:
    webcam = text.startswith("webcam")
    mirrored = webcam if motion.mirrored is None else motion.mirrored
    settings = CameraSettings(
        source=text,
        mirrored=mirrored,
        loop=motion.loop,
        profile=motion.profile,
        landmarks=motion.landmarks,
    )
    media = user_path(text.removeprefix("file:")) if text.startswith("file:") else None
    what = "Video" if media else "Webcam" if webcam else "Camera"
    what = "Pictures" if text.startswith("images:") else what
    sentence = f"{what} {text.partition(':')[2] or 'number 0'}, tracked on this machine."
    return Chosen(_camera(settings, clock=clock), sentence, Driver.HUMAN, mirrored, media)


def _auto_motion(motion: Motion, clock: Clock) -> Chosen:
    from capture.devices import list_cameras

    cameras = list_cameras()
    why = "no webcam was found"
    if cameras:
        try:
            from capture.models.store import resolve

            resolve(motion.profile)
        except MirrorstageError as fault:
            why = f"{fault.message} {fault.hint}".strip().rstrip(".")
        else:
            first = cameras[0]
            chosen = _tracked(motion, f"webcam:{first.id}", clock)
            return Chosen(
                chosen.source,
                f"Webcam '{first.name}', the first that was found.",
                Driver.HUMAN,
                chosen.mirrored,
            )
    take = TakeSettings(path=BUILT_IN_PERFORMER, loop=motion.loop)
    return Chosen(
        _take(take, clock=clock), f"The built-in recorded performer, because {why}.", Driver.REPLAY
    )


def choose_sound(sound: Sound, motion: Chosen, clock: Clock) -> Chosen:
    """The sound source a show asks for; ``auto`` never fails.

    Raises:
        ShowFileError: ``show.source``.
        DeviceError, AssetError: what an explicitly named source says.
    """
    text = sound.source
    if text == "silence":
        return Chosen(_silence(NoSettings(), clock=clock), "Silence.")
    if text.startswith("file:"):
        settings = SoundFileSettings(path=text.removeprefix("file:"))
        return Chosen(_sound_file(settings, clock=clock), f"Sound of {settings.path}.")
    if text == "microphone" or text.startswith("microphone:"):
        device = text.partition(":")[2] or None
        return Chosen(_microphone(MicrophoneSettings(device=device), clock=clock), "Microphone.")
    if text == "auto":
        return _auto_sound(motion, clock)
    if text.startswith("plugin:"):
        source = _plugged("sound", text, sound.settings, clock)
        return Chosen(source, f"Plug-in {text.removeprefix('plugin:')}.")
    raise ShowFileError(
        f"'{text}' is no source of sound.",
        code="show.source",
        hint="Write auto, microphone, microphone:NAME, file:PATH or silence.",
    )


def _auto_sound(motion: Chosen, clock: Clock) -> Chosen:
    if motion.media is not None:
        try:
            settings = SoundFileSettings(path=str(motion.media))
            return Chosen(_sound_file(settings, clock=clock), "The video's own sound.")
        except MirrorstageError:
            return Chosen(
                _silence(NoSettings(), clock=clock), "Silence, because the video has no sound."
            )
    from capture.devices import list_microphones

    microphones = list_microphones() if motion.driver is Driver.HUMAN else []
    if microphones:
        try:
            source = _microphone(MicrophoneSettings(), clock=clock)
            return Chosen(source, f"Microphone '{microphones[0].name}'.")
        except MirrorstageError as fault:
            return Chosen(_silence(NoSettings(), clock=clock), f"Silence: {fault.message}")
    why = "no microphone was found" if motion.driver is Driver.HUMAN else "nobody speaks"
    return Chosen(_silence(NoSettings(), clock=clock), f"Silence, because {why}.")
