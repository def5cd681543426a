"""Animations against three-vrm: the same file is the same motion, and it reads what we write.

One difference is meant and constant: three-vrm takes the animation's hips to where they stood in
its own skeleton, we take the avatar's hips from where they stand in theirs, so that an avatar
whose hips are not over its origin is not moved aside. And where an avatar lacks a bone, we give
its turn to the bones beside it as the specification recommends; three-vrm drops it.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assets
from avatar import quat
from avatar.clip.bvh import parse_bvh
from avatar.clip.clip import Clip
from avatar.clip.load import load_clip
from avatar.clip.names import joints_of
from avatar.clip.vrma import yaw_and_pitch
from avatar.clip.vrma_write import vrma_bytes
from avatar.read.load import load_avatar
from avatar.rig.runtime import Runtime
from flow.pose import BONE_INDEX, HUMAN_BONES
from tests.conftest import shared_root
from tests.fixtures.motion import animate, some_clip, tilted_vrma

pytestmark = [pytest.mark.shared, pytest.mark.peer]

MOTION = shared_root() / "data" / "motion"
VRMA = sorted(p.stem for p in (MOTION / "vrma").glob("*.vrma"))
BVH = sorted(p.stem for p in (MOTION / "bvh").glob("*.bvh"))
BODIES = ["mira", "vrm0/catbot", "vrm0/godette_v4", "vrm1/blender_addon_example"]
BAR = 1e-4


def theirs(oracles: Path, motion: Path, out: Path, *model: Path, fps: int = 24) -> dict[str, Any]:
    """What three-vrm makes of a motion file (on a model)."""
    words = ["node", "vrma_oracle.mjs", str(motion), str(fps), str(out), *map(str, model)]
    subprocess.run(words, cwd=oracles, check=True, capture_output=True, timeout=120)
    result: dict[str, Any] = json.loads(out.read_text())
    return result


def apart(got: Any, want: Any) -> float:
    a, b = np.asarray(got, float), np.asarray(want, float)
    return float(min(np.abs(a - b).max(), np.abs(a + b).max()))


def check_tracks(clip: Clip, want: dict[str, Any]) -> int:
    """The clip's own tracks against three-vrm's; how many numbers were compared."""
    rest = np.array(want["restHips"])
    assert {b for b in HUMAN_BONES if clip.bones[BONE_INDEX[b]]} == set(want["bones"])
    assert clip.duration_s == pytest.approx(want["duration"], abs=1e-6)
    count = 0
    for frame in want["frames"]:
        pose = clip.sample(frame["t"])
        for bone, q in frame["rot"].items():
            # Of a spline three.js gives a buffer of three keys' size and fills its beginning.
            assert apart(pose.rotations[BONE_INDEX[bone]], q[:4]) < BAR, (bone, frame["t"])
        for place in frame["pos"].values():
            assert np.abs(pose.hips * rest[1] + rest - place).max() < BAR
        for name, weight in frame.get("expr", {}).items():
            assert abs(pose.expressions[name] - min(max(weight, 0.0), 1.0)) < BAR
        if "lookAt" in frame:
            gaze = yaw_and_pitch(np.array([frame["lookAt"]]))[0]
            assert np.abs(np.radians(gaze - pose.gaze_deg)).max() < BAR
        count += len(frame["rot"]) + len(frame["pos"]) + len(frame.get("expr", {}))
    return count


@pytest.mark.parametrize("name", VRMA)
def test_tracks_must_be_as_three_vrm_reads_them(
    shared: Path, oracles: Path, tmp_path: Path, name: str
) -> None:
    path = shared / "data" / "motion" / "vrma" / f"{name}.vrma"
    want = theirs(oracles, path, tmp_path / "t.json")
    assert check_tracks(load_clip(path), want) >= 10


def test_every_interpolation_on_any_rest_pose_must_be_as_in_three_vrm(
    oracles: Path, tmp_path: Path
) -> None:
    """Steps, splines and lines with times of their own.

    Weights are lines only: three-vrm 3.5 forgets any other interpolation of theirs.
    """
    glb, nodes, _ = tilted_vrma(11, {"happy": "preset"}, gaze=True)
    rng = np.random.default_rng(2)

    def turns(count: int) -> quat.F64:
        return quat.normalize(rng.normal(size=(count, 4)))

    animate(glb, nodes["head"], "rotation", [0.1, 0.7, 1.9], turns(3), "STEP")
    animate(glb, nodes["spine"], "rotation", [0, 0.33, 2.0], turns(3), "LINEAR")
    spline = turns(9)
    spline[[0, 2, 3, 5, 6, 8]] *= 0.7
    animate(glb, nodes["leftUpperArm"], "rotation", [0, 1.1, 1.7], spline, "CUBICSPLINE")
    animate(glb, nodes["hips"], "translation", [0, 0.5, 1, 2], rng.normal(size=(4, 3)))
    animate(glb, nodes["happy"], "translation", [0, 2], rng.uniform(size=(2, 3)))
    small = turns(3) * 0.2
    small[:, 3] = 1.0
    animate(glb, nodes["lookAt"], "rotation", [0, 1, 2], quat.normalize(small))
    path = glb.save(tmp_path / "odd.vrma")
    check_tracks(load_clip(path), theirs(oracles, path, tmp_path / "t.json", fps=60))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", ["VRMA_02", "threevrm_test", "idle_loop"])
def test_on_an_avatar_every_bone_must_be_where_three_vrm_has_it(
    shared: Path, oracles: Path, tmp_path: Path, body: str, name: str
) -> None:
    model = shared / "data" / "avatars" / f"{body}.vrm"
    if body == "mira":
        model = assets.locate("avatars", "mira")
    path = shared / "data" / "motion" / "vrma" / f"{name}.vrma"
    want = theirs(oracles, path, tmp_path / "t.json", model, fps=4)
    avatar, clip = load_avatar(model, max_texture_px=16), load_clip(path)
    runtime = Runtime(avatar)
    rest = np.array(want["restHips"])
    stands = runtime.skeleton.rest_world[avatar.humanoid.node("hips"), :3, 3]
    aside = rest * runtime.hip_height_m / rest[1] - stands if clip.has_hips else np.zeros(3)
    lacks = [b not in avatar.humanoid.bones for b in HUMAN_BONES]
    for frame in want["frames"]:
        pose = clip.sample(frame["t"])
        pose.rotations[lacks] = quat.IDENTITY
        world = runtime.update(pose, 1 / 4).world
        for bone, there in frame["raw"].items():
            matrix = world[avatar.humanoid.node(bone)].astype(np.float64)
            assert np.abs(matrix[:3, 3] + aside - there["p"]).max() < BAR, (bone, frame["t"])
            size = np.sqrt((matrix[:3, :3] ** 2).sum(axis=0))
            assert apart(quat.from_matrix(matrix[:3, :3] / size), there["q"]) < BAR, bone


def written() -> list[Clip]:
    """What we export: a made-up clip, and one of every second recording."""
    clips = [load_clip(MOTION / "bvh" / f"{n}.bvh") for n in BVH[::4]]
    return [some_clip(), *(replace(c, name=c.name) for c in clips)]


@pytest.mark.parametrize("number", range(1 + len(BVH[::4])))
def test_what_we_write_three_vrm_must_read_as_we_do(
    oracles: Path, tmp_path: Path, number: int
) -> None:
    path = tmp_path / "ours.vrma"
    path.write_bytes(vrma_bytes(written()[number]))
    want = theirs(oracles, path, tmp_path / "t.json", fps=30)
    assert check_tracks(load_clip(path), want) > 50


def test_what_we_write_must_be_valid(shared: Path, oracles: Path, tmp_path: Path) -> None:
    paths = []
    for i, clip in enumerate(written()):
        paths.append(tmp_path / f"{i}.vrma")
        paths[-1].write_bytes(vrma_bytes(clip))
    env = {**os.environ, "VRM_SCHEMAS": str(shared / "data" / "avatars" / "vrm_schemas")}
    for script in ("validate_vrm.mjs", "validate_gltf.mjs"):
        words = ["node", script, *map(str, paths)]
        done = subprocess.run(
            words, cwd=oracles, env=env, check=True, capture_output=True, text=True, timeout=120
        )
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(told) == len(paths)
        for one in told:
            assert not one["errors"], one
            assert not one.get("warnings"), one
            assert "fatal" not in one


LIMBS = (
    ("UpperArm", "LowerArm"), ("LowerArm", "Hand"), ("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot"),
)  # fmt: skip


@pytest.mark.parametrize("name", BVH)
def test_a_recordings_limbs_must_point_where_its_own_skeletons_do(shared: Path, name: str) -> None:
    """Measured in the hips' heading; an avatar's own legs are a few degrees off the T-pose."""
    path = shared / "data" / "motion" / "bvh" / f"{name}.bvh"
    mocap, clip = parse_bvh(path.read_bytes()), load_clip(path)
    assert clip.problems == ()
    joints = joints_of(mocap.names, mocap.parents)
    _, places = mocap.play(0, len(mocap.times_s))
    avatar = load_avatar(assets.locate("avatars", "mira"), max_texture_px=16)
    runtime, feet = Runtime(avatar), []
    ours, source = [], []
    for k in np.linspace(0, len(mocap.times_s) - 1, 40).astype(int):
        world = runtime.update(clip.sample(float(mocap.times_s[k])), 1 / 30).world
        feet.append(min(world[avatar.humanoid.node(f"{s}Toes"), 1, 3] for s in ("left", "right")))
        for side in ("left", "right"):
            for bone, end in LIMBS:
                here, there = (avatar.humanoid.node(side + b) for b in (bone, end))
                ours.append(world[there, :3, 3] - world[here, :3, 3])
                source.append(places[k, joints[side + end]] - places[k, joints[side + bone]])
    a, b = (np.array(v, float) / np.linalg.norm(v, axis=1, keepdims=True) for v in (source, ours))
    # The one rotation between the recording's room and the stage (Kabsch 1976).
    u, _, v = np.linalg.svd(a.T @ b)
    room = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v
    off = np.degrees(np.arccos(np.clip(((a @ room) * b).sum(axis=1), -1, 1)))
    assert off.mean() < 3.0
    assert off.max() < 6.0
    assert -0.03 < float(np.percentile(feet, 20)) < 0.08, "feet near the floor"
