"""What is written can be read again, by ourselves; peers read it in tests/golden."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assets
from avatar import quat
from avatar.clip.body import STANDARD, body_of
from avatar.clip.bvh_write import bvh_text, joint_name, zxy_deg
from avatar.clip.clip import Clip, clip_of
from avatar.clip.load import load_clip
from avatar.clip.vrma_write import vrma_bytes
from avatar.read.load import load_avatar
from flow.pose import BONE_INDEX, BONE_PARENTS, HUMAN_BONES, REQUIRED_BONES
from tests.fixtures.glb import vrm1
from tests.fixtures.motion import some_clip, turn


def again(clip: Clip, folder: Path, kind: str = "vrma", **options: Any) -> Clip:
    path = folder / f"again.{kind}"
    data = bvh_text(clip, **options).encode() if kind == "bvh" else vrma_bytes(clip, **options)
    path.write_bytes(data)
    return load_clip(path, place=False)


def apart(a: Clip, b: Clip, t: float, bones: list[int]) -> float:
    p, q = a.sample(t).rotations[bones], b.sample(t).rotations[bones]
    return float(np.minimum(np.abs(p - q).max(1), np.abs(p + q).max(1)).max())


def gltf(data: bytes) -> dict[str, Any]:
    size = struct.unpack_from("<I", data, 12)[0]
    root: dict[str, Any] = json.loads(data[20 : 20 + size])
    return root


def test_a_vrma_must_come_back_as_it_was(tmp_path: Path) -> None:
    clip = some_clip()
    back = again(clip, tmp_path)
    bones = [i for i, b in enumerate(HUMAN_BONES) if not b.endswith("Eye")]
    for t in np.linspace(0, 2, 23):
        a, b = clip.sample(float(t)), back.sample(float(t))
        assert apart(clip, back, float(t), bones) < 1e-5
        assert np.abs(a.hips - b.hips).max() < 1e-5
        assert np.abs(a.gaze_deg - b.gaze_deg).max() < 2e-3
        assert a.expressions == pytest.approx(b.expressions, abs=1e-5)
    assert back.duration_s == pytest.approx(clip.duration_s)
    assert back.problems == ()


def test_a_vrma_must_keep_what_the_specification_keeps_out(tmp_path: Path) -> None:
    clip = some_clip()
    clip = replace(clip, expressions={**clip.expressions, "lookUp": clip.expressions["happy"]})
    extension = gltf(vrma_bytes(clip))["extensions"]["VRMC_vrm_animation"]
    bones = set(extension["humanoid"]["humanBones"])
    assert bones >= REQUIRED_BONES
    assert not bones & {"leftEye", "rightEye"}
    assert set(extension["expressions"]["preset"]) == {"happy"}
    assert set(extension["expressions"]["custom"]) == {"jawOpen"}
    assert again(clip, tmp_path).gaze_deg is not None


def test_a_clip_of_one_hand_must_move_one_hand_only(tmp_path: Path) -> None:
    one = [b == "leftHand" for b in HUMAN_BONES]
    rotations = np.tile(turn("x", 20), (2, len(HUMAN_BONES), 1))
    clip = clip_of("w", np.array([0.0, 1.0]), rotations=rotations, bones=np.array(one))
    back = again(clip, tmp_path)
    assert [HUMAN_BONES[i] for i in np.flatnonzero(back.bones)] == ["leftHand"]
    assert not back.has_hips
    assert back.gaze_deg is None


def test_steps_must_still_be_steps(tmp_path: Path) -> None:
    times = np.array([0.0, np.nextafter(1.0, 0), 1.0, 1.5])
    clip = clip_of("s", times, expressions={"aa": np.array([0.0, 0.0, 1.0, 1.0])}, duration_s=4.0)
    back = again(clip, tmp_path)
    assert back.sample(0.9999).expressions["aa"] < 1e-3
    assert back.sample(1.0).expressions["aa"] == 1.0
    assert back.duration_s == pytest.approx(4.0)


def test_a_bvh_must_come_back_as_it_was(tmp_path: Path) -> None:
    clip = some_clip(keys=61)
    back = again(clip, tmp_path, "bvh", fps=30.0)
    bones = np.flatnonzero(back.bones).tolist()
    assert len(bones) == 52
    for t in back.times_s:
        assert apart(clip, back, float(t), bones) < 1e-5
        assert np.abs(clip.sample(float(t)).hips - back.sample(float(t)).hips).max() < 1e-4
    assert back.problems == ()


def test_a_bvh_without_captured_fingers_must_have_no_finger_joints() -> None:
    clip = some_clip()
    fewer = clip_of(
        "f",
        clip.times_s,
        rotations=clip.rotations,
        bones=np.array(
            [joint_name(b) is not None and "Hand" not in str(joint_name(b)) for b in HUMAN_BONES]
        ),
    )
    assert "LeftHandIndex1" not in bvh_text(fewer)
    assert "JOINT LeftHand\n" in bvh_text(fewer)
    assert "LeftHandIndex1" in bvh_text(clip)


def test_angles_must_be_found_where_they_are_not_unique() -> None:
    for x in (90.0, -90.0, 89.99999, 0.0):
        q = quat.multiply(quat.multiply(turn("z", 30), turn("x", x)), turn("y", 40))
        z, mid, y = zxy_deg(q)
        got = quat.multiply(quat.multiply(turn("z", z), turn("x", mid)), turn("y", y))
        assert abs(float(got @ q)) > 1 - 1e-9


@pytest.mark.parametrize("kind", ["vrma", "bvh"])
def test_an_avatars_proportions_must_be_in_the_file(tmp_path: Path, kind: str) -> None:
    mira = load_avatar(assets.locate("avatars", "mira"), max_texture_px=16)
    body = body_of(mira)
    assert body.hip_height_m != STANDARD.hip_height_m
    clip = some_clip()
    back = again(clip, tmp_path, kind, body=body)
    if kind == "vrma":
        assert np.abs(back.sample(1.0).hips - clip.sample(1.0).hips).max() < 1e-5
        nodes = gltf(vrma_bytes(clip, body))["nodes"]
        hips = next(n for n in nodes if n["name"] == "hips")
        assert hips["translation"][1] == pytest.approx(body.hip_height_m, abs=1e-5)
    else:
        shin = body.offset("leftFoot", "leftLowerLeg") * 100
        assert f"OFFSET {shin[0]:.5f} {shin[1]:.5f} {shin[2]:.5f}" in bvh_text(clip, body)


def test_a_body_with_bones_missing_must_still_have_all_joints(tmp_path: Path) -> None:
    glb, _ = vrm1(("leftEye", "rightEye"))
    body = body_of(load_avatar(glb.save(tmp_path / "a.vrm")))
    assert np.isfinite(body.places).all()
    for bone, parent in BONE_PARENTS.items():
        if parent is not None and "Eye" not in bone:
            assert np.linalg.norm(body.offset(bone, parent)) > 1e-3, bone
    index, hand = BONE_INDEX["leftIndexProximal"], BONE_INDEX["leftHand"]
    assert body.places[index, 0] > body.places[hand, 0]


def test_the_standard_body_must_be_a_symmetric_person() -> None:
    for bone in HUMAN_BONES:
        if bone.startswith("left"):
            other = STANDARD.places[BONE_INDEX["right" + bone[4:]]]
            assert np.allclose(STANDARD.places[BONE_INDEX[bone]] * [-1, 1, 1], other)
    assert STANDARD.places[BONE_INDEX["leftToes"], 1] > 0.0
    assert 1.4 < STANDARD.places[BONE_INDEX["head"], 1] < 1.6
