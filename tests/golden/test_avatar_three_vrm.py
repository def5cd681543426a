"""The runtime against three-vrm 3.5: same files, same motion, same numbers.

What three-vrm recorded once is compared everywhere; three-vrm itself runs where it is installed.
Its own departures from the specification are known (docs/decisions/vrm-runtime.md): the published
one measures a spring bone's length with its child's transform of the frame before, so that joints
agree once they rest; mended (`tools/three_vrm_mended.mjs`) they agree at every frame.
"""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar.read.load import load_avatar
from avatar.rig.avatar import Avatar
from avatar.rig.runtime import Runtime
from flow.clock import ManualClock
from flow.errors import AssetError
from flow.pose import t_pose
from host.parity.compare import BARS, Difference, compare
from host.parity.play import play
from host.parity.scenario import read_scenario
from tests.conftest import ROOT, shared_root
from tools.parity import RIG, SCENARIOS, differences

pytestmark = pytest.mark.shared

AVATARS = shared_root() / "data" / "avatars"
RECORDED = AVATARS / "golden_three_vrm"
FOLDERS = (
    "vrm0", "vrm1", "vrm1_conformance", "vrm1_conformance_patched", "vrm1_derived", "vrm_fixtures",
)  # fmt: skip
BODIES = [
    "vrm0/catbot", "vrm0/cool_loops", "vrm0/cryptovoxels", "vrm0/godette_v4",
    "vrm1/VRMC_materials_mtoon_UV_Animation_Test", "vrm1/blender_addon_example",
    "vrm1/VRMC_vrm_expressions_isBinary_Overridden", "vrm1_derived/valid_asian_f2",
]  # fmt: skip
SWINGING = [
    "vrm0/godette_v4", "vrm1_conformance/smoke_spring",
    "vrm1_conformance/swing_springbone_stiffness_0",
    "vrm1_conformance/swing_springbone_stiffness_0p2",
    "vrm1_conformance/swing_springbone_stiffness_1",
    "vrm1_conformance_patched/springbone_extended_plane_ploose",
    "vrm1_conformance_patched/springbone_extended_plane_ptight",
    "vrm1_conformance_patched/springbone_extended_plane_anglelimit_30",
    "vrm1_conformance_patched/springbone_extended_icaps_ploose",
]  # fmt: skip
FOREIGN = {
    # Its extended collider lacks the version, so three-vrm takes the stand-in; we take what is
    # meant (the same file with the version is among the patched ones).
    "vrm1_conformance/springbone_extended_plane_with_base_sphere": (
        "spring tails",
        "spring rotations",
    ),
    # Without expressions three-vrm reads no gaze.
    "vrm_fixtures/usdvrm_lookat": ("facts", "bone rotations", "bone locals", "normalised bones"),
}
"""Avatar → kinds in which three-vrm departs from the specification."""
_HEAD_TURNED = 40
"""In "lookat", the frame from which three-vrm looks out of the head of the frame before."""


@lru_cache(maxsize=1)
def avatar(name: str) -> Avatar:
    """An avatar of the shared ones."""
    return load_avatar(AVATARS / f"{name}.vrm", max_texture_px=16)


def recorded(name: str, scenario: str) -> dict[str, Any]:
    """What three-vrm, as published, recorded of it."""
    stem = name.rpartition("/")[2] + (".patched" if "_patched/" in name else "")
    with gzip.open(RECORDED / f"{stem}.{scenario}.json.gz", "rt") as file:
        return dict(json.load(file))


def played(name: str, scenario: str, shared: Path) -> dict[str, Any]:
    """What we make of it."""
    file = shared / "oracles" / "scenarios" / f"{scenario}.json"
    return play(avatar(name), read_scenario(file), ManualClock(0))


def over(found: list[Difference], kinds: tuple[str, ...] = RIG) -> list[Difference]:
    """Those of these kinds that differ too much."""
    assert found
    return [d for d in found if d.kind in kinds and not d.passes]


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("scenario", ["pose10", "expr", "lookat"])
def test_the_rig_must_be_as_three_vrm_recorded_it(shared: Path, name: str, scenario: str) -> None:
    ours, theirs = played(name, scenario, shared), recorded(name, scenario)
    if scenario == "lookat":
        for result in (ours, theirs):
            result["dumps"] = [d for d in result["dumps"] if d["frame"] <= _HEAD_TURNED]
    assert len(ours["dumps"]) > 10
    found = compare(ours, theirs)
    assert {d.kind for d in found} >= {"bone places", "bone rotations", "normalised bones"}
    assert over(found) == []


