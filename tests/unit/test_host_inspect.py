"""mirrorstage inspect: stable keys, plain words, pictures of bodies of any size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from avatar.read.load import load_avatar
from avatar.rig.avatar import Avatar
from avatar.rig.runtime import Runtime
from flow.errors import AssetError
from flow.spec import U8
from host.cli import main
from host.inspection.cost import drawn_triangles, measure
from host.inspection.facts import facts, lacking
from host.inspection.words import words
from host.portrait import PANEL_PX, portrait, views_of
from tests.fixtures.bodies import load, pose
from tests.fixtures.glb import Glb, face, morph_expression, vrm1

KEYS = {
    "file", "size_bytes", "name", "version", "meta", "licence", "licence_table", "bones",
    "skeleton", "expressions", "driven_by", "look_at", "springs", "constraints", "first_person",
    "triangles", "vertices", "primitives", "nodes", "skins", "morph_targets", "materials",
    "textures", "images", "texture_mb", "memory", "cost", "problems",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRRORSTAGE_CACHE", str(tmp_path / "cache"))


def block(glb: Glb, parent: int, low: list[float], high: list[float], **extra: Any) -> int:
    """A box of twelve triangles that hangs on `parent`; returns its node."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
    positions = np.array(low, np.float32) + corners * np.subtract(high, low).astype(np.float32)
    faces = [0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1, 2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6,
             4, 1, 5, 7, 1, 7, 3]  # fmt: skip
    primitive = {
        "attributes": {"POSITION": glb.accessor(positions)},
        "indices": glb.accessor(np.array(faces, np.uint16)),
        **extra,
    }
    return glb.node("block", parent, mesh=glb.mesh([primitive]))


def body(tmp_path: Path, scale: float = 1.0, **parts: Any) -> Avatar:
    """A body with a head, a trunk and boxes for legs; everything `scale` times as large."""
    glb, nodes = vrm1(**parts)
    head, hips = nodes["head"], nodes["hips"]
    block(glb, head, [-0.1, 0, -0.1], [0.1, 0.25, 0.1])
    block(glb, hips, [-0.2, 0, -0.1], [0.2, 0.45, 0.1])
    block(glb, hips, [-0.15, -0.95, -0.05], [0.15, 0, 0.05])
    root = glb.node("root", None, scale=[scale] * 3)
    roots = glb.root["scenes"][0]["nodes"]
    glb.root["nodes"][root]["children"] = [n for n in roots if n != root]
    glb.root["scenes"][0]["nodes"] = [root]
    return load(glb, tmp_path)


def test_every_key_must_be_there_and_be_json(tmp_path: Path) -> None:
    data = facts(body(tmp_path))
    assert data.keys() == KEYS
    again = json.loads(json.dumps(data))
    assert again["bones"] == data["bones"]
    assert data["triangles"] == 36
    assert data["bones"]["required_missing"] == []
    assert data["skeleton"]["height_m"] == pytest.approx(1.66, abs=0.2)
    assert data["memory"]["total_mb"] >= data["memory"]["textures_mb"]


def test_what_moves_a_face_must_be_found_by_trying(tmp_path: Path) -> None:
    glb, _ = vrm1(lookAt={"type": "bone"})
    names = ("blink", "aa", "jawOpen", "happy", "mouthSmileLeft", "mouthSmileRight")
    node = face(glb, names)
    entries = {n: morph_expression(node, k) for k, n in enumerate(names)}
    presets = {n: entries.pop(n) for n in ("blink", "aa", "happy")}
    glb.root["extensions"]["VRMC_vrm"]["expressions"] = {"preset": presets, "custom": entries}
    data = facts(load(glb, tmp_path))
    assert data["driven_by"]["blink"] == ["blink"]
    assert data["driven_by"]["speech"]
    assert set(data["driven_by"]["smile"]) & {"happy", "mouthSmileLeft"}
    assert data["driven_by"]["brows"] == []
    assert data["driven_by"]["gaze"] == ["eye bones"]
    assert data["expressions"]["arkit"] == 3
    entry = next(e for e in data["expressions"]["entries"] if e["name"] == "happy")
    assert entry["morphs"] == {"face/happy": 1.0}


