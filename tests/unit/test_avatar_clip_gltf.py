"""Animations of plain humanoid glTF files: any rest, any units, any axes, several in one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar import quat
from avatar.clip.clip import Clip
from avatar.clip.load import load_clip
from flow.errors import AssetError
from flow.pose import BONE_INDEX
from tests.fixtures.figure import TURNED, figure
from tests.fixtures.glb import REST_M, Glb
from tests.fixtures.motion import animate, turn


def check(clip: Clip) -> None:
    pose = clip.sample(1.0)
    for bone in REST_M:
        if bone.endswith(("Foot", "Eye")):
            continue
        want = TURNED.get(bone, quat.IDENTITY)
        got = pose.rotations[BONE_INDEX[bone]]
        assert min(np.abs(got - want).max(), np.abs(got + want).max()) < 1e-5, bone


@pytest.mark.parametrize("skinned", [True, False])
def test_a_figure_in_other_units_and_axes_must_move_the_avatar_alike(
    tmp_path: Path, skinned: bool
) -> None:
    clip = load_clip(figure(tmp_path, skinned=skinned, walk_m=0.5))
    check(clip)
    assert clip.duration_s == pytest.approx(2.0)
    way = clip.sample(2.0).hips - clip.sample(0.0).hips
    # From ankles to hips 0.95 m, and an ankle is a tenth of that over the sole.
    assert np.allclose(way, [0, 0, 0.5 / (0.95 * 1.1)], atol=1e-4)
    assert clip.problems == ()


def test_several_animations_must_be_told_and_found_by_name(tmp_path: Path) -> None:
    path = figure(tmp_path)
    from flow.glb import pack_container, read_container

    container = read_container(path)
    root = container.json
    root["animations"] = [{"name": "none", "channels": [], "samplers": []}, *root["animations"]]
    assert container.binary is not None
    path.write_bytes(pack_container(root, bytes(container.binary)))
    clip = load_clip(path, animation="act")
    check(clip)
    assert clip.name == "act"
    first = load_clip(path)
    check(first)
    assert "has 2 animations: 'none', 'act'" in first.problems[0].sentence
    with pytest.raises(AssetError, match=r"animations\[0\] moves no skeleton"):
        load_clip(path, animation="none")
    with pytest.raises(AssetError, match="It has 'none', 'act'"):
        load_clip(path, animation="dance")


def test_a_scene_without_a_person_must_be_refused(tmp_path: Path) -> None:
    glb = Glb()
    node = glb.node("Door")
    glb.root["animations"] = [{"channels": [], "samplers": []}]
    animate(glb, node, "rotation", [0.0], turn("y", 9)[None])
    with pytest.raises(AssetError) as caught:
        load_clip(glb.save(tmp_path / "door.glb"))
    assert caught.value.code in ("clip.names", "asset.empty")