def test_constraints_must_be_as_three_vrm_recorded_them(shared: Path) -> None:
    name = "vrm1_derived/valid_asian_f2"
    theirs = recorded(name, "constraint")
    assert theirs["dumps"][0]["constraints"]
    found = compare(played(name, "constraint", shared), theirs)
    assert "constraints" in {d.kind for d in found}
    assert over(found) == []


@pytest.mark.parametrize("name", SWINGING)
def test_springs_must_rest_where_three_vrms_do(shared: Path, name: str) -> None:
    """Within 1 mm after some 300 frames of walking and turning, of three-vrm as published."""
    ours, theirs = played(name, "spring", shared), recorded(name, "spring")
    for result in (ours, theirs):
        result["dumps"] = result["dumps"][-1:]
    assert ours["dumps"][0]["frame"] > 270
    found = compare(ours, theirs)
    assert "spring tails" in {d.kind for d in found}
    assert over(found, tuple(BARS)) == []


@pytest.mark.parametrize("name", [n for n in SWINGING if n.endswith(("v4", "ring", "_0", "_1"))])
def test_springs_must_swing_as_in_three_vrm_mended(shared: Path, name: str) -> None:
    """At every sixth frame, far under a millimetre."""
    tails = json.loads((Path(__file__).parent / "data" / "avatar_springs.json").read_text())[name]
    dumps = {d["frame"]: d for d in played(name, "spring", shared)["dumps"]}
    seen = 0
    for dump in tails:
        ours = {s["child"]: s["tail"] for s in dumps[dump["frame"]]["springs"]}
        for child, want in dump["tails"].items():
            assert np.abs(np.subtract(ours[child], want)).max() < 2e-5, (child, dump["frame"])
            seen += 1
    assert seen > 60


@pytest.mark.parametrize(
    ("name", "scenario"),
    [
        ("vrm0/godette_v4", "basic"), ("vrm0/godette_v4", "lookat"),
        ("vrm1/blender_addon_example", "lookat"), ("vrm1_conformance/smoke_spring", "spring"),
    ],
)  # fmt: skip
@pytest.mark.peer
def test_three_vrm_itself_must_agree(oracles: Path, name: str, scenario: str) -> None:
    found = differences(oracles, AVATARS / f"{name}.vrm", scenario)
    assert found is not None
    assert over(found, tuple(BARS)) == []


def everybody() -> list[Path]:
    """Every shared avatar and our own."""
    places = [AVATARS / folder for folder in FOLDERS]
    return [p for f in places for p in sorted(f.rglob("*.vrm"))] + [
        ROOT / "assets" / "avatars" / "mira.vrm"
    ]


@pytest.mark.long
@pytest.mark.peer
@pytest.mark.parametrize("path", everybody(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_three_vrm_must_agree_on_every_avatar(oracles: Path, path: Path) -> None:
    compared = 0
    for scenario in SCENARIOS:
        try:
            found = differences(oracles, path, scenario)
        except AssetError:
            pytest.skip("we refuse it, with a reason")
        if found is None:
            pytest.skip("three-vrm refuses it")
        foreign = FOREIGN.get(f"{path.parent.name}/{path.stem}", ())
        held = (*RIG, "spring tails", "spring rotations")
        assert over(found, tuple(k for k in held if k not in foreign)) == [], scenario
        compared += 1
    assert compared == len(SCENARIOS)


@pytest.mark.parametrize(
    "folder", ["broken_mutated", "broken_vrm", "gltf_validator", *FOLDERS[:3], "vrm_fixtures"]
)
def test_every_file_ever_met_must_load_or_be_refused(shared: Path, folder: str) -> None:
    loaded = refused = 0
    for path in sorted((shared / "data" / "avatars" / folder).rglob("*")):
        if path.suffix not in (".vrm", ".glb", ".gltf"):
            continue
        try:
            runtime = Runtime(load_avatar(path, max_texture_px=64))
        except AssetError as error:
            assert error.hint, path
            refused += 1
            continue
        assert np.isfinite(runtime.update(t_pose(), 1 / 30).world).all(), path
        loaded += 1
    if folder in ("vrm0", "vrm1", "vrm1_conformance"):
        assert refused == 0
    assert loaded + refused > 2
