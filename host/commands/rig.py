"""``mirrorstage rig``: a scripted motion through our runtime, written down to be compared."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import assets
from avatar.read.load import load_avatar
from flow.clock import NS_PER_MS, MonotonicClock
from flow.errors import AssetError, OutputError
from flow.paths import user_path
from host.parity.compare import BARS, Difference, compare
from host.parity.facts import DIGITS
from host.parity.play import play
from host.parity.scenario import read_scenario

SMALL_TEXTURES_PX = 16
"""Nothing here is drawn."""


def run(arguments: argparse.Namespace) -> int:
    """Play, write, compare; exit status 1 when anything differs by more than it may."""
    scenario = read_scenario(user_path(arguments.scenario))
    theirs = _theirs(user_path(arguments.compare)) if arguments.compare else None
    clock = MonotonicClock()
    before = clock.now()
    path = assets.locate("avatars", arguments.model)
    avatar = load_avatar(path, max_texture_px=SMALL_TEXTURES_PX)
    load_ms = round((clock.now() - before) / NS_PER_MS, DIGITS)
    result = {**play(avatar, scenario, clock), "loadMs": load_ms}
    if arguments.out:
        _write(user_path(arguments.out), result)
    if theirs is None:
        if not arguments.out:
            sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        elif not arguments.json:
            sys.stdout.write(f"{len(result['dumps'])} moments of {path.name} in {arguments.out}\n")
        return 0
    found = compare(result, theirs)
    if arguments.json:
        entries = [
            {"kind": d.kind, "amount": d.amount, "where": d.where, "frame": d.frame,
             "bar": BARS[d.kind], "passes": d.passes}
            for d in found
        ]  # fmt: skip
        sys.stdout.write(json.dumps(entries, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(words(found) + "\n")
    return 0 if all(d.passes for d in found) else 1


def words(found: list[Difference]) -> str:
    """The differences as a table."""
    lines = [f"{'what':18} {'largest':>10}   {'may be':>8}   where"]
    for d in found:
        mark = " " if d.passes else "!"
        place = f"{d.where}, frame {d.frame}" if d.amount else ""
        lines.append(f"{d.kind:18} {d.amount:10.6f} {mark} {BARS[d.kind]:8.4f}   {place}".rstrip())
    return "\n".join(lines)


def _theirs(path: Path) -> dict[str, Any]:
    try:
        found = dict(json.loads(path.read_bytes()))
        len(found["dumps"])
    except OSError as fault:
        raise AssetError(
            f"The result {path} cannot be read: {fault.strerror or fault}.",
            code="scenario.unreadable",
            hint="Check the path.",
        ) from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise AssetError(
            f"{path} is no result of a scenario.",
            code="scenario.result",
            hint="Make it with 'mirrorstage rig MODEL SCENARIO.json -o OUT.json'.",
        ) from fault
    return found


def _write(path: Path, result: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    except OSError as fault:
        raise OutputError(
            f"The result cannot be written to {path}: {fault.strerror or fault}.",
            code="scenario.unwritable",
            hint="Choose another file with -o.",
        ) from fault
