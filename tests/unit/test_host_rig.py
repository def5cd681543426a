"""mirrorstage rig: a scripted motion, written down in the format of three-vrm's script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar.rig.avatar import Avatar
from flow.clock import ManualClock
from host.cli import main
from host.parity.compare import compare
from host.parity.play import play
from host.parity.scenario import read_scenario
from tests.fixtures.bodies import load
from tests.fixtures.glb import face, morph_expression, vrm1

_HALF = float(np.sqrt(0.5))


@pytest.fixture
def body(tmp_path: Path) -> Avatar:
    """A body with a face, springs, a constraint and a gaze."""
    glb, nodes = vrm1(lookAt={"type": "bone"})
    node = face(glb, ("happy", "blink"))
    presets = {n: morph_expression(node, k) for k, n in enumerate(("happy", "blink"))}
    presets["happy"]["overrideBlink"] = "blend"
    glb.root["extensions"]["VRMC_vrm"]["expressions"] = {"preset": presets}
    first = glb.node("hair 1", nodes["head"], translation=[0, 0.1, 0])
    second = glb.node("hair.2", first, translation=[0, 0.1, 0])
    glb.root["extensions"]["VRMC_springBone"] = {
        "springs": [{"joints": [{"node": first}, {"node": second}]}]
    }
    glb.root["nodes"][nodes["leftShoulder"]]["extensions"] = {
        "VRMC_node_constraint": {
            "specVersion": "1.0", "constraint": {"rotation": {"source": nodes["head"]}},
        }
    }  # fmt: skip
    return load(glb, tmp_path)


def result(tmp_path: Path, body: Avatar, scenario: dict[str, Any]) -> dict[str, Any]:
    """What playing it gives."""
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(scenario))
    return play(body, read_scenario(file), ManualClock(0))


STEPS: dict[str, Any] = {
    "dumpExpr": True, "dumpConstraints": True, "dumpMaterials": True,
    "steps": [
        {
            "pose": {"head": {"rotation": [0, _HALF, 0, _HALF]}, "tail": {"rotation": [0, 0, 0, 1]},
                     "hips": {"position": [0.1, 1.2, 0.0]}},
            "expressions": {"happy": 0.25, "blink": 1.0, "unknown": 1.0},
            "lookAt": {"yaw": 45, "pitch": 0},
            "root": {"position": [1, 0, 0], "rotation": [0, _HALF, 0, _HALF]},
        },
        {"frames": 6, "dumpEvery": 2},
        {"frames": 3, "dump": False},
        {"lookAt": None, "frames": 1},
    ],
}  # fmt: skip


def test_every_moment_asked_for_must_be_written_down(tmp_path: Path, body: Avatar) -> None:
    out = result(tmp_path, body, STEPS)
    assert [d["frame"] for d in out["dumps"]] == [0, 1, 2, 4, 6, 11]
    assert out["dumps"][0]["rest"] is True
    assert out["frames"] == 11
    one = out["dumps"][1]
    assert one["raw"]["hips"]["p"] == pytest.approx([1.0, 1.2, -0.1], abs=1e-5)
    assert one["raw"]["head"]["q"] == pytest.approx([0, 1, 0, 0], abs=1e-5)
    assert one["raw"]["head"]["lq"] == pytest.approx([0, _HALF, 0, _HALF], abs=1e-5)
    assert one["norm"]["head"]["lq"] == pytest.approx([0, _HALF, 0, _HALF], abs=1e-5)
    assert one["norm"]["head"]["p"] == pytest.approx(one["raw"]["head"]["p"], abs=1e-5)
    assert one["expr"] == {"happy": [0.25, 0.25], "blink": [1.0, 1.0]}
    assert one["morphs"] == {"face": {"happy": 0.25, "blink": 0.75}}
    assert one["constraints"] == [{"dst": "leftShoulder", "q": one["raw"]["head"]["lq"]}]
    assert [(s["bone"], s["child"]) for s in one["springs"]] == [("hair_1", "hair2")]
    assert one["raw"]["leftEye"]["lq"] != out["dumps"][-1]["raw"]["leftEye"]["lq"]
    assert out["humanBones"]["head"] == "head"
    assert out["lookAt"]["type"] == "bone"
    assert out["springJoints"] == 1


def test_raw_rotations_must_be_the_bones_own(tmp_path: Path) -> None:
    glb, nodes = vrm1()
    odd = [0.0, 0.0, _HALF, _HALF]
    glb.root["nodes"][nodes["chest"]]["rotation"] = odd
    body = load(glb, tmp_path)
    q = [0.5, 0.5, 0.5, 0.5]
    steps = {"raw": True, "steps": [{"pose": {"chest": {"rotation": q}}}]}
    out = result(tmp_path, body, steps)
    assert out["dumps"][0]["raw"]["chest"]["lq"] == pytest.approx(odd, abs=1e-6)
    assert out["dumps"][1]["raw"]["chest"]["lq"] == pytest.approx(q, abs=1e-6)


def test_the_same_must_not_differ_and_a_change_must_be_found(tmp_path: Path, body: Avatar) -> None:
    ours = result(tmp_path, body, STEPS)
    assert all(d.passes and d.amount == 0 for d in compare(ours, ours))
    theirs = json.loads(json.dumps(ours))
    theirs["dumps"][2]["raw"]["leftHand"]["p"][1] += 0.01
    theirs["dumps"][3]["morphs"]["face"]["blink"] = 0.0
    theirs["dumps"][4]["springs"][0]["tail"][0] += 0.1
    theirs["dumps"][5]["raw"]["head"]["q"] = [-x for x in ours["dumps"][5]["raw"]["head"]["q"]]
    found = {d.kind: d for d in compare(ours, theirs) if not d.passes}
    assert found.keys() == {"bone places", "morphs", "spring tails"}
    assert (found["bone places"].where, found["bone places"].frame) == ("leftHand", 2)
    assert found["bone places"].amount == pytest.approx(0.01)
    assert found["morphs"].where == "face/blink"
    assert found["spring tails"].frame == 6


def test_the_command_must_write_and_compare(
    tmp_path: Path, body: Avatar, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, out = tmp_path / "s.json", tmp_path / "deep" / "out.json"
    scenario.write_text(json.dumps(STEPS))
    arguments = ["rig", str(body.path), str(scenario)]
    assert main([*arguments, "-o", str(out)]) == 0
    assert "6 moments" in capsys.readouterr().out
    assert main([*arguments, "--compare", str(out)]) == 0
    assert "spring tails" in capsys.readouterr().out
    changed = json.loads(out.read_text())
    changed["dumps"][1]["raw"]["head"]["p"][0] += 1
    out.write_text(json.dumps(changed))
    assert main([*arguments, "--compare", str(out), "--json"]) == 1
    entries = {e["kind"]: e for e in json.loads(capsys.readouterr().out)}
    assert entries["bone places"]["where"] == "head"
    assert not entries["bone places"]["passes"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["dumps"]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", '{"steps": 3}', '{"steps": [3]}', '{"steps": [{"frames": 1e99}]}',
        '{"fps": 0}', '{"steps": [{"pose": {"head": {"rotation": [1, 2]}}}]}',
        '{"steps": [{"expressions": {"aa": "much"}}]}', '{"steps": [{"lookAt": {"target": [1]}}]}',
        '{"steps": [{"pose": {"head": {"rotation": [0, 0, 0, NaN]}}}]}', "[" * 100_000,
        '{"steps": [{"frames": -1}]}', '{"steps": [{"root": []}]}',
    ],
)  # fmt: skip
def test_what_is_no_scenario_must_be_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "s.json"
    file.write_text(text)
    assert main(["rig", "mira", str(file)]) == 3
    assert "[scenario.invalid]" in capsys.readouterr().err


def test_missing_files_must_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", "mira", str(tmp_path / "none.json")]) == 3
    assert "none.json" in capsys.readouterr().err
    good = tmp_path / "s.json"
    good.write_text('{"steps": []}')
    assert main(["rig", "mira", str(good), "--compare", str(good)]) == 3
    assert "[scenario.result]" in capsys.readouterr().err
