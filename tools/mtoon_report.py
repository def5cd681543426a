"""How our MToon looks beside three-vrm's: both draw the same avatars, a page shows them together.

make mtoon        (or: .venv/bin/python -m tools.mtoon_report [-o FOLDER] [AVATAR.vrm ...])

Writes index.html, numbers.json and pictures/ into FOLDER (default: mtoon-report in the temporary
folder). Ends with 1 when a conformance avatar is 4 steps of 255 or more from the reference in GL.
It needs Chromium, three-vrm (installed into tools/peers when MIRRORSTAGE_ORACLES names none) and,
for all but the built-in avatars, the measured data (MIRRORSTAGE_SHARED).
"""

from __future__ import annotations

import argparse
import html
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import assets
from flow.errors import AssetError
from flow.spec import U8
from render.engine import Renderer
from tests.conftest import shared_root
from tests.fixtures.three_vrm import ThreeVrm, three_vrm
from tests.fixtures.toon_scenes import (
    AMBIENT,
    BAR,
    KEY,
    Case,
    conformance,
    difference,
    features,
    open_avatar,
    our_renderer,
    ours,
    over_background,
    shot_of,
)
from tools.build_web import machine_npm, wheel_npm

ROOT = Path(__file__).resolve().parents[1]
GAIN = 8
OTHERS = (
    "vrm0/*.vrm",
    "vrm_fixtures/bl52_mtoon1*.vrm",
    "vrm_fixtures/bl52_material.vrm",
    "vrm1/blender_addon_example.vrm",
    "vrm1/VRMC_vrm_expressions_isBinary_Overridden.vrm",
    "vrm1_derived/*.vrm",
)
METHOD = f"""
One directional and one ambient light, no shadows, no tone mapping, a flat background. A white
Lambert surface facing the lamp sends out {KEY} + {AMBIENT} (linear). Figures are mean absolute
differences in steps of 255, the worst channel, over the union of both silhouettes (in brackets:
over their intersection), then the silhouettes' overlap. Differences are shown {GAIN} times as
large. <a href=numbers.json>All numbers</a>.
"""
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; background: #16181d; color: #e6e6e6 }
table { border-collapse: collapse } td, th { padding: .3em .6em; text-align: left }
td.n { font-variant-numeric: tabular-nums } td.far { color: #ff9a76 } td.near { color: #9fe0a0 }
img { width: 208px; display: block } h2 { margin-top: 2em } a { color: #9cc4ff }
"""


def install_peers() -> None:
    """Install three-vrm beside this file, unless it is somewhere already."""
    peers = ROOT / "tools" / "peers"
    if os.environ.get("MIRRORSTAGE_ORACLES") or (peers / "node_modules" / "three").is_dir():
        return
    npm = machine_npm() or wheel_npm()
    subprocess.run(
        [*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=peers, check=True
    )


def groups(folder: Path, chosen: list[Path]) -> dict[str, list[Case]]:
    """What is drawn, by headline."""
    if chosen:
        return {"Chosen avatars": [Case(path.stem, path) for path in chosen]}
    shared = shared_root()
    mira = assets.locate("avatars", "mira")
    out: dict[str, list[Case]] = {}
    if (shared / "data").is_dir():
        out["Conformance avatars"] = conformance(shared)
    else:
        print(f"No measured data at {shared}: only what is built in or made here is drawn.")
    out["One ball a feature"] = features(folder)
    others = [path for glob in OTHERS for path in sorted((shared / "data/avatars").glob(glob))]
    out["Avatars"] = [
        Case("mira", mira),
        Case("mira_face", mira, face=True),
        *(Case(path.stem, path) for path in others),
    ]
    return out


def compare(
    case: Case, peer: ThreeVrm, renderers: dict[str, Renderer], out: Path
) -> dict[str, Any]:
    """Draw one case everywhere; its pictures go to `out`, its numbers are returned."""
    try:
        avatar = open_avatar(case)
    except AssetError as fault:
        return {"name": case.name, "refused": str(fault)}
    if not avatar.model.triangle_count:
        return {"name": case.name, "refused": "it has no triangles"}
    shot = shot_of(avatar, face=case.face)
    size = next(iter(renderers.values()))
    theirs = peer.draw(case.reference, shot, (size.width, size.height), case.seconds)
    _save(out / f"{case.name}-theirs.png", over_background(theirs))
    row: dict[str, Any] = {"name": case.name, "file": case.path.name, "seconds": case.seconds}
    for backend, renderer in renderers.items():
        picture = ours(renderer, avatar, shot, case.seconds)
        apart = difference(picture, theirs)
        row[backend] = {**asdict(apart), "worst": apart.worst}
        flat, wanted = over_background(picture), over_background(theirs)
        _save(out / f"{case.name}-{backend}.png", flat)
        far = np.abs(flat.astype(np.int16) - wanted.astype(np.int16)) * GAIN
        _save(out / f"{case.name}-{backend}-difference.png", np.minimum(far, 255).astype(np.uint8))
    return row


def _save(path: Path, rgb: U8) -> None:
    Image.fromarray(rgb).save(path, optimize=True)


def page(results: dict[str, list[dict[str, Any]]], facts: dict[str, str]) -> str:
    """The report as HTML."""
    said = "; ".join(f"{html.escape(k)}: {html.escape(v)}" for k, v in facts.items())
    parts = [
        "<!doctype html><meta charset=utf-8><title>MToon beside three-vrm</title>",
        f"<style>{STYLE}</style><h1>MToon beside three-vrm</h1><p>{said}</p><p>{METHOD}</p>",
    ]
    for title, rows in results.items():
        parts.append(f"<h2>{html.escape(title)}</h2><table><tr><th>avatar<th>three-vrm")
        parts.append("<th>ours, GL<th>difference<th>ours, software<th>difference</tr>")
        parts += [_row(row) for row in rows]
        parts.append("</table>")
    return "\n".join(parts)


def _row(row: dict[str, Any]) -> str:
    name = html.escape(row["name"])
    if "refused" in row:
        return f"<tr><td>{name}<td colspan=5>not drawn: {html.escape(row['refused'])}</tr>"
    cells = [f"<tr><td>{name}<td><img loading=lazy src=pictures/{name}-theirs.png>"]
    for backend in ("gl", "software"):
        apart = row[backend]
        kind = "near" if apart["worst"] < BAR else "far"
        figure = f"{apart['worst']:.2f} ({max(apart['inner']):.2f}), {apart['overlap']:.4f}"
        cells.append(f"<td><img loading=lazy src=pictures/{name}-{backend}.png>")
        cells.append(
            f'<td class="n {kind}"><img loading=lazy src=pictures/{name}-{backend}-difference.png>'
            f"{figure}"
        )
    return "".join(cells) + "</tr>"


def main() -> int:
    """Draw, compare, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("avatars", nargs="*", type=Path, help="these instead of all")
    parser.add_argument(
        "-o", "--out", type=Path, default=Path(tempfile.gettempdir(), "mtoon-report")
    )
    arguments = parser.parse_args()
    out: Path = arguments.out
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    install_peers()
    results: dict[str, list[dict[str, Any]]] = {}
    with ExitStack() as stack:
        files = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            peer = stack.enter_context(three_vrm())
        except pytest.skip.Exception as reason:
            print(f"No reference to compare with: {reason}", file=sys.stderr)
            return 2
        renderers = {b: stack.enter_context(our_renderer(b)) for b in ("gl", "software")}
        facts = {
            "three": peer.revision,
            **{name: str(r.info()["device"]) for name, r in renderers.items()},
        }
        for title, cases in groups(files, arguments.avatars).items():
            results[title] = []
            for case in cases:
                row = compare(case, peer, renderers, out / "pictures")
                results[title].append(row)
                print(_line(row))
    (out / "numbers.json").write_text(json.dumps({"facts": facts, **results}, indent=1))
    (out / "index.html").write_text(page(results, facts), "utf-8")
    print(f"{out / 'index.html'}")
    measured = results.get("Conformance avatars", [])
    return int(any(row["gl"]["worst"] >= BAR for row in measured))


def _line(row: dict[str, Any]) -> str:
    if "refused" in row:
        return f"{row['name']:40} {row['refused']}"
    gl, software = row["gl"]["worst"], row["software"]["worst"]
    return f"{row['name']:40} GL {gl:6.2f}   software {software:6.2f}"


if __name__ == "__main__":
    sys.exit(main())
