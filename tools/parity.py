"""Our VRM runtime and three-vrm on the same avatars and motions: a table of largest differences.

    MIRRORSTAGE_ORACLES=FOLDER python -m tools.parity [--plain] [AVATAR or FOLDER ...]

FOLDER holds three-vrm's script, its scenarios and its installed packages. What three-vrm itself
does otherwise than the VRM specification is mended first (`tools/three_vrm_mended.mjs`); `--plain`
leaves it as published.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from avatar.read.load import load_avatar
from flow.clock import MonotonicClock
from flow.errors import AssetError
from host.parity.compare import BARS, Difference, compare
from host.parity.play import play
from host.parity.scenario import read_scenario

MENDED = Path(__file__).with_name("three_vrm_mended.mjs")
SCENARIOS = ("basic", "pose10", "expr", "lookat", "constraint", "spring")
RIG = tuple(k for k in BARS if k not in ("materials", "spring tails", "spring rotations"))
"""Kinds held to the rig's bar; materials are compared as pictures elsewhere."""
SUFFIXES = (".vrm", ".glb")
_LIMIT_S = 120


def three_vrm(
    oracles: Path, avatar: Path, scenario: str, *, mended: bool = True
) -> dict[str, Any] | None:
    """What three-vrm makes of a scenario, or None when it refuses the file."""
    script = ["--import", str(MENDED)] if mended else []
    script += [str(oracles / "three_vrm_oracle.mjs"), str(avatar)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        done = subprocess.run(
            ["node", *script, str(oracles / "scenarios" / f"{scenario}.json"), str(out)],
            env={**os.environ, "MIRRORSTAGE_ORACLES": str(oracles)},
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
        if done.returncode or not out.exists():
            return None
        return dict(json.loads(out.read_bytes()))


def differences(
    oracles: Path, avatar: Path, scenario: str, *, mended: bool = True
) -> list[Difference] | None:
    """The largest difference of every kind; None when three-vrm refuses the file.

    Raises:
        AssetError: when we do.
    """
    theirs = three_vrm(oracles, avatar, scenario, mended=mended)
    loaded = load_avatar(avatar, max_texture_px=16)
    if theirs is None:
        return None
    motion = read_scenario(oracles / "scenarios" / f"{scenario}.json")
    return compare(play(loaded, motion, MonotonicClock()), theirs)


def avatars(places: Iterable[Path]) -> list[Path]:
    """The avatars among files and below folders."""
    out: list[Path] = []
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        out += [p for p in inside if p.suffix in SUFFIXES]
    return out


def row(oracles: Path, avatar: Path, *, mended: bool) -> tuple[str, list[Difference]]:
    """One line of the table and all that is in it."""
    cells, everything, tails = [], list[Difference](), list[float]()
    for scenario in SCENARIOS:
        try:
            found = differences(oracles, avatar, scenario, mended=mended)
        except AssetError as refused:
            return f"we refuse it: {refused.code}", everything
        if found is None:
            return "three-vrm refuses it", everything
        everything += found
        cells.append(max((d.amount for d in found if d.kind in RIG), default=0.0))
        tails += [d.amount for d in found if d.kind == "spring tails"]
    mark = "" if all(d.passes for d in everything if d.kind != "materials") else "  over the bar"
    springs = f"{max(tails):10.6f}" if tails else f"{'-':>10}"
    return "".join(f"{c:10.6f}" for c in cells) + springs + mark, everything


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; exit status 1 when anything is over its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="*", type=Path, metavar="AVATAR")
    parser.add_argument("--plain", action="store_true", help="three-vrm as published")
    arguments = parser.parse_args(argv)
    oracles = Path(os.environ["MIRRORSTAGE_ORACLES"])
    titles = "".join(f"{s:>10}" for s in (*SCENARIOS, "tails, m"))
    sys.stdout.write(f"{'largest difference':52}{titles}\n")
    worst: dict[str, Difference] = {}
    for avatar in avatars(arguments.places or [Path("assets/avatars")]):
        line, found = row(oracles, avatar, mended=not arguments.plain)
        sys.stdout.write(f"{avatar.parent.name + '/' + avatar.stem:52}{line}\n")
        sys.stdout.flush()
        for d in found:
            if d.kind not in worst or d.amount > worst[d.kind].amount:
                worst[d.kind] = d
    for kind, d in worst.items():
        sys.stdout.write(f"{kind:18}{d.amount:10.6f} of {BARS[kind]:g}  {d.where}\n")
    return 0 if all(d.passes for d in worst.values() if d.kind != "materials") else 1


if __name__ == "__main__":
    sys.exit(main())
