"""``mirrorstage describe``: every setting of a show and its plug-ins, from their own schemas."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, get_args

from pydantic import BaseModel

from flow.errors import ShowFileError
from host import registry
from host.drivers import DriverSection
from host.showfile import Show


def run(arguments: argparse.Namespace) -> int:
    """Describe everything or one name."""
    schemas: dict[str, dict[str, Any]] = {"show": Show.model_json_schema()}
    summaries = {"show": "The show file"}
    for key in registry.names():
        kind, _, name = key.partition(".")
        plugin = registry.find(kind, name)
        schemas[key] = plugin.settings.model_json_schema()
        summaries[key] = plugin.summary
    wanted = arguments.name
    if wanted:
        schemas = {k: v for k, v in schemas.items() if wanted in (k, k.partition(".")[2])}
        if section := sections().get(wanted):
            schemas[wanted] = section.model_json_schema()
            summaries[wanted] = f"Section [{wanted}] of the show file"
        if not schemas:
            raise ShowFileError(
                f"There is nothing called '{wanted}'.",
                code="show.unknown_plugin",
                hint=f"Known: {', '.join([*summaries, *sections()])}.",
            )
    if arguments.json:
        sys.stdout.write(json.dumps(schemas, indent=2, ensure_ascii=False) + "\n")
        return 0
    for name, schema in schemas.items():
        sys.stdout.write(f"{name}: {summaries[name]}\n")
        _print(schema, schema.get("$defs", {}), "")
        sys.stdout.write("\n")
    return 0


def sections() -> dict[str, type[BaseModel]]:
    """The show file's sections."""
    return {"driver": DriverSection} | {
        name: kind
        for name, field in Show.model_fields.items()
        for kind in (field.annotation, *get_args(field.annotation))
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def _print(schema: dict[str, Any], definitions: dict[str, Any], prefix: str) -> None:
    for name, field in schema.get("properties", {}).items():
        reference = field.get("$ref", "").rpartition("/")[2]
        if reference:
            _print(definitions[reference], definitions, f"{prefix}{name}.")
            continue
        each = field.get("items", {}).get("$ref", "").rpartition("/")[2]
        if "properties" in definitions.get(each, {}):
            _print(definitions[each], definitions, f"{prefix}{name}[].")
            continue
        kinds = field.get("anyOf", [field])
        kind = " or ".join(str(k.get("type", "value")) for k in kinds)
        if "enum" in field:
            kind = "|".join(map(str, field["enum"]))
        default = " (needed)" if name in schema.get("required", ()) else ""
        default = f" = {json.dumps(field['default'])}" if "default" in field else default
        said = field.get("description", "")
        sys.stdout.write(f"  {prefix}{name}: {kind}{default}{'   ' + said if said else ''}\n")
