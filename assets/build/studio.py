"""Builds the built-in studio: ``python -m assets.build.studio`` writes ``assets/stages/studio.*``.

A round walnut-slatted set at night with a halo behind the host. All light is baked into the
pages of texture, so that it looks the same in any renderer and costs nothing to draw.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from assets.build.licences import record
from assets.build.stagecraft.atlas import Scene, bake
from assets.build.stagecraft.glb import Part, encoded, written
from assets.build.stagecraft.patch import Array, Patch
from assets.build.studio_set.fittings import fittings
from assets.build.studio_set.furniture import furniture
from assets.build.studio_set.glow import glow
from assets.build.studio_set.greenery import greenery
from assets.build.studio_set.halo import columns, halo
from assets.build.studio_set.paints import paints
from assets.build.studio_set.plan import EYE, Set
from assets.build.studio_set.shell import shell

PAGES = {"shell": 1024, "wood": 1024, "props": 1024, "pictures": 1024, "green": 512}
DOUBLE_SIDED = {"green"}
ANCHORS = {"host": [0.0, 0.0, 0.0], "screen": [2.08, 1.4, -1.93], "product": [0.62, 0.0, 0.35]}
HOME = Path(__file__).resolve().parents[1] / "stages"

_log = logging.getLogger(__name__)


def studio() -> Set:
    """The whole set, unlit."""
    made = Set()
    shell(made)
    halo(made)
    columns(made)
    furniture(made)
    fittings(made)
    greenery(made)
    lamps = made.lamps
    lamps.ambient_up = np.array([0.085, 0.09, 0.17])
    lamps.ambient_down = np.array([0.05, 0.045, 0.075])
    lamps.spot((-1.4, 2.95, 2.2), (0.0, 0.0, 0.0), (1.0, 0.9, 0.8), 4.0, cone_deg=28)
    lamps.spot((0.0, 2.95, -0.6), (0.0, 0.0, 0.0), (0.75, 0.82, 1.0), 5.0, cone_deg=34)
    return made


def build(small: bool = False, pages: tuple[str, ...] = tuple(PAGES)) -> tuple[bytes, int]:
    """The GLB and its number of triangles.

    `small` bakes quarter-size pages for a quick look; `pages` leaves the others out.
    """
    made = studio()
    scene = Scene(made.lamps, made.workshop.solids(), paints(), EYE, exposure=1.0)
    parts: list[Part] = []
    for name in pages:
        side = PAGES[name]
        mine = [p for p in made.patches if p.page == name]
        page = bake(mine, scene, side // 4 if small else side)
        picture, mime = encoded(page.rgb)
        parts.append(Part(name, *_mesh(mine, page.uv), picture, mime,
                          double_sided=name in DOUBLE_SIDED))  # fmt: skip
        _log.info("%s: %d patches, %d kB", name, len(mine), len(picture) // 1024)
    parts.append(glow())
    total = sum(len(p.triangles) for p in parts)
    return written(parts, ANCHORS, "studio"), total


def _mesh(
    patches: list[Patch], uv: list[Array]
) -> tuple[Array, Array, Array, np.ndarray[tuple[int, ...], np.dtype[np.uint16]]]:
    """Positions, normals, uv and triangles of many patches as one mesh, without degenerate ones."""
    points, normals, coords, triangles = [], [], [], []
    start = 0
    for p, grid in zip(patches, uv, strict=True):
        rows, columns_ = p.points.shape[:2]
        index = np.arange(rows * columns_).reshape(rows, columns_) + start
        a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
        both = np.stack([a, b, c, a, c, d], axis=2).reshape(-1, 3)
        flat = p.points.reshape(-1, 3)
        edge = flat[both - start]
        area = np.linalg.norm(np.cross(edge[:, 1] - edge[:, 0], edge[:, 2] - edge[:, 0]), axis=1)
        triangles.append(both[area > 1e-10])
        points.append(flat)
        normals.append(p.normals.reshape(-1, 3))
        coords.append(grid.reshape(-1, 2))
        start += rows * columns_
    unit = np.concatenate(normals)
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-9)
    index_of = np.concatenate(triangles).astype(np.uint16)
    return np.concatenate(points), unit, np.concatenate(coords), index_of


def main() -> None:
    """Write the stage file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HOME / "studio.glb")
    parser.add_argument("--small", action="store_true", help="quick look: quarter-size textures")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data, triangles = build(options.small)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(data)
    if options.out.parent == HOME:
        for path in (options.out, options.out.with_suffix(".toml")):
            record(path, "python -m assets.build.studio")
    _log.info("%s: %d triangles, %d kB", options.out.name, triangles, len(data) // 1024)


if __name__ == "__main__":
    main()
