"""VRM animations: what each track means, and that damaged files are refused by name."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar import quat
from avatar.clip.clip import MOST_KEYS, Clip
from avatar.clip.load import load_clip
from flow.errors import AssetError
from flow.pose import BONE_INDEX
from tests.fixtures.glb import Glb
from tests.fixtures.motion import animate, tilted_vrma, turn

_ARM, _LEG = "leftUpperArm", "leftLowerLeg"


def saved(glb: Glb, folder: Path, name: str = "m.vrma") -> Path:
    return glb.save(folder / name)


def read(glb: Glb, folder: Path) -> Clip:
    return load_clip(saved(glb, folder))


def near(got: Any, want: Any, within: float = 2e-6) -> bool:
    a, b = np.asarray(got, float), np.asarray(want, float)
    return bool(min(np.abs(a - b).max(), np.abs(a + b).max()) < within)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_turns_must_mean_the_same_on_any_rest_pose(tmp_path: Path, seed: int | None) -> None:
    """A bone turned by N in model axes, written for its own rest, must be read as N."""
    glb, nodes, world = tilted_vrma(seed)
    for bone, above, wanted in (
        (_ARM, "leftShoulder", turn("z", -70)),
        (_LEG, "leftUpperLeg", turn("x", 80)),
    ):
        key = quat.multiply(quat.conjugate(world[above]), quat.multiply(wanted, world[bone]))
        animate(glb, nodes[bone], "rotation", [0.0], np.array([key]))
    pose = read(glb, tmp_path).sample(0.0)
    assert near(pose.rotations[BONE_INDEX[_ARM]], turn("z", -70))
    assert near(pose.rotations[BONE_INDEX[_LEG]], turn("x", 80))


def test_the_hips_way_must_be_measured_in_their_height(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma()
    root = glb.node(
        "root", translation=[0, -0.5, 0], rotation=turn("y", 90).tolist(), scale=[2, 2, 2]
    )
    glb.root["nodes"][root]["children"] = [nodes["hips"]]
    glb.root["scenes"][0]["nodes"].remove(nodes["hips"])
    animate(glb, nodes["hips"], "translation", [0.0, 1.0], [[0.0, 1.0, 0.0], [0.0, 1.0, 0.3]])
    clip = read(glb, tmp_path)
    # The hips stand 2 x 1 - 0.5 = 1.5 m high; +Z of the root is +X of the model, doubled.
    assert np.allclose(clip.sample(0).hips, 0, atol=1e-6)
    assert np.allclose(clip.sample(1).hips, [0.6 / 1.5, 0, 0], atol=1e-6)
    assert clip.has_hips


def test_weights_gaze_and_names_must_come_through(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma(None, {"happy": "preset", "wink": "custom"}, gaze=True)
    animate(glb, nodes["happy"], "translation", [0, 1], [[0.0, 9.0, 9.0], [1.5, 9.0, 9.0]])
    animate(glb, nodes["wink"], "translation", [0, 2], [[0, 0, 0], [1, 0, 0]])
    look = quat.multiply(turn("y", 30), turn("x", 10))
    animate(glb, nodes["lookAt"], "rotation", [0, 1], np.stack([quat.IDENTITY, look]))
    clip = read(glb, tmp_path)
    pose = clip.sample(1.0)
    assert pose.expressions == {"happy": 1.0, "wink": pytest.approx(0.5)}
    assert np.allclose(pose.gaze_deg, [30, 10], atol=1e-3)
    assert clip.duration_s == pytest.approx(2.0)
    assert clip.sample(0.5).expressions["happy"] == pytest.approx(0.75)
    assert not clip.bones.any()
    assert not clip.has_hips


def test_steps_must_jump_and_splines_must_bend(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma(None, {"aa": "preset", "oh": "preset"})
    step = np.stack([turn("y", 0), turn("y", 50), turn("y", 100)])
    animate(glb, nodes["head"], "rotation", [0.0, 1.0, 2.0], step, "STEP")
    animate(glb, nodes["aa"], "translation", [0.5, 1.5], [[0.2, 0, 0], [0.8, 0, 0]], "LINEAR")
    flat = np.zeros((6, 3))
    flat[1], flat[4] = [0.0, 0, 0], [1.0, 0, 0]  # no slope at either end: 3p² - 2p³
    animate(glb, nodes["oh"], "translation", [0.0, 2.0], flat, "CUBICSPLINE")
    clip = read(glb, tmp_path)
    head = BONE_INDEX["head"]
    assert near(clip.sample(0.999999).rotations[head], turn("y", 0))
    assert near(clip.sample(1.0).rotations[head], turn("y", 50))
    assert near(clip.sample(1.9999).rotations[head], turn("y", 50))
    assert near(clip.sample(2.0).rotations[head], turn("y", 100))
    for t in np.linspace(0, 2, 37):
        shown, p = clip.sample(float(t)).expressions, t / 2
        assert shown["oh"] == pytest.approx(3 * p**2 - 2 * p**3, abs=3e-5)
        assert shown["aa"] == pytest.approx(0.2 + 0.6 * min(max(t - 0.5, 0), 1), abs=1e-6)


def test_keys_at_one_time_must_be_a_jump(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma(None, {"aa": "preset"})
    values = [[v, 0, 0] for v in (0.0, 0.4, 0.9, 0.6, 1.0)]
    animate(glb, nodes["aa"], "translation", [0, 1, 1, 1, 2], values)
    clip = read(glb, tmp_path)
    assert clip.sample(0.5).expressions["aa"] == pytest.approx(0.2)
    assert clip.sample(1.0).expressions["aa"] == pytest.approx(0.6)
    assert clip.sample(1.5).expressions["aa"] == pytest.approx(0.8)


def test_what_a_vrma_may_not_move_must_be_left_out_and_said(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma()
    glb.root["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"]["tail"] = {"node": 1}
    animate(glb, nodes["head"], "rotation", [0], turn("y", 9)[None])
    animate(glb, nodes["head"], "translation", [0], [[5, 5, 5]])
    animate(glb, nodes["spine"], "scale", [0], [[5, 5, 5]])
    glb.root["animations"] *= 2
    clip = read(glb, tmp_path)
    said = " ".join(p.sentence for p in clip.problems)
    assert "tail" in said
    assert "moves the translation of the head bone" in said
    assert "moves the scale of the spine bone" in said
    assert "has 2 animations" in said
    assert near(clip.sample(0).rotations[BONE_INDEX["head"]], turn("y", 9))


def test_an_animation_must_be_found_by_its_name(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma()
    animate(glb, nodes["head"], "rotation", [0], turn("y", 9)[None])
    glb.root["animations"][0]["name"] = "wave"
    path = saved(glb, tmp_path)
    assert load_clip(path, animation="wave").name == "wave"
    with pytest.raises(AssetError, match="It has 'wave'") as caught:
        load_clip(path, animation="bow")
    assert caught.value.code == "clip.animation"


def _no_hips(glb: Glb) -> None:
    del glb.root["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"]["hips"]


def _no_humanoid(glb: Glb) -> None:
    del glb.root["extensions"]["VRMC_vrm_animation"]["humanoid"]


def _new_version(glb: Glb) -> None:
    glb.root["extensions"]["VRMC_vrm_animation"]["specVersion"] = "3.0"


def _no_animation(glb: Glb) -> None:
    glb.root["animations"] = []


def _still(glb: Glb) -> None:
    glb.root["animations"][0]["channels"] = []


def _lost_node(glb: Glb) -> None:
    glb.root["animations"][0]["channels"][0]["target"]["node"] = 999


def _lost_sampler(glb: Glb) -> None:
    glb.root["animations"][0]["channels"][0]["sampler"] = 7


def _odd_kind(glb: Glb) -> None:
    glb.root["animations"][0]["samplers"][0]["interpolation"] = "BOUNCE"


def _few_values(glb: Glb) -> None:
    glb.root["animations"][0]["samplers"][0]["interpolation"] = "CUBICSPLINE"


def _shared_node(glb: Glb) -> None:
    bones = glb.root["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"]
    bones["jaw"] = bones["head"]


def _gigantic(glb: Glb) -> None:
    sampler = glb.root["animations"][0]["samplers"][0]
    for accessor in (sampler["input"], sampler["output"]):
        glb.root["accessors"][accessor]["count"] = 10**9


def _hips_in_the_ground(glb: Glb) -> None:
    glb.root["nodes"][0]["translation"] = [0, 0, 0]


@pytest.mark.parametrize(
    ("harm", "code", "words"),
    [
        (_no_hips, "asset.humanoid", "humanBones has no hips"),
        (_no_humanoid, "asset.humanoid", "humanoid.humanBones has no hips"),
        (_new_version, "asset.version", "specVersion is '3.0'"),
        (_no_animation, "asset.empty", "no animation"),
        (_still, "asset.empty", r"animations\[0\] moves no bone"),
        (_lost_node, "asset.range", r"channels\[0\].target.node points to node 999"),
        (_lost_sampler, "asset.range", r"channels\[0\].sampler points to sampler 7"),
        (_odd_kind, "asset.invalid", "BOUNCE"),
        (_few_values, "asset.range", "2 values for 2 keys of CUBICSPLINE"),
        (_shared_node, "asset.invalid", "already 'head'"),
        (_gigantic, "asset.", "accessors"),
        (_hips_in_the_ground, "asset.humanoid", r"nodes\[0\] has the hips at a height of 0 m"),
    ],
)
def test_a_faulty_animation_must_be_refused_by_name(
    tmp_path: Path, harm: Any, code: str, words: str
) -> None:
    glb, nodes, _ = tilted_vrma()
    animate(glb, nodes["hips"], "translation", [0, 1], [[0, 1, 0], [0, 1, 1]])
    harm(glb)
    with pytest.raises(AssetError, match=words) as caught:
        read(glb, tmp_path)
    assert caught.value.code.startswith(code)
    assert caught.value.hint
    assert str(caught.value).startswith("m.vrma: ")


@pytest.mark.parametrize(
    ("times", "values", "code"),
    [
        ([0.0, 1.0, 0.5], 3, "asset.order"),
        ([-1.0, 0.0, 0.5], 3, "asset.order"),
        ([0.0, np.nan, 2.0], 3, "asset.nan"),
        ([0.0, np.inf, 2.0], 3, "asset.nan"),
        ([0.0, 1.0, 2.0], 2, "asset.range"),
    ],
)
def test_keys_out_of_order_or_not_finite_must_be_refused(
    tmp_path: Path, times: list[float], values: int, code: str
) -> None:
    glb, nodes, _ = tilted_vrma()
    animate(glb, nodes["head"], "rotation", times, np.tile(quat.IDENTITY, (values, 1)))
    with pytest.raises(AssetError) as caught:
        read(glb, tmp_path)
    assert caught.value.code == code
    assert "accessors" in str(caught.value) or "samplers" in str(caught.value)


def test_values_that_are_not_finite_must_be_refused(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma()
    animate(glb, nodes["head"], "rotation", [0.0], [[np.nan, 0, 0, 1]])
    with pytest.raises(AssetError, match="not finite") as caught:
        read(glb, tmp_path)
    assert caught.value.code == "asset.nan"


def test_more_keys_than_a_clip_may_have_must_be_refused(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma(None, {"aa": "preset", "oh": "preset"})
    half = np.arange(MOST_KEYS // 2 + 2) / 100
    weights = np.zeros((len(half), 3))
    animate(glb, nodes["aa"], "translation", half, weights)
    animate(glb, nodes["oh"], "translation", half + 0.005, weights)
    with pytest.raises(AssetError, match="keys") as caught:
        read(glb, tmp_path)
    assert caught.value.code == "asset.large"


def test_a_spline_too_wild_to_cut_must_be_refused(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma()
    count = 2000
    wild = np.random.default_rng(0).normal(size=(3 * count, 4)) * 1e6
    animate(glb, nodes["head"], "rotation", np.arange(count) / 10, wild, "CUBICSPLINE")
    with pytest.raises(AssetError, match="keys") as caught:
        read(glb, tmp_path)
    assert caught.value.code == "asset.large"


def test_tracks_that_cost_nothing_to_claim_must_not_cost_memory(tmp_path: Path) -> None:
    """Accessors without bytes are zeros of any length: hundreds of them would be gigabytes."""
    glb, nodes, _ = tilted_vrma(None, {f"e{i}": "custom" for i in range(300)})
    keys = 100_000
    times = glb.accessor(np.arange(keys, dtype=np.float32) / 100)
    glb.root["accessors"].append({"componentType": 5126, "count": keys, "type": "VEC3"})
    animation, zeros = glb.root["animations"][0], len(glb.root["accessors"]) - 1
    for i in range(300):
        animation["samplers"].append({"input": times, "output": zeros})
        target = {"node": nodes[f"e{i}"], "path": "translation"}
        animation["channels"].append({"sampler": i, "target": target})
    path = saved(glb, tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(AssetError) as caught:
            load_clip(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "asset.large"
    assert peak < 4 * path.stat().st_size + (300 << 20)


def test_a_file_cut_short_anywhere_must_be_refused(tmp_path: Path) -> None:
    glb, nodes, _ = tilted_vrma()
    animate(glb, nodes["head"], "rotation", [0, 1], np.stack([turn("y", 0), turn("y", 9)]))
    data = glb.bytes()
    path = tmp_path / "cut.vrma"
    for end in (0, 3, 11, 19, 200, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:end])
        with pytest.raises(AssetError) as caught:
            load_clip(path)
        assert caught.value.hint


def test_other_files_must_be_told_what_they_are_not(tmp_path: Path) -> None:
    for data, words in (
        (b"", "empty"),
        (bytes(range(256)), "no motion that is known"),
        (b"{}", "no animation"),
    ):
        path = tmp_path / "odd.vrma"
        path.write_bytes(data)
        with pytest.raises(AssetError, match=words):
            load_clip(path)
    with pytest.raises(AssetError, match="no such file"):
        load_clip(tmp_path / "none.vrma")
    with pytest.raises(AssetError, match="cannot be read"):
        load_clip(tmp_path)
