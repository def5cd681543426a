"""Where a show can go. Each output is a `flow.seams.Plugin`, imported when it is asked for.

`make(settings, clock=..., network=..., request_keyframe=...)` gives the output: the show's clock,
the `stream.network.NetworkThread` shared by all, and `Hub.force_keyframe`, to be called when a
receiver needs a fresh start. More services may come with them; an output ignores what it does not
need.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from flow.clock import Clock
from flow.seams import PacketOutput, Plugin
from stream.outputs.target import parse

if TYPE_CHECKING:
    from stream.network import NetworkThread

__all__ = ["PLUGINS", "load", "make", "parse"]

PLUGINS: dict[str, str] = {
    "null": "stream.outputs.null:PLUGIN",
    "record": "stream.outputs.record:PLUGIN",
    "rtmp": "stream.outputs.rtmp:PLUGIN",
    "page": "stream.page.output:PLUGIN",
}


def load(reference: str) -> Plugin:
    """The plug-in at ``module:attribute``."""
    module, _, attribute = reference.partition(":")
    return cast(Plugin, getattr(import_module(module), attribute))


def make(
    kind: str,
    settings: dict[str, Any],
    *,
    clock: Clock,
    network: NetworkThread,
    request_keyframe: Callable[[], None],
    **services: Any,
) -> PacketOutput:
    """An output of `kind` with validated settings (pydantic.ValidationError when they are not)."""
    plugin = load(PLUGINS[kind])
    return cast(
        PacketOutput,
        plugin.make(
            plugin.settings.model_validate(settings),
            clock=clock,
            network=network,
            request_keyframe=request_keyframe,
            **services,
        ),
    )
