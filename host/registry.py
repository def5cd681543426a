"""Every plug-in by name: the built-in ones and those that installed packages announce.

A package announces one through an entry point in the group ``mirrorstage.plugins`` whose value is a
`flow.seams.Plugin`. Nothing is imported before it is asked for.
"""

from __future__ import annotations

import json
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from flow.errors import ShowFileError
from flow.seams import Plugin
from host.mistakes import sentence

GROUP = "mirrorstage.plugins"

BUILT_IN: dict[str, str] = {
    "output.null": "stream.outputs.null:PLUGIN",
    "output.record": "stream.outputs.record:PLUGIN",
    "output.rtmp": "stream.outputs.rtmp:PLUGIN",
    "output.page": "stream.page.output:PLUGIN",
    "output.vmc": "host.vmc_output:PLUGIN",
    "pose.vmc": "host.pose_sources:VMC",
    "pose.ifacialmocap": "host.pose_sources:IFACIALMOCAP",
    "pose.facemotion3d": "host.pose_sources:FACEMOTION",
    "pose.livelink": "host.pose_sources:LIVELINK",
    "motion.openseeface": "host.pose_sources:OPENSEEFACE",
    "motion.camera": "host.sources:CAMERA",
    "motion.take": "host.sources:TAKE",
    "motion.synthetic": "host.sources:SYNTHETIC",
    "sound.microphone": "host.sources:MICROPHONE",
    "sound.file": "host.sources:SOUND_FILE",
    "sound.silence": "host.sources:SILENCE",
}


def names() -> list[str]:
    """``kind.name`` of every plug-in."""
    return sorted({*BUILT_IN, *(e.name for e in entry_points(group=GROUP))})


def find(kind: str, name: str) -> Plugin:
    """The plug-in `name` of `kind`.

    Raises:
        ShowFileError: ``show.unknown_plugin`` when there is none.
    """
    key = f"{kind}.{name}"
    if key in BUILT_IN:
        module, _, attribute = BUILT_IN[key].partition(":")
        found = getattr(import_module(module), attribute)
    else:
        for point in entry_points(group=GROUP):
            if point.name == key:
                found = point.load()
                break
        else:
            known = [n.partition(".")[2] for n in names() if n.startswith(kind + ".")]
            raise ShowFileError(
                f"There is no {kind} called '{name}'.",
                code="show.unknown_plugin",
                hint=f"Known: {', '.join(known)}.",
            )
    if not isinstance(found, Plugin):
        raise ShowFileError(f"The plug-in {key} is not a flow.seams.Plugin.", code="show.plugin")
    return found


def settings_of(plugin: Plugin, values: dict[str, Any]) -> Any:
    """`values` validated by the plug-in's settings model.

    Raises:
        ShowFileError: ``show.invalid`` naming each wrong setting.
    """
    try:
        return plugin.settings.model_validate_json(json.dumps(values))
    except ValidationError as fault:
        prefix = f"{plugin.kind}.{plugin.name}."
        said = "; ".join(
            sentence(e, plugin.settings, prefix) for e in fault.errors(include_url=False)
        )
        # Not chained: pydantic's own error repeats the values, stream keys among them.
        raise ShowFileError(f"{said}.", hint=f"See: mirrorstage describe {plugin.name}") from None