def test_a_face_that_nothing_moves_must_be_said(tmp_path: Path) -> None:
    data = facts(body(tmp_path, without=("leftEye", "rightEye")))
    sentences = " ".join(lacking(data))
    assert "turns its eyes" in sentences
    assert "closes its eyes" in sentences
    assert "opens its mouth" in sentences
    assert "nothing swings" in sentences
    assert "nothing moves it" in words(data)


def test_springs_and_colliders_must_be_counted_by_kind(tmp_path: Path) -> None:
    glb, nodes = vrm1()
    chain = [nodes["head"]]
    for k in range(4):
        chain.append(glb.node(f"hair{k}", chain[-1], translation=[0, -0.1, 0]))
    inside = {"shape": {"sphere": {"radius": 1, "inside": True}}, "specVersion": "1.0"}
    glb.root["extensions"]["VRMC_springBone"] = {
        "colliders": [
            {"node": nodes["head"], "shape": {"sphere": {"radius": 0.1}}},
            {"node": nodes["head"], "shape": {"capsule": {"radius": 0.1, "tail": [0, 1, 0]}}},
            {"node": nodes["head"], "shape": {"sphere": {}},
             "extensions": {"VRMC_springBone_extended_collider": inside}},
        ],
        "colliderGroups": [{"colliders": [0, 2]}],
        "springs": [
            {"joints": [{"node": n} for n in chain[1:3]], "colliderGroups": [0]},
            {"joints": [{"node": n} for n in chain[3:]], "center": nodes["hips"]},
        ],
    }  # fmt: skip
    data = facts(load(glb, tmp_path))["springs"]
    assert data == {
        "joints": 2, "swinging": 2, "chains": 2, "with_centre": 1, "colliding": 1,
        "colliders": {"sphere": 1, "capsule": 1, "inside sphere": 1}, "colliders_unused": 1,
    }  # fmt: skip


