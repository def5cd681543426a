"""The outputs of a show: which are wanted, and made ready to be started."""

from __future__ import annotations

from typing import Any

from flow.errors import ShowFileError
from flow.seams import PacketOutput, Plugin, PoseOutput
from host import registry
from host.showfile import Show

Wanted = tuple[str, Plugin, Any]
"""Label, plug-in, settings."""


def wanted_outputs(show: Show) -> list[Wanted]:
    """Every output of a show; nothing is made yet.

    Raises:
        ShowFileError: ``show.output``, ``show.unknown_plugin`` or ``show.invalid``; with several
            wrong outputs, what is wrong with each.
    """
    found: list[Wanted] = []
    faults: list[ShowFileError] = []
    for number, wanted in enumerate(show.output, start=1):
        try:
            name, plugin, settings = _wanted(number, wanted)
        except ShowFileError as fault:
            faults.append(fault)
            continue
        label = f"{name}-{number}" if name in (other[0] for other in found) else name
        found.append((label, plugin, settings))
    if len(faults) > 1:
        raise ShowFileError(
            f"{len(faults)} outputs are wrong:\n" + "\n".join(f"  {fault}" for fault in faults)
        )
    if faults:
        raise faults[0]
    return found


def _wanted(number: int, wanted: dict[str, Any]) -> Wanted:
    values = dict(wanted)
    kind = values.pop("kind", "")
    if not kind or not isinstance(kind, str):
        raise ShowFileError(
            f"Output {number} of the show has no kind.",
            code="show.output",
            hint='Write, for example, kind = "page" in its [[output]] section.',
        )
    name = str(values.pop("name", kind))
    plugin = registry.find("output", kind)
    return name, plugin, registry.settings_of(plugin, values)


def make_outputs(
    wanted: list[Wanted], services: dict[str, Any]
) -> dict[str, PacketOutput | PoseOutput]:
    """The outputs by label, not started.

    Raises:
        MirrorstageError: what one says of its settings: an address that is none, a key that is
            not in the environment.
    """
    return {label: plugin.make(settings, **services) for label, plugin, settings in wanted}
