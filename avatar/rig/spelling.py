"""Names of expressions as their makers spell them, and as VRM and ARKit do."""

from __future__ import annotations

from collections.abc import Iterable

from flow.motion import ARKIT_NAMES
from flow.pose import PRESET_EXPRESSIONS

_ARKIT = {name.lower(): name for name in ARKIT_NAMES}
_ARKIT |= {
    f"{name.lower().removesuffix(side)}{side[0]}": name
    for name in ARKIT_NAMES
    for side in ("left", "right")
    if name.lower().endswith(side)
    and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
}
_PRESETS = {name.lower(): name for name in PRESET_EXPRESSIONS}


def arkit_name(name: str) -> str:
    """The ARKit name that `name` spells (any case, ``_L`` for Left, underscores), else `name`."""
    return _ARKIT.get(name.lower(), _ARKIT.get(name.lower().replace("_", ""), name))


def canonical(name: str) -> str:
    """VRM's or ARKit's spelling of `name`, else `name`."""
    return _PRESETS.get(name.lower(), arkit_name(name))


def spelled(names: Iterable[str]) -> dict[str, str]:
    """Lower-case ARKit and preset spellings to the author's names, where these are spelled so."""
    return {canonical(name).lower(): name for name in names if canonical(name) != name}