def test_problems_must_be_told_with_place_remedy_and_code(tmp_path: Path) -> None:
    glb, nodes = vrm1(without=("spine",))
    glb.root["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]["leftHand"]["node"] = 9999
    del nodes
    data = facts(load(glb, tmp_path))
    assert {p["code"] for p in data["problems"]} >= {"avatar.bone", "asset.range"}
    text = " ".join(words(data).split())
    for problem in data["problems"]:
        assert problem["remedy"] in text
        assert f"[{problem['code']}]" in text
        assert problem["json_path"].partition("[")[0] in text
    assert "spine" in " ".join(lacking(data))


def test_the_cost_must_count_what_is_drawn(tmp_path: Path) -> None:
    glb, nodes = vrm1(firstPerson={"meshAnnotations": []})
    glb.root["materials"].append(
        {"name": "m", "extensions": {"VRMC_materials_mtoon": {
            "specVersion": "1.0", "outlineWidthMode": "worldCoordinates",
            "outlineWidthFactor": 0.01}}}
    )  # fmt: skip
    block(glb, nodes["head"], [0, 0, 0], [1, 1, 1], material=0)
    hidden = block(glb, nodes["head"], [0, 0, 0], [1, 1, 1])
    annotation = {"node": hidden, "type": "firstPersonOnly"}
    glb.root["extensions"]["VRMC_vrm"]["firstPerson"]["meshAnnotations"].append(annotation)
    avatar = load(glb, tmp_path)
    assert avatar.model.triangle_count == 24
    assert drawn_triangles(avatar.model) == 24, "twelve with their hull; the hidden ones not"
    assert facts(avatar)["first_person"] == {"auto": 1, "firstPersonOnly": 1}


def test_a_measurement_must_be_of_pictures_really_drawn(tmp_path: Path) -> None:
    found = measure(body(tmp_path), backend="software")
    assert found["pictures"] > 10
    assert found["size"] == "1280x720"
    assert found["backend"] == "software"
    assert found["ms"] >= found["body_ms"] > 0
    assert found["processor_ms"] > 0


def drawn(path: Path) -> list[U8]:
    """The panels of a see-through portrait."""
    rgba = np.asarray(Image.open(path))
    return [rgba[:, k * PANEL_PX[0] : (k + 1) * PANEL_PX[0]] for k in range(3)]


@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
def test_bodies_of_any_size_must_fill_their_panels(tmp_path: Path, scale: float) -> None:
    path = portrait(body(tmp_path, scale), tmp_path / "p.png", backdrop="clear", backend="software")
    for panel in drawn(path):
        rows = np.flatnonzero(panel[..., 3].max(axis=1) > 128)
        columns = np.flatnonzero(panel[..., 3].max(axis=0) > 128)
        share = max(np.ptp(rows) / PANEL_PX[1], np.ptp(columns) / PANEL_PX[0])
        assert 0.6 < share <= 1.0
    front = drawn(path)[0][..., 3]
    assert front[:8].max() == front[-8:].max() == front[:, :8].max() == front[:, -8:].max() == 0


def test_views_must_show_head_and_whole_whatever_the_shape(tmp_path: Path) -> None:
    avatar = body(tmp_path)
    rig = Runtime(avatar).update(pose(), 0.0)
    front, side, near = views_of(avatar, rig)
    assert front.box[1, 1] - front.box[0, 1] == pytest.approx(1.66, abs=0.2)
    assert near.box[1, 1] - near.box[0, 1] == pytest.approx(0.25, abs=0.1)
    assert side.shot().eye[0] > 1.0
    bones = load(vrm1()[0], tmp_path)
    for view in views_of(bones, Runtime(bones).update(pose(), 0.0)):
        assert np.isfinite(view.shot().eye).all(), "also where there is no surface at all"


def test_a_portrait_must_say_who_it_is(tmp_path: Path) -> None:
    path = portrait(body(tmp_path), tmp_path / "p.png", backend="software")
    picture = np.asarray(Image.open(path))
    assert picture.shape[1] == 3 * PANEL_PX[0]
    assert picture.shape[0] > PANEL_PX[1]
    strip = picture[PANEL_PX[1] :, :, :3].astype(int)
    assert (strip.sum(axis=2) < 300).sum() > 100, "letters"


def test_several_files_must_become_one_array(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = body(tmp_path).path
    bad = tmp_path / "bad.vrm"
    bad.write_bytes(b"glTF")
    assert main(["inspect", str(good), str(bad), "mira", "greeting", "--json"]) == 3
    first, second, third, take = json.loads(capsys.readouterr().out)
    assert first.keys() == third.keys() == KEYS
    assert second["error"]["code"].startswith("asset.")
    assert take["frames"] > 10
    assert main(["inspect", str(good), str(bad)]) == 3
    told = capsys.readouterr()
    assert "bad.vrm" in told.err
    assert "humanoid bones" in told.out
    assert main(["inspect", str(good), "mira", "--picture", str(tmp_path / "x.png")]) == 3
    assert "[inspect.picture]" in capsys.readouterr().err


@pytest.mark.shared
def test_every_avatar_ever_met_must_be_described(shared: Path) -> None:
    described = 0
    for path in sorted((shared / "data" / "avatars").rglob("*.vrm")):
        try:
            avatar = load_avatar(path, max_texture_px=64)
        except AssetError:
            continue
        data = facts(avatar)
        assert data.keys() == KEYS, path
        json.dumps(data)
        assert data["cost"]["picture_ms"] > 0, path
        assert data["bones"]["found"] + len(data["bones"]["missing"]) == 55, path
        assert len(data["driven_by"]) == 6, path
        text = words(data)
        assert data["name"] in text, path
        assert max(map(len, text.splitlines()[2:])) <= 200, path
        described += 1
    assert described > 100
