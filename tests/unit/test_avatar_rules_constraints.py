"""Rules of node constraints that no sample file shows: order, rings, axes, weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar import quat
from avatar.rig.runtime import Runtime
from tests.fixtures.bodies import load, pose, same, turn
from tests.fixtures.glb import Glb, vrm1

Link = tuple[str, str, dict[str, Any]]


def constrained(*links: Link) -> Glb:
    """A body with helper nodes; each link constrains a node (made if new) by another."""
    glb, nodes = vrm1()
    for name, _, _ in links:
        if name not in nodes:
            nodes[name] = glb.node(name, nodes["hips"], translation=[0, 0.1, 0])
    for name, source, link in links:
        kind, extra = next(iter(link.items()))
        glb.root["nodes"][nodes[name]]["extensions"] = {
            "VRMC_node_constraint": {
                "specVersion": "1.0",
                "constraint": {kind: {"source": nodes[source], **extra}},
            }
        }
    return glb


def local(runtime: Runtime, name: str) -> quat.F64:
    """A node's own rotation."""
    out: quat.F64 = runtime.skeleton.rotation[runtime.avatar.model.node_names.index(name)]
    return out


def test_constraints_must_run_after_their_sources_whatever_the_files_order(
    tmp_path: Path,
) -> None:
    links: list[Link] = [
        ("last", "middle", {"rotation": {}}), ("middle", "first", {"rotation": {}}),
        ("first", "head", {"rotation": {}}),
    ]  # fmt: skip
    runtime = Runtime(load(constrained(*links), tmp_path))
    runtime.update(pose({"head": turn(x=0.5)}), 0.0)
    assert same(local(runtime, "last"), turn(x=0.5))


def test_rings_of_constraints_must_be_told_and_left_out(tmp_path: Path) -> None:
    links: list[Link] = [
        ("a", "b", {"rotation": {}}), ("b", "a", {"rotation": {}}), ("c", "a", {"rotation": {}}),
        ("d", "head", {"rotation": {}}),
    ]  # fmt: skip
    avatar = load(constrained(*links), tmp_path)
    told = [p.json_path for p in avatar.problems if p.code == "avatar.constraint"]
    assert len(told) == 3
    assert all("VRMC_node_constraint" in place for place in told)
    runtime = Runtime(avatar)
    runtime.update(pose({"head": turn(y=0.5)}), 0.0)
    assert same(local(runtime, "d"), turn(y=0.5))
    assert same(local(runtime, "a"), quat.IDENTITY)


def test_a_long_chain_of_constraints_must_work(tmp_path: Path) -> None:
    count = 3000
    links: list[Link] = [(f"n{k}", f"n{k + 1}", {"rotation": {}}) for k in range(count)]
    runtime = Runtime(load(constrained(*links, (f"n{count}", "head", {"rotation": {}})), tmp_path))
    runtime.update(pose({"head": turn(z=0.4)}), 0.0)
    assert same(local(runtime, "n0"), turn(z=0.4))


@pytest.mark.parametrize("axis", ["X", "Y", "Z"])
@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_roll_must_take_only_its_axis_by_its_weight(
    tmp_path: Path, axis: str, weight: float
) -> None:
    glb = constrained(("twist", "leftHand", {"roll": {"rollAxis": axis, "weight": weight}}))
    runtime = Runtime(load(glb, tmp_path))
    v = {"X": turn(x=0.8), "Y": turn(y=0.8), "Z": turn(z=0.8)}
    runtime.update(pose({"leftHand": v[axis]}), 0.0)
    along = np.array([axis == "X", axis == "Y", axis == "Z"], float)
    assert same(local(runtime, "twist"), quat.from_axis_angle(along, 0.8 * weight))
    other = v["Y" if axis == "X" else "X"]
    runtime.update(pose({"leftHand": other}), 0.0)
    assert same(local(runtime, "twist"), quat.IDENTITY), "a turn about another axis does not roll"


@pytest.mark.parametrize(
    "axis", ["PositiveX", "NegativeX", "PositiveY", "NegativeY", "PositiveZ", "NegativeZ"]
)
def test_aim_must_point_its_axis_at_the_source(tmp_path: Path, axis: str) -> None:
    glb = constrained(("sleeve", "leftHand", {"aim": {"aimAxis": axis}}))
    runtime = Runtime(load(glb, tmp_path))
    turns = {"leftUpperArm": turn(z=-0.7), "spine": turn(y=0.3), "hips": turn(x=0.2)}
    state = runtime.update(pose(turns), 0.0)
    names = runtime.avatar.model.node_names
    sleeve, hand = (state.world[names.index(n)].astype(float) for n in ("sleeve", "leftHand"))
    sign = -1.0 if axis.startswith("Negative") else 1.0
    ahead = sign * sleeve[:3, "XYZ".index(axis[-1])]
    way = hand[:3, 3] - sleeve[:3, 3]
    assert np.allclose(ahead, way / np.linalg.norm(way), atol=1e-5)


def test_a_constraint_must_hold_for_humanoid_bones_too(tmp_path: Path) -> None:
    glb = constrained(("leftShoulder", "leftUpperArm", {"rotation": {"weight": 0.5}}))
    runtime = Runtime(load(glb, tmp_path))
    runtime.update(pose({"leftUpperArm": turn(z=0.6)}), 0.0)
    assert same(local(runtime, "leftShoulder"), turn(z=0.3))


# -- expressions ------------------------------------------------------------------------------
