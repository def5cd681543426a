"""A show as one TOML file: what can be set, what it defaults to, and every mistake at once.

Precedence: default < show file < ``MIRRORSTAGE__SECTION__KEY`` environment < command line.
Validation is pydantic's strict mode over JSON, so that TOML's own types are kept apart ("30" is
not a number) and each mistake is reported with its dotted path.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from flow.errors import ShowFileError
from host.mistakes import sentence, unreadable_text
from host.performance import (
    AnimationSection,
    CueSection,
    ExpressionSection,
    MixerSection,
    ShotSection,
    mistakes,
)
from host.purpose import PurposeSection

ENV_PREFIX = "MIRRORSTAGE__"
LARGEST = 1 << 20
"""Bytes of a show file."""
SIDES_PX = (16, 8192)
LONGEST_S = 3.2e8
"""Ten years."""


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Picture(_Section):
    """The programme picture."""

    size: str = Field("1280x720", description="WIDTHxHEIGHT, even")
    fps: int = Field(30, ge=1, le=120, description="frames per second")
    backend: Literal["auto", "gl", "software"] = Field("auto", description="how it is drawn")
    window: bool = Field(False, description="also show it in a window on this machine")

    @field_validator("size")
    @classmethod
    def _size(cls, text: str) -> str:
        width, _, height = text.partition("x")
        low, high = SIDES_PX
        for side in (width, height):
            if not (side.isascii() and side.isdecimal() and low <= int(side[:6]) <= high):
                raise ValueError(
                    f"must be WIDTHxHEIGHT in pixels, such as 1280x720, each from {low} to {high}"
                )
        return text

    @property
    def width(self) -> int:
        """Pixels, even."""
        return int(self.size.split("x")[0]) // 2 * 2

    @property
    def height(self) -> int:
        """Pixels, even."""
        return int(self.size.split("x")[1]) // 2 * 2


class Motion(_Section):
    """Who moves the host."""

    source: str = Field(
        "auto",
        description="auto, webcam[:N], file:PATH, images:PATTERN, rtsp://…, take:NAME, synthetic, "
        "vmc[:PORT], ifacialmocap, facemotion3d, livelink, openseeface",
    )
    mirrored: bool | None = Field(
        None, description="the host moves like a mirror image; unset: webcams yes, the rest no"
    )
    profile: Literal["face", "upper", "full"] = Field("full", description="what is tracked")
    loop: bool = Field(True, description="files and takes start again at their end")
    landmarks: bool = Field(
        False, description="the 478 points of the face may leave the capture process"
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="of a plug-in (source = 'plugin:NAME')"
    )


class Sound(_Section):
    """What is heard."""

    source: str = Field("auto", description="auto, microphone[:N], file:PATH, silence")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="of a plug-in (source = 'plugin:NAME')"
    )


class Avatar(_Section):
    """The host."""

    model: str = Field("mira", description="built-in name or path of a VRM or GLB")


class StageChoice(_Section):
    """The place."""

    model: str = Field("studio", description="built-in name or path of a GLB")
    shot: str = Field("medium", description="the first camera shot")


class Encode(_Section):
    """The one encode that serves every output."""

    video_kbps: int = Field(0, ge=0, le=50_000, description="0: by size and frame rate")
    audio_kbps: int = Field(128, ge=32, le=320, description="AAC bit rate")
    keyframe_s: float = Field(2.0, gt=0, le=10, description="seconds between key frames")


class Show(_Section):
    """A whole show."""

    name: str = "Mirrorstage"
    duration_s: float = Field(
        0.0, ge=0, le=LONGEST_S, description="end by itself after this; 0: go on"
    )
    picture: Picture = Picture()
    motion: Motion = Motion()
    sound: Sound = Sound()
    avatar: Avatar = Avatar()
    purpose: PurposeSection = PurposeSection()
    stage: StageChoice = StageChoice()
    encode: Encode = Encode()
    mixer: MixerSection = MixerSection()
    animation: list[AnimationSection] = []
    expression: list[ExpressionSection] = []
    shot: list[ShotSection] = []
    cue: list[CueSection] = []
    driver: list[dict[str, Any]] = Field(
        default_factory=list,
        description="who else moves the host: `kind` (vmc, or any source of motion), `parts`, "
        "`weight`, `priority`, `mirrored`, `who`, and the settings of that source",
    )
    output: list[dict[str, Any]] = Field(
        default_factory=list, description="each with `kind` and the settings of that output"
    )


def load_show(
    path: Path | None,
    *,
    environment: Mapping[str, str],
    overrides: Sequence[str] = (),
) -> Show:
    """The show that file, environment and ``--set section.key=value`` make together.

    Raises:
        ShowFileError: ``show.missing``, ``show.unreadable``, ``show.syntax``, ``show.set`` or
            ``show.invalid`` (all mistakes).
    """
    data: dict[str, Any] = _read(path) if path is not None else {}
    origins: dict[str, str] = {}
    for key, value in sorted(environment.items()):
        if key.startswith(ENV_PREFIX):
            keys = key.removeprefix(ENV_PREFIX).lower().split("__")
            _put(data, keys, value, key)
            origins[".".join(keys)] = f"the environment variable {key}"
    for item in overrides:
        key, equals, value = item.partition("=")
        if not equals or not all(key.split(".")):
            raise ShowFileError(
                f"--set {item} sets nothing.",
                code="show.set",
                hint="Write --set section.key=value.",
            )
        _put(data, key.split("."), value, f"--set {key}")
        origins[key] = "--set"
    return validate(data, str(path) if path else "the command line", origins)


def validate(data: Mapping[str, Any], where: str, origins: Mapping[str, str] | None = None) -> Show:
    """The show in plain `data`.

    Args:
        data: As a show file has it.
        where: Its origin, for messages.
        origins: Dotted path to origin of settings that came from elsewhere.

    Raises:
        ShowFileError: ``show.invalid`` with every mistake, one a line.
    """
    lines = list(unreadable_text(data))
    if not lines:
        try:
            show = Show.model_validate_json(json.dumps(data, default=_no_json))
            lines += mistakes(show)
            if not lines:
                return show
        except ValidationError as fault:
            for error in fault.errors(include_url=False):
                path = ".".join(str(p) for p in error["loc"])
                came = next((v for k, v in (origins or {}).items() if path in (k, k + ".")), "")
                lines.append(sentence(error, Show) + (f" (in {came})" if came else ""))
    count = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    raise ShowFileError(
        f"{where} has {count}:\n" + "\n".join(f"  {line}" for line in lines),
        hint="\n'mirrorstage describe' lists every setting.",
    )


def _no_json(value: Any) -> dict[str, str]:
    """TOML's dates and times, as what no setting is: they must not pass for text."""
    return {"date": str(value)}


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ShowFileError(
                f"{path} is far too large for a show file.",
                code="show.unreadable",
                hint="Show files are short texts; mirrorstage new writes one.",
            )
        return tomllib.loads(content.decode("utf-8-sig"))  # Notepad begins with a byte order mark
    except FileNotFoundError:
        raise ShowFileError(
            f"There is no show file at {path}.",
            code="show.missing",
            hint=f"Make one with: mirrorstage new {shlex.quote(str(path))}",
        ) from None
    except OSError as fault:
        raise ShowFileError(
            f"The show file {path} cannot be read: {fault.strerror}.",
            code="show.unreadable",
            hint="Check that it is a file and its permissions.",
        ) from fault
    except UnicodeDecodeError as fault:
        raise ShowFileError(
            f"The show file {path} is not UTF-8 text (byte {fault.start}).",
            code="show.unreadable",
            hint="Save it as UTF-8, or give a .toml file.",
        ) from fault
    except tomllib.TOMLDecodeError as fault:
        raise ShowFileError(
            f"{path} is not valid TOML: {fault}.",
            code="show.syntax",
            hint="Strings need quotes; sections look like [avatar].",
        ) from fault
    except RecursionError:
        raise ShowFileError(
            f"{path} is nested too deeply.",
            code="show.syntax",
            hint="Settings lie in sections such as [avatar], one level deep.",
        ) from None


def _put(data: dict[str, Any], keys: Sequence[str], value: str, said: str) -> None:
    here = data
    for key in keys[:-1]:
        inner = here.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ShowFileError(
                f"{said} goes through '{key}', which is not a section.", code="show.set"
            )
        here = inner
    here[keys[-1]] = _literal(value)


def _literal(text: str) -> Any:
    """TOML's reading of a bare value; anything that is none is a string."""
    if re.fullmatch(r"true|false|[-+]?\d[\d_]*(\.\d+)?|\[.*\]|\".*\"", text):
        try:
            return tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            return text
    return text
